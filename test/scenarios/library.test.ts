/**
 * The scenario library as a reader finds it: which files there are, that each is a document, and that what it expects
 * holds, with its own seed and with another one. That the expectations would fail otherwise is mutation.test.ts.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type Schema, Validator } from "@cfworker/json-schema";
import { parse } from "yaml";
import { brokenInvariants, judged, libraryFiles, planned } from "../../scripts/library.js";

const NAMES = [
  "bigger-is-slower",
  "conntrack-flush",
  "conntrackd-defaults",
  "dead-reader",
  "default-rmem",
  "drop-update-group",
  "flush-in-production",
  "grace-window",
  "inverted-deadline",
  "kernel-generations",
  "late-listener",
  "openwrt-reliable-is-not",
  "seed-2048-fast-reader",
  "seed-2048-slow-reader",
  "table-full-by-dying",
  "two-listeners",
  "two-workers-reorder",
  "unreliable-2048",
];

const SCHEMA_LINE = "# yaml-language-server: $schema=../schema/scenario.schema.json\n";

/** What editors read, by somebody else's validator. */
const published = new Validator(
  JSON.parse(readFileSync(new URL("../../schema/scenario.schema.json", import.meta.url), "utf8")) as Schema,
  "7",
);

const files = libraryFiles();

test("the library has the eighteen scenarios and no other", () => {
  assert.deepEqual(
    files.map(({ name }) => name),
    NAMES,
  );
});

for (const { name, text, scenario } of files) {
  describe(name, () => {
    test("tells editors its schema, and people its story, what it shows and where it is from", () => {
      assert.ok(text.startsWith(SCHEMA_LINE));
      assert.equal(scenario.name, name);
      for (const told of [scenario.title, scenario.story, scenario.shows]) assert.notEqual(told, "");
      assert.ok(scenario.sources.length >= 1);
      for (const source of scenario.sources) assert.match(source, /^https?:\/\/[\w.-]+\/\S+$/);
    });

    test("is what the published schema says", () => {
      assert.deepEqual(published.validate(parse(text)).errors, []);
    });

    test("expects at least two things of each run", () => {
      for (const plan of planned(scenario)) assert.ok(plan.expectations.length >= 2, plan.case.name);
    });

    test("holds with its own seed and with another one", async () => {
      const suite = await judged(scenario, 2);
      const failed = suite.scenarios.flatMap((one) =>
        one.expectations
          .filter(({ ok }) => !ok)
          .map(({ expression, actual, limit }) => `${one.name}: ${expression} (${actual}, ${limit})`),
      );
      assert.deepEqual(failed, []);
      assert.deepEqual(brokenInvariants(suite), []);
    });
  });
}
