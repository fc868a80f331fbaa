import assert from "node:assert/strict";
import { test } from "node:test";
import { median } from "../../src/report/median.js";
import { CENTRAL_95, CENTRAL_99, predictionInterval } from "../../src/study/interval.js";

test("a figure that is the same in every run has no chance in it: the interval is that figure", () => {
  assert.deepEqual(predictionInterval([7, 7, 7], CENTRAL_95), { low: 7, median: 7, high: 7 });
});

test("the interval is Student's for one further run: 2.228 deviations at ten degrees of freedom", () => {
  const values = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5];
  const { low, median: middle, high } = predictionInterval(values, CENTRAL_95);
  const half = 2.228 * Math.sqrt(11) * Math.sqrt(1 + 1 / 11);
  assert.equal(middle, 0);
  assert.ok(Math.abs(high - half) < 0.01 * half, `${high}, not ${half}`);
  assert.ok(Math.abs(high + low) < 1e-9);
});

test("a higher probability makes it wider: 3.169 deviations for 99 %", () => {
  const values = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5];
  const half = 3.169 * Math.sqrt(11) * Math.sqrt(1 + 1 / 11);
  assert.ok(Math.abs(predictionInterval(values, CENTRAL_99).high - half) < 0.01 * half);
});

test("a skewed figure keeps its range: the interval is never narrower than the runs", () => {
  const values = [...new Array<number>(99).fill(0), 1000];
  assert.equal(predictionInterval(values, CENTRAL_95).high, 1000);
});

test("the median of an even number of values is between the middle two, in whatever order they come", () => {
  assert.equal(median([9, 1, 4, 2]), 3);
  assert.equal(median([3]), 3);
});
