/**
 * A broadcast over several listeners: who is offered a message, in which order, and what the caller learns. A refusal
 * never stops the round and never takes a copy back.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KIND_DESTROY, KIND_NEW } from "../../../src/kernel/events/kinds.js";
import { ADMITTED, Broadcast, REFUSED } from "../../../src/kernel/netlink/broadcast.js";
import { type MessageFields, NetlinkSocket } from "../../../src/kernel/netlink/socket.js";
import { releaseFor } from "../../../src/kernel/release.js";
import type { Policy } from "../../../src/scenario/scenario.js";

const T = 1280;
const ALL_GROUPS = 0b111;
const FIELDS: MessageFields = { tupleOf: () => 1, idOf: () => 1, portidOf: () => 0, raisedAt: () => 0 };
const RELEASE = releaseFor("3.6")!;

/** `rcvbufBytes` −1: a socket that refuses everything. */
function listener(policy: Policy, rcvbufBytes: number, groups = ALL_GROUPS): NetlinkSocket {
  return new NetlinkSocket({
    rcvbufBytes,
    admission: "old",
    broadcastError: policy === "reliable" || policy === "broadcast-error",
    noEnobufs: policy === "reliable" || policy === "no-enobufs",
    groups,
  });
}

const ROOM = 100 * T;
const FULL = -1;
const NOT_OFFERED = 0;
const broadcastTo = (...sockets: NetlinkSocket[]): Broadcast => new Broadcast(sockets, RELEASE, RELEASE.config);
const send = (broadcast: Broadcast, kind: number = KIND_DESTROY): boolean => broadcast.send(kind, T, 0, FIELDS);
const RELIABLE: readonly Policy[] = ["reliable", "broadcast-error"];
const NOT_RELIABLE: readonly Policy[] = ["lossy", "no-enobufs"];

describe("a broadcast", () => {
  test("without any listener succeeds", () => {
    assert.equal(send(broadcastTo()), true);
  });

  test("succeeds when the only listeners are of other groups, and they get nothing", () => {
    const news = listener("reliable", FULL, 1 << KIND_NEW);
    assert.equal(send(broadcastTo(news)), true);
    assert.deepEqual([news.admitted, news.drops], [0, 0]);
  });

  test("succeeds when the only listener has left", () => {
    const gone = listener("reliable", FULL);
    gone.close();
    assert.equal(send(broadcastTo(gone)), true);
    assert.equal(gone.drops, 0);
  });

  test("charges every listener that admits it the whole truesize", () => {
    const sockets = [listener("lossy", ROOM), listener("reliable", ROOM), listener("lossy", ROOM)];
    assert.equal(send(broadcastTo(...sockets)), true);
    assert.deepEqual(
      sockets.map(({ rmem, queued }) => [rmem, queued]),
      [
        [T, 1],
        [T, 1],
        [T, 1],
      ],
    );
  });

  test("succeeds when listeners refuse that did not ask for errors: they have lost it", () => {
    for (const policy of NOT_RELIABLE) {
      const lossy = listener(policy, FULL);
      assert.equal(send(broadcastTo(lossy)), true);
      assert.equal(lossy.drops, 1);
      const beside = listener("reliable", ROOM);
      assert.equal(send(broadcastTo(beside, lossy)), true);
      assert.deepEqual([beside.admitted, lossy.drops], [1, 2]);
    }
  });

  test("fails when one refuses that did ask, although others have admitted it", () => {
    for (const policy of RELIABLE) {
      for (const position of [0, 1, 2]) {
        const others = [listener("lossy", ROOM), listener("reliable", ROOM)];
        const stuck = listener(policy, FULL);
        const sockets = [...others];
        sockets.splice(position, 0, stuck);
        assert.equal(send(broadcastTo(...sockets)), false);
        assert.deepEqual(
          others.map(({ admitted }) => admitted),
          [1, 1],
        );
      }
    }
  });

  test("that is tried again after a failure gives those who admitted it another copy", () => {
    const fast = listener("lossy", ROOM);
    const stuck = listener("reliable", FULL);
    const broadcast = broadcastTo(stuck, fast);
    for (let attempt = 1; attempt <= 5; attempt++) {
      assert.equal(send(broadcast), false);
      assert.deepEqual([fast.admitted, stuck.drops], [attempt, attempt]);
    }
    stuck.setRcvbuf(ROOM);
    assert.equal(send(broadcast), true);
    assert.deepEqual([fast.admitted, stuck.admitted], [6, 1]);
  });

  test("offers it to the newest subscriber first", () => {
    const order: number[] = [];
    const broadcast = broadcastTo(listener("lossy", ROOM), listener("lossy", ROOM), listener("lossy", ROOM));
    broadcast.waker = { wake: (index) => order.push(index) };
    send(broadcast);
    assert.deepEqual(order, [2, 1, 0]);
  });
});

describe("a reader", () => {
  test("is woken by the message that ends the emptiness of its queue, and by no other", () => {
    const socket = listener("lossy", 0);
    const broadcast = broadcastTo(socket);
    let woken = 0;
    broadcast.waker = { wake: () => woken++ };
    send(broadcast);
    send(broadcast);
    assert.equal(woken, 1);
    socket.recv(true);
    socket.recv(false);
    send(broadcast);
    assert.equal(woken, 2);
  });

  test("is woken by the error of a message that could not be built", () => {
    const broadcast = broadcastTo(listener("lossy", ROOM));
    let woken = 0;
    broadcast.waker = { wake: () => woken++ };
    broadcast.setError(KIND_NEW);
    assert.equal(woken, 1);
  });
});

describe("the observed listener, the first", () => {
  test("is reported as having admitted, refused or not been asked", () => {
    const observed = listener("reliable", ROOM, 1 << KIND_DESTROY);
    const broadcast = broadcastTo(observed, listener("lossy", FULL));
    send(broadcast);
    assert.equal(broadcast.observed, ADMITTED);
    observed.setRcvbuf(FULL);
    send(broadcast);
    assert.equal(broadcast.observed, REFUSED);
    send(broadcast, KIND_NEW);
    assert.equal(broadcast.observed, NOT_OFFERED);
    send(broadcast);
    broadcast.setError(KIND_DESTROY);
    assert.equal(broadcast.observed, NOT_OFFERED);
  });
});

describe("an error for all members of a group", () => {
  test("counts those that set NETLINK_NO_ENOBUFS, and only members", () => {
    const broadcast = broadcastTo(
      listener("reliable", ROOM),
      listener("no-enobufs", ROOM),
      listener("broadcast-error", ROOM),
      listener("lossy", ROOM),
      listener("reliable", ROOM, 1 << KIND_DESTROY),
    );
    assert.equal(broadcast.setError(KIND_NEW), 2);
    assert.equal(broadcast.setError(KIND_DESTROY), 3);
  });

  test("does not reach a listener that has left", () => {
    const gone = listener("reliable", ROOM);
    gone.close();
    assert.equal(broadcastTo(gone).setError(KIND_NEW), 0);
  });
});
