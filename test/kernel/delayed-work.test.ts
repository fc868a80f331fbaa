/**
 * When a work item runs: the jiffy that its timer really fires at, before and since the timer wheel of 4.8, and that it
 * is pending at most once.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { KernelClock } from "../../src/kernel/clock.js";
import { coarseExpiry, DelayedWork } from "../../src/kernel/delayed-work.js";

/** Ticks that the wheel of 4.8 takes for a delay of `delay` ticks which is asked for at jiffy `now`. */
const ticks = (now: number, delay: number): number => coarseExpiry(now + delay, delay) - now;

/** The width of a slot by delay, as kernel/time/timer.c tabulates it for every HZ: level, first delay, granularity. */
const LEVELS: readonly (readonly [number, number])[] = [
  [0, 1],
  [63, 8],
  [504, 64],
  [4032, 512],
  [32_256, 4096],
  [258_048, 32_768],
];

const granularity = (delay: number): number => LEVELS.findLast(([from]) => delay >= from)![1];

describe("the timer wheel of 4.8", () => {
  test("fires a timer of 3 jiffies at the 4th tick, one of 25 at the 26th, wherever the wheel stands", () => {
    for (let now = 100_000; now < 100_064; now++) {
      assert.equal(ticks(now, 1), 2);
      assert.equal(ticks(now, 3), 4);
      assert.equal(ticks(now, 25), 26);
      assert.equal(ticks(now, 62), 63);
    }
  });

  test("fires one of 250 jiffies, which is 1 s, at the next multiple of 8, and never at its own jiffy", () => {
    assert.equal(coarseExpiry(100_249, 250), 100_256);
    assert.equal(coarseExpiry(100_255, 250), 100_256);
    assert.equal(coarseExpiry(100_256, 250), 100_264);
    const all = Array.from({ length: 8 }, (_, i) => ticks(100_000 + i, 250));
    assert.deepEqual(all, [256, 255, 254, 253, 252, 251, 258, 257]);
  });

  test("fires one of 100 jiffies, which is 100 ms with HZ 1000, at a multiple of 8", () => {
    const all = Array.from({ length: 8 }, (_, i) => ticks(100_000 + i, 100));
    assert.deepEqual(all, [104, 103, 102, 101, 108, 107, 106, 105]);
  });

  test("gets coarser by 8 at 63, 504, 4032 and 32256 jiffies", () => {
    for (const [[from, width], [, before]] of LEVELS.slice(1).map((level, i) => [level, LEVELS[i]!] as const)) {
      // Asked for so that the timer expires right at the start of a slot of either level: it takes the next one.
      const expires = 32_768 * 4;
      assert.equal(coarseExpiry(expires, from) - expires, width, `${from} jiffies`);
      assert.equal(coarseExpiry(expires, from - 1) - expires, before, `${from - 1} jiffies`);
    }
  });

  test("never fires early, and late by at most one granularity, which is an eighth of the delay or a tick", () => {
    fc.assert(
      fc.property(fc.nat(1 << 24), fc.integer({ min: 1, max: 2_000_000 }), (now, delay) => {
        const expires = now + delay;
        const late = coarseExpiry(expires, delay) - expires;
        assert.ok(late >= 1 && late <= Math.max(1, (8 * delay) / 63), `${late} jiffies late`);
        if (delay < 258_048 * 8) {
          assert.ok(late <= granularity(delay));
          assert.equal((expires + late) % granularity(delay), 0);
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});

describe("a delayed work item", () => {
  const clock = (now = 0): KernelClock => {
    const made = new KernelClock(250, 100_000, 0);
    made.now = now;
    return made;
  };
  const TICK = 4_000_000;

  test("before 4.8 runs at exactly its jiffy, counted from the jiffy in which it was asked for", () => {
    for (const delay of [1, 3, 25, 100, 250, 5000]) {
      const work = new DelayedWork(clock(), false);
      work.schedule(delay);
      assert.equal(work.due, delay * TICK);
    }
    // Asked for in the middle of a jiffy: that jiffy counts whole.
    const work = new DelayedWork(clock(2_500_000), false);
    work.schedule(25);
    assert.equal(work.due, 25 * TICK);
  });

  test("from 4.8 on runs at the tick of the wheel, so that nobody waits for less than was asked", () => {
    const work = new DelayedWork(clock(), true);
    work.schedule(25);
    assert.equal(work.due, 26 * TICK);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e12 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.constantFrom(100, 250, 300, 1000),
        (now, delay, hz) => {
          const kernel = new KernelClock(hz, 100_000, 1234);
          kernel.now = now;
          const item = new DelayedWork(kernel, true);
          item.schedule(delay);
          assert.ok(item.due > now + (delay * 1e9) / hz - 1, `${item.due - now} ns`);
          assert.ok(item.due <= now + ((delay + granularity(delay)) * 1e9) / hz + 1);
        },
      ),
      { seed: 2, numRuns: 1000 },
    );
  });

  test("without a delay runs now, also in the middle of a jiffy", () => {
    for (const coarse of [false, true]) {
      const work = new DelayedWork(clock(2_500_000), coarse);
      work.schedule(0);
      assert.equal(work.due, 2_500_000);
      assert.equal(work.isPending, true);
    }
  });

  test("is pending at most once: another request moves it neither back nor forth", () => {
    const time = clock();
    const work = new DelayedWork(time, true);
    assert.equal(work.isPending, false);
    work.schedule(25);
    assert.equal(work.isPending, true);
    work.schedule(3);
    assert.equal(work.due, 26 * TICK);
    time.now = 5 * TICK;
    work.schedule(25);
    assert.equal(work.due, 26 * TICK);
  });

  test("is moved by a request to run now, from idle and from pending alike, and then stays", () => {
    const time = clock();
    const work = new DelayedWork(time, true);
    work.schedule(250);
    time.now = 7_000_001;
    work.runNow();
    assert.equal(work.due, 7_000_001);
    time.now = 8 * TICK;
    work.schedule(25);
    assert.equal(work.due, 7_000_001);
    work.begin();
    work.runNow();
    assert.equal(work.due, 8 * TICK);
  });

  test("that has begun to run is no longer pending, so it may be asked for again while it runs", () => {
    const time = clock();
    const work = new DelayedWork(time, true);
    work.schedule(3);
    time.now = work.due;
    work.begin();
    assert.equal(work.isPending, false);
    assert.equal(work.due, Number.POSITIVE_INFINITY);
    work.schedule(3);
    assert.equal(work.due, 8 * TICK);
  });
});
