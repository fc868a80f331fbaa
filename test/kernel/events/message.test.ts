/**
 * Messages are held against the sizes that real kernels sent, against a decoder written for this test alone, and
 * against the rules of netlink for any entry at all.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  encodeMessage,
  type MessageEntry,
  type MessageProtoinfo,
  type MessageTuple,
  messageBytes,
} from "../../../src/kernel/events/message.js";
import type { MessageLayout } from "../../../src/kernel/release.js";
import type { EventGroup, Family, KernelConfig, Protocol } from "../../../src/scenario/scenario.js";

const BEFORE_5_15: MessageLayout = {
  destroyTimeout: "never",
  destroyProtoinfo: "never",
  hasTimestamp: true,
  eventTimestampBytes: 0,
};
const SINCE_5_15: MessageLayout = { ...BEFORE_5_15, destroyTimeout: "when-left", destroyProtoinfo: "state" };
const SINCE_6_14: MessageLayout = { ...SINCE_5_15, eventTimestampBytes: 12 };

const CONFIG: KernelConfig = {
  acct: false,
  nat: true,
  mark: true,
  secmark: true,
  timestamp: false,
  skBuffBytes: 256,
  nlaPolicyLenCounts: true,
  smallHeadBytes: 0,
};
const ACCT = { ...CONFIG, acct: true };
const TIMESTAMP = { ...CONFIG, timestamp: true };

const PROTOCOLS: readonly Protocol[] = ["udp", "tcp", "icmp"];
const FAMILIES: readonly Family[] = ["ipv4", "ipv6"];
const TYPES: readonly EventGroup[] = ["new", "update", "destroy"];

/** NEW and UPDATE without PROTOINFO · with it · DESTROY up to 5.10 · since 5.15 expired · since 5.15 flushed. */
const SIZES: readonly (readonly [Protocol, Family, number, number, number, number, number])[] = [
  ["udp", "ipv4", 148, 148, 140, 140, 148],
  ["tcp", "ipv4", 148, 196, 140, 156, 164],
  ["icmp", "ipv4", 164, 164, 156, 156, 164],
  ["udp", "ipv6", 196, 196, 188, 188, 196],
  ["tcp", "ipv6", 196, 244, 188, 204, 212],
  ["icmp", "ipv6", 212, 212, 204, 204, 212],
];

