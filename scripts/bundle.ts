/** The last step of `npm run build`: the command beside the library. */
import path from "node:path";
import { bundle } from "./bundled.js";

await bundle(path.join(import.meta.dirname, "..", "dist", "command"));
