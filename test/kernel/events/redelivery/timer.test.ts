/**
 * Redelivery by timers: the delay is a random number modulo the window, nothing else, and drawn anew after every
 * failure.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ORIGINAL } from "../../../../src/kernel/conntrack/status.js";
import { ACK } from "../../../../src/kernel/conntrack/trackers/tcp-states.js";
import { Streams } from "../../../../src/scenario/streams.js";
import { Assembled, WINDOW } from "../../assembled.js";

const TUPLE = 5;

/** A kernel with one dying entry whose retry delays come from the given numbers. */
function dying(draws: number[], version = "2.6.31"): { k: Assembled; entry: number } {
  const k = new Assembled({ version, random32: () => draws.shift() ?? 0 });
  k.packets.packet(TUPLE, ORIGINAL, ACK);
  const entry = k.entryOf(TUPLE);
  k.sink.accepts = () => false;
  k.deletion.evict(entry);
  k.sink.taken();
  return { k, entry };
}

describe("the delay", () => {
  test("is the random number modulo the window, in jiffies; 0 is the next jiffy", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (random) => {
        const { k } = dying([random]);
        assert.equal(k.timers.nextJiffy() <= k.clock.jiffies + Math.max(1, random % WINDOW), true);
        const delay = Math.max(1, random % WINDOW);
        k.wait(delay - 1);
        assert.equal(k.sink.sent.length, 0);
        k.wait(1);
        assert.equal(k.sink.sent.length, 1);
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  test("is never as long as the window, and may be anything below", () => {
    for (const [random, delay] of [
      [WINDOW - 1, WINDOW - 1],
      [WINDOW, 1],
      [WINDOW + 1, 1],
      [WINDOW + 2, 2],
      [0xffff_ffff, 0xffff_ffff % WINDOW],
    ] as const) {
      const { k } = dying([random]);
      k.wait(delay - 1);
      assert.equal(k.sink.sent.length, 0);
      k.wait(1);
      assert.equal(k.sink.sent.length, 1);
    }
  });

  test("is drawn anew after every failure, without back-off", () => {
    const draws = [10, 3, 500, 500, 2];
    const { k } = dying([...draws]);
    for (const delay of draws) {
      k.wait(delay - 1);
      assert.equal(k.sink.taken().length, 0);
      k.wait(1);
      assert.equal(k.sink.taken().length, 1);
    }
  });

  test("takes the slack of the release", () => {
    // From jiffy 100 000: 103 749 to 103 763 is 0x19545 to 0x19553, the low 4 bits go.
    const { k, entry } = dying([WINDOW - 1], "2.6.35");
    assert.equal(k.timers.expiresAt(entry), 103_760);
    const without = dying([WINDOW - 1], "2.6.31");
    assert.equal(without.k.timers.expiresAt(without.entry), 103_749);
  });

  test("has its bounds remembered for the checkers", () => {
    const { k } = dying([40, 7, 3000]);
    k.wait(47);
    assert.deepEqual(k.redelivery.delays, { shortestJiffies: 7, longestJiffies: 3000 });
  });

  test("of real draws is uniform over the window", () => {
    const { uint32 } = new Streams("uniform delays").of("grace");
    const bins = new Array<number>(15).fill(0);
    const draws = 30_000;
    const k = new Assembled({ random32: uint32 });
    k.sink.accepts = () => false;
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    const entry = k.entryOf(TUPLE);
    k.deletion.evict(entry);
    for (let i = 0; i < draws; i++) {
      k.redelivery.add(entry);
      bins[Math.floor((k.timers.expiresAt(entry) - k.clock.jiffies) / (WINDOW / bins.length))]!++;
    }
    const expected = draws / bins.length;
    const chiSquare = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 14 degrees of freedom: the 99.9 % quantile is 36.1, the 0.1 % quantile 3.0.
    assert.ok(chiSquare < 36.1 && chiSquare > 3, `chi-square ${chiSquare}`);
    assert.deepEqual(k.redelivery.delays, { shortestJiffies: 0, longestJiffies: WINDOW - 1 });
  });
});

describe("entries", () => {
  test("retry independently: one that fails holds nobody up, and one that succeeds hurries nobody", () => {
    const draws = [30, 20, 10];
    const k = new Assembled({ random32: () => draws.shift() ?? 3000 });
    for (const tuple of [1, 2, 3]) k.packets.packet(tuple, ORIGINAL, ACK);
    k.sink.accepts = () => false;
    for (const tuple of [1, 2, 3]) k.deletion.evict(k.entryOf(tuple));
    k.sink.taken();
    k.sink.accepts = ({ tuple }) => tuple !== 3;
    k.wait(100);
    assert.deepEqual(
      k.sink.taken().map(({ tuple, ok }) => [tuple, ok]),
      [
        [3, false],
        [2, true],
        [1, true],
      ],
    );
    assert.equal(k.table.dying, 1);
  });

  test("of the same jiffy retry in the order in which they were armed", () => {
    const k = new Assembled({ random32: () => 50 });
    for (const tuple of [4, 1, 3, 2]) k.packets.packet(tuple, ORIGINAL, ACK);
    k.sink.accepts = () => false;
    for (const tuple of [2, 4, 1, 3]) k.deletion.evict(k.entryOf(tuple));
    k.sink.taken();
    k.wait(50);
    assert.deepEqual(
      k.sink.taken().map(({ tuple }) => tuple),
      [2, 4, 1, 3],
    );
  });
});
