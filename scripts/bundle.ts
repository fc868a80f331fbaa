/**
 * The last step of `npm run build`: the command and the library in a few files, and of the types those that the library
 * shows, in one. Only these are in the package.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import { bundle } from "./bundled.js";

const DIST = path.join(import.meta.dirname, "..", "dist");
const COMMAND = path.join(DIST, "command");
/** What a module says of itself is for who reads the source. */
const HEAD = /^\/\*\*[\s\S]*?\*\/\n\n/gm;

await bundle(DIST, COMMAND);

const types = await rollup({ input: path.join(DIST, "index.d.ts"), plugins: [dts()] });
const { output } = await types.generate({});
writeFileSync(path.join(COMMAND, "index.d.ts"), output[0].code.replaceAll(HEAD, ""));
await types.close();

// For --version; a tarball of the sources has none.
const { status, stdout } = spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: DIST, encoding: "utf8" });
if (status === 0) writeFileSync(path.join(COMMAND, "commit"), stdout);
