import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pairedDifference, pairedRatio, studentQuantile95, summaryOf } from "../../src/study/statistics.js";

/**
 * NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2: critical values of Student's t, 0.975, 1 to 100 degrees
 * of freedom.
 */
const NIST_T_0975 =
  `12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262 2.228 2.201 2.179 2.160 2.145 2.131 2.120 2.110 2.101 2.093 2.086
  2.080 2.074 2.069 2.064 2.060 2.056 2.052 2.048 2.045 2.042 2.040 2.037 2.035 2.032 2.030 2.028 2.026 2.024 2.023 2.021
  2.020 2.018 2.017 2.015 2.014 2.013 2.012 2.011 2.010 2.009 2.008 2.007 2.006 2.005 2.004 2.003 2.002 2.002 2.001 2.000
  2.000 1.999 1.998 1.998 1.997 1.997 1.996 1.995 1.995 1.994 1.994 1.993 1.993 1.993 1.992 1.992 1.991 1.991 1.990 1.990
  1.990 1.989 1.989 1.989 1.988 1.988 1.988 1.987 1.987 1.987 1.986 1.986 1.986 1.986 1.985 1.985 1.985 1.984 1.984 1.984`.split(
    /\s+/,
  );

/** NIST Statistical Reference Datasets, univariate summary statistics: data, certified mean and standard deviation. */
const alternating = (base: number): number[] => [
  base + 0.2,
  ...Array.from({ length: 1000 }, (_, index) => base + (index % 2 === 0 ? 0.1 : 0.3)),
];
const NUM_ACC: readonly (readonly [string, readonly number[], number, number, number])[] = [
  ["NumAcc1", [10_000_001, 10_000_003, 10_000_002], 10_000_002, 1, 1e-15],
  ["NumAcc2", alternating(1), 1.2, 0.1, 1e-12],
  ["NumAcc3", alternating(1_000_000), 1_000_000.2, 0.1, 1e-8],
  ["NumAcc4", alternating(10_000_000), 10_000_000.2, 0.1, 1e-7],
];

describe("Student's t", () => {
  test("is that of the table of NIST from 1 to 100 degrees of freedom", () => {
    assert.equal(NIST_T_0975.length, 100);
    assert.deepEqual(
      NIST_T_0975.map((_, index) => studentQuantile95(index + 1).toFixed(3)),
      NIST_T_0975,
    );
  });

  test("becomes the normal quantile of 1.960", () => {
    assert.equal(studentQuantile95(1e6).toFixed(3), "1.960");
  });

  test("goes on where the list ends without a step", () => {
    // 2.160368656461 is the value for 13 degrees of freedom.
    assert.ok(Math.abs(studentQuantile95(13) - 2.160368656461) < 1e-5);
  });
});

describe("mean and standard deviation", () => {
  for (const [name, values, mean, deviation, within] of NUM_ACC) {
    test(`of ${name} are those that NIST certifies`, () => {
      const summary = summaryOf(values);
      assert.ok(Math.abs(summary.mean! - mean) <= 1e-14 * mean, `${summary.mean}`);
      assert.ok(Math.abs(summary.deviation! - deviation) <= within, `${summary.deviation}`);
    });
  }

  test("of figures that are all the same are that figure and 0", () => {
    const { mean, deviation, half } = summaryOf(new Array<number>(7).fill(0.1));
    assert.deepEqual([mean, deviation, half], [0.1, 0, 0]);
  });

  test("of one run have no deviation and no interval", () => {
    assert.deepEqual(summaryOf([4]), {
      runs: 1,
      never: 0,
      mean: 4,
      deviation: null,
      half: null,
      min: 4,
      median: 4,
      max: 4,
    });
  });

  test("count what never came beside what came, and not as 0", () => {
    const { runs, never, mean } = summaryOf([2, null, 4]);
    assert.deepEqual([runs, never, mean], [2, 1, 3]);
    assert.deepEqual(summaryOf([null]).mean, null);
  });
});

/** Cushny and Peebles 1905, as in Student 1908: hours of sleep gained by the same ten patients with two drugs. */
const SLEEP = [
  [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
  [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
] as const;

describe("a paired difference", () => {
  test("of Student's own example is 1.58 hours, from 0.7001 to 2.4599", () => {
    const { mean, half } = pairedDifference(...SLEEP);
    assert.equal(mean!.toFixed(2), "1.58");
    assert.equal((mean! - half!).toFixed(4), "0.7001");
    assert.equal((mean! + half!).toFixed(4), "2.4599");
  });

  test("of a pair of which one never came is never", () => {
    assert.deepEqual(pairedDifference([1, null, 3], [2, 2, null]).never, 2);
  });

  test("as a ratio has no value where the first is 0", () => {
    const { mean, never } = pairedRatio([2, 0, 4], [4, 1, 8]);
    assert.deepEqual([mean, never], [2, 1]);
  });
});
