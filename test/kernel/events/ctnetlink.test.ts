/**
 * From event to message: what cannot be built, and who keeps it then. Up to 2.6.33 it is lost even for a reliable
 * listener; from 2.6.34 on it is kept if a member of the group set NETLINK_NO_ENOBUFS. Sizes themselves are
 * message.test.ts and estimate.test.ts.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KernelClock } from "../../../src/kernel/clock.js";
import { IPCT_NEW, IPCT_PROTOINFO, IPCT_REPLY, IPS_CONFIRMED } from "../../../src/kernel/conntrack/status.js";
import { ConntrackTable } from "../../../src/kernel/conntrack/table.js";
import { Ctnetlink } from "../../../src/kernel/events/ctnetlink.js";
import { EventCache } from "../../../src/kernel/events/ecache.js";
import { KIND_DESTROY, KIND_NEW, KIND_UPDATE } from "../../../src/kernel/events/kinds.js";
import { Broadcast } from "../../../src/kernel/netlink/broadcast.js";
import { NetlinkSocket, RECV_EMPTY, RECV_ENOBUFS, RECV_MESSAGE } from "../../../src/kernel/netlink/socket.js";
import { releaseFor } from "../../../src/kernel/release.js";
import type { KernelConfig, Policy, Protocol } from "../../../src/scenario/scenario.js";
import { NOBODY } from "../assembled.js";

/** A kernel built without any of the options that make the estimate larger, as the recorded one was. */
const BARE: Partial<KernelConfig> = { acct: false, nat: false, mark: false, secmark: false, skBuffBytes: 208 };
const ALL_GROUPS = 0b111;
const RCVBUF = 100_000;

interface Options {
  version: string;
  policy: Policy;
  protocol?: Protocol;
  config?: Partial<KernelConfig>;
  groups?: number;
}

/** One entry, its events, and one listener. */
function build({ version, policy, protocol = "tcp", config = BARE, groups = ALL_GROUPS }: Options) {
  const release = releaseFor(version)!;
  const kernelConfig = { ...release.config, ...config };
  const clock = new KernelClock(250, 100_000, 0);
  const table = new ConntrackTable({ buckets: 8, max: 0, capacity: 16, hashSeed: 1 });
  const socket = new NetlinkSocket({
    rcvbufBytes: RCVBUF,
    admission: release.admission,
    broadcastError: policy === "reliable" || policy === "broadcast-error",
    noEnobufs: policy === "reliable" || policy === "no-enobufs",
    groups,
  });
  const broadcast = new Broadcast([socket], release, kernelConfig);
  const ctnetlink = new Ctnetlink(clock, table, broadcast, release, kernelConfig, [{ protocol, family: "ipv4" }]);
  const cache = new EventCache(table, ctnetlink, NOBODY, release);
  const entry = table.allocate(77);
  table.link(entry);
  table.addStatus(entry, IPS_CONFIRMED);
  const raise = (bits: number): void => {
    cache.cache(entry, bits);
    cache.deliverCached(entry);
  };
  return { clock, table, socket, ctnetlink, cache, entry, raise };
}

