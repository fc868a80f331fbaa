// Runs the tests: `node test/run.mjs [--coverage] [PART OF A PATH…]`. Node 20 takes no patterns for --test and looks
// for no TypeScript, so the files are found here.
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = dirname(import.meta.dirname);

const tsx = ["--import", "tsx"];
if (process.argv[2] === "--coverage") {
  const argv = [...tsx, join(import.meta.dirname, "coverage", "command.ts"), ...process.argv.slice(3)];
  process.exit(spawnSync(process.execPath, argv, { stdio: "inherit" }).status ?? 1);
}

const parts = process.argv.slice(2);
const files = readdirSync(import.meta.dirname, { recursive: true })
  .map((name) => join(import.meta.dirname, String(name)))
  .filter((path) => path.endsWith(".test.ts") && (parts.length === 0 || parts.some((part) => path.includes(part))))
  .sort();
if (files.length === 0) {
  console.error(`expected the path of a test to contain ${parts.join(" or ")}, found none`);
  process.exit(2);
}

// Several files look at the package as it is installed: it is built once for all of them.
const lookers = files.filter((file) => readFileSync(file, "utf8").includes("builtPackage()"));
const build = 'import("./test/built.ts").then(async ({ ownPackage }) => process.stdout.write(await ownPackage()))';
const shared = lookers.length < 2 ? "" : execFileSync(process.execPath, [...tsx, "-e", build], { cwd: ROOT, encoding: "utf8" });
const env = shared === "" ? process.env : { ...process.env, BUILT_PACKAGE: shared };

const { status } = spawnSync(process.execPath, [...tsx, "--test", "--test-reporter=spec", ...files], {
  stdio: "inherit",
  env,
});
if (shared !== "") rmSync(shared, { recursive: true, force: true });
process.exit(status ?? 1);
