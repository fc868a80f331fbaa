/**
 * Any small scenario at all, of every release: the run ends, no invariant is violated, and the report is whole. What a
 * run must show is elsewhere; here nothing may break, in combinations that nobody would think of.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Scenario } from "../../src/scenario/scenario.js";
import { simulate } from "../../src/simulation/simulation.js";
import { anyRunHolds } from "./any-scenario.js";
import { holds } from "./holds.js";
import { scenarios } from "./scenarios.js";

describe("any scenario", () => {
  test("ends without a violation and with a whole report", () => {
    fc.assert(fc.property(scenarios, holds), { numRuns: 400, seed: 1 });
  });

  test("does so, too, when every parameter may be anything", () => {
    fc.assert(anyRunHolds, { numRuns: 200, seed: 1 });
  });

  test("gives its report again when what the report echoes is run", () => {
    fc.assert(
      fc.property(
        scenarios.filter(({ cpus }) => cpus === 2),
        (scenario) => {
          const report = simulate(scenario);
          assert.deepEqual(simulate(JSON.parse(JSON.stringify(report.scenario)) as Scenario), report);
        },
      ),
      { numRuns: 40, seed: 2 },
    );
  });
});
