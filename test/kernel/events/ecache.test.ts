/**
 * The event cache: which packet attempts a message, what a failure leaves, how bits of several packets become one
 * message. The bits of a TCP conversation are in conntrack/tcp.test.ts; here it is what becomes of them.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  IPCT_ASSURED,
  IPCT_DESTROY,
  IPCT_NEW,
  IPCT_RELATED,
  IPCT_REPLY,
  ORIGINAL,
  REPLY,
} from "../../../src/kernel/conntrack/status.js";
import { ACK, FIN, SYN, SYN_ACK } from "../../../src/kernel/conntrack/trackers/tcp-states.js";
import { type EventObserver, kindOf } from "../../../src/kernel/events/ecache.js";
import { KIND_DESTROY, KIND_NEW, KIND_UPDATE, type MessageKind } from "../../../src/kernel/events/kinds.js";
import { Assembled, type AssembledOptions, bitNames, HZ } from "../assembled.js";

const TUPLE = 5;
const kinds = (k: Assembled): [MessageKind, boolean][] => k.sink.taken().map(({ kind, ok }) => [kind, ok]);
const missed = (k: Assembled): string => bitNames(k.table.missedOf(k.entryOf(TUPLE))).join(" ");

describe("from mask to message", () => {
  test("DESTROY beats NEW and RELATED, and these beat the rest", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0x3f }), (mask) => {
        const expected =
          (mask & IPCT_DESTROY) !== 0
            ? KIND_DESTROY
            : (mask & (IPCT_NEW | IPCT_RELATED)) !== 0
              ? KIND_NEW
              : KIND_UPDATE;
        assert.equal(kindOf(mask), expected);
      }),
    );
    assert.equal(kindOf(IPCT_RELATED | IPCT_REPLY), KIND_NEW);
    assert.equal(kindOf(IPCT_ASSURED), KIND_UPDATE);
  });

  test("the kinds are the groups NEW, UPDATE and DESTROY in that order", () => {
    assert.deepEqual([KIND_NEW, KIND_UPDATE, KIND_DESTROY], [0, 1, 2]);
  });
});

describe("a packet", () => {
  test("without new bits sends nothing", () => {
    const k = new Assembled({ protocol: "icmp" });
    for (const direction of [ORIGINAL, REPLY, ORIGINAL, REPLY] as const) k.packets.packet(TUPLE, direction, ACK);
    assert.deepEqual(kinds(k), [
      [KIND_NEW, true],
      [KIND_UPDATE, true],
    ]);
  });

  test("is never dropped or delayed by a failed message: no timer is armed for it", () => {
    const k = new Assembled();
    k.sink.accepts = () => false;
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    assert.equal(k.table.active, 1);
    assert.equal(k.timers.nextJiffy() > 0, true);
    assert.equal(k.jiffiesLeft(k.entryOf(TUPLE)), 30 * HZ);
    assert.deepEqual(kinds(k), [[KIND_NEW, false]]);
    k.wait(29 * HZ);
    assert.deepEqual(kinds(k), []);
  });

  test("on loopback does not attempt a failed message again at its second pass of the confirm hook", () => {
    for (const version of ["2.6.31", "3.16"]) {
      const k = new Assembled({ version, path: "loopback" });
      k.sink.accepts = () => false;
      k.packets.packet(TUPLE, ORIGINAL, ACK);
      assert.deepEqual(kinds(k), [[KIND_NEW, false]]);
    }
  });
});

describe("missed events", () => {
  const afterFailedNew = (options: AssembledOptions): Assembled => {
    const k = new Assembled(options);
    k.sink.accepts = () => false;
    k.packets.packet(TUPLE, ORIGINAL, options.protocol === "tcp" ? SYN : ACK);
    k.sink.taken();
    k.sink.accepts = () => true;
    return k;
  };

  test("are not retried by a packet without a new bit, in the whole timer generation", () => {
    for (const version of ["2.6.31", "2.6.35", "3.6", "3.16"]) {
      const k = afterFailedNew({ version });
      for (let i = 0; i < 3; i++) k.packets.packet(TUPLE, ORIGINAL, ACK);
      assert.deepEqual(kinds(k), []);
      assert.equal(missed(k), "NEW");
    }
  });

  test("go out with the next new bit: a failed NEW is sent again as one NEW, and then nothing is missed", () => {
    const k = afterFailedNew({});
    k.packets.packet(TUPLE, REPLY, ACK);
    assert.deepEqual(kinds(k), [[KIND_NEW, true]]);
    assert.equal(missed(k), "");
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    assert.deepEqual(kinds(k), [[KIND_UPDATE, true]]);
  });

  test("gather over several failures, and the message that carries them shows PROTOINFO if any of them did", () => {
    const k = afterFailedNew({ protocol: "tcp" });
    k.sink.accepts = () => false;
    k.packets.packet(TUPLE, REPLY, SYN_ACK);
    assert.equal(missed(k), "NEW REPLY PROTOINFO");
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    assert.equal(missed(k), "NEW REPLY ASSURED PROTOINFO");
    assert.deepEqual(kinds(k), [
      [KIND_NEW, false],
      [KIND_NEW, false],
    ]);
    k.sink.accepts = () => true;
    k.packets.packet(TUPLE, ORIGINAL, FIN);
    assert.deepEqual(
      k.sink.taken().map(({ kind, withProtoinfo }) => [kind, withProtoinfo]),
      [[KIND_NEW, true]],
    );
    assert.equal(missed(k), "");
  });

  test("of UPDATE kind make an UPDATE: state transitions in between are never seen", () => {
    const k = new Assembled({ protocol: "tcp" });
    k.packets.packet(TUPLE, ORIGINAL, SYN);
    k.sink.accepts = () => false;
    k.packets.packet(TUPLE, REPLY, SYN_ACK);
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    k.sink.accepts = () => true;
    k.sink.taken();
    k.packets.packet(TUPLE, ORIGINAL, FIN);
    assert.deepEqual(kinds(k), [[KIND_UPDATE, true]]);
    assert.equal(missed(k), "");
  });

  test("are swallowed by DESTROY: one message, and no NEW ever", () => {
    const k = afterFailedNew({});
    k.wait(30 * HZ);
    assert.deepEqual(kinds(k), [[KIND_DESTROY, true]]);
    assert.equal(k.table.count, 0);
  });

  test("do not outlive their entry: the next one in its record starts without", () => {
    const k = afterFailedNew({});
    const entry = k.entryOf(TUPLE);
    k.wait(30 * HZ);
    k.packets.packet(TUPLE + 1, ORIGINAL, ACK);
    assert.equal(k.entryOf(TUPLE + 1), entry);
    assert.equal(k.table.missedOf(entry), 0);
  });
});

describe("whoever watches the events", () => {
  /** Writes down what it is told. */
  function watcher(): { observer: EventObserver; told: string[] } {
    const told: string[] = [];
    const names = ["NEW", "UPDATE", "DESTROY"];
    const raised = (_: number, kind: MessageKind) => told.push(`raised ${names[kind]}`);
    const attempted = (_: number, kind: MessageKind, kept: boolean) =>
      told.push(`attempted ${names[kind]}${kept ? ", kept" : ""}`);
    return {
      told,
      observer: {
        raised,
        attempted,
        raisedAndAttempted(entry, kind, kept) {
          raised(entry, kind);
          attempted(entry, kind, kept);
        },
        freed: () => told.push("freed"),
      },
    };
  }

  test("hears of each event by its own bits, and of each attempt by the merged ones", () => {
    const { observer, told } = watcher();
    const k = new Assembled({ observer });
    k.sink.accepts = () => false;
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    k.sink.accepts = () => true;
    k.packets.packet(TUPLE, REPLY, ACK);
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    k.wait(180 * HZ);
    assert.deepEqual(told, [
      "raised NEW",
      "attempted NEW, kept",
      "raised UPDATE",
      "attempted NEW",
      "raised UPDATE",
      "attempted UPDATE",
      "raised DESTROY",
      "attempted DESTROY",
      "freed",
    ]);
  });

  test("hears of one DESTROY however often it is attempted, and that the entry is freed last", () => {
    const { observer, told } = watcher();
    const k = new Assembled({ observer, random32: () => 10 });
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    told.length = 0;
    let failures = 3;
    k.sink.accepts = () => failures-- <= 0;
    k.deletion.deleteByRequest(k.entryOf(TUPLE));
    k.wait(20);
    assert.deepEqual(told, [
      "raised DESTROY",
      "attempted DESTROY, kept",
      "attempted DESTROY, kept",
      "attempted DESTROY, kept",
      "attempted DESTROY",
      "freed",
    ]);
  });
});
