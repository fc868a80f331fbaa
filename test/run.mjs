// Runs the tests: `node test/run.mjs [--coverage] [PART OF A PATH…]`, compiled once for all of them (compiled-tree.ts).
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { tsImport } from "tsx/esm/api";

const parts = process.argv.slice(2);
if (parts[0] === "--coverage") {
  const argv = ["--import", "tsx", join(import.meta.dirname, "coverage", "command.ts"), ...parts.slice(1)];
  process.exit(spawnSync(process.execPath, argv, { stdio: "inherit" }).status ?? 1);
}

const { compiledTree } = await tsImport("./compiled-tree.ts", import.meta.url);
const { testsIn } = await tsImport("./suite.ts", import.meta.url);
const tree = compiledTree();
try {
  const env = { ...process.env };
  // Several look at the package as it is installed: it is bundled once for all of them.
  if (testsIn(tree, parts).some((file) => readFileSync(join(tree, file), "utf8").match(/(built|bundled)Package\(\)/))) {
    const { bundle } = await tsImport("../scripts/bundled.ts", import.meta.url);
    await bundle(join(tree, "src"), join(tree, "dist", "command"));
    env.BUILT_PACKAGE = tree;
  }
  const argv = [join(tree, "test", "suite.js"), ...parts];
  process.exitCode = spawnSync(process.execPath, argv, { cwd: tree, env, stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(tree, { recursive: true });
}
