import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DESTROY,
  decodeEvent,
  emptyEvent,
  fillerRequest,
  flushRequest,
  NEW,
  statisticsOf,
  UPDATE,
} from "../../src/wire/conntrack-messages.js";
import { addressOf, MOST_TUPLES, tupleOf } from "../../src/wire/loopback-address.js";
import {
  attribute,
  attributesOf,
  message,
  messagesOf,
  NLM_F_CREATE,
  NLM_F_EXCL,
  nest,
  nfgenmsg,
  uint8,
  uint32,
} from "../../src/wire/netlink-message.js";

/** An event as ctnetlink lays it out: tuples first, the id behind them. */
function event(type: number, flags: number, tuple: number, id: number, family = 2): Buffer {
  const addresses = nest(1, attribute(1, uint32(0x7f00_0001)), attribute(2, uint32(addressOf(tuple))));
  const ports = nest(2, attribute(1, uint8(17)));
  return message(
    { type, flags, sequence: 0 },
    nfgenmsg(family, 0, 0),
    nest(1, addresses, ports),
    nest(2, addresses, ports),
    attribute(12, uint32(id)),
    attribute(3, uint32(8)),
  );
}

for (const [name, type, flags, kind] of [
  ["NEW has the flags of a creation", 0x100, NLM_F_CREATE | NLM_F_EXCL, NEW],
  ["UPDATE is a NEW without them", 0x100, 0, UPDATE],
  ["DESTROY is a deletion", 0x102, 0, DESTROY],
] as const) {
  test(`${name}; tuple and id are read`, () => {
    const into = emptyEvent();
    const buffer = event(type, flags, 123_456, 0xdead_beef);
    assert.ok(decodeEvent(buffer, into));
    assert.deepEqual(into, { kind, tuple: 123_456, id: 0xdead_beef, portid: 0, bytes: buffer.length });
  });
}

test("an event is read from a buffer that is longer than it", () => {
  const into = emptyEvent();
  assert.ok(decodeEvent(Buffer.concat([event(0x102, 0, 5, 6), Buffer.alloc(4000, 0xff)]), into));
  assert.deepEqual([into.tuple, into.id], [5, 6]);
});

test("another subsystem, another family and an event without an id are no events of this run", () => {
  const into = emptyEvent();
  assert.equal(decodeEvent(event(0xa00, 0, 1, 1), into), false);
  assert.equal(decodeEvent(event(0x102, 0, 1, 1, 10), into), false);
  const cut = event(0x102, 0, 1, 1);
  cut.writeUInt32LE(40, 0);
  assert.equal(decodeEvent(cut, into), false);
});

test("a flush asks for IPv4 alone: version 1 of the header makes the kernel look at the family", () => {
  const [request] = messagesOf(flushRequest(9));
  assert.deepEqual([request!.type, request!.sequence], [0x102, 9]);
  assert.deepEqual([...request!.payload], [2, 1, 0, 0]);
});

test("fillers are IPv6, stay for a day, are assured and all different; the last of a batch is acknowledged", () => {
  const [first, last] = [fillerRequest(0, 1, false), fillerRequest(1, 2, true)].map((each) => messagesOf(each)[0]!);
  assert.deepEqual([first!.flags & 4, last!.flags & 4], [0, 4]);
  assert.equal(first!.payload[0], 10);
  const attributes = attributesOf(first!.payload.subarray(4));
  assert.equal(attributes.get(3)!.readUInt32BE(0), 0x0e);
  assert.equal(attributes.get(7)!.readUInt32BE(0), 86_400);
  assert.notDeepEqual(attributes.get(1), attributesOf(last!.payload.subarray(4)).get(1));
});

test("statistics are summed over the CPUs, a counter that a kernel does not have is 0", () => {
  const cpu = (drop: number): Buffer => Buffer.concat([nfgenmsg(0, 0, 0), attribute(10, uint32(drop))]);
  assert.deepEqual(statisticsOf([cpu(3), cpu(4)]), { drop: 7, earlyDrop: 0, insertFailed: 0 });
});

test("tuples and addresses of 127.0.0.0/8 name each other; neither the sender nor the broadcast address is one", () => {
  for (const tuple of [0, 1, 255, 65_536, MOST_TUPLES - 1]) assert.equal(tupleOf(addressOf(tuple)), tuple);
  assert.ok(addressOf(0) > 0x7f00_0001);
  assert.ok(addressOf(MOST_TUPLES - 1) < 0x7fff_ffff);
});
