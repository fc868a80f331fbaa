/**
 * `npm test -- --coverage [PART OF A PATH...]`, or `npm run coverage`: which lines and branches of src/ tests reach, in
 * processes and threads of their own, too. It takes a quarter more CPU time than the tests alone.
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compiledTree, filesIn } from "../compiled-tree.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const parts = process.argv.slice(2);

/**
 * What is killed as soon as it has answered writes before that what it ran: with a module that it imports at its end,
 * where no place of it moves.
 */
const WRITES_BEFORE_IT_ANSWERS: Readonly<Record<string, string>> = {
  "src/live/child.js": "before-the-answer-of-a-process.js",
  "src/live/readers/listener-thread.js": "before-the-answer-of-a-thread.js",
  "src/live/readers/program-watch.js": "before-the-answer-of-a-thread.js",
};

const tree = compiledTree();
for (const [path, writer] of Object.entries(WRITES_BEFORE_IT_ANSWERS)) {
  appendFileSync(join(tree, path), `import ${JSON.stringify(join(tree, "test", "coverage", writer))};\n`);
}
const raw = mkdtempSync(join(tmpdir(), "ct-reliable-coverage-"));
try {
  process.exitCode = measured();
} finally {
  for (const folder of [tree, raw]) rmSync(folder, { recursive: true });
}

function measured(): number {
  const env = { ...process.env, BUILT_PACKAGE: tree, NODE_V8_COVERAGE: raw };
  const argv = [join(tree, "test", "suite.js"), ...parts];
  const { status } = spawnSync(process.execPath, argv, { cwd: tree, env, stdio: "inherit" });
  for (const path of filesIn(tree, "src", ".js").map((name) => join(tree, name))) {
    // Of types alone nothing is left that could run.
    if (statSync(path).size === 0) rmSync(path);
    // Only now, or every process would write the maps of all its files.
    else appendFileSync(path, `\n//# sourceMappingURL=${basename(path)}.map\n`);
  }
  const where = ["--extension", ".js", "--temp-directory", raw, "--reports-dir", join(ROOT, "coverage")];
  const c8 = join(ROOT, "node_modules", ".bin", "c8");
  // Of some of the tests no more than their figure is wanted.
  const isEnough = parts.length === 0 ? [] : ["--check-coverage=false"];
  const report = spawnSync(c8, ["report", ...where, ...isEnough], { cwd: tree, stdio: "inherit" });
  return status || (report.status ?? 1);
}
