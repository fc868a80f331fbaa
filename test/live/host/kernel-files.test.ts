import assert from "node:assert/strict";
import { test } from "node:test";
import { socketRow } from "../../../src/live/host/kernel-files.js";

const TABLE = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
00000000d2b15c2d 0   77         00000550 11       0        0     2        12       17217
0000000076d4f7fb 12  77         00000007 3840     0        0     2        997      17218
00000000a0d4f7fb 12  4026531840 00000004 0        0        0     2        0        17219
`;

test("Rmem and Drops are those of the netfilter socket with the port, not of another protocol's", () => {
  assert.deepEqual(socketRow(TABLE, 77), { rmemBytes: 3840, drops: 997 });
  assert.deepEqual(socketRow(TABLE, 4_026_531_840), { rmemBytes: 0, drops: 0 });
});

test("a socket that is closed has no row", () => {
  assert.equal(socketRow(TABLE, 78), null);
});
