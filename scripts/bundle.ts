/**
 * The last step of `npm run build`: the command and the library in a few files, without the comments of their sources,
 * and of the types those that the library shows. Only these are in the package.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { transformSync } from "esbuild";
import { bundle } from "./bundled.js";

const DIST = path.join(import.meta.dirname, "..", "dist");
const COMMAND = path.join(DIST, "command");
const TYPES = path.join(DIST, "types");

await bundle(DIST, COMMAND);
for (const name of readdirSync(COMMAND).filter((file) => file.endsWith(".js"))) {
  const file = path.join(COMMAND, name);
  const { code } = transformSync(readFileSync(file, "utf8"), { minifyWhitespace: true, legalComments: "none" });
  writeFileSync(file, code);
}

rmSync(TYPES, { recursive: true, force: true });
for (const name of declarationsFrom("index.d.ts")) {
  mkdirSync(path.dirname(path.join(TYPES, name)), { recursive: true });
  copyFileSync(path.join(DIST, name), path.join(TYPES, name));
}

// For --version; a tarball of the sources has none.
const { status, stdout } = spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: DIST, encoding: "utf8" });
if (status === 0) writeFileSync(path.join(DIST, "command", "commit"), stdout);

/** A file of types and all that it imports. */
function declarationsFrom(first: string, seen = new Set<string>()): Set<string> {
  if (seen.has(first)) return seen;
  seen.add(first);
  const imported = /(?:from |import\()"(\.[^"]+)\.js"/g;
  for (const [, name] of readFileSync(path.join(DIST, first), "utf8").matchAll(imported)) {
    declarationsFrom(path.join(path.dirname(first), `${name}.d.ts`), seen);
  }
  return seen;
}
