/** Byte by byte, as linux/rtnetlink.h lays them out: a kernel that takes one says nothing of what it made of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { linkUpRequest, localRouteRequest } from "../../src/wire/link-message.js";

const REQUEST_ACK = 0x0005;
const REQUEST_ACK_CREATE = 0x0405;

/** nlmsghdr: length, type, flags, sequence, port. */
function header(length: number, type: number, flags: number, sequence: number): number[] {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(flags, 6);
  bytes.writeUInt32LE(sequence, 8);
  return [...bytes];
}

test("RTM_NEWLINK sets IFF_UP of the first interface, and changes no other flag of it", () => {
  const ifinfomsg = [0, 0, 0, 0, /* index */ 1, 0, 0, 0, /* flags */ 1, 0, 0, 0, /* change */ 1, 0, 0, 0];
  assert.deepEqual([...linkUpRequest(7)], [...header(32, 16, REQUEST_ACK, 7), ...ifinfomsg]);
});

test("RTM_NEWROUTE puts an IPv6 prefix into the local table, to the first interface", () => {
  const prefix = Uint8Array.from({ length: 16 }, (_, index) => (index === 0 ? 0xfd : index));
  const rtmsg = [/* AF_INET6 */ 10, 64, 0, 0, /* local */ 255, /* static */ 4, 0, /* RTN_LOCAL */ 2, 0, 0, 0, 0];
  const destination = [20, 0, /* RTA_DST */ 1, 0, ...prefix];
  const device = [8, 0, /* RTA_OIF */ 4, 0, 1, 0, 0, 0];
  assert.deepEqual(
    [...localRouteRequest(9, prefix, 64)],
    [...header(56, 24, REQUEST_ACK_CREATE, 9), ...rtmsg, ...destination, ...device],
  );
});
