/**
 * The walk of a flush: every entry that is in a chain, bucket by bucket, the newest of a bucket first, in steps between
 * which anything may happen to the table. How one entry is deleted is deletion.test.ts.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Flush } from "../../../src/kernel/conntrack/flush.js";
import { ORIGINAL, REPLY } from "../../../src/kernel/conntrack/status.js";
import { NIL } from "../../../src/kernel/conntrack/table.js";
import { ACK } from "../../../src/kernel/conntrack/trackers/tcp-states.js";
import { KIND_DESTROY } from "../../../src/kernel/events/kinds.js";
import { Assembled, type AssembledOptions } from "../assembled.js";

function filled(entries: number, options: AssembledOptions = {}): Assembled {
  const k = new Assembled({ protocol: "udp", buckets: 16, ...options });
  for (let tuple = 0; tuple < entries; tuple++) k.packets.packet(tuple, ORIGINAL, ACK);
  k.sink.taken();
  return k;
}

/**
 * Tuples in the order of the chains: bucket 0 first, the head of each first, each tuple where it is met first.
 * `directions`: by whose nodes an entry is met.
 */
function orderOfChains(k: Assembled, directions: readonly number[] = [ORIGINAL, REPLY]): number[] {
  const tuples = new Set<number>();
  for (let bucket = 0; bucket < k.table.buckets; bucket++) {
    for (let node = k.table.first(bucket); node !== NIL; node = k.table.after(node)) {
      if (directions.includes(node & 1)) tuples.add(k.table.tupleOf(node >> 1));
    }
  }
  return [...tuples];
}

const destroyed = (k: Assembled): number[] => k.sink.taken().map(({ tuple }) => tuple);

describe("a flush", () => {
  test("of an empty table looks at no bucket, one of a table with entries at each", () => {
    for (const entries of [0, 1]) {
      const k = filled(entries);
      const flush = new Flush(k.table, k.deletion, k.release.flushDirection);
      let searched = 0;
      do {
        flush.search();
        searched += flush.bucketsSearched;
      } while (flush.step());
      assert.deepEqual([flush.entries, searched > 0], [entries, entries > 0]);
    }
  });

  test("goes through the buckets from the first to the last, in each from the newest entry on", () => {
    const k = filled(100);
    const expected = orderOfChains(k);
    const flush = new Flush(k.table, k.deletion, k.release.flushDirection);
    while (flush.step());
    assert.deepEqual(destroyed(k), expected);
    assert.equal(flush.entries, 100);
    assert.equal(k.table.count, 0);
  });

  for (const [version, directions] of [
    ["3.10", [ORIGINAL, REPLY]],
    ["3.12", [ORIGINAL]],
    ["5.4", [ORIGINAL]],
    ["5.10", [REPLY]],
    ["7.3", [REPLY]],
  ] as const) {
    const nodes =
      directions.length > 1 ? "either node, the first" : `its ${directions[0] === REPLY ? "reply" : "original"} node`;
    test(`of ${version} meets an entry by ${nodes}`, () => {
      const k = filled(100, { version });
      const expected = orderOfChains(k, directions);
      const flush = new Flush(k.table, k.deletion, k.release.flushDirection);
      while (flush.step());
      assert.deepEqual(destroyed(k), expected);
    });
  }

  test("can be stopped on the way to the next entry, and goes on from there", () => {
    const k = filled(3, { buckets: 1024 });
    const expected = orderOfChains(k);
    const flush = new Flush(k.table, k.deletion, k.release.flushDirection);
    let searched = 0;
    for (let entries = 0; entries < 3; entries++) {
      while (!flush.search(10)) {
        assert.equal(flush.bucketsSearched, 10);
        searched += 10;
      }
      searched += flush.bucketsSearched;
      assert.equal(flush.step(), true);
      assert.equal(flush.bucketsSearched, 0);
    }
    assert.deepEqual(destroyed(k), expected);
    while (!flush.search(10)) searched += 10;
    assert.equal(searched + flush.bucketsSearched, 1024);
    assert.equal(flush.step(), false);
  });

  test("deletes one entry a step", () => {
    const k = filled(10);
    const flush = new Flush(k.table, k.deletion, k.release.flushDirection);
    for (let left = 9; left >= 0; left--) {
      assert.equal(flush.step(), true);
      assert.equal(k.table.active, left);
    }
    assert.equal(flush.step(), false);
    assert.equal(flush.step(), false);
    assert.equal(flush.entries, 10);
  });

  test("meets every entry once whether its DESTROY is delivered or not", () => {
    const k = filled(100);
    const expected = orderOfChains(k);
    k.sink.accepts = ({ tuple, kind }) => kind !== KIND_DESTROY || tuple % 3 === 0;
    const flush = new Flush(k.table, k.deletion, k.release.flushDirection);
    while (flush.step());
    assert.deepEqual([...new Set(destroyed(k))], expected);
    assert.deepEqual([k.table.active, k.table.dying], [0, 66]);
  });

  test("leaves entries that are already dying to their timers", () => {
    const k = filled(10);
    k.sink.accepts = () => false;
    k.deletion.evict(k.entryOf(4));
    k.sink.taken();
    const flush = new Flush(k.table, k.deletion, k.release.flushDirection);
    while (flush.step());
    assert.equal(flush.entries, 9);
    assert.equal(destroyed(k).includes(4), false);
  });

  test("meets what is made meanwhile in the buckets that it has yet to visit, and not in those behind it", () => {
    const k = filled(20, { buckets: 2 });
    const flush = new Flush(k.table, k.deletion, k.release.flushDirection);
    // Everything with a node in the first bucket is gone, so the walk is in the second.
    while (k.table.first(0) !== NIL) flush.step();
    flush.step();
    const met = flush.entries;
    const inBucket = (original: number, reply: number): number => {
      for (let tuple = 1000; ; tuple++) {
        if (k.table.bucketOf(tuple, 0) === original && k.table.bucketOf(tuple, 1) === reply) return tuple;
      }
    };
    const behind = inBucket(0, 0);
    const before = inBucket(1, 1);
    for (const tuple of [behind, before]) k.packets.packet(tuple, ORIGINAL, ACK);
    k.sink.taken();
    while (flush.step());
    assert.equal(k.table.count, 1);
    assert.equal(k.entryOf(before), NIL);
    assert.notEqual(k.entryOf(behind), NIL);
    assert.ok(flush.entries > met);
  });

  test("of an empty table is over at once", () => {
    const k = filled(0);
    const flush = new Flush(k.table, k.deletion, k.release.flushDirection);
    assert.equal(flush.step(), false);
    assert.deepEqual(k.sink.taken(), []);
  });
});

describe("a flush of which nothing is delivered", () => {
  for (const [version, attempts] of [
    ["2.6.31", 2],
    ["3.10", 2],
    ["3.12", 1],
    ["3.16", 1],
  ] as const) {
    test(`${version}: attempts each entry ${attempts === 2 ? "twice" : "once"}`, () => {
      const k = filled(50, { version });
      k.sink.accepts = () => false;
      const flush = new Flush(k.table, k.deletion, k.release.flushDirection);
      while (flush.step());
      assert.equal(k.sink.taken().length, 50 * attempts);
      assert.deepEqual([k.table.active, k.table.dying], [0, 50]);
    });
  }
});
