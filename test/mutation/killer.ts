/** The tests that notice most mistakes, with few cases of each. */
import { test } from "node:test";
import fc from "fast-check";
import { anyScenario } from "../property/any-scenario.js";
import { holds } from "../property/holds.js";
import { settles } from "../property/rules.js";
import { cases, compare } from "../reference/calls.js";

test("the reference does the same", () => {
  fc.assert(fc.property(cases, compare), { numRuns: 150, seed: 1, endOnFailure: true });
});
test("the invariants hold", () => {
  fc.assert(fc.property(anyScenario(), holds), { numRuns: 60, seed: 1, endOnFailure: true });
});
test("a reliable reader settles", () => {
  fc.assert(settles, { numRuns: 20, seed: 1, endOnFailure: true });
});
