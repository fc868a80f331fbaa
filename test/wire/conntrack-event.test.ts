/**
 * Events are held against a decoder written for this test alone, against the rules of netlink for any entry at all, and
 * against the parser: encode and parse are inverses.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { EventGroup, Family, Protocol } from "../../src/scenario/scenario.js";
import {
  DESTROY,
  type EventEntry,
  type EventProtoinfo,
  type EventTuple,
  emptyGlance,
  encodeEvent,
  glanceAt,
  NEW,
  parseEvent,
  UPDATE,
} from "../../src/wire/conntrack-event.js";

const PROTOCOLS: readonly Protocol[] = ["udp", "tcp", "icmp"];
const FAMILIES: readonly Family[] = ["ipv4", "ipv6"];
const TYPES: readonly EventGroup[] = ["new", "update", "destroy"];

interface Attribute {
  type: number;
  nested: boolean;
  payload: Uint8Array;
}

/** Walks a row of attributes and insists that it ends where the last one ends, and that padding is zero. */
function attributesOf(bytes: Uint8Array): Attribute[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const attributes: Attribute[] = [];
  let at = 0;
  while (at < bytes.length) {
    assert.ok(bytes.length - at >= 4, "a header fits");
    const length = view.getUint16(at, true);
    const type = view.getUint16(at + 2, true);
    assert.ok(length >= 4, "the length includes the header");
    assert.ok(at + length <= bytes.length, "the payload fits");
    attributes.push({
      type: type & 0x3fff,
      nested: (type & 0x8000) !== 0,
      payload: bytes.subarray(at + 4, at + length),
    });
    const next = at + Math.ceil(length / 4) * 4;
    assert.ok(
      bytes.subarray(at + length, next).every((byte) => byte === 0),
      "padding is zero",
    );
    at = next;
  }
  assert.equal(at, bytes.length, "the row ends with its last attribute");
  return attributes;
}

/** Every leaf by its path, such as "1.2.3" for CTA_TUPLE_ORIG, CTA_TUPLE_PROTO, CTA_PROTO_DST_PORT, in wire order. */
function leavesOf(bytes: Uint8Array, path = ""): Map<string, Uint8Array> {
  const leaves = new Map<string, Uint8Array>();
  for (const { type, nested, payload } of attributesOf(bytes)) {
    const below = path === "" ? `${type}` : `${path}.${type}`;
    if (!nested) {
      assert.ok(!leaves.has(below), "no attribute twice");
      leaves.set(below, payload);
    } else {
      for (const [name, value] of leavesOf(payload, below)) leaves.set(name, value);
    }
  }
  return leaves;
}

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");

/** Leaves as "path=hex", in the order of the wire. */
const dissected = (message: Uint8Array): string[] =>
  [...leavesOf(message.subarray(20))].map(([path, value]) => `${path}=${hex(value)}`);

const TUPLE: EventTuple = {
  source: Uint8Array.of(10, 0, 0, 1),
  destination: Uint8Array.of(10, 0, 0, 2),
  sourcePort: 0x1234,
  destinationPort: 53,
  icmpType: 8,
  icmpCode: 0,
  icmpId: 0xabcd,
};
const REPLY: EventTuple = {
  ...TUPLE,
  source: TUPLE.destination,
  destination: TUPLE.source,
  sourcePort: 53,
  destinationPort: 0x1234,
  icmpType: 0,
};
const ENTRY: EventEntry = {
  family: "ipv4",
  protocol: "udp",
  original: TUPLE,
  reply: REPLY,
  id: 0xdeadbeef,
  status: 0x8,
  timeoutSeconds: 30,
  protoinfo: null,
  counters: null,
  timestamp: null,
  mark: 0,
  zone: 0,
  secmark: null,
  eventTimestampNanoseconds: null,
  portid: 0,
};
const TUPLES_UDP = [
  "1.1.1=0a000001",
  "1.1.2=0a000002",
  "1.2.1=11",
  "1.2.2=1234",
  "1.2.3=0035",
  "2.1.1=0a000002",
  "2.1.2=0a000001",
  "2.2.1=11",
  "2.2.2=0035",
  "2.2.3=1234",
];

