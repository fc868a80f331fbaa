/**
 * The table as a data structure: what is counted, which record is used next, what growing keeps, and the chains against
 * a model that is nothing but lists.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ORIGINAL, REPLY } from "../../../src/kernel/conntrack/status.js";
import { ACTIVE, ConntrackTable, DYING, FREE, NIL, UNCONFIRMED } from "../../../src/kernel/conntrack/table.js";
import {
  EVENTS,
  extensionOf,
  FLAGS,
  HAS_PORTID,
  MISSED_SHIFT,
  nodeOf,
  PROTOCOL_STATE_SHIFT,
} from "../../../src/kernel/records.js";

const table = (buckets = 64, capacity = 16, hashSeed = 7): ConntrackTable =>
  new ConntrackTable({ buckets, max: 0, capacity, hashSeed });

function linked(into: ConntrackTable, tuple: number): number {
  const entry = into.allocate(tuple);
  into.link(entry);
  return entry;
}

/** What the packet path and the event cache write into a zeroed record. */
function fill(
  { records }: ConntrackTable,
  entry: number,
  written: { cache: number; missed: number; protocolState: number; portid: boolean },
): void {
  const { cache, missed, protocolState, portid } = written;
  records.nodes[nodeOf(entry) + FLAGS]! |= protocolState << PROTOCOL_STATE_SHIFT;
  records.extensions[extensionOf(entry) + EVENTS]! |= cache | (missed << MISSED_SHIFT) | (portid ? HAS_PORTID : 0);
}

describe("the count", () => {
  test("is of unconfirmed, active and dying entries", () => {
    const t = table();
    const unconfirmed = t.allocate(1);
    const active = linked(t, 2);
    const dying = linked(t, 3);
    t.unlink(dying);
    t.moveToDying(dying);
    assert.deepEqual([t.count, t.unconfirmed, t.active, t.dying], [3, 1, 1, 1]);
    assert.deepEqual(
      [unconfirmed, active, dying].map((entry) => t.placeOf(entry)),
      [UNCONFIRMED, ACTIVE, DYING],
    );
  });

  test("goes down when an entry is freed, from wherever it was", () => {
    const t = table();
    t.free(t.allocate(1));
    const active = linked(t, 2);
    t.unlink(active);
    t.free(active);
    const dying = linked(t, 3);
    t.unlink(dying);
    t.moveToDying(dying);
    t.free(dying);
    assert.deepEqual([t.count, t.unconfirmed, t.active, t.dying], [0, 0, 0, 0]);
    assert.equal(t.placeOf(dying), FREE);
    assert.deepEqual([t.counters.created, t.counters.destroyed, t.counters.untracked], [3, 3, 1]);
  });

  test("and every other figure of the table begins at 0", () => {
    const { counters } = table();
    assert.deepEqual(
      Object.entries(counters).filter(([, count]) => count !== 0),
      [],
    );
    assert.ok(Object.keys(counters).length >= 10);
  });

  test("keeps its peak", () => {
    const t = table();
    const entries = [1, 2, 3].map((tuple) => t.allocate(tuple));
    for (const entry of entries) t.free(entry);
    t.allocate(4);
    assert.equal(t.counters.peakCount, 3);
  });
});

describe("records", () => {
  test("the one that was freed last is used first, zeroed, and with it its id", () => {
    const t = table();
    const [first, second] = [linked(t, 1), linked(t, 2)];
    const id = t.idOf(second);
    for (const entry of [first, second]) {
      t.addStatus(entry, 0xff);
      fill(t, entry, { cache: 1, missed: 2, protocolState: 3, portid: true });
      t.unlink(entry);
      t.free(entry);
    }
    assert.equal(t.allocate(9), second);
    assert.equal(t.idOf(second), id);
    assert.equal(t.allocate(8), first);
    assert.equal(t.allocate(7), 2);
    assert.deepEqual(
      [
        t.tupleOf(second),
        t.statusOf(second),
        t.cacheOf(second),
        t.missedOf(second),
        t.protocolStateOf(second),
        t.hasPortid(second),
      ],
      [9, 0, 0, 0, 0, false],
    );
  });

  test("entries that exist at the same time never share an id", () => {
    const t = table();
    const ids = Array.from({ length: 10_000 }, (_, tuple) => t.idOf(t.allocate(tuple)));
    assert.equal(new Set(ids).size, ids.length);
  });

  test("growing keeps records, chains and the free list", () => {
    const t = table(3);
    const entries = Array.from({ length: 16 }, (_, i) => linked(t, 100 + i));
    for (const entry of entries) {
      t.addStatus(entry, 2 * entry);
      fill(t, entry, { cache: 3 * entry, missed: 5 * entry, protocolState: 7 * entry, portid: entry % 2 === 1 });
    }
    t.unlink(entries[5]!);
    t.moveToDying(entries[5]!);
    const chains = (): number[][] => [0, 1, 2].map((bucket) => chain(t, bucket));
    const before = chains();
    const kept = t.allocate(900);
    assert.equal(kept, 16);
    assert.equal(t.capacity, 24);
    assert.deepEqual(chains(), before);
    for (const entry of entries) {
      assert.deepEqual(
        [
          t.tupleOf(entry),
          t.statusOf(entry),
          t.cacheOf(entry),
          t.missedOf(entry),
          t.protocolStateOf(entry),
          t.hasPortid(entry),
        ],
        [100 + entry, 2 * entry, 3 * entry, 5 * entry, 7 * entry, entry % 2 === 1],
      );
      assert.equal(t.placeOf(entry), entry === 5 ? DYING : ACTIVE);
    }
    t.link(kept);
    assert.equal(t.find(900, REPLY), 2 * kept + 1);
  });
});

