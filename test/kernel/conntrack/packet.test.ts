/**
 * Packets of UDP and ICMP, the limit of the table, and when a packet moves the timer of its entry. TCP is tcp.test.ts,
 * room in a full table early-drop.test.ts.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACCEPTED, TABLE_FULL } from "../../../src/kernel/conntrack/packet.js";
import { IPS_ASSURED, ORIGINAL, REPLY } from "../../../src/kernel/conntrack/status.js";
import { ACK } from "../../../src/kernel/conntrack/trackers/tcp-states.js";
import { KIND_DESTROY, KIND_NEW, KIND_UPDATE } from "../../../src/kernel/events/kinds.js";
import { Assembled, HZ } from "../assembled.js";

const TUPLE = 5;

describe("UDP", () => {
  test("request, reply, next packet: NEW, then REPLY with 30 s still, then ASSURED and a stream of 180 s", () => {
    const k = new Assembled({ protocol: "udp" });
    for (const [direction, bits, seconds] of [
      [ORIGINAL, "NEW", 30],
      [REPLY, "REPLY", 30],
      [ORIGINAL, "ASSURED", 180],
      [REPLY, "", 180],
      [ORIGINAL, "", 180],
    ] as const) {
      k.packets.packet(TUPLE, direction, ACK);
      assert.equal(k.raisedBits().join(" "), bits);
      assert.equal(k.jiffiesLeft(k.entryOf(TUPLE)), seconds * HZ);
    }
    assert.deepEqual(
      k.sink.taken().map(({ kind }) => kind),
      [KIND_NEW, KIND_UPDATE, KIND_UPDATE],
    );
  });

  test("the packet that makes it ASSURED may come from either side", () => {
    const k = new Assembled({ protocol: "udp" });
    for (const direction of [ORIGINAL, REPLY, REPLY] as const) k.packets.packet(TUPLE, direction, ACK);
    assert.equal(k.table.statusOf(k.entryOf(TUPLE)) & IPS_ASSURED, IPS_ASSURED);
  });

  test("requests without a reply never make a stream", () => {
    const k = new Assembled({ protocol: "udp" });
    for (let i = 0; i < 5; i++) k.packets.packet(TUPLE, ORIGINAL, ACK);
    assert.equal(k.raisedBits().join(" "), "NEW");
    assert.equal(k.table.statusOf(k.entryOf(TUPLE)) & IPS_ASSURED, 0);
    assert.equal(k.jiffiesLeft(k.entryOf(TUPLE)), 30 * HZ);
  });

  test("an ICMP error about it passes the confirm hook and raises nothing", () => {
    const k = new Assembled({ protocol: "udp" });
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    k.raisedBits();
    k.sink.taken();
    k.packets.icmpError(TUPLE);
    k.packets.icmpError(99);
    assert.deepEqual(k.raisedBits(), []);
    assert.deepEqual(k.sink.taken(), []);
    assert.equal(k.table.count, 1);
  });
});

describe("ICMP", () => {
  test("request and reply: NEW, then REPLY; 30 s, never ASSURED, not deleted by the reply", () => {
    const k = new Assembled({ protocol: "icmp" });
    const bits: string[] = [];
    for (const direction of [ORIGINAL, REPLY, ORIGINAL, REPLY] as const) {
      k.packets.packet(TUPLE, direction, ACK);
      bits.push(k.raisedBits().join(" "));
    }
    assert.deepEqual(bits, ["NEW", "REPLY", "", ""]);
    assert.equal(k.table.statusOf(k.entryOf(TUPLE)) & IPS_ASSURED, 0);
    assert.equal(k.jiffiesLeft(k.entryOf(TUPLE)), 30 * HZ);
    k.sink.taken();
    k.wait(30 * HZ);
    assert.deepEqual(
      k.sink.taken().map(({ kind }) => kind),
      [KIND_DESTROY],
    );
  });
});

describe("the timer of an entry", () => {
  test("moves only if it would fire a second or more later", () => {
    const k = new Assembled({ protocol: "udp" });
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    const entry = k.entryOf(TUPLE);
    const expires = k.timers.expiresAt(entry);
    k.wait(HZ - 1);
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    assert.equal(k.timers.expiresAt(entry), expires);
    k.wait(1);
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    assert.equal(k.timers.expiresAt(entry), expires + HZ);
  });

  test("so an entry may expire almost a second early, counted from its last packet, and no earlier", () => {
    const k = new Assembled({ protocol: "udp" });
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    for (let i = 0; i < 10; i++) {
      k.wait(HZ / 2);
      k.packets.packet(TUPLE, ORIGINAL, ACK);
    }
    // Every other packet moved it, the last one too.
    assert.equal(k.jiffiesLeft(k.entryOf(TUPLE)), 30 * HZ);
    k.wait(HZ - 1);
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    assert.equal(k.jiffiesLeft(k.entryOf(TUPLE)), 29 * HZ + 1);
  });

  test("moves at once when it shall fire earlier", () => {
    const k = new Assembled({ protocol: "tcp" });
    k.packets.packet(TUPLE, ORIGINAL, 0);
    k.packets.packet(TUPLE, REPLY, 1);
    assert.equal(k.jiffiesLeft(k.entryOf(TUPLE)), 60 * HZ);
  });

  test("starts with the slack of the release and is moved without", () => {
    const k = new Assembled({ version: "3.6", protocol: "udp" });
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    const entry = k.entryOf(TUPLE);
    // 107 500 to 107 529: 0x1a3ec to 0x1a409, the low 10 bits go.
    assert.equal(k.timers.expiresAt(entry), 107_520);
    k.wait(2 * HZ);
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    assert.equal(k.timers.expiresAt(entry), 108_000);
  });

  test("starts when the entry is confirmed: a new conversation expires 30 s after its packet", () => {
    const k = new Assembled({ protocol: "udp" });
    k.wait(77);
    k.packets.packet(TUPLE, ORIGINAL, ACK);
    k.wait(30 * HZ - 1);
    assert.equal(k.table.count, 1);
    k.wait(1);
    assert.equal(k.table.count, 0);
  });
});

describe("nf_conntrack_max", () => {
  const full = (max: number): Assembled => {
    const k = new Assembled({ protocol: "udp", max, version: "3.6" });
    for (let tuple = 0; tuple < max; tuple++) assert.equal(k.packets.packet(tuple, ORIGINAL, ACK), ACCEPTED);
    // Nothing may be evicted.
    for (let tuple = 0; tuple < max; tuple++) k.table.addStatus(k.entryOf(tuple), IPS_ASSURED);
    return k;
  };

  test("exactly so many entries fit; the packet that needs one more is dropped and counted", () => {
    const k = full(5);
    assert.equal(k.packets.packet(100, ORIGINAL, ACK), TABLE_FULL);
    assert.deepEqual([k.table.count, k.table.counters.drop, k.table.counters.created], [5, 1, 5]);
    assert.equal(k.packets.packet(3, ORIGINAL, ACK), ACCEPTED);
  });

  test("counts dying entries too: they keep new conversations out until their DESTROY is delivered", () => {
    const k = full(2);
    k.sink.accepts = () => false;
    k.deletion.evict(k.entryOf(0));
    assert.deepEqual([k.table.active, k.table.dying], [1, 1]);
    assert.equal(k.packets.packet(100, ORIGINAL, ACK), TABLE_FULL);
    k.sink.accepts = () => true;
    k.wait(20 * HZ);
    assert.equal(k.table.dying, 0);
    assert.equal(k.packets.packet(100, ORIGINAL, ACK), ACCEPTED);
  });

  test("0 means no limit", () => {
    const k = new Assembled({ protocol: "udp", max: 0 });
    for (let tuple = 0; tuple < 1000; tuple++) k.packets.packet(tuple, ORIGINAL, ACK);
    assert.equal(k.table.count, 1000);
  });
});
