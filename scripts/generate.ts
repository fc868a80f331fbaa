/** `npm run generate`: writes the files that are made of the code. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { generatedFiles } from "./generated.js";

const ROOT = path.join(import.meta.dirname, "..");

for (const [name, text] of await generatedFiles()) {
  mkdirSync(path.dirname(path.join(ROOT, name)), { recursive: true });
  writeFileSync(path.join(ROOT, name), text);
}