describe("the size of a message", () => {
  for (const [protocol, family, plain, protoinfo, old, expired, flushed] of SIZES) {
    const kind = { protocol, family, protoinfoChanged: false, timeLeft: false };
    const destroy = { ...kind, type: "destroy" } as const;

    test(`${protocol} ${family}: NEW and UPDATE take ${plain}, ${protoinfo} when PROTOINFO changed`, () => {
      for (const type of ["new", "update"] as const) {
        for (const layout of [BEFORE_5_15, SINCE_5_15, SINCE_6_14]) {
          for (const config of [CONFIG, ACCT]) {
            assert.equal(messageBytes({ ...kind, type }, layout, config), plain);
            assert.equal(messageBytes({ ...kind, type, protoinfoChanged: true }, layout, config), protoinfo);
          }
        }
      }
    });

    test(`${protocol} ${family}: DESTROY takes ${old}, since 5.15 ${expired} expired and ${flushed} flushed`, () => {
      const flush = { ...destroy, timeLeft: true };
      for (const [config, extra] of [
        [CONFIG, 0],
        [ACCT, 56],
        [TIMESTAMP, 28],
        [{ ...ACCT, timestamp: true }, 56 + 28],
      ] as const) {
        assert.equal(messageBytes(destroy, BEFORE_5_15, config), old + extra);
        assert.equal(messageBytes(flush, BEFORE_5_15, config), old + extra);
        assert.equal(messageBytes(destroy, SINCE_5_15, config), expired + extra);
        assert.equal(messageBytes(flush, SINCE_5_15, config), flushed + extra);
      }
    });

    test(`${protocol} ${family}: since 6.14 timestamps add 12 to every event`, () => {
      assert.equal(messageBytes({ ...kind, type: "new" }, SINCE_6_14, TIMESTAMP), plain + 12);
      assert.equal(messageBytes(destroy, SINCE_6_14, TIMESTAMP), expired + 28 + 12);
    });
  }

  test("what the recorded kernels sent: UDP 148, 140, 168 with timestamps, TCP 196, 156 and 164", () => {
    const udp = { protocol: "udp", family: "ipv4", protoinfoChanged: false, timeLeft: true } as const;
    const tcp = { ...udp, protocol: "tcp" } as const;
    assert.equal(messageBytes({ ...udp, type: "new" }, BEFORE_5_15, CONFIG), 148);
    assert.equal(messageBytes({ ...udp, type: "destroy" }, BEFORE_5_15, CONFIG), 140);
    assert.equal(messageBytes({ ...udp, type: "destroy" }, BEFORE_5_15, TIMESTAMP), 168);
    assert.equal(messageBytes({ ...udp, type: "destroy" }, SINCE_6_14, CONFIG), 148);
    assert.equal(messageBytes({ ...tcp, type: "new", protoinfoChanged: true }, SINCE_6_14, CONFIG), 196);
    assert.equal(messageBytes({ ...tcp, type: "destroy", timeLeft: false }, SINCE_6_14, CONFIG), 156);
    assert.equal(messageBytes({ ...tcp, type: "destroy" }, SINCE_6_14, CONFIG), 164);
  });

  test("a kernel without nf_conntrack_timestamp sends none although the scenario asks for it", () => {
    const kind = {
      type: "destroy",
      protocol: "udp",
      family: "ipv4",
      protoinfoChanged: false,
      timeLeft: false,
    } as const;
    assert.equal(messageBytes(kind, { ...BEFORE_5_15, hasTimestamp: false }, TIMESTAMP), 140);
  });
});

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

const TUPLE: MessageTuple = {
  source: Uint8Array.of(10, 0, 0, 1),
  destination: Uint8Array.of(10, 0, 0, 2),
  sourcePort: 0x1234,
  destinationPort: 53,
  icmpType: 8,
  icmpCode: 0,
  icmpId: 0xabcd,
};
const REPLY: MessageTuple = {
  ...TUPLE,
  source: TUPLE.destination,
  destination: TUPLE.source,
  sourcePort: 53,
  destinationPort: 0x1234,
  icmpType: 0,
};
const ENTRY: MessageEntry = {
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
    assert.equal(hex(encodeMessage("new", ENTRY).subarray(0, 20)), "9400000000010006000000000000000002000000");
    assert.equal(hex(encodeMessage("update", ENTRY).subarray(0, 20)), "9400000000010000000000000000000002000000");
    assert.equal(hex(encodeMessage("destroy", ENTRY).subarray(0, 20)), "9400000002010000000000000000000002000000");
  });

  test("nlmsg_pid is the port of whoever flushed, little-endian, and the sequence stays 0", () => {
    const message = encodeMessage("destroy", { ...ENTRY, portid: 0x01020304 });
    assert.equal(hex(message.subarray(8, 16)), "0000000004030201");
  });

  test("nfgenmsg names the family", () => {
    const address = new Uint8Array(16).fill(0xfd);
    const tuple = { ...TUPLE, source: address, destination: address };
    const message = encodeMessage("new", { ...ENTRY, family: "ipv6", original: tuple, reply: tuple });
    assert.equal(hex(message.subarray(16, 20)), "0a000000");
  });
});

