/** The simulated kernel against the reference, call by call. `npm run swarm` does it by the ten thousand. */
import { describe, test } from "node:test";
import fc from "fast-check";
import { cases, compare } from "./calls.js";

describe("the simulated kernel", () => {
  test("does what the reference does, for any sequence of calls on any release", () => {
    fc.assert(fc.property(cases, compare), { numRuns: 500, seed: 1 });
  });
});
