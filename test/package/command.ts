/**
 * `npm run package-check`: the package as somebody gets it. Packed, weighed, installed into an empty folder with and
 * without what is optional, and run there on every release of Node: the command, a study on worker threads, the library
 * and its types.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exampleOfTheLibrary } from "../docs/library-example.js";
import { nodes } from "../nodes.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MOST_DEPENDENCIES = 7;
const MOST_BYTES = 1_000_000;

const folder = mkdtempSync(join(tmpdir(), "ct-reliable-package-"));
const failures: string[] = [];
try {
  check();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const failure of failures) console.error(`failed: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

function check(): void {
  const { filename, unpackedSize, entryCount, integrity } = pack();
  expect(`${entryCount} files, ${unpackedSize} bytes unpacked`, unpackedSize <= MOST_BYTES);
  expect("built again it is the same bytes", pack().integrity === integrity);
  const { dependencies, scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const count = Object.keys(dependencies).length;
  expect(`${count} dependencies at run time`, count <= MOST_DEPENDENCIES);
  expect("no script runs at installation", !["preinstall", "install", "postinstall"].some((name) => name in scripts));
  const archive = join(folder, filename);
  succeeds("the types resolve (attw)", "npx", ["--no-install", "attw", archive, "--profile", "esm-only"], ROOT);
  for (const omitted of [[], ["--omit=optional"]]) installed(archive, omitted);
}

/** Builds it, too. */
function pack(): { filename: string; unpackedSize: number; entryCount: number; integrity: string } {
  return JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder], ROOT))[0];
}

function installed(archive: string, omitted: readonly string[]): void {
  const home = join(folder, omitted.length === 0 ? "whole" : "without-optional");
  mkdirSync(home);
  writeFileSync(join(home, "package.json"), '{"name":"user","private":true,"type":"module"}');
  run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...omitted, archive], home);
  writeFileSync(join(home, "example.js"), exampleOfTheLibrary());
  const command = join("node_modules", "ct-reliable", "bin", "ct-reliable.js");
  const scenarios = join("node_modules", "ct-reliable", "scenarios", "seed-2048-fast-reader.yaml");
  for (const node of nodes()) {
    const on = `${omitted.join("") || "whole"}, ${run(node, ["--version"], home).trim()}`;
    succeeds(`${on}: flood`, node, [command, "flood", "--connections", "200", "--quiet"], home);
    succeeds(`${on}: a scenario with four seeds`, node, [command, "run", scenarios, "--runs", "4", "--quiet"], home);
    const sweep = ["sweep", "flood", "--list", "buffer=2k,4k", "--connections", "50", "--runs", "2", "--workers", "2"];
    succeeds(`${on}: a sweep on two workers`, node, [command, ...sweep], home);
    succeeds(`${on}: the example of the library`, node, ["example.js"], home);
  }
}

function run(program: string, argv: readonly string[], cwd: string): string {
  return execFileSync(program, argv, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

function succeeds(what: string, program: string, argv: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(program, argv, { cwd, encoding: "utf8" });
  expect(what, status === 0);
  if (status !== 0) console.error(stdout, stderr);
}

function expect(what: string, holds: boolean): void {
  console.log(`${holds ? "✓" : "✗"} ${what}`);
  if (!holds) failures.push(what);
}