describe("a message that is longer than the kernel's estimate", () => {
  test("is NEW and UPDATE of TCP with PROTOINFO, in 2.6.31 to 2.6.38 built without NAT and accounting", () => {
    for (const version of ["2.6.31", "2.6.35"]) {
      for (const [kind, protoinfo, admitted] of [
        [KIND_NEW, true, 0],
        [KIND_UPDATE, true, 0],
        [KIND_UPDATE, false, 1],
        [KIND_DESTROY, false, 1],
      ] as const) {
        const { ctnetlink, socket, entry } = build({ version, policy: "reliable" });
        ctnetlink.send(kind, entry, protoinfo, false);
        assert.equal(socket.admitted, admitted, `${version}, kind ${kind}, protoinfo ${protoinfo}`);
      }
    }
  });

  test("is none with a distribution's options less one, nor once the estimate counts all attributes, nor from 3.0 on", () => {
    for (const [version, config] of [
      ["2.6.31", {}],
      ["2.6.35", { acct: false }],
      ["2.6.35", { nat: false }],
      ["2.6.35", { ...BARE, nlaPolicyLenCounts: true }],
      ["3.0", BARE],
      ["3.6", BARE],
    ] as const) {
      const { ctnetlink, socket, entry } = build({ version, policy: "reliable", config });
      assert.equal(ctnetlink.send(KIND_NEW, entry, true, false), true);
      assert.equal(socket.admitted, 1);
    }
  });

  test("is none of UDP", () => {
    const { raise, socket } = build({ version: "2.6.35", policy: "reliable", protocol: "udp" });
    raise(IPCT_NEW);
    assert.equal(socket.admitted, 1);
  });

  test("counts as an attempt, and is neither a drop nor a congestion of any socket", () => {
    const { raise, socket, ctnetlink } = build({ version: "2.6.35", policy: "broadcast-error" });
    raise(IPCT_NEW | IPCT_PROTOINFO);
    assert.equal(ctnetlink.attempts, 1);
    assert.deepEqual([socket.drops, socket.congestions, socket.congested], [0, 0, false]);
  });

  for (const policy of ["reliable", "broadcast-error", "no-enobufs", "lossy"] as const) {
    const lost = policy === "broadcast-error" || policy === "lossy";

    test(`2.6.31, ${policy}: is lost`, () => {
      const { raise, table, entry } = build({ version: "2.6.31", policy });
      raise(IPCT_NEW | IPCT_PROTOINFO);
      assert.equal(table.missedOf(entry), 0);
    });

    test(`2.6.35, ${policy}: is ${lost ? "lost: nobody set NETLINK_NO_ENOBUFS" : "missed, and attempted again with the next bit"}`, () => {
      const { raise, table, entry, ctnetlink } = build({ version: "2.6.35", policy });
      raise(IPCT_NEW | IPCT_PROTOINFO);
      assert.equal(table.missedOf(entry), lost ? 0 : IPCT_NEW | IPCT_PROTOINFO);
      raise(IPCT_REPLY);
      assert.equal(table.missedOf(entry), lost ? 0 : IPCT_NEW | IPCT_PROTOINFO | IPCT_REPLY);
      assert.equal(ctnetlink.attempts, 2);
    });
  }

  test("is lost in 2.6.35 too when the listener that set NETLINK_NO_ENOBUFS is not in the group", () => {
    const { raise, table, entry } = build({ version: "2.6.35", policy: "reliable", groups: 1 << KIND_DESTROY });
    raise(IPCT_NEW | IPCT_PROTOINFO);
    assert.equal(table.missedOf(entry), 0);
  });

  test("tells a listener that wants to know: one ENOBUFS, without a latch", () => {
    for (const version of ["2.6.31", "2.6.35"]) {
      const { raise, socket } = build({ version, policy: "broadcast-error" });
      raise(IPCT_NEW | IPCT_PROTOINFO);
      raise(IPCT_REPLY | IPCT_PROTOINFO);
      assert.equal(socket.recv(false), RECV_ENOBUFS);
      assert.equal(socket.recv(false), RECV_EMPTY);
      raise(IPCT_REPLY);
      assert.equal(socket.recv(false), RECV_MESSAGE);
    }
  });

  test("tells nothing to one that set NETLINK_NO_ENOBUFS", () => {
    const { raise, socket } = build({ version: "2.6.35", policy: "reliable" });
    raise(IPCT_NEW | IPCT_PROTOINFO);
    assert.equal(socket.recv(false), RECV_EMPTY);
  });

  test("that is kept ends in the DESTROY, which can be built", () => {
    const { raise, cache, socket, entry } = build({ version: "2.6.35", policy: "reliable" });
    raise(IPCT_NEW | IPCT_PROTOINFO);
    assert.equal(cache.attemptDestroy(entry, false), true);
    assert.equal(socket.recv(false), RECV_MESSAGE);
    assert.equal(socket.kind, KIND_DESTROY);
  });
});

describe("a message", () => {
  test("carries tuple, id, and the time at which the event was raised: of a DESTROY the first, of others the attempt's", () => {
    const { raise, cache, clock, socket, table, entry } = build({ version: "3.6", policy: "lossy" });
    clock.now = 1000;
    raise(IPCT_NEW);
    clock.now = 2000;
    cache.raiseDestroy(entry);
    clock.now = 9000;
    cache.attemptDestroy(entry, false);
    socket.recv(false);
    assert.deepEqual([socket.kind, socket.tuple, socket.id, socket.raisedAt], [KIND_NEW, 77, table.idOf(entry), 1000]);
    socket.recv(false);
    assert.deepEqual(
      [socket.kind, socket.tuple, socket.id, socket.raisedAt],
      [KIND_DESTROY, 77, table.idOf(entry), 2000],
    );
  });

  test("carries the requester's portid when it answers a request, and whenever a failed request stored it", () => {
    const { cache, socket, entry, table } = build({ version: "3.6", policy: "broadcast-error" });
    const portidOfNext = (): number => {
      assert.equal(socket.recv(false), RECV_MESSAGE);
      return socket.portid;
    };
    cache.attemptDestroy(entry, false);
    assert.equal(portidOfNext(), 0);
    cache.attemptDestroy(entry, true);
    assert.equal(portidOfNext(), 1);
    cache.attemptDestroy(entry, false);
    assert.equal(portidOfNext(), 0);
    socket.setRcvbuf(-1);
    assert.equal(cache.attemptDestroy(entry, true), false);
    assert.ok(table.hasPortid(entry));
    socket.recv(false);
    socket.setRcvbuf(RCVBUF);
    cache.attemptDestroy(entry, false);
    assert.equal(portidOfNext(), 1);
  });
});

test("each of two classes of traffic is charged what its own messages are estimated to take", () => {
  const release = releaseFor("3.0")!;
  const table = new ConntrackTable({ buckets: 8, max: 0, capacity: 16, hashSeed: 1 });
  const socket = new NetlinkSocket({
    rcvbufBytes: RCVBUF,
    admission: release.admission,
    broadcastError: false,
    noEnobufs: false,
    groups: ALL_GROUPS,
  });
  const broadcast = new Broadcast([socket], release, release.config);
  const flows = [
    { protocol: "udp", family: "ipv4" },
    { protocol: "tcp", family: "ipv6" },
  ] as const;
  const ctnetlink = new Ctnetlink(new KernelClock(250, 100_000, 0), table, broadcast, release, release.config, flows);
  const charged = flows.map((_, flowClass) => {
    const before = socket.rmem;
    ctnetlink.send(KIND_DESTROY, table.allocate(flowClass, flowClass), false, false);
    return socket.rmem - before;
  });
  // As 2.6.39 to 3.1 count them, with all options of a distribution.
  assert.deepEqual(charged, [616, 744]);
});
