import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Validator } from "@cfworker/json-schema";
import { simulated } from "../cli/study/simulated.js";

const FLUSH = ["flush", "--connections", "50", "--format", "json"];

for (const argv of [
  ["sweep", ...FLUSH, "-L", "buffer=2k,4k", "--runs", "2"],
  ["sweep", ...FLUSH, "-L", "buffer=2k", "--runs", "1"],
  ["compare", ...FLUSH, "--kernel", "2.6.31,5.4", "--runs", "2"],
  ["size", ...FLUSH, "--find", "buffer", "--expect", "drain <= 1s", "--runs", "1"],
  ["size", ...FLUSH, "--find", "buffer", "--expect", "table.created == 51", "--runs", "1"],
]) {
  test(`what ${argv.join(" ")} prints is as the published schema says`, async () => {
    const schema = JSON.parse(readFileSync(new URL("../../schema/study.schema.json", import.meta.url), "utf8"));
    const printed = JSON.parse((await simulated(argv)).stdout);
    const { valid, errors } = new Validator(schema, "7", false).validate(printed);
    assert.ok(valid, JSON.stringify(errors.slice(0, 5)));
    const name = argv[0]!;
    const only = { ...schema, anyOf: [{ $ref: `#/definitions/${name}` }] };
    assert.ok(new Validator(only, "7").validate(printed).valid);
    assert.ok(!new Validator(only, "7").validate({ ...printed, more: 1 }).valid);
  });
}
