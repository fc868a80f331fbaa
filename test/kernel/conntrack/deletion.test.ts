/**
 * How entries leave: how often the DESTROY is attempted, with whose portid, and what a failure makes of the entry. The
 * walk of a flush is flush.test.ts, the delays of retries are redelivery/timer.test.ts.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ORIGINAL } from "../../../src/kernel/conntrack/status.js";
import { DYING, FREE, NIL } from "../../../src/kernel/conntrack/table.js";
import { ACK } from "../../../src/kernel/conntrack/trackers/tcp-states.js";
import { KIND_DESTROY } from "../../../src/kernel/events/kinds.js";
import { Assembled, type AssembledOptions, HZ } from "../assembled.js";

const TUPLE = 5;
const TWO_ATTEMPTS = ["2.6.31", "2.6.35", "3.0", "3.4", "3.6", "3.10", "3.11.10"];
const ONE_ATTEMPT = ["3.12", "3.16"];

/** A kernel with one entry, and what its deletion sends. */
function withEntry(options: AssembledOptions = {}): { k: Assembled; entry: number } {
  const k = new Assembled({ protocol: "udp", ...options });
  k.packets.packet(TUPLE, ORIGINAL, ACK);
  k.sink.taken();
  return { k, entry: k.entryOf(TUPLE) };
}

const attempts = (k: Assembled): [boolean, boolean][] =>
  k.sink
    .taken()
    .filter(({ kind }) => kind === KIND_DESTROY)
    .map(({ withPortid, ok }) => [withPortid, ok]);

describe("an entry whose DESTROY is delivered", () => {
  for (const [how, remove] of [
    ["by timeout", (k: Assembled) => k.wait(30 * HZ)],
    ["by eviction", (k: Assembled, entry: number) => k.deletion.evict(entry)],
    ["by a flush", (k: Assembled, entry: number) => k.deletion.deleteByRequest(entry)],
    ["by a delete of its tuple", (k: Assembled) => k.deletion.deleteTuple(TUPLE)],
  ] as const) {
    test(`${how}: is freed after one attempt, and its timer is stopped`, () => {
      for (const version of ["2.6.31", "3.6", "3.12"]) {
        const { k, entry } = withEntry({ version });
        remove(k, entry);
        if (how === "by timeout") k.wait(HZ);
        assert.deepEqual(attempts(k).length, 1);
        assert.equal(k.table.placeOf(entry), FREE);
        assert.equal(k.table.count, 0);
        assert.equal(k.table.find(TUPLE, ORIGINAL), NIL);
        assert.equal(k.timers.nextJiffy(), -1);
      }
    });
  }
});

describe("an entry whose DESTROY fails", () => {
  test("leaves the hash, is dying and still counts, and a packet of its tuple makes a new entry", () => {
    const { k, entry } = withEntry();
    k.sink.accepts = ({ kind }) => kind !== KIND_DESTROY;
    k.deletion.evict(entry);
    assert.equal(k.table.placeOf(entry), DYING);
    assert.equal(k.table.find(TUPLE, ORIGINAL), NIL);
    assert.deepEqual([k.table.count, k.table.active, k.table.dying], [1, 0, 1]);
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    assert.deepEqual([k.table.count, k.table.active, k.table.dying], [2, 1, 1]);
    assert.notEqual(k.entryOf(TUPLE), entry);
  });

  test("is attempted again until it is delivered, and then freed", () => {
    const { k, entry } = withEntry({ random32: () => 100 });
    let failures = 3;
    k.sink.accepts = () => failures-- <= 0;
    k.deletion.evict(entry);
    for (const left of [2, 1, 0]) {
      assert.equal(failures, left);
      k.wait(100);
    }
    assert.deepEqual(
      attempts(k).map(([, ok]) => ok),
      [false, false, false, true],
    );
    assert.equal(k.table.count, 0);
    assert.equal(k.timers.nextJiffy(), -1);
  });

  test("by its own timeout is attempted once, without a portid, and its resends have none either", () => {
    const { k } = withEntry({ random32: () => 100 });
    k.sink.accepts = () => false;
    k.wait(30 * HZ);
    assert.deepEqual(attempts(k), [[false, false]]);
    k.wait(100);
    assert.deepEqual(attempts(k), [[false, false]]);
  });
});

describe("a deletion by request that fails", () => {
  for (const version of TWO_ATTEMPTS) {
    test(`${version}: is attempted twice without a pause, first for the requester, then as by timeout`, () => {
      const { k, entry } = withEntry({ version });
      k.sink.accepts = () => false;
      k.deletion.deleteByRequest(entry);
      assert.deepEqual(attempts(k), [
        [true, false],
        [false, false],
      ]);
      assert.equal(k.table.dying, 1);
    });
  }

  for (const version of ONE_ATTEMPT) {
    test(`${version}: is attempted once, for the requester`, () => {
      const { k, entry } = withEntry({ version });
      k.sink.accepts = () => false;
      k.deletion.deleteByRequest(entry);
      assert.deepEqual(attempts(k), [[true, false]]);
      assert.equal(k.table.dying, 1);
    });
  }

  test("keeps the requester's portid for every resend, and forgets it with the entry", () => {
    for (const version of [...TWO_ATTEMPTS, ...ONE_ATTEMPT]) {
      const { k, entry } = withEntry({ version, random32: () => 10 });
      k.sink.accepts = () => false;
      k.deletion.deleteByRequest(entry);
      assert.equal(k.table.hasPortid(entry), true);
      k.wait(15);
      assert.equal(k.table.hasPortid(entry), true);
      k.sink.accepts = () => true;
      k.wait(15);
      k.packets.packet(TUPLE + 1, ORIGINAL, ACK);
      assert.equal(k.entryOf(TUPLE + 1), entry);
      assert.equal(k.table.hasPortid(entry), false);
    }
  });

  test("may succeed at the second of the two attempts: then nothing is dying", () => {
    const { k, entry } = withEntry({ version: "3.6" });
    let first = true;
    k.sink.accepts = () => {
      const ok = !first;
      first = false;
      return ok;
    };
    k.deletion.deleteByRequest(entry);
    assert.deepEqual(attempts(k), [
      [true, false],
      [false, true],
    ]);
    assert.equal(k.table.count, 0);
  });
});

describe("a delete of one tuple", () => {
  test("answers whether there was such an entry, not whether the event went out", () => {
    const { k } = withEntry();
    k.sink.accepts = () => false;
    assert.equal(k.deletion.deleteTuple(TUPLE), true);
    assert.equal(k.deletion.deleteTuple(TUPLE), false);
    assert.equal(k.deletion.deleteTuple(99), false);
  });

  function attemptsOfDelete(version: string): [boolean, boolean][] {
    const { k } = withEntry({ version });
    k.sink.accepts = () => false;
    k.deletion.deleteTuple(TUPLE);
    assert.equal(k.table.dying, 1);
    return attempts(k);
  }

  test("that fails is attempted once, for the requester", () => {
    for (const version of ONE_ATTEMPT) assert.deepEqual(attemptsOfDelete(version), [[true, false]], version);
  });

  // ctnetlink_del_conntrack() puts the entry on the dying list itself; only the iterator of a flush goes on to
  // death_by_timeout().
  test("that fails is attempted once also where a flush attempts twice", () => {
    for (const version of TWO_ATTEMPTS) assert.deepEqual(attemptsOfDelete(version), [[true, false]], version);
  });
});
