/**
 * What is made of the code and committed is what the code makes.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { generatedFiles } from "../../scripts/generated.js";

const ROOT = path.join(import.meta.dirname, "..", "..");

for (const [name, text] of await generatedFiles()) {
  test(`${name} is current (npm run generate)`, () => {
    assert.equal(readFileSync(path.join(ROOT, name), "utf8"), text);
  });
}
