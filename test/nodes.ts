/**
 * The releases of Node on which the package has to run, from the packages of the `node` project in the npm registry,
 * kept in the cache. It tests nothing itself.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CACHE = fileURLToPath(new URL("../node_modules/.cache/node", import.meta.url));
const MAJORS = [20, 22, 24, 26];

/** Executables, the oldest first. A release that cannot be had is said on standard error. */
export function nodes(): string[] {
  return MAJORS.map(nodeOf).filter((path) => path !== null);
}

/** The executable of a release, from the cache or the registry; null: it cannot be had, which is said. */
function nodeOf(major: number): string | null {
  const home = join(CACHE, String(major));
  const path = join(home, "package", "bin", "node");
  if (existsSync(path)) return path;
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  try {
    mkdirSync(home, { recursive: true });
    const options = { cwd: home, encoding: "utf8" } as const;
    const archive = execFileSync("npm", ["pack", "--silent", `node-linux-${arch}@${major}`], options)
      .trim()
      .split("\n")
      .at(-1)!;
    execFileSync("tar", ["xzf", archive], options);
    rmSync(join(home, archive));
    return path;
  } catch (error) {
    console.error(`Node ${major} cannot be had here: ${error instanceof Error ? error.message.split("\n")[0] : error}`);
    return null;
  }
}
