import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { borderOf } from "../../src/study/border.js";
import { ladder } from "../../src/study/ladder.js";

const RUNGS = 700;

async function searched(holds: (rung: number) => boolean, start = 350, rungs = RUNGS) {
  const asked: number[] = [];
  const border = await borderOf(rungs, start, async (rung) => {
    asked.push(rung);
    return holds(rung);
  });
  return { ...border, asked };
}

describe("the border of a monotone condition", () => {
  test("is the first rung that holds, from wherever the search starts, in few questions asked once each", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(RUNGS - 1), fc.nat(RUNGS - 1), async (first, start) => {
        const { found, monotone, asked } = await searched((rung) => rung >= first, start);
        assert.deepEqual([found, monotone], [first, true]);
        assert.equal(new Set(asked).size, asked.length);
        assert.ok(asked.length <= 24, `${asked.length} questions`);
      }),
    );
  });

  test("is none where nothing holds, and that was looked at on the harder side, too", async () => {
    const { found, monotone, asked } = await searched(() => false);
    assert.deepEqual([found, monotone], [null, true]);
    assert.ok(asked.includes(0) && asked.includes(RUNGS - 1));
  });

  test("is the hardest of all where everything holds", async () => {
    assert.deepEqual((await searched(() => true)).found, 0);
  });

  test("is found on a ladder of one rung", async () => {
    assert.equal((await searched(() => true, 0, 1)).found, 0);
    assert.equal((await searched(() => false, 0, 1)).found, null);
  });
});

describe("a condition that is not monotone", () => {
  test("is seen where it holds in a band, and its hard edge is found", async () => {
    const { found, monotone } = await searched((rung) => rung >= 300 && rung < 420);
    assert.deepEqual([found, monotone], [300, false]);
  });

  test("is seen where it holds only below where the search began", async () => {
    const { found, monotone } = await searched((rung) => rung < 200);
    assert.deepEqual([found, monotone], [0, false]);
  });

  test("that holds again on the harder side has the border of the easy side, which is safe", async () => {
    const { found, monotone } = await searched((rung) => rung >= 400 || (rung >= 100 && rung < 300), 350);
    assert.deepEqual([found, monotone], [400, false]);
  });

  test("is scanned between the outermost rungs that were tried, no further than a scan's step apart", async () => {
    const { asked } = await searched((rung) => rung >= 300 && rung < 420);
    const sorted = [...asked].sort((a, b) => a - b);
    const gaps = sorted.slice(1).map((rung, index) => rung - sorted[index]!);
    assert.ok(Math.max(...gaps) <= 16, `${Math.max(...gaps)}`);
  });
});

describe("a ladder", () => {
  test("of sizes has 32 rungs an octave, powers of two among them", () => {
    const values = ladder("binary", 256, 2 ** 30);
    for (let power = 256; power <= 2 ** 30; power *= 2) assert.ok(values.includes(power), String(power));
    assert.equal(values.filter((value) => value >= 2 ** 20 && value < 2 ** 21).length, 32);
    assert.ok(values.includes(212_992));
  });

  test("of rates has two digits that count", () => {
    const values = ladder("decimal", 1, 10_000);
    assert.deepEqual(values.slice(0, 12), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert.deepEqual(values.slice(-3), [9800, 9900, 10_000]);
    assert.deepEqual(
      values.filter((value) => value >= 90 && value <= 130),
      [90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 110, 120, 130],
    );
  });
});
