import assert from "node:assert/strict";
import { test } from "node:test";
import { count, duration, percent, plural, shortCount, size } from "../../../src/render/text/numbers.js";

function holds<T>(render: (value: T) => string, table: readonly (readonly [T, string])[]): void {
  for (const [value, text] of table) assert.equal(render(value), text);
}

test("a count has a comma every three digits, a mean three digits in all", () => {
  holds(count, [
    [0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [12_345, "12,345"],
    [1_234_567, "1,234,567"],
    [3.1234, "3.12"],
    [2.5, "2.5"],
    [0.004, "0.004"],
    [123.4, "123"],
    [-1234, "-1,234"],
  ]);
});

test("what is not known is a dash, never a zero", () => {
  holds(count, [
    [null, "–"],
    [Number.NaN, "–"],
    [Number.POSITIVE_INFINITY, "–"],
  ]);
  holds(duration, [
    [null, "–"],
    [Number.NaN, "–"],
  ]);
  assert.equal(size(Number.NaN), "–");
});

test("a short count keeps three digits", () => {
  holds(shortCount, [
    [9999, "9,999"],
    [12_345, "12.3k"],
    [999_999, "1M"],
    [1_234_567, "1.23M"],
    [1_000_000, "1M"],
    [2_500_000_000, "2.5G"],
  ]);
});

test("a share is 0 % or 100 % only if it is nothing or everything", () => {
  assert.equal(percent(0, 20_000), "0 %");
  assert.equal(percent(1, 20_000), "<0.1 %");
  assert.equal(percent(19_999, 20_000), ">99.9 %");
  assert.equal(percent(20_000, 20_000), "100 %");
  assert.equal(percent(1, 3), "33.3 %");
  assert.equal(percent(3, 4), "75 %");
  assert.equal(percent(0, 0), "");
});

test("a duration takes the unit that keeps its figure short", () => {
  holds(duration, [
    [0, "0 s"],
    [0.000_000_84, "840 ns"],
    [0.000_12, "120 µs"],
    [0.000_999_9, "1 ms"],
    [0.84, "840 ms"],
    [0.999_9, "1 s"],
    [15.31, "15.3 s"],
    [60, "60 s"],
    [119.96, "120 s"],
    [725, "12 min 5 s"],
    [3599.7, "60 min"],
    [7500, "2 h 5 min"],
  ]);
});

test("a size is given to the byte until it is large", () => {
  holds(size, [
    [0, "0 B"],
    [2048, "2,048 B"],
    [4096, "4,096 B"],
    [212_992, "208 KiB"],
    [124_928, "122 KiB"],
    [212_993, "208 KiB"],
    [8 * 1024 * 1024, "8 MiB"],
    [1536 * 1024, "1.5 MiB"],
    [1024 ** 3, "1 GiB"],
  ]);
});

test("one entry is not one entries", () => {
  assert.equal(plural(1, "entry", "entries"), "1 entry");
  assert.equal(plural(0, "entry", "entries"), "0 entries");
  assert.equal(plural(2000, "entry", "entries"), "2,000 entries");
});
