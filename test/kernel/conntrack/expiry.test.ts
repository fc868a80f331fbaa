/**
 * How an entry's timeout is kept and who notices that it is over: a timer each up to 4.8, a stored deadline from 4.9
 * on, at which an entry waits for a look-up of the same chain, early_drop or the gc worker.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ACCEPTED } from "../../../src/kernel/conntrack/packet.js";
import { IPS_ASSURED, ORIGINAL, REPLY } from "../../../src/kernel/conntrack/status.js";
import { NIL } from "../../../src/kernel/conntrack/table.js";
import { KIND_DESTROY, KIND_NEW } from "../../../src/kernel/events/kinds.js";
import { Generation, versions } from "../generations.js";

const TIMED = versions("2.6.31", "4.9");
const LAZY = versions("4.9");
const UDP_JIFFIES = 30 * 250;

describe("a timer", () => {
  for (const version of ["2.6.31", "4.8"]) {
    test(`${version}: is moved by a packet at most once a second`, () => {
      const k = new Generation({ version });
      k.request(1);
      const entry = k.entryOf(1);
      for (const [wait, left] of [
        [100, UDP_JIFFIES - 100],
        [149, UDP_JIFFIES - 249],
        [1, UDP_JIFFIES],
        [249, UDP_JIFFIES - 249],
        [1, UDP_JIFFIES],
      ] as const) {
        k.wait(wait);
        k.request(1);
        assert.equal(k.expiry.left(entry), left);
      }
    });
  }

  for (const version of TIMED) {
    test(`${version}: ends its entry at its tick, and nobody has to come by`, () => {
      const k = new Generation({ version });
      k.request(1);
      k.wait(UDP_JIFFIES - 1);
      assert.equal(k.table.count, 1);
      // With slack (2.6.35 to 4.7) up to 1/256 of the delay later.
      k.wait(1 + (k.release.timerSlack ? UDP_JIFFIES / 256 : 0));
      assert.equal(k.table.count, 0);
    });
  }

  test("never lets an entry live past its last packet and the timeout, and ends it less than a second before that", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 30 }), (gaps) => {
        const k = new Generation({ version: "4.8" });
        k.request(1);
        for (const gap of gaps) {
          k.wait(gap);
          k.request(1);
        }
        const left = k.expiry.left(k.entryOf(1));
        assert.ok(left <= UDP_JIFFIES && left > UDP_JIFFIES - 250, `${left} jiffies`);
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});

describe("a deadline", () => {
  for (const version of LAZY) {
    test(`${version}: is overwritten by every packet`, () => {
      const k = new Generation({ version });
      k.request(1);
      const entry = k.entryOf(1);
      for (const wait of [1, 3, 249, 1, 7000]) {
        k.wait(wait);
        assert.equal(k.expiry.left(entry), UDP_JIFFIES - wait);
        k.request(1);
        assert.equal(k.expiry.left(entry), UDP_JIFFIES);
      }
    });
  }

  test("is over at its own jiffy and not a jiffy earlier", () => {
    const k = new Generation({ version: "6.18.44" });
    k.request(1);
    const entry = k.entryOf(1);
    k.wait(UDP_JIFFIES - 1);
    assert.equal(k.expiry.isExpired(entry), false);
    k.wait(0.75);
    assert.equal(k.expiry.isExpired(entry), false);
    k.wait(0.25);
    assert.equal(k.expiry.isExpired(entry), true);
    assert.equal(k.expiry.left(entry), 0);
  });

  test("belongs to its entry also when the table has grown", () => {
    const k = new Generation({ version: "6.18.44" });
    for (let tuple = 0; tuple < 100; tuple++) {
      k.request(tuple);
      k.wait(2);
    }
    assert.ok(k.table.capacity >= 100);
    for (let tuple = 0; tuple < 100; tuple++) {
      assert.equal(k.expiry.left(k.entryOf(tuple)), UDP_JIFFIES - 2 * (100 - tuple));
    }
  });

  test("shorter than the last one counts as well", () => {
    const k = new Generation({ version: "6.18.44" });
    k.request(1);
    const entry = k.entryOf(1);
    k.expiry.refresh(entry, 10);
    assert.equal(k.expiry.left(entry), 10);
  });
});

describe("an entry whose deadline is over", () => {
  /** One expired conversation with its original node in bucket 3 and its reply node in bucket 5. */
  function expired(version: string): { k: Generation; tuple: number } {
    const k = new Generation({ version });
    let tuple = 0;
    while (k.table.bucketOf(tuple, ORIGINAL) !== 3 || k.table.bucketOf(tuple, REPLY) !== 5) tuple++;
    k.request(tuple);
    k.waitSeconds(31);
    k.sink.taken();
    return { k, tuple };
  }

  /**
   * A packet of a conversation of its own whose look-up walks the bucket, and whose nodes are in no bucket of the
   * expired one.
   */
  function packetInto(k: Generation, bucket: number): void {
    const wanted = k
      .tuplesIn(bucket, 50, 10_000, [ORIGINAL])
      .find((tuple) => ![3, 5].includes(k.table.bucketOf(tuple, REPLY)));
    assert.deepEqual(k.request(wanted!), [ACCEPTED]);
  }

  for (const version of LAZY) {
    test(`${version}: stays, and counts, until somebody meets it`, () => {
      const { k, tuple } = expired(version);
      k.waitSeconds(1000);
      assert.equal(k.table.count, 1);
      assert.notEqual(k.entryOf(tuple), NIL);
      assert.deepEqual(k.sink.taken(), []);
    });

    test(`${version}: goes when a look-up walks one of its two chains, whosever it is, and no other`, () => {
      for (const [bucket, gone] of [
        [2, false],
        [3, true],
        [4, false],
        [5, true],
        [6, false],
      ] as const) {
        const { k, tuple } = expired(version);
        packetInto(k, bucket);
        assert.equal(k.entryOf(tuple) === NIL, gone, `bucket ${bucket}`);
        assert.deepEqual(
          k.sink.taken().map(({ kind }) => kind),
          gone ? [KIND_DESTROY, KIND_NEW] : [KIND_NEW],
        );
      }
    });
  }

  test("is not found any more: a packet of the same conversation ends it and begins a new one", () => {
    const { k, tuple } = expired("6.18.44");
    const old = k.entryOf(tuple);
    k.refuseDestroy();
    k.request(tuple);
    assert.deepEqual(
      k.sink.taken().map(({ kind, entry, ok }) => [kind, entry === old, ok]),
      [
        [KIND_DESTROY, true, false],
        [KIND_NEW, false, true],
      ],
    );
    assert.deepEqual([k.table.active, k.table.dying], [1, 1]);
    assert.equal(k.expiry.left(k.entryOf(tuple)), UDP_JIFFIES);
  });

  test("stays when the look-up finds what it wants before it: a chain is walked from its newest entry", () => {
    const { k, tuple } = expired("6.18.44");
    const [newer] = k.tuplesIn(3, 1, 20_000, [ORIGINAL]);
    // The first packet of the newer one meets the old one; so let that be made while the old one is still alive.
    const fresh = new Generation({ version: "6.18.44" });
    fresh.request(tuple);
    fresh.waitSeconds(20);
    fresh.request(newer!);
    fresh.waitSeconds(15);
    fresh.request(newer!);
    assert.equal(fresh.table.count, 2);
    // And the other way round the walk passes it.
    const passed = new Generation({ version: "6.18.44" });
    passed.request(newer!);
    passed.waitSeconds(20);
    passed.request(tuple);
    passed.waitSeconds(5);
    passed.request(newer!);
    passed.waitSeconds(26);
    passed.request(newer!);
    assert.deepEqual(passed.active([tuple, newer!]), [newer]);
    assert.equal(k.table.count, 1);
  });

  test("goes when early_drop meets it, which does not count as one of its own", () => {
    for (const version of LAZY) {
      const k = new Generation({ version, buckets: 1, max: 3 });
      k.request(1, 2);
      for (const tuple of [1, 2]) k.table.addStatus(k.entryOf(tuple), IPS_ASSURED);
      k.waitSeconds(20);
      k.request(3);
      k.table.addStatus(k.entryOf(3), IPS_ASSURED);
      k.waitSeconds(20);
      // The walk of early_drop alone: a packet's look-up would have met them before.
      assert.equal(k.packets.earlyDrop.tryFree(0), false);
      assert.deepEqual([k.table.count, k.table.counters.earlyDrop], [1, 0], version);
    }
  });

  test("goes when the gc worker meets it", () => {
    for (const version of LAZY) {
      const { k } = expired(version);
      for (let run = 0; run < 128 && k.table.count > 0; run++) k.runGc();
      assert.equal(k.table.count, 0, version);
    }
  });

  test("is an attempt like any other: what cannot be delivered is dying and left to the worker", () => {
    for (const version of LAZY) {
      const { k } = expired(version);
      k.refuseDestroy();
      packetInto(k, 3);
      assert.deepEqual([k.table.active, k.table.dying], [1, 1], version);
      k.acceptAll();
      assert.equal(k.runWorker().length, 1);
      assert.equal(k.table.dying, 0);
    }
  });
});