function chain(t: ConntrackTable, bucket: number): number[] {
  const nodes: number[] = [];
  for (let node = t.first(bucket); node !== NIL; node = t.after(node)) nodes.push(node);
  return nodes;
}

describe("the hash", () => {
  test("an entry is found by its tuple in both directions until it leaves its chains", () => {
    const t = table();
    const entry = t.allocate(5);
    assert.equal(t.find(5, ORIGINAL), NIL);
    t.link(entry);
    assert.equal(t.find(5, ORIGINAL), 2 * entry);
    assert.equal(t.find(5, REPLY), 2 * entry + 1);
    t.unlink(entry);
    assert.equal(t.find(5, ORIGINAL), NIL);
    assert.equal(t.find(5, REPLY), NIL);
  });

  test("a tuple may be active and dying at the same time, as two entries with two ids", () => {
    const t = table(1);
    const old = linked(t, 5);
    t.unlink(old);
    t.moveToDying(old);
    const fresh = linked(t, 5);
    assert.notEqual(t.idOf(fresh), t.idOf(old));
    assert.equal(t.find(5, ORIGINAL) >> 1, fresh);
    assert.equal(t.count, 2);
  });

  test("chains are what insertion at the head and removal anywhere make of them", () => {
    const step = fc.record({ link: fc.boolean(), which: fc.nat(), tuple: fc.integer({ min: 0, max: 40 }) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.integer(),
        fc.array(step, { minLength: 10, maxLength: 120 }),
        (buckets, hashSeed, steps) => {
          const t = table(buckets, 16, hashSeed >>> 0);
          const model = new Map(Array.from({ length: buckets }, (_, bucket) => [bucket, [] as number[]]));
          const alive: number[] = [];
          for (const { link, which, tuple } of steps) {
            if (link || alive.length === 0) {
              if (alive.some((entry) => t.tupleOf(entry) === tuple)) continue;
              const entry = linked(t, tuple);
              alive.push(entry);
              for (const direction of [ORIGINAL, REPLY] as const) {
                model.get(t.bucketOf(tuple, direction))!.unshift(2 * entry + direction);
              }
            } else {
              const [entry] = alive.splice(which % alive.length, 1);
              t.unlink(entry!);
              t.free(entry!);
              for (const [bucket, nodes] of model)
                model.set(
                  bucket,
                  nodes.filter((node) => node >> 1 !== entry),
                );
            }
            for (const [bucket, nodes] of model) assert.deepEqual(chain(t, bucket), nodes);
          }
          for (let tuple = 0; tuple <= 40; tuple++) {
            const entry = alive.find((candidate) => t.tupleOf(candidate) === tuple);
            for (const direction of [ORIGINAL, REPLY] as const) {
              assert.equal(t.find(tuple, direction), entry === undefined ? NIL : 2 * entry + direction);
            }
          }
        },
      ),
      { numRuns: 200, seed: 3 },
    );
  });

  test("spreads tuples evenly, in each direction by itself", () => {
    const buckets = 128;
    const t = table(buckets);
    for (const direction of [ORIGINAL, REPLY] as const) {
      const counts = new Array<number>(buckets).fill(0);
      for (let tuple = 0; tuple < 100 * buckets; tuple++) counts[t.bucketOf(tuple, direction)]!++;
      const chiSquare = counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
      // 127 degrees of freedom: mean 127, standard deviation 16.
      assert.ok(chiSquare > 127 - 5 * 16 && chiSquare < 127 + 5 * 16, `chi-square ${chiSquare}`);
    }
    let together = 0;
    for (let tuple = 0; tuple < 100 * buckets; tuple++) {
      if (t.bucketOf(tuple, ORIGINAL) === t.bucketOf(tuple, REPLY)) together++;
    }
    assert.ok(together > 50 && together < 150, `${together} entries with both nodes in one bucket`);
  });
});
