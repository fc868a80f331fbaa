/**
 * The package as users run it, compiled and bundled, with the inner parts that rows need beside the library: measured
 * through a TypeScript loader, its helpers would be measured too.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundle } from "../scripts/bundled.js";

const DIST = new URL("../dist/", import.meta.url);
/** The folder of the bundle. */
export const BUILT = new URL("../node_modules/.cache/ct-reliable-bench/", import.meta.url);
const INNER = ["simulation/loop.js", "live/live.js", "live/host/host.js", "cli/engine.js"];

/** Makes it. Once, before rows are measured. */
export async function buildBundle(): Promise<void> {
  await bundle(fileURLToPath(DIST), fileURLToPath(BUILT), INNER);
  writeFileSync(new URL("package.json", BUILT), '{ "type": "module" }\n');
}
