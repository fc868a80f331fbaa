import assert from "node:assert/strict";
import { test } from "node:test";
import { fillerRequests, flushRequest, statisticsOf } from "../../src/wire/conntrack-requests.js";
import { attributesOf, messagesOf } from "../../src/wire/netlink.js";
import { NetlinkWriter } from "../../src/wire/netlink-writer.js";

test("a flush asks for IPv4 alone: version 1 of the header makes the kernel look at the family", () => {
  const [request] = messagesOf(flushRequest(9));
  assert.deepEqual([request!.type, request!.sequence], [0x102, 9]);
  assert.deepEqual([...request!.payload], [2, 1, 0, 0]);
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