describe("the headers of a message", () => {
  test("NEW has type 0x100 and flags 0x600, UPDATE no flags, DESTROY type 0x102 and no flags", () => {
    assert.equal(hex(encodeEvent("new", ENTRY).subarray(0, 20)), "9400000000010006000000000000000002000000");
    assert.equal(hex(encodeEvent("update", ENTRY).subarray(0, 20)), "9400000000010000000000000000000002000000");
    assert.equal(hex(encodeEvent("destroy", ENTRY).subarray(0, 20)), "9400000002010000000000000000000002000000");
  });

  test("nlmsg_pid is the port of whoever flushed, little-endian, and the sequence stays 0", () => {
    const message = encodeEvent("destroy", { ...ENTRY, portid: 0x01020304 });
    assert.equal(hex(message.subarray(8, 16)), "0000000004030201");
  });

  test("nfgenmsg names the family", () => {
    const address = new Uint8Array(16).fill(0xfd);
    const tuple = { ...TUPLE, source: address, destination: address };
    const message = encodeEvent("new", { ...ENTRY, family: "ipv6", original: tuple, reply: tuple });
    assert.equal(hex(message.subarray(16, 20)), "0a000000");
  });
});

describe("the attributes of a message", () => {
  test("a UDP NEW is both tuples, id, status and timeout, all big-endian", () => {
    const expected = [...TUPLES_UDP, "12=deadbeef", "3=00000008", "7=0000001e"];
    assert.deepEqual(dissected(encodeEvent("new", ENTRY)), expected);
  });

  test("without a timeout the attribute is absent", () => {
    const message = encodeEvent("destroy", { ...ENTRY, timeoutSeconds: null });
    assert.equal(message.length, 140);
    assert.deepEqual(dissected(message), [...TUPLES_UDP, "12=deadbeef", "3=00000008"]);
  });

  test("a DESTROY with everything keeps the kernel's order: zone, id, status, timeout, counters, times, state, mark", () => {
    const message = encodeEvent("destroy", {
      ...ENTRY,
      protocol: "tcp",
      zone: 7,
      mark: 0x99,
      secmark: 5,
      protoinfo: { layout: "state", state: 3 },
      counters: { original: { packets: 2n, bytes: 100n }, reply: { packets: 1n, bytes: 60n } },
      timestamp: { startNanoseconds: 1_700_000_000_000_000_001n, stopNanoseconds: 1n },
      eventTimestampNanoseconds: 2n,
    });
    assert.deepEqual(dissected(message).slice(10), [
      "18=0007",
      "12=deadbeef",
      "3=00000008",
      "7=0000001e",
      "9.1=0000000000000002",
      "9.2=0000000000000064",
      "10.1=0000000000000001",
      "10.2=000000000000003c",
      "20.1=17979cfe362a0001",
      "20.2=0000000000000001",
      "4.1.1=03",
      "8=00000099",
      "27=0000000000000002",
    ]);
  });

  test("NEW and UPDATE never carry counters or start and stop", () => {
    const counters = { original: { packets: 2n, bytes: 100n }, reply: { packets: 1n, bytes: 60n } };
    const timestamp = { startNanoseconds: 1n, stopNanoseconds: 2n };
    for (const type of ["new", "update"] as const) {
      assert.equal(encodeEvent(type, { ...ENTRY, counters, timestamp }).length, 148);
    }
  });

  test("full PROTOINFO takes 48 bytes: state, scales, and flags with an empty mask", () => {
    const protoinfo: EventProtoinfo = {
      layout: "full",
      state: 3,
      scaleOriginal: 7,
      scaleReply: 9,
      flagsOriginal: 0x0b,
      flagsReply: 0x03,
    };
    const message = encodeEvent("update", { ...ENTRY, protocol: "tcp", protoinfo, secmark: 5 });
    assert.equal(message.length, 148 + 48 + 8);
    const expected = ["4.1.1=03", "4.1.2=07", "4.1.3=09", "4.1.4=0b00", "4.1.5=0300", "17=00000005"];
    assert.deepEqual(dissected(message).slice(13), expected);
  });

  test("ICMP sends id, type and code under numbers of the family", () => {
    const proto = (entry: EventEntry, nest: string) =>
      dissected(encodeEvent("new", entry)).filter((leaf) => leaf.startsWith(nest));
    const icmp = { ...ENTRY, protocol: "icmp" } as const;
    assert.deepEqual(proto(icmp, "1.2"), ["1.2.1=01", "1.2.4=abcd", "1.2.5=08", "1.2.6=00"]);
    assert.deepEqual(proto(icmp, "2.2"), ["2.2.1=01", "2.2.4=abcd", "2.2.5=00", "2.2.6=00"]);
    const address = new Uint8Array(16);
    const tuple = { ...TUPLE, source: address, destination: address, icmpType: 128 };
    const icmp6 = { ...icmp, family: "ipv6", original: tuple, reply: tuple } as const;
    assert.deepEqual(proto(icmp6, "1.2"), ["1.2.1=3a", "1.2.7=abcd", "1.2.8=80", "1.2.9=00"]);
    assert.equal(proto(icmp6, "1.1")[0], `1.1.3=${"00".repeat(16)}`);
  });

  test("each optional attribute adds its own size", () => {
    const plain = { ...ENTRY, timeoutSeconds: null };
    const added = (entry: Partial<EventEntry>) => encodeEvent("destroy", { ...plain, ...entry }).length - 140;
    assert.equal(added({ timeoutSeconds: 0 }), 8);
    assert.equal(added({ zone: 1 }), 8);
    assert.equal(added({ mark: 1 }), 8);
    assert.equal(added({ protoinfo: { layout: "state", state: 1 } }), 16);
    assert.equal(added({ timestamp: { startNanoseconds: 1n, stopNanoseconds: null } }), 16);
    assert.equal(added({ timestamp: { startNanoseconds: 1n, stopNanoseconds: 2n } }), 28);
    assert.equal(added({ eventTimestampNanoseconds: 1n }), 12);
    const none = { packets: 0n, bytes: 0n };
    assert.equal(added({ counters: { original: none, reply: none } }), 56);
  });

  test("an address of the wrong family is refused with what was expected", () => {
    const entry = { ...ENTRY, original: { ...TUPLE, source: new Uint8Array(16) } };
    assert.throws(() => encodeEvent("new", entry), /an ipv4 address has 4 bytes, got 16/);
  });
});

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const u64 = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const orZero = (value: fc.Arbitrary<number>) => fc.oneof(fc.constant(0), value);

