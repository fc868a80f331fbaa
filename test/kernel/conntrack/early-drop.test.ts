/**
 * Room in a full table: who is the victim, how far the search goes, and what an undeliverable DESTROY of the victim
 * means for the packet that needed the room, in each release.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACCEPTED, TABLE_FULL } from "../../../src/kernel/conntrack/packet.js";
import { IPS_ASSURED, ORIGINAL, REPLY } from "../../../src/kernel/conntrack/status.js";
import { NIL } from "../../../src/kernel/conntrack/table.js";
import { ACK } from "../../../src/kernel/conntrack/trackers/tcp-states.js";
import { KIND_DESTROY, KIND_NEW } from "../../../src/kernel/events/kinds.js";
import { Assembled, type AssembledOptions } from "../assembled.js";

/** Two buckets, or the number that is asked for; tuples are chosen by where their nodes lie. */
class FullTable extends Assembled {
  constructor(options: AssembledOptions) {
    super({ protocol: "udp", buckets: 2, ...options });
  }

  /** The first tuple from `from` on whose two nodes both lie in the bucket. */
  tupleIn(bucket: number, from: number): number {
    for (let tuple = from; ; tuple++) {
      if (([ORIGINAL, REPLY] as const).every((direction) => this.table.bucketOf(tuple, direction) === bucket))
        return tuple;
    }
  }

  /** `count` entries with both nodes in the bucket, oldest first. */
  fill(bucket: number, count: number, assured: boolean): number[] {
    const tuples: number[] = [];
    for (let from = 1000 * (bucket + 1); tuples.length < count; ) {
      const tuple = this.tupleIn(bucket, from);
      this.packets.packet(tuple, ORIGINAL, ACK);
      if (assured) this.table.addStatus(this.entryOf(tuple), IPS_ASSURED);
      tuples.push(tuple);
      from = tuple + 1;
    }
    this.sink.taken();
    return tuples;
  }

  /** A packet of a conversation of its own whose search starts in the bucket. */
  newPacket(bucket: number): number {
    return this.packets.packet(this.tupleIn(bucket, 9000), ORIGINAL, ACK);
  }

  /** Conversations that are no longer active, of those given. */
  gone(tuples: readonly number[]): number[] {
    return tuples.filter((tuple) => this.entryOf(tuple) === NIL);
  }
}

const UP_TO_3_0 = ["2.6.31", "2.6.35", "3.0"];
const FROM_3_4 = ["3.4", "3.6", "3.10", "3.12", "3.16"];

describe("when the victim's DESTROY is delivered", () => {
  for (const version of [...UP_TO_3_0, ...FROM_3_4]) {
    test(`${version}: the victim is freed, the packet gets its entry and the count stays at the limit`, () => {
      const k = new FullTable({ version, max: 3 });
      k.fill(0, 3, false);
      assert.equal(k.newPacket(0), ACCEPTED);
      assert.deepEqual([k.table.count, k.table.dying, k.table.counters.earlyDrop, k.table.counters.drop], [3, 0, 1, 0]);
      assert.deepEqual(
        k.sink.taken().map(({ kind, ok }) => [kind, ok]),
        [
          [KIND_DESTROY, true],
          [KIND_NEW, true],
        ],
      );
    });
  }
});

describe("when the victim's DESTROY cannot be delivered", () => {
  for (const version of UP_TO_3_0) {
    test(`${version}: it counts as freed although it is dying, so the count exceeds the limit and nothing is refused`, () => {
      const k = new FullTable({ version, max: 3 });
      k.fill(0, 3, false);
      k.sink.accepts = ({ kind }) => kind !== KIND_DESTROY;
      for (let tuple = 0; tuple < 20; tuple++) assert.equal(k.packets.packet(5000 + tuple, ORIGINAL, ACK), ACCEPTED);
      assert.deepEqual([k.table.count, k.table.active, k.table.dying], [23, 3, 20]);
      assert.deepEqual([k.table.counters.earlyDrop, k.table.counters.drop], [20, 0]);
    });
  }

  for (const version of FROM_3_4) {
    test(`${version}: it is dying all the same, and the packet is dropped too`, () => {
      const k = new FullTable({ version, max: 3 });
      k.fill(0, 3, false);
      k.sink.accepts = ({ kind }) => kind !== KIND_DESTROY;
      for (let dropped = 1; dropped <= 3; dropped++) {
        assert.equal(k.newPacket(0), TABLE_FULL);
        assert.deepEqual([k.table.count, k.table.active, k.table.dying], [3, 3 - dropped, dropped]);
        assert.deepEqual([k.table.counters.earlyDrop, k.table.counters.drop], [0, dropped]);
      }
      // Nobody is left to be evicted: packets are dropped and nothing dies.
      assert.equal(k.newPacket(0), TABLE_FULL);
      assert.deepEqual([k.table.count, k.table.dying, k.table.counters.drop], [3, 3, 4]);
    });
  }

  test("it is one attempt, without a portid, and the retry is armed", () => {
    const k = new FullTable({ version: "3.6", max: 3, random32: () => 9 });
    k.fill(0, 3, false);
    k.sink.accepts = ({ kind }) => kind !== KIND_DESTROY;
    k.newPacket(0);
    assert.deepEqual(
      k.sink.taken().map(({ kind, withPortid }) => [kind, withPortid]),
      [[KIND_DESTROY, false]],
    );
    assert.equal(k.timers.nextJiffy(), k.clock.jiffies + 9);
  });
});

