// Runs the tests: `node test/run.mjs [PART OF A PATH…]`. Node 20 takes no patterns for --test and looks for no TypeScript, so the
// files are found here.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const parts = process.argv.slice(2);
const files = readdirSync(import.meta.dirname, { recursive: true })
  .map((name) => join(import.meta.dirname, String(name)))
  .filter((path) => path.endsWith(".test.ts") && (parts.length === 0 || parts.some((part) => path.includes(part))))
  .sort();
if (files.length === 0) {
  console.error(`expected the path of a test to contain ${parts.join(" or ")}, found none`);
  process.exit(2);
}
const { status } = spawnSync(process.execPath, ["--import", "tsx", "--test", "--test-reporter=spec", ...files], {
  stdio: "inherit",
});
process.exit(status ?? 1);
