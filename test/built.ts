/**
 * The package as it is installed, compiled and bundled into a folder of the test's own: worker threads need JavaScript,
 * and `dist/` may be older than the sources. File by file and without their types, which are checked elsewhere. It
 * tests nothing itself.
 */
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "../scripts/bundled.js";
import { compile, filesIn } from "./compiled-tree.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Where the package is that run.mjs has built for all files, if it has. */
const SHARED = process.env.BUILT_PACKAGE;

/**
 * The folder of the package, with `bin/`, `dist/` and `dist/command/`. Other tests use it, too: nothing of it may be
 * changed.
 */
export async function builtPackage(): Promise<string> {
  return SHARED ?? (await ownPackage());
}

/** The same with what the bundler makes, which is not there where coverage is measured. */
export async function bundledPackage(): Promise<string> {
  const isBundled = SHARED !== undefined && existsSync(join(SHARED, "dist", "command", "part-shared.js"));
  return isBundled ? SHARED : await ownPackage();
}

/** When the tests of a file are over. */
export function removePackage(folder: string): void {
  if (folder !== SHARED) rmSync(folder, { recursive: true });
}

/** One that may be changed. */
export async function ownPackage(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "ct-reliable-built-"));
  for (const name of ["package.json", "bin"]) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const sources = filesIn(ROOT, "src", ".ts").filter((path) => !path.endsWith(".d.ts"));
  compile(ROOT, sources, join(folder, "dist"), "src");
  await bundle(join(folder, "dist"), join(folder, "dist", "command"));
  return folder;
}