describe("the attributes of a message", () => {
  test("a UDP NEW is both tuples, id, status and timeout, all big-endian", () => {
    const expected = [...TUPLES_UDP, "12=deadbeef", "3=00000008", "7=0000001e"];
    assert.deepEqual(dissected(encodeMessage("new", ENTRY)), expected);
  });

  test("without a timeout the attribute is absent", () => {
    const message = encodeMessage("destroy", { ...ENTRY, timeoutSeconds: null });
    assert.equal(message.length, 140);
    assert.deepEqual(dissected(message), [...TUPLES_UDP, "12=deadbeef", "3=00000008"]);
  });

  test("a DESTROY with everything keeps the kernel's order: zone, id, status, timeout, counters, times, state, mark", () => {
    const message = encodeMessage("destroy", {
      ...ENTRY,
      protocol: "tcp",
      zone: 7,
      mark: 0x99,
      secmark: 5,
      protoinfo: { layout: "state", state: 3 },
      counters: { original: { packets: 2, bytes: 100 }, reply: { packets: 1, bytes: 60n } },
      timestamp: { startNanoseconds: 1_700_000_000_000_000_001n, stopNanoseconds: 1 },
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
    const counters = { original: { packets: 2, bytes: 100 }, reply: { packets: 1, bytes: 60 } };
    const timestamp = { startNanoseconds: 1, stopNanoseconds: 2 };
    for (const type of ["new", "update"] as const) {
      assert.equal(encodeMessage(type, { ...ENTRY, counters, timestamp }).length, 148);
    }
  });

  test("full PROTOINFO takes 48 bytes: state, scales, and flags with an empty mask", () => {
    const protoinfo: MessageProtoinfo = {
      layout: "full",
      state: 3,
      scaleOriginal: 7,
      scaleReply: 9,
      flagsOriginal: 0x0b,
      flagsReply: 0x03,
    };
    const message = encodeMessage("update", { ...ENTRY, protocol: "tcp", protoinfo, secmark: 5 });
    assert.equal(message.length, 148 + 48 + 8);
    const expected = ["4.1.1=03", "4.1.2=07", "4.1.3=09", "4.1.4=0b00", "4.1.5=0300", "17=00000005"];
    assert.deepEqual(dissected(message).slice(13), expected);
  });

  test("ICMP sends id, type and code under numbers of the family", () => {
    const proto = (entry: MessageEntry, nest: string) =>
      dissected(encodeMessage("new", entry)).filter((leaf) => leaf.startsWith(nest));
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
    const added = (entry: Partial<MessageEntry>) => encodeMessage("destroy", { ...plain, ...entry }).length - 140;
    assert.equal(added({ timeoutSeconds: 0 }), 8);
    assert.equal(added({ zone: 1 }), 8);
    assert.equal(added({ mark: 1 }), 8);
    assert.equal(added({ protoinfo: { layout: "state", state: 1 } }), 16);
    assert.equal(added({ timestamp: { startNanoseconds: 1, stopNanoseconds: null } }), 16);
    assert.equal(added({ timestamp: { startNanoseconds: 1, stopNanoseconds: 2 } }), 28);
    assert.equal(added({ eventTimestampNanoseconds: 1 }), 12);
    const none = { packets: 0, bytes: 0 };
    assert.equal(added({ counters: { original: none, reply: none } }), 56);
  });

  test("an address of the wrong family is refused with what was expected", () => {
    const entry = { ...ENTRY, original: { ...TUPLE, source: new Uint8Array(16) } };
    assert.throws(() => encodeMessage("new", entry), /an ipv4 address has 4 bytes, got 16/);
  });
});

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const u64 = fc.bigInt({ min: 0n, max: 0xffffffffffffffffn });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const orZero = (value: fc.Arbitrary<number>) => fc.oneof(fc.constant(0), value);

const tupleOf = (family: Family): fc.Arbitrary<MessageTuple> => {
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
const protoinfos: fc.Arbitrary<MessageProtoinfo> = fc.oneof(
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
const entries: fc.Arbitrary<MessageEntry> = fc.constantFrom(...FAMILIES).chain((family) =>
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
        const message = encodeMessage(type, entry);
        assert.equal(new DataView(message.buffer).getUint32(0, true), message.length);
        assert.equal(message.length % 4, 0);
        leavesOf(message.subarray(20));
      }),
    );
  });

  test("reads back with the values that were put in", () => {
    fc.assert(
      fc.property(fc.constantFrom(...TYPES), entries, (type, entry) => {
        const leaves = leavesOf(encodeMessage(type, entry).subarray(20));
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
