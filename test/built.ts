/**
 * The package as it is installed, compiled into a folder of the test's own: worker threads need JavaScript, and `dist/` may be older than
 * the sources. Types are checked elsewhere. It tests nothing itself.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The folder of the package, with `bin/` and `dist/`. Whoever asked removes it. */
export function builtPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), "ct-reliable-built-"));
  for (const name of ["package.json", "bin"]) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const options = [
    "-p",
    "tsconfig.build.json",
    "--noCheck",
    "--declaration",
    "false",
    "--outDir",
    join(folder, "dist"),
  ];
  const { status, stdout } = spawnSync(process.execPath, [compiler, ...options], { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`expected the sources to compile, got ${stdout}`);
  return folder;
}
