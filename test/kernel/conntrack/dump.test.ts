import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Dump } from "../../../src/kernel/conntrack/dump.js";
import { Generation } from "../generations.js";

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

function dumpOf(k: Generation): Dump {
  return new Dump(k.table, k.expiry, k.deletion);
}

/** All parts, each of so many entries. */
function parts(dump: Dump, most: number): number[][] {
  const found: number[][] = [];
  while (dump.part(most)) found.push([...dump.entries]);
  return found;
}

describe("a dump of the table", () => {
  test("has every entry once, by the buckets of their original nodes, in each from the newest on", () => {
    const k = new Generation({ version: "6.1", buckets: 16 });
    k.request(...range(40));
    const entries = parts(dumpOf(k), 1000).flat();
    const wanted = range(16).flatMap((bucket) =>
      range(40)
        .filter((tuple) => k.table.bucketOf(tuple, 0) === bucket)
        .toReversed()
        .map((tuple) => k.entryOf(tuple)),
    );
    assert.deepEqual(entries, wanted);
  });

  test("comes in parts that end with a bucket, the first that reaches what fits", () => {
    const k = new Generation({ version: "6.1", buckets: 16 });
    k.request(...range(40));
    const whole = parts(dumpOf(k), 1000).flat();
    const some = parts(dumpOf(k), 5);
    assert.deepEqual(some.flat(), whole);
    const bucketOf = (entry: number) => k.table.bucketOf(k.table.tupleOf(entry), 0);
    for (const [index, part] of some.entries()) {
      if (index < some.length - 1) assert.ok(part.length >= 5);
      const last = bucketOf(part.at(-1)!);
      assert.ok(part.filter((entry) => bucketOf(entry) !== last).length < 5);
    }
  });

  test("looks at every bucket, also at those that are empty, and is over after the last", () => {
    const k = new Generation({ version: "6.1", buckets: 16 });
    const dump = dumpOf(k);
    assert.equal(dump.part(10), true);
    assert.deepEqual([dump.entries.length, dump.bucketsSearched], [0, 16]);
    assert.equal(dump.part(10), false);
    assert.equal(dump.bucketsSearched, 0);
  });

  test("removes the dead that it meets and does not list them where entries have no timer", () => {
    const k = new Generation({ version: "6.1", buckets: 16 });
    k.request(...range(6));
    k.waitSeconds(31);
    k.request(6);
    assert.equal(k.table.active, 7);
    assert.deepEqual(parts(dumpOf(k), 10).flat(), [k.entryOf(6)]);
    assert.equal(k.table.active, 1);
  });
});
