/**
 * Two clocks, nanoseconds and jiffies: which jiffy it is at a time and when a jiffy begins must not contradict each
 * other at any HZ, boot offset, phase and time, up to the 104 days that a double holds in nanoseconds.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { KernelClock } from "../../src/kernel/clock.js";

const LONGEST_SECONDS = 104 * 86_400;

/** A clock at one HZ with any offsets, and a time in whole nanoseconds on it. */
const clocks = (hz: number) =>
  fc.record({
    boot: fc.integer({ min: 0, max: 2 ** 32 }),
    phase: fc.integer({ min: 0, max: Math.floor(1e9 / hz) - 1 }),
    time: fc.oneof(
      fc.integer({ min: 0, max: LONGEST_SECONDS * 1e9 }),
      // Near whole seconds, where the ticks of every HZ meet.
      fc
        .tuple(fc.integer({ min: 0, max: LONGEST_SECONDS - 1 }), fc.integer({ min: 0, max: 10 }))
        .map(([seconds, more]) => seconds * 1e9 + more),
    ),
  });

for (const hz of [100, 250, 300, 1000]) {
  describe(`at HZ ${hz}`, () => {
    test("a time lies in its jiffy: not before it begins, and before the next one does", () => {
      fc.assert(
        fc.property(clocks(hz), ({ boot, phase, time }) => {
          const clock = new KernelClock(hz, boot, phase);
          const jiffy = clock.jiffiesAt(time);
          assert.ok(Number.isInteger(jiffy));
          assert.ok(clock.timeOf(jiffy) <= time);
          assert.ok(clock.timeOf(jiffy + 1) > time);
        }),
        { numRuns: 2000, seed: hz },
      );
    });

    test("the instant at which a jiffy begins is in it, the nanosecond before is in the jiffy before", () => {
      fc.assert(
        fc.property(clocks(hz), ({ boot, phase, time }) => {
          const clock = new KernelClock(hz, boot, phase);
          const jiffy = boot + Math.floor((time / 1e9) * hz);
          const begins = clock.timeOf(jiffy);
          assert.ok(Number.isInteger(begins));
          assert.equal(clock.jiffiesAt(begins), jiffy);
          assert.equal(clock.jiffiesAt(begins - 1), jiffy - 1);
        }),
        { numRuns: 2000, seed: hz },
      );
    });

    test("a tick comes at the first nanosecond that is not before its share of the second", () => {
      const clock = new KernelClock(hz, 70_000, 1234);
      for (const seconds of [0, 1, 59, 86_400, 100 * 86_400]) {
        for (const ticks of [0, 1, 2, hz - 1]) {
          const numerator = BigInt(seconds * hz + ticks) * 1_000_000_000n;
          const exact = (numerator + BigInt(hz) - 1n) / BigInt(hz) - 1234n;
          assert.equal(BigInt(clock.timeOf(70_000 + seconds * hz + ticks)), exact, `${seconds} s and ${ticks} ticks`);
        }
      }
    });
  });
}

test("the first packet comes `phase` nanoseconds into the jiffy of the boot offset", () => {
  const clock = new KernelClock(250, 65_536, 3_999_999);
  assert.equal(clock.jiffies, 65_536);
  clock.now = 1;
  assert.equal(clock.jiffies, 65_537);
});