const tupleOf = (family: Family): fc.Arbitrary<EventTuple> => {
  const bytes = family === "ipv4" ? 4 : 16;
  const address = fc.uint8Array({ minLength: bytes, maxLength: bytes });
  return fc.record({
    source: address,
    destination: address,
    sourcePort: u16,
    destinationPort: u16,
    icmpType: u8,
    icmpCode: u8,
    icmpId: u16,
  });
};
const protoinfos: fc.Arbitrary<EventProtoinfo> = fc.oneof(
  fc.record({ layout: fc.constant("state" as const), state: u8 }),
  fc.record({
    layout: fc.constant("full" as const),
    state: u8,
    scaleOriginal: u8,
    scaleReply: u8,
    flagsOriginal: u8,
    flagsReply: u8,
  }),
);
const counted = fc.record({ packets: u64, bytes: u64 });
const entries: fc.Arbitrary<EventEntry> = fc.constantFrom(...FAMILIES).chain((family) =>
  fc.record({
    family: fc.constant(family),
    protocol: fc.constantFrom(...PROTOCOLS),
    original: tupleOf(family),
    reply: tupleOf(family),
    id: u32,
    status: u32,
    timeoutSeconds: maybe(u32),
    protoinfo: maybe(protoinfos),
    counters: maybe(fc.record({ original: counted, reply: counted })),
    timestamp: maybe(fc.record({ startNanoseconds: u64, stopNanoseconds: maybe(u64) })),
    mark: orZero(u32),
    zone: orZero(u16),
    secmark: maybe(u32),
    eventTimestampNanoseconds: maybe(u64),
    portid: u32,
  }),
);

