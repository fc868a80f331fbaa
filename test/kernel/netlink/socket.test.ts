/**
 * One socket: which message is admitted, what a refusal sets off, what a recv returns and what it clears. Each rule by
 * itself, and all of them against a model of the socket that is written from the rules alone.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type MessageFields,
  NetlinkSocket,
  RECV_EMPTY,
  RECV_ENOBUFS,
  RECV_MESSAGE,
  type RecvResult,
} from "../../../src/kernel/netlink/socket.js";

const T = 1280;
const FIELDS: MessageFields = {
  tupleOf: (entry) => 10 * entry,
  idOf: (entry) => 100 * entry,
  portidOf: (entry) => entry & 1,
  raisedAt: (kind, entry) => 1000 * entry + kind,
};

interface Given {
  rcvbufBytes: number;
  admission?: "old" | "new";
  noEnobufs?: boolean;
  errorFirst?: boolean;
}

const socketOf = ({ rcvbufBytes, admission = "old", noEnobufs = false, errorFirst = false }: Given): NetlinkSocket =>
  new NetlinkSocket({ rcvbufBytes, admission, errorFirst, broadcastError: false, noEnobufs, groups: 0b111 });

/** Offers one message. Whether it was admitted. */
function offer(socket: NetlinkSocket, truesize = T, entry = 1, kind = 0): boolean {
  return socket.offer(kind, truesize, entry, FIELDS);
}

/** Messages that a socket admits while nobody reads. */
function capacity(socket: NetlinkSocket, truesize: number): number {
  let admitted = 0;
  while (offer(socket, truesize)) admitted++;
  return admitted;
}

test("the peak of rmem is kept, of the whole time and since the last look, which begins at what is queued", () => {
  const socket = socketOf({ rcvbufBytes: 10 * T });
  for (let message = 0; message < 4; message++) offer(socket);
  socket.recv(false);
  assert.deepEqual([socket.peakRmem, socket.takePeakRmem(), socket.takePeakRmem()], [4 * T, 4 * T, 3 * T]);
  socket.recv(false);
  offer(socket);
  assert.deepEqual([socket.takePeakRmem(), socket.peakRmem], [3 * T, 4 * T]);
  for (let message = 0; message < 3; message++) offer(socket);
  assert.deepEqual([socket.peakRmem, socket.takePeakRmem()], [6 * T, 6 * T]);
});

describe("admission, old rule", () => {
  test("accepts while rmem is at most rcvbuf before the message is added", () => {
    const socket = socketOf({ rcvbufBytes: 2 * T });
    assert.deepEqual(
      [1, 2, 3, 4].map(() => offer(socket)),
      [true, true, true, false],
    );
    assert.equal(socket.rmem, 3 * T);
    assert.equal(capacity(socketOf({ rcvbufBytes: 2 * T - 1 }), T), 2);
  });

  test("so floor(rcvbuf / truesize) + 1 messages fit", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 200, max: 2000 }),
        (rcvbufBytes, truesize) => {
          assert.equal(capacity(socketOf({ rcvbufBytes }), truesize), Math.floor(rcvbufBytes / truesize) + 1);
        },
      ),
      { seed: 5 },
    );
  });

  for (const [rcvbufBytes, truesize, messages] of [
    [256, 552, 1],
    [2048, 552, 4],
    [4096, 552, 8],
    [4096, 616, 7],
    [4096, 1280, 4],
    [2304, 1280, 2],
    [124_928, 552, 227],
    [212_992, 1280, 167],
  ] as const) {
    test(`${messages} of ${truesize} bytes fit into ${rcvbufBytes}`, () => {
      assert.equal(capacity(socketOf({ rcvbufBytes }), truesize), messages);
    });
  }
});

describe("admission, new rule", () => {
  test("accepts while rmem is at most rcvbuf with the message, or when the queue was empty", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 200, max: 2000 }),
        (rcvbufBytes, truesize) => {
          const messages = capacity(socketOf({ rcvbufBytes, admission: "new" }), truesize);
          assert.equal(messages, Math.max(1, Math.floor(rcvbufBytes / truesize)));
        },
      ),
      { seed: 6 },
    );
    assert.equal(capacity(socketOf({ rcvbufBytes: 2304, admission: "new" }), T), 1);
    assert.equal(capacity(socketOf({ rcvbufBytes: 4096, admission: "new" }), T), 3);
  });
});

