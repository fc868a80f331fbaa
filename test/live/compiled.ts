/**
 * The sources as JavaScript in a folder of their own, for tests that start processes and threads from them: a thread
 * does not inherit the loader of TypeScript, and dist/ may be older than the sources.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.join(import.meta.dirname, "..", "..");

export function compiled(): { folder: string; remove(): void } {
  // Below node_modules, so that packages are found and git and linters do not look.
  const cache = path.join(ROOT, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(path.join(cache, "ct-reliable-"));
  const compiler = path.join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(
    process.execPath,
    [compiler, "-p", path.join(ROOT, "tsconfig.build.json"), "--outDir", folder, "--declaration", "false"],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stdout);
  writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }\n');
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
