import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { UsageError } from "../../src/scenario/errors.js";
import type { Plain, Schema } from "../../src/scenario/json-schema.js";
import { COSTS } from "../../src/scenario/parameters/costs.js";
import { KERNEL_CONFIG, TIMEOUTS } from "../../src/scenario/parameters/kernel.js";
import { LISTENER } from "../../src/scenario/parameters/listener.js";
import { DURATION_SECONDS } from "../../src/scenario/parameters/load.js";
import { SCENARIO } from "../../src/scenario/scenario.js";
import { expectedOf, expectedRangeOf, formatValue, parseValue } from "../../src/scenario/value.js";

/** Every parameter that is one value. */
const PARAMETERS: readonly (readonly [name: string, schema: Schema])[] = [
  SCENARIO,
  LISTENER,
  LISTENER.properties.stall,
  COSTS,
  KERNEL_CONFIG,
  TIMEOUTS,
].flatMap(({ properties }) => Object.entries(properties as Record<string, Schema>));
const VALUES = [...PARAMETERS, ["durationSeconds", DURATION_SECONDS] as const].filter(
  ([, { properties, items }]) => properties === undefined && items === undefined,
);

function examplesOf(schema: Schema): readonly Plain[] {
  if (schema.enum !== undefined) return schema.enum;
  if (schema.type === "boolean") return [true, false];
  if (schema.textual !== undefined) return ["5.10", "6.18.44"];
  const { minimum = 0, maximum = 0 } = schema;
  return [minimum, maximum, Math.min(maximum, minimum + 1)];
}

describe("what is formatted is parsed to the same value:", () => {
  for (const [name, schema] of VALUES) {
    test(name, () => {
      for (const value of examplesOf(schema)) assert.equal(parseValue(schema, formatValue(schema, value)), value);
      if (schema.quantity === undefined || schema.type !== "integer") return;
      fc.assert(
        fc.property(fc.integer({ min: schema.minimum!, max: schema.maximum! }), (value) => {
          assert.equal(parseValue(schema, formatValue(schema, value)), value);
        }),
        { numRuns: 30 },
      );
    });
  }
});

describe("nonsense is a sentence that says what was expected:", () => {
  for (const [name, schema] of VALUES) {
    test(name, () => {
      for (const nonsense of ["", " ", "5 apples", "-1", "1e999", "null"]) {
        if (schema.pattern?.startsWith("^[^") && nonsense.trim() !== "") continue;
        assert.throws(
          () => parseValue(schema, nonsense),
          (error) => error instanceof UsageError && /^expected .*, got ".*"/.test(error.message),
          `${name}: ${nonsense}`,
        );
      }
    });
  }
});

test("a range is said in the unit in which a person writes", () => {
  assert.equal(expectedRangeOf(SCENARIO.properties.packetGapNanoseconds, 1e15), "a value from 0s to 1h");
  assert.equal(expectedRangeOf(SCENARIO.properties.graceMaxSeconds, 0), "a value from 1s to 2147483s");
  assert.equal(expectedRangeOf(LISTENER.properties.bufferBytes, -1), "a value from 0 to 1GiB");
  assert.equal(expectedRangeOf(LISTENER.properties.bufferBytes, 0.5), "a whole number");
  assert.equal(expectedRangeOf(SCENARIO.properties.limitSeconds, 1e9), "a value from 1ms to 104d");
});

test("where null is a value the sentence says so", () => {
  assert.equal(expectedOf(SCENARIO.properties.tuples), "a count such as 200, 20k or 1M, or null");
  assert.equal(expectedOf(SCENARIO.properties.hz), "100, 250, 300 or 1000");
  assert.equal(expectedOf(SCENARIO.properties.flush), "true or false");
  assert.equal(expectedOf(SCENARIO.properties.listeners), "a list");
});