describe("a refusal", () => {
  test("counts as a drop every time, and adds nothing to the queue", () => {
    const socket = socketOf({ rcvbufBytes: 0 });
    offer(socket);
    for (let refused = 1; refused <= 5; refused++) {
      assert.equal(offer(socket), false);
      assert.deepEqual([socket.drops, socket.queued, socket.rmem], [refused, 1, T]);
    }
  });

  test("congests the socket: it refuses everything until a recv leaves the queue empty", () => {
    const socket = socketOf({ rcvbufBytes: 2 * T });
    capacity(socket, T);
    assert.equal(socket.congested, true);
    assert.equal(socket.recv(false), RECV_ENOBUFS);
    for (let left = 2; left >= 0; left--) {
      assert.equal(offer(socket), false, `${left + 1} messages are still queued`);
      assert.equal(socket.recv(false), RECV_MESSAGE);
      assert.equal(socket.queued, left);
    }
    assert.equal(socket.congested, false);
    assert.equal(offer(socket), true);
  });

  test("is told to the reader once per episode, however many messages are refused", () => {
    const socket = socketOf({ rcvbufBytes: 0 });
    for (let episode = 1; episode <= 3; episode++) {
      offer(socket);
      for (let i = 0; i < 10; i++) offer(socket);
      assert.equal(socket.recv(false), RECV_ENOBUFS);
      assert.equal(socket.recv(false), RECV_MESSAGE);
      assert.equal(socket.recv(false), RECV_EMPTY);
      assert.deepEqual([socket.congestions, socket.enobufs], [episode, episode]);
    }
    assert.equal(socket.drops, 30);
  });

  test("with NETLINK_NO_ENOBUFS is a drop alone: no error, no latch, and each recv opens a place", () => {
    const socket = socketOf({ rcvbufBytes: 2 * T, noEnobufs: true });
    capacity(socket, T);
    assert.deepEqual([socket.congested, socket.congestions, socket.drops], [false, 0, 1]);
    assert.equal(socket.recv(false), RECV_MESSAGE);
    assert.equal(offer(socket), true);
    assert.equal(offer(socket), false);
    for (let i = 0; i < 3; i++) assert.equal(socket.recv(false), RECV_MESSAGE);
    assert.equal(socket.recv(false), RECV_EMPTY);
    assert.equal(socket.enobufs, 0);
  });
});

describe("a recv", () => {
  test("returns messages in the order of their admission, with what they carried", () => {
    const socket = socketOf({ rcvbufBytes: 1e6 });
    for (let entry = 0; entry < 300; entry++) offer(socket, T, entry, entry % 3);
    for (let entry = 0; entry < 300; entry++) {
      assert.equal(socket.recv(false), RECV_MESSAGE);
      assert.deepEqual(
        [socket.kind, socket.entry, socket.tuple, socket.id, socket.portid, socket.raisedAt],
        [entry % 3, entry, 10 * entry, 100 * entry, entry & 1, 1000 * entry + (entry % 3)],
      );
      assert.equal(socket.rmem, (299 - entry) * T);
    }
  });

  test("that begins after the overrun returns the error before the messages", () => {
    const socket = socketOf({ rcvbufBytes: 0 });
    offer(socket);
    offer(socket);
    assert.deepEqual(
      [socket.recv(false), socket.recv(false), socket.recv(false)],
      [RECV_ENOBUFS, RECV_MESSAGE, RECV_EMPTY],
    );
  });

  test("that was waiting when the message came takes it before the error up to 4.4, and the error first from 4.5 on", () => {
    const socket = socketOf({ rcvbufBytes: 0 });
    offer(socket);
    offer(socket);
    assert.deepEqual(
      [socket.recv(true), socket.recv(false), socket.recv(false)],
      [RECV_MESSAGE, RECV_ENOBUFS, RECV_EMPTY],
    );
    const later = socketOf({ rcvbufBytes: 0, errorFirst: true });
    offer(later);
    offer(later);
    assert.deepEqual(
      [later.recv(true), later.recv(false), later.recv(false)],
      [RECV_ENOBUFS, RECV_MESSAGE, RECV_EMPTY],
    );
  });

  test("that was waiting and finds an error alone returns it", () => {
    const socket = socketOf({ rcvbufBytes: 0 });
    socket.setError();
    assert.equal(socket.readable, true);
    assert.equal(socket.recv(true), RECV_ENOBUFS);
    assert.equal(socket.readable, false);
  });

  test("that returns the error clears the latch too when the queue is empty", () => {
    const socket = socketOf({ rcvbufBytes: -1 });
    assert.equal(offer(socket), false);
    assert.deepEqual([socket.congested, socket.queued], [true, 0]);
    assert.equal(socket.recv(false), RECV_ENOBUFS);
    assert.equal(socket.congested, false);
  });

  test("keeps the order also when the queue grows while it is being read", () => {
    const socket = socketOf({ rcvbufBytes: 1e9 });
    let next = 0;
    for (let entry = 0; entry < 1000; entry++) {
      offer(socket, T, entry);
      if (entry % 3 === 0) {
        assert.equal(socket.recv(false), RECV_MESSAGE);
        assert.equal(socket.entry, next++);
      }
    }
    while (socket.recv(false) === RECV_MESSAGE) assert.equal(socket.entry, next++);
    assert.equal(next, 1000);
  });
});

