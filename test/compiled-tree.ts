/**
 * A copy of the tree in which sources and tests are compiled file by file: it needs no compiler at every start, and is
 * the installed package at once, so that what a test starts as a process or a thread of its own runs the very files
 * that the tests import. It tests nothing itself.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** What is made, or is no file of the project. */
const LEFT_OUT = [".git", "node_modules", "dist", "coverage"];
/** What the package has in dist/command/, by the modules that are in it. */
const PROGRAMS = [
  "cli/main",
  "index",
  "study/run-worker",
  "live/child",
  "live/readers/listener-thread",
  "live/readers/program-watch",
];

/** The folder of the copy; who asks removes it. */
export function compiledTree(): string {
  const tree = mkdtempSync(join(tmpdir(), "ct-reliable-tree-"));
  for (const name of readdirSync(ROOT)) {
    if (!LEFT_OUT.includes(name)) cpSync(join(ROOT, name), join(tree, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
  const sources = ["src", "test", "scripts", "bench"].flatMap((folder) => filesIn(tree, folder, ".ts"));
  compile(
    tree,
    sources.filter((path) => !path.endsWith(".d.ts")),
  );
  shareSources(tree);
  return tree;
}

/** The maps lie beside, and no file tells of its own: every process would hold them all. */
export function compile(tree: string, entryPoints: string[], outdir = tree, outbase = tree): void {
  buildSync({ absWorkingDir: tree, entryPoints, outdir, outbase, format: "esm", sourcemap: "external" });
}

/** By their paths in the tree. */
export function filesIn(tree: string, folder: string, end: string): string[] {
  return readdirSync(join(tree, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(end))
    .map((path) => join(folder, path))
    .sort();
}

/** In dist/, each module is the one of src/; what is started by its path lies together. */
function shareSources(tree: string): void {
  mkdirSync(join(tree, "dist", "command"), { recursive: true });
  for (const name of readdirSync(join(tree, "src"))) symlinkSync(join(tree, "src", name), join(tree, "dist", name));
  for (const program of PROGRAMS) {
    const shared = `export * from ${JSON.stringify(join(tree, "src", `${program}.js`))};\n`;
    writeFileSync(join(tree, "dist", "command", `${basename(program)}.js`), shared);
  }
}
