/** The last step of `npm run build`: the command and the library in a few files. */
import path from "node:path";
import { bundle } from "./bundled.js";

const DIST = path.join(import.meta.dirname, "..", "dist");
await bundle(DIST, path.join(DIST, "command"));
