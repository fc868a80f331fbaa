import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { libraryFiles, README } from "./library.js";
import { scenarioTable, withTable } from "./readme.js";

test("README.md has the table of the scenarios as they are (npm run readme writes it)", () => {
  const page = readFileSync(README, "utf8");
  assert.equal(withTable(page, scenarioTable(libraryFiles())), page);
});

test("the table replaces what stood between the comments and nothing else", () => {
  const page = readFileSync(README, "utf8");
  const table = scenarioTable(libraryFiles());
  assert.equal(withTable(withTable(page, "another table"), table), page);
});

test("a page without the comments is refused", () => {
  assert.throws(() => withTable("# A page\n", "a table"), /expected <!-- scenarios/);
});
