import assert from "node:assert/strict";
import { test } from "node:test";
import { messagesOf } from "../../src/wire/netlink.js";
import { NetlinkWriter } from "../../src/wire/netlink-writer.js";
import { socketsOf, socketsRequest } from "../../src/wire/sock-diag.js";

/** An answer as the kernel lays it out: struct netlink_diag_msg, then attributes. */
function answer({ portid = 77, inode = 9, groups = 5, flags = 0x0c as number | null, words = 9 } = {}): Buffer {
  const writer = new NetlinkWriter();
  const head = Buffer.alloc(28);
  head.writeUInt32LE(portid, 4);
  head.writeUInt32LE(inode, 16);
  writer.raw(head);
  const bits = Buffer.alloc(8);
  bits.writeUInt32LE(groups, 0);
  writer.putBytes(1, bits);
  const memory = Buffer.alloc(4 * words);
  for (const [index, value] of [3840, 212_992, 0, 0, 0, 0, 0, 0, 12].slice(0, words).entries()) {
    memory.writeUInt32LE(value, 4 * index);
  }
  writer.putBytes(0, memory);
  if (flags !== null) {
    const word = Buffer.alloc(4);
    word.writeUInt32LE(flags, 0);
    writer.putBytes(4, word);
  }
  return writer.finish();
}

test("the request is a dump of one protocol's sockets with memory, groups and flags", () => {
  const [request] = messagesOf(socketsRequest(12, 3));
  assert.deepEqual([request!.type, request!.flags, request!.sequence], [20, 0x301, 3]);
  assert.equal(request!.payload.toString("hex"), `100c000000000000${"0b000000"}${"0000000000000000"}`);
});

test("a socket's port, groups, queue, buffer, drops and options are read", () => {
  assert.deepEqual(socketsOf([answer()]), [
    {
      portid: 77,
      inode: 9,
      groups: 5,
      rmemBytes: 3840,
      drops: 12,
      rcvbufBytes: 212_992,
      broadcastError: true,
      noEnobufs: true,
    },
  ]);
});

test("a socket that is told of twice, because it is in a group, is there once", () => {
  assert.equal(socketsOf([answer(), answer({ inode: 10 }), answer()]).length, 2);
});

test("an old kernel tells neither options nor, before them, drops", () => {
  const [socket] = socketsOf([answer({ flags: null, words: 8 })]);
  assert.deepEqual([socket!.broadcastError, socket!.noEnobufs, socket!.drops], [null, null, 0]);
});
