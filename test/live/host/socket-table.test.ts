import assert from "node:assert/strict";
import { test } from "node:test";
import { conntrackGroups, socketsInProc } from "../../../src/live/host/socket-table.js";

const TABLE = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
00000000d2b15c2d 0   77         00000550 11       0        0     2        12       17217
0000000076d4f7fb 12  77         00000007 3840     0        0     2        997      17218
`;

test("/proc/net/netlink tells of the netfilter sockets all but the buffer and the options", () => {
  assert.deepEqual(socketsInProc(TABLE), [
    {
      portid: 77,
      inode: 17_218,
      groups: 7,
      rmemBytes: 3840,
      drops: 997,
      rcvbufBytes: null,
      broadcastError: null,
      noEnobufs: null,
    },
  ]);
});

test("of a socket's groups those of conntrack's events are told, and no expectations", () => {
  assert.deepEqual(conntrackGroups(0b111101), ["new", "destroy"]);
  assert.deepEqual(conntrackGroups(0b111000), []);
});
