import assert from "node:assert/strict";
import { test } from "node:test";
import {
  deleteRequest,
  dumpedEntry,
  dumpRequest,
  fillerRequests,
  flushRequest,
  statisticsOf,
} from "../../src/wire/conntrack-requests.js";
import { attributesOf, messagesOf } from "../../src/wire/netlink.js";
import { NetlinkWriter } from "../../src/wire/netlink-writer.js";

test("a flush and a dump ask for every family, and beside fillers for what has no mark", () => {
  for (const [build, type] of [
    [flushRequest, 0x102],
    [dumpRequest, 0x101],
  ] as const) {
    const [plain] = messagesOf(build(9, false));
    assert.deepEqual([plain!.type, plain!.sequence, [...plain!.payload]], [type, 9, [0, 0, 0, 0]]);
    const [beside] = messagesOf(build(9, true));
    const attributes = attributesOf(beside!.payload.subarray(4));
    assert.deepEqual([attributes.get(8)!.readUInt32BE(0), attributes.get(21)!.readUInt32BE(0)], [0, 0xffff_ffff]);
  }
  const [filler] = messagesOf(fillerRequests(0, 1, 1));
  assert.equal(attributesOf(filler!.payload.subarray(4)).get(8)!.readUInt32BE(0), 1);
});

test("a delete names the entry by what the dump told of it", () => {
  const [filler] = messagesOf(fillerRequests(7, 8, 1));
  const payload = Buffer.concat([filler!.payload, Buffer.from([8, 0, 12, 0, 1, 2, 3, 4])]);
  const entry = dumpedEntry(payload);
  assert.deepEqual([entry.family, entry.destination], [10, 7]);
  const [request] = messagesOf(deleteRequest(5, entry));
  assert.deepEqual([request!.type, request!.flags, request!.sequence, request!.payload[0]], [0x102, 5, 5, 10]);
  const attributes = attributesOf(request!.payload.subarray(4));
  assert.deepEqual(attributes.get(1), attributesOf(payload.subarray(4)).get(1));
  assert.deepEqual([...attributes.get(12)!], [1, 2, 3, 4]);
});

test("fillers are IPv6, stay for a day, are assured and all different; the last of a batch is acknowledged", () => {
  const [first, last] = messagesOf(fillerRequests(0, 2, 5));
  assert.deepEqual([first!.sequence, last!.sequence], [5, 6]);
  assert.deepEqual([first!.flags & 4, last!.flags & 4], [0, 4]);
  assert.equal(first!.payload[0], 10);
  const attributes = attributesOf(first!.payload.subarray(4));
  assert.equal(attributes.get(3)!.readUInt32BE(0), 0x0e);
  assert.equal(attributes.get(7)!.readUInt32BE(0), 86_400);
  assert.notDeepEqual(attributes.get(1), attributesOf(last!.payload.subarray(4)).get(1));
});

test("statistics are summed over the CPUs, a counter that a kernel does not have is 0", () => {
  const cpu = (drop: number): Buffer => {
    const writer = new NetlinkWriter();
    writer.nfgenmsg(0);
    writer.putBe32(10, drop);
    return writer.finish();
  };
  assert.deepEqual(statisticsOf([cpu(3), cpu(4)]), { drop: 7, earlyDrop: 0, insertFailed: 0 });
});
