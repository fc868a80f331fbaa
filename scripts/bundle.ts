/** The last step of `npm run build`: the command and the library in a few files. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { bundle } from "./bundled.js";

const DIST = path.join(import.meta.dirname, "..", "dist");
await bundle(DIST, path.join(DIST, "command"));

// For --version; a tarball of the sources has none.
const { status, stdout } = spawnSync("git", ["rev-parse", "--short", "HEAD"], { cwd: DIST, encoding: "utf8" });
if (status === 0) writeFileSync(path.join(DIST, "command", "commit"), stdout);
