/** The tests that notice most mistakes soonest, in one process: it fails at the first that does. Few cases of each. */
import fc from "fast-check";
import { anyScenario } from "../property/any-scenario.js";
import { holds } from "../property/holds.js";
import { settles } from "../property/rules.js";
import { cases, compare } from "../reference/calls.js";

fc.assert(fc.property(cases, compare), { numRuns: 150, seed: 1, endOnFailure: true });
fc.assert(fc.property(anyScenario(), holds), { numRuns: 60, seed: 1, endOnFailure: true });
fc.assert(settles, { numRuns: 20, seed: 1, endOnFailure: true });