describe("a changed buffer", () => {
  test("keeps what is queued, also above its new bound, and admits by the new one", () => {
    const socket = socketOf({ rcvbufBytes: 100 * T, noEnobufs: true });
    for (let i = 0; i < 50; i++) offer(socket);
    socket.setRcvbuf(2 * T);
    assert.equal(socket.queued, 50);
    assert.equal(offer(socket), false);
    while (socket.queued > 2) socket.recv(false);
    assert.equal(offer(socket), true);
  });
});

describe("a closed socket", () => {
  test("holds nothing any more", () => {
    const socket = socketOf({ rcvbufBytes: 100 * T });
    offer(socket);
    socket.close();
    assert.deepEqual([socket.open, socket.queued, socket.rmem], [false, 0, 0]);
    assert.equal(socket.recv(false), RECV_EMPTY);
  });
});

/** The rules as sentences, on a plain list. */
class Model {
  private readonly given: Required<Given>;
  private queue: number[] = [];
  congested = false;
  private error = false;
  drops = 0;

  constructor(given: Required<Given>) {
    this.given = given;
  }

  get rmem(): number {
    return this.queue.reduce((sum, truesize) => sum + truesize, 0);
  }

  offer(truesize: number): boolean {
    const { rcvbufBytes, admission, noEnobufs } = this.given;
    const room =
      admission === "old" ? this.rmem <= rcvbufBytes : this.queue.length === 0 || this.rmem + truesize <= rcvbufBytes;
    if (room && !this.congested) {
      this.queue.push(truesize);
      return true;
    }
    this.drops++;
    if (!noEnobufs && !this.congested) {
      this.congested = true;
      this.error = true;
    }
    return false;
  }

  recv(wasWaiting: boolean): RecvResult {
    let result: RecvResult = RECV_EMPTY;
    if (this.error && (this.given.errorFirst || !wasWaiting || this.queue.length === 0)) {
      this.error = false;
      result = RECV_ENOBUFS;
    } else if (this.queue.shift() !== undefined) result = RECV_MESSAGE;
    if (this.queue.length === 0) this.congested = false;
    return result;
  }
}

test("a socket does what its rules say, in any sequence of messages and recvs", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ offer: fc.constantFrom(400, 552, 1280) }) },
    { weight: 2, arbitrary: fc.record({ waiting: fc.boolean() }) },
  );
  fc.assert(
    fc.property(
      fc.record({
        rcvbufBytes: fc.integer({ min: -1, max: 6000 }),
        admission: fc.constantFrom("old" as const, "new" as const),
        noEnobufs: fc.boolean(),
        errorFirst: fc.boolean(),
      }),
      fc.array(step, { minLength: 20, maxLength: 300 }),
      (given, steps) => {
        const socket = socketOf(given);
        const model = new Model(given);
        for (const each of steps) {
          if ("offer" in each) assert.equal(offer(socket, each.offer), model.offer(each.offer));
          else assert.equal(socket.recv(each.waiting), model.recv(each.waiting));
          assert.deepEqual([socket.rmem, socket.drops, socket.congested], [model.rmem, model.drops, model.congested]);
        }
      },
    ),
    { numRuns: 300, seed: 7 },
  );
});
