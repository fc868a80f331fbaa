import { describe, test } from "node:test";
import fc from "fast-check";
import { fasterReadersLoseNoMore, idleListenersChangeNothing, settles, slicesMakeNoDifference } from "./rules.js";

describe("after an overload", () => {
  test("a reliable reader that lives has every DESTROY once, and the dying list is empty", () => {
    fc.assert(settles, { numRuns: 150, seed: 1 });
  });
});

describe("no difference makes", () => {
  test("a second listener that joined no group", () => {
    fc.assert(idleListenersChangeNothing, { numRuns: 100, seed: 1 });
  });

  test("in how many slices a run is carried on", () => {
    fc.assert(slicesMakeNoDifference, { numRuns: 60, seed: 1 });
  });
});

test("a faster reader loses no more of a flood, where waking it takes no time", () => {
  fc.assert(fasterReadersLoseNoMore, { numRuns: 100, seed: 1 });
});
