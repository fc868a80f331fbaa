/**
 * Parts of a dump in the receive queue of an event socket: when the kernel makes the next one, what it is charged, and
 * what it does to the events beside it.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KIND_DESTROY } from "../../../src/kernel/events/kinds.js";
import { DumpingSocket } from "../../../src/kernel/netlink/dumping-socket.js";
import {
  type MessageFields,
  RECV_EMPTY,
  RECV_ENOBUFS,
  RECV_MESSAGE,
  RECV_REPLY,
} from "../../../src/kernel/netlink/socket.js";

const T = 1280;
const PART = 16_640;
const FIELDS: MessageFields = { tupleOf: () => 1, idOf: () => 1, portidOf: () => 0, raisedAt: () => 0 };

function socketOf(rcvbufBytes: number, admission: "old" | "new", noEnobufs = false): DumpingSocket {
  return new DumpingSocket({ rcvbufBytes, admission, broadcastError: false, noEnobufs, groups: 0b111 });
}

/** A dump of so many parts, the last one included. */
function dumpOf(parts: number): { truesizeBytes: number; next(): boolean; left: number } {
  return {
    truesizeBytes: PART,
    left: parts,
    next() {
      return --this.left > 0;
    },
  };
}

const offer = (socket: DumpingSocket): boolean => socket.offer(KIND_DESTROY, T, 0, FIELDS);

describe("a dump on the socket of events", () => {
  test("has its first part in the queue at the request, and the next one after a recv that leaves half free", () => {
    const socket = socketOf(100_000, "new");
    const dump = dumpOf(3);
    assert.equal(socket.startDump(dump), true);
    assert.deepEqual([socket.queued, socket.rmem, dump.left], [1, PART, 2]);
    assert.equal(socket.recv(false), RECV_REPLY);
    assert.deepEqual([socket.queued, dump.left], [1, 1]);
    assert.equal(socket.recv(false), RECV_REPLY);
    assert.equal(socket.recv(false), RECV_REPLY);
    assert.equal(socket.recv(false), RECV_EMPTY);
  });

  test("waits while events fill more than half of the buffer", () => {
    const socket = socketOf(40 * T, "new");
    const dump = dumpOf(3);
    socket.startDump(dump);
    while (offer(socket));
    assert.equal(socket.recv(false), RECV_ENOBUFS);
    assert.equal(socket.recv(false), RECV_REPLY);
    assert.equal(dump.left, 2, "the part that was read made room for none");
    while (dump.left === 2) {
      assert.ok(socket.rmem > 20 * T);
      assert.equal(socket.recv(false), RECV_MESSAGE);
    }
    assert.equal(socket.rmem, 20 * T + PART);
  });

  test("takes the room of events", () => {
    const alone = socketOf(40 * T, "new");
    const beside = socketOf(40 * T, "new");
    beside.startDump(dumpOf(1));
    let [fit, fitBeside] = [0, 0];
    while (offer(alone)) fit++;
    while (offer(beside)) fitBeside++;
    assert.deepEqual([fit, fitBeside], [40, 27]);
  });

  test("keeps a latch shut that an overrun closed, until its last part is read", () => {
    const socket = socketOf(20 * T, "old");
    socket.startDump(dumpOf(3));
    while (offer(socket));
    assert.equal(socket.recv(false), RECV_ENOBUFS);
    let recvs = 0;
    while (socket.congested) {
      assert.notEqual(socket.recv(false), RECV_EMPTY);
      recvs++;
    }
    assert.equal(socket.queued, 0);
    // Three parts, and the seven events that were admitted beside the first of them.
    assert.equal(recvs, 3 + socket.admitted - 3);
  });

  for (const admission of ["old", "new"] as const) {
    test(`finds no room in a full buffer, and neither does the answer that says so (${admission} admission)`, () => {
      const socket = socketOf(10 * T, admission);
      for (let i = 0; i < 10; i++) offer(socket);
      assert.equal(socket.startDump(dumpOf(2)), false);
      assert.deepEqual([socket.refusedRequests, socket.refusedAnswers, socket.drops], [1, 1, 1]);
      assert.equal(socket.recv(false), RECV_ENOBUFS);
    });
  }

  test("is charged one part into an empty buffer that is smaller, and never a second one", () => {
    const socket = socketOf(2304, "new");
    assert.equal(socket.startDump(dumpOf(2)), true);
    assert.equal(offer(socket), false);
    assert.equal(socket.startDump(dumpOf(2)), false);
  });

  test("that cannot go on tells the reader, also one that wants no ENOBUFS", () => {
    const socket = socketOf(2 * PART, "new", true);
    const dump = dumpOf(3);
    socket.startDump(dump);
    for (let i = 0; i < 4; i++) assert.equal(offer(socket), true);
    // Four events are less than half of the buffer, and with a larger part more than all of it.
    dump.truesizeBytes = 2 * PART - T;
    assert.equal(socket.recv(false), RECV_REPLY);
    assert.equal(socket.recv(false), RECV_ENOBUFS);
    assert.equal(dump.left, 2);
  });
});