describe("any entry at all", () => {
  test("has nlmsg_len equal to its bytes, a multiple of 4, and attributes that end exactly at its end", () => {
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), entries, (type, entry) => {
        const message = encodeEvent(type, entry);
        assert.equal(message.readUInt32LE(0), message.length);
        assert.equal(message.length % 4, 0);
        leavesOf(message.subarray(20));
      }),
    );
  });

  test("reads back with the values that were put in", () => {
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), entries, (type, entry) => {
        const leaves = leavesOf(encodeEvent(type, entry).subarray(20));
        const number = (path: string) => (leaves.has(path) ? Number.parseInt(hex(leaves.get(path)), 16) : null);
        const v6 = entry.family === "ipv6";
        assert.equal(hex(leaves.get(v6 ? "1.1.3" : "1.1.1")), hex(entry.original.source));
        assert.equal(hex(leaves.get(v6 ? "2.1.4" : "2.1.2")), hex(entry.reply.destination));
        if (entry.protocol === "icmp") assert.equal(number(v6 ? "2.2.7" : "2.2.4"), entry.reply.icmpId);
        else assert.equal(number("1.2.3"), entry.original.destinationPort);
        assert.equal(number("12"), entry.id);
        assert.equal(number("3"), entry.status);
        assert.equal(number("7"), entry.timeoutSeconds);
        assert.equal(number("4.1.1"), entry.protoinfo === null ? null : entry.protoinfo.state);
        assert.equal(number("8") ?? 0, entry.mark);
        assert.equal(number("18") ?? 0, entry.zone);
        assert.equal(number("17"), type === "destroy" ? null : entry.secmark);
        assert.equal(leaves.has("9.1"), type === "destroy" && entry.counters !== null);
        assert.equal(leaves.has("20.1"), type === "destroy" && entry.timestamp !== null);
        assert.equal(leaves.has("27"), entry.eventTimestampNanoseconds !== null);
      }),
    );
  });
});

/** What a type carries of an entry: the rest is not on the wire. */
function carried(type: EventGroup, entry: EventEntry): EventEntry {
  const ports = entry.protocol !== "icmp";
  const tuple = (one: EventTuple): EventTuple => ({
    ...one,
    ...(ports ? { icmpType: 0, icmpCode: 0, icmpId: 0 } : { sourcePort: 0, destinationPort: 0 }),
  });
  const destroy = type === "destroy";
  return {
    ...entry,
    original: tuple(entry.original),
    reply: tuple(entry.reply),
    counters: destroy ? entry.counters : null,
    timestamp: destroy ? entry.timestamp : null,
    secmark: destroy ? null : entry.secmark,
  };
}

describe("encode and parse are inverses:", () => {
  test("what a type carries of any entry is parsed as it was", () => {
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), entries, (type, entry) => {
        assert.deepEqual(parseEvent(encodeEvent(type, entry)), { type, entry: structuredClone(carried(type, entry)) });
      }),
    );
  });

  test("what was parsed is encoded to the same bytes", () => {
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), entries, (type, entry) => {
        const bytes = encodeEvent(type, entry);
        const parsed = parseEvent(bytes)!;
        assert.deepEqual(encodeEvent(parsed.type, parsed.entry), bytes);
      }),
    );
  });

  test("a message cut short, another subsystem, another family and another protocol are no events", () => {
    const bytes = encodeEvent("new", ENTRY);
    assert.equal(parseEvent(bytes.subarray(0, bytes.length - 1)), null);
    for (const [at, value] of [
      [5, 10],
      [16, 7],
      [bytes.indexOf(Buffer.from("05000100", "hex")) + 4, 132],
    ] as const) {
      const changed = Buffer.from(bytes);
      changed[at] = value;
      assert.equal(parseEvent(changed), null);
    }
  });
});

describe("a glance", () => {
  test("sees of any event what the parser sees, of an address of IPv6 its end", () => {
    const into = emptyGlance();
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), entries, (type, entry) => {
        const bytes = encodeEvent(type, entry);
        const seen = glanceAt(Buffer.concat([bytes, Buffer.alloc(300, 0xff)]), into);
        assert.equal(seen, true);
        const address = Buffer.from(entry.original.destination);
        const destination = address.readUInt32BE(address.length - 4);
        const kind = { new: NEW, update: UPDATE, destroy: DESTROY }[type];
        assert.deepEqual(into, { kind, destination, id: entry.id, portid: entry.portid, bytes: bytes.length });
      }),
    );
  });

  test("another subsystem and an event without an id are no events", () => {
    const into = emptyGlance();
    const foreign = encodeEvent("destroy", ENTRY);
    foreign.writeUInt16LE(0xa02, 4);
    assert.equal(glanceAt(foreign, into), false);
    const cut = encodeEvent("destroy", ENTRY);
    cut.writeUInt32LE(72, 0);
    assert.equal(glanceAt(cut, into), false);
  });
});
