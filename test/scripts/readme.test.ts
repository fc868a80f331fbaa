import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { libraryFiles, README } from "../../scripts/library.js";
import { scenarioTable, withTable } from "../../scripts/readme.js";

test("the table replaces what stood between the comments and nothing else", () => {
  const page = readFileSync(README, "utf8");
  const table = scenarioTable(libraryFiles());
  assert.equal(withTable(withTable(page, "another table"), table), page);
});

test("a page without the comments is refused", () => {
  assert.throws(() => withTable("# A page\n", "a table"), /expected <!-- scenarios/);
});