describe("the victim", () => {
  for (const version of ["2.6.31", "3.6", "3.12"]) {
    test(`${version}: is the oldest of its bucket`, () => {
      const k = new FullTable({ version, max: 4 });
      const tuples = k.fill(0, 4, false);
      k.newPacket(0);
      assert.deepEqual(k.gone(tuples), [tuples[0]]);
    });
  }

  test("3.16: is the newest of its bucket", () => {
    const k = new FullTable({ version: "3.16", max: 4 });
    const tuples = k.fill(0, 4, false);
    k.newPacket(0);
    assert.deepEqual(k.gone(tuples), [tuples[3]]);
  });

  test("is never an assured entry: the oldest of the others is", () => {
    const k = new FullTable({ version: "3.6", max: 4 });
    const assured = k.fill(0, 2, true);
    const others = [k.tupleIn(0, 5000), k.tupleIn(0, 6000)];
    for (const tuple of others) k.packets.packet(tuple, ORIGINAL, ACK);
    k.newPacket(0);
    assert.deepEqual(k.gone([...assured, ...others]), [others[0]]);
  });

  test("is nobody when all are assured: the packet is dropped and nothing dies", () => {
    for (const version of [...UP_TO_3_0, ...FROM_3_4]) {
      const k = new FullTable({ version, max: 3 });
      k.fill(0, 3, true);
      assert.equal(k.newPacket(0), TABLE_FULL);
      assert.deepEqual([k.table.count, k.table.dying, k.table.counters.drop], [3, 0, 1]);
      assert.deepEqual(k.sink.taken(), []);
    }
  });
});

describe("the search", () => {
  test("goes on to the next bucket while it has looked at fewer than 8 nodes", () => {
    const k = new FullTable({ version: "3.6", max: 4 });
    k.fill(0, 3, true);
    const [other] = k.fill(1, 1, false);
    assert.equal(k.newPacket(0), ACCEPTED);
    assert.deepEqual(k.gone([other!]), [other]);
    assert.equal(k.packets.earlyDrop.bucketsSearched, 2);
  });

  test("ends without a victim once it has looked at 8", () => {
    const k = new FullTable({ version: "3.6", max: 5 });
    k.fill(0, 4, true);
    const [other] = k.fill(1, 1, false);
    assert.equal(k.newPacket(0), TABLE_FULL);
    assert.deepEqual(k.gone([other!]), []);
    assert.equal(k.packets.earlyDrop.bucketsSearched, 1);
  });

  test("looks at its own bucket to the end, also beyond 8 nodes", () => {
    const k = new FullTable({ version: "3.6", max: 8 });
    const [first] = k.fill(0, 1, false);
    for (let from = 5000; k.table.count < 8; from++) {
      from = k.tupleIn(0, from);
      k.packets.packet(from, ORIGINAL, ACK);
      k.table.addStatus(k.entryOf(from), IPS_ASSURED);
    }
    assert.equal(k.newPacket(0), ACCEPTED);
    assert.deepEqual(k.gone([first!]), [first]);
  });

  test("starts in the bucket of the new conversation and goes around the end of the table", () => {
    const k = new FullTable({ version: "3.6", max: 2, buckets: 8 });
    const [other] = k.fill(1, 1, false);
    k.fill(2, 1, true);
    assert.equal(k.newPacket(3), ACCEPTED);
    assert.deepEqual(k.gone([other!]), [other]);
    assert.equal(k.packets.earlyDrop.bucketsSearched, 7);
  });

  test("of a table without an entry in any chain walks over all buckets once", () => {
    const k = new FullTable({ version: "3.6", max: 1, buckets: 8 });
    k.fill(5, 1, false);
    k.sink.accepts = () => false;
    assert.equal(k.newPacket(5), TABLE_FULL);
    assert.equal(k.packets.earlyDrop.bucketsSearched, 1);
    assert.equal(k.newPacket(5), TABLE_FULL);
    assert.equal(k.packets.earlyDrop.bucketsSearched, 8);
    // From elsewhere it comes into the stretch that the last search found empty in its middle, and then to its start.
    assert.equal(k.newPacket(3), TABLE_FULL);
    assert.equal(k.packets.earlyDrop.bucketsSearched, 8);
  });
});