describe("the dead that are still counted", () => {
  test("are as many as a count over the table finds, whatever packets, deaths and passes come", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("4.9.30", "5.10", "5.15.30", "6.18.44"),
        fc.array(fc.tuple(fc.nat(4), fc.nat(30), fc.integer({ min: 1, max: 4000 })), { maxLength: 60 }),
        (version, acts) => {
          const k = new Generation({ version, buckets: 256, random32: () => 20 });
          let peak = 0;
          for (const [act, tuple, jiffies] of acts) {
            if (act < 2) k.request(tuple);
            else if (act === 2 && k.entryOf(tuple) !== NIL) k.deletion.deleteByRequest(k.entryOf(tuple));
            else if (act === 3) k.runGc();
            else k.wait(jiffies);
            const dead = Array.from({ length: 31 }, (_, each) => k.entryOf(each)).filter(
              (entry) => entry !== NIL && k.expiry.isExpired(entry),
            ).length;
            assert.equal(k.expiry.expired(), dead);
            peak = Math.max(peak, dead);
          }
          assert.ok(k.expiry.expiredPeak() >= peak);
        },
      ),
      { seed: 11, numRuns: 200 },
    );
  });

  test("had their peak when the last deadline passed, though nobody has looked since", () => {
    const k = new Generation({ version: "6.1" });
    k.request(1, 2, 3);
    k.wait(UDP_JIFFIES);
    assert.equal(k.expiry.expiredPeak(), 3);
  });

  test("are none where a timer ends each", () => {
    const k = new Generation({ version: "4.8" });
    k.request(1, 2);
    k.waitSeconds(31);
    assert.deepEqual([k.expiry.expired(), k.expiry.expiredPeak()], [0, 0]);
  });
});
