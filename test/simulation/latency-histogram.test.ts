/** Latencies in bins: whole microseconds where they are small, less than a hundredth off elsewhere. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { LatencyHistogram } from "../../src/simulation/latency-histogram.js";

/** The upper end of the bin of one latency, in nanoseconds, where the latency itself does not cut it off. */
function upperEnd(nanoseconds: number): number {
  const histogram = new LatencyHistogram();
  histogram.add(nanoseconds);
  histogram.add(1e15);
  return histogram.quantileSeconds(0.5) * 1e9;
}

describe("the bin of a latency", () => {
  test("is its microsecond below 256 of them, up to the last nanosecond", () => {
    for (let microsecond = 0; microsecond < 256; microsecond++) {
      for (const nanoseconds of [microsecond * 1000, microsecond * 1000 + 499, microsecond * 1000 + 999]) {
        assert.equal(Math.round(upperEnd(nanoseconds)), microsecond * 1000, `${nanoseconds} ns`);
      }
    }
  });

  test("is less than a hundredth wide above", () => {
    fc.assert(
      fc.property(fc.integer({ min: 256_000, max: 1e14 }), (nanoseconds) => {
        const upper = upperEnd(nanoseconds);
        assert.ok(upper > nanoseconds - 1000 && upper < nanoseconds * 1.01, `${nanoseconds}: ${upper}`);
      }),
      { seed: 1 },
    );
  });
});

test("a latency that comes again counts again, also after another", () => {
  const histogram = new LatencyHistogram();
  for (const nanoseconds of [5000, 5000, 9000, 5000]) histogram.add(nanoseconds);
  assert.deepEqual(histogram.curve(), [
    [5e-6, 3],
    [9e-6, 4],
  ]);
  assert.equal(histogram.maxNanoseconds, 9000);
});
