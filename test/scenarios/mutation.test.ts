/**
 * An expectation that holds whatever the kernel does says nothing. Here each scenario of the library runs on a model
 * with one broken rule: a changed method, or a changed fact of a release, for the duration of the run. The expectations
 * that are named must fail. Where an invariant of the model notices the broken rule, too, it is named beside them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { brokenInvariants, judged, libraryFiles } from "../../scripts/library.js";
import { Decoders } from "../../src/daemon/decoders.js";
import { Reader } from "../../src/daemon/reader.js";
import { DaemonView } from "../../src/daemon/view.js";
import { ConntrackTable } from "../../src/kernel/conntrack/table.js";
import { Ctnetlink } from "../../src/kernel/events/ctnetlink.js";
import { KIND_DESTROY } from "../../src/kernel/events/kinds.js";
import { TimerRedelivery } from "../../src/kernel/events/redelivery/timer.js";
import { Broadcast, REFUSED } from "../../src/kernel/netlink/broadcast.js";
import { NetlinkSocket } from "../../src/kernel/netlink/socket.js";
import { type Release, releaseFor } from "../../src/kernel/release.js";
import { TimerWheel } from "../../src/kernel/timer-wheel.js";

interface Change {
  target: object;
  name: string;
  to: PropertyDescriptor;
}

interface Mutation {
  scenario: string;
  /** How it should be. */
  rule: string;
  broken: Change;
  /** By case of the scenario: an expectation that must fail. */
  fails: Readonly<Record<string, string>>;
  /** Invariants of the model that must fail beside it. */
  alsoBreaks?: readonly string[];
}

type Method = (this: never, ...given: never[]) => unknown;

/** `method` is often a private one: what a rule is called in the model. */
function method(of: { prototype: object }, name: string, value: Method): Change {
  return { target: of.prototype, name, to: { value } };
}

/** Only this row of the release table: those after it have their own copies. */
function fact<Name extends keyof Release>(version: string, name: Name, value: Release[Name]): Change {
  return { target: releaseFor(version)!, name, to: { value } };
}

const { send } = Broadcast.prototype;
const { send: tell } = Ctnetlink.prototype;
const { offer } = NetlinkSocket.prototype;
const { take } = Decoders.prototype;
const { armExact } = TimerWheel.prototype;

/** The private parts of the model that the broken rules need. */
interface Timers {
  clock: { jiffies: number; hz: number };
  timers: { arm(entry: number, jiffies: number): void };
  random32(): number;
}
interface InFlight {
  decoders: readonly { busy: boolean; doneAt: number }[];
}
interface Sockets {
  sockets: readonly { groups: number }[];
}

const MUTATIONS: readonly Mutation[] = [
  {
    scenario: "seed-2048-fast-reader",
    rule: "a timer fires at its own jiffy, so that DESTROYs come one by one",
    broken: method(
      TimerWheel,
      "armExact",
      function (this: TimerWheel, ...[entry, jiffies]: Parameters<typeof armExact>) {
        armExact.call(this, entry, Math.ceil(jiffies / 1000) * 1000);
      },
    ),
    fails: { "seed-2048-fast-reader": "dying.peakDuringFlood <= 1%" },
  },
  {
    scenario: "seed-2048-slow-reader",
    rule: "a refusal by a listener with NETLINK_BROADCAST_ERROR makes the broadcast fail",
    broken: method(Broadcast, "send", function (this: Broadcast, ...message: Parameters<typeof send>) {
      send.apply(this, message);
      return true;
    }),
    fails: { "seed-2048-slow-reader": "destroy.delivered == 100%" },
    alsoBreaks: ["reliable and settled: every DESTROY exactly once"],
  },
  {
    scenario: "unreliable-2048",
    rule: "a refusal by any other listener does not",
    broken: method(Broadcast, "send", function (this: Broadcast, ...message: Parameters<typeof send>) {
      return send.apply(this, message) && this.observed !== REFUSED;
    }),
    fails: { "unreliable-2048": "dying.peak == 0" },
  },
  {
    scenario: "conntrack-flush",
    rule: "a resend waits for a random part of the grace window",
    broken: method(TimerRedelivery, "add", function (this: Timers, entry: number) {
      this.timers.arm(entry, this.clock.jiffies + 1);
    }),
    fails: { "conntrack-flush": "latency.destroy.p50Seconds >= 0.4 * scenario.graceMaxSeconds" },
  },
  {
    scenario: "conntrack-flush",
    rule: "up to 3.11 a flush attempts twice",
    broken: fact("2.6.31", "flushAttempts", 1),
    fails: { "conntrack-flush": "flush.attempts > 1.9 * flush.entries" },
  },
  {
    scenario: "default-rmem",
    rule: "a message is charged its truesize, not its length",
    broken: method(Broadcast, "charge", (payloadBytes: number, usedBytes: number) => ({
      bytes: usedBytes,
      roomBytes: payloadBytes,
    })),
    fails: { "default-rmem/default": "dying.afterFlush >= 90% of flush.entries" },
  },
  {
    scenario: "bigger-is-slower",
    rule: "only an empty queue clears the CONGESTED latch",
    broken: method(NetlinkSocket, "wakeAfterRecv", function (this: { congested: boolean }) {
      this.congested = false;
    }),
    fails: { "bigger-is-slower/bigger": "drain > 1.2 * drain in default-rmem" },
  },
  {
    scenario: "flush-in-production",
    rule: "an empty queue clears the CONGESTED latch",
    broken: method(NetlinkSocket, "wakeAfterRecv", () => {}),
    fails: { "flush-in-production": "new.lost <= socket.capacityMessages" },
  },
  {
    scenario: "table-full-by-dying",
    rule: "dying entries count against nf_conntrack_max",
    broken: {
      target: ConntrackTable.prototype,
      name: "count",
      to: {
        get(this: ConntrackTable) {
          return this.active;
        },
      },
    },
    fails: { "table-full-by-dying/reliable": "table.drop >= 90% of scenario.secondFlood.connections" },
    alsoBreaks: ["count is what was created and not freed"],
  },
  {
    scenario: "grace-window",
    rule: "the window is what the sysctl says",
    broken: method(TimerRedelivery, "add", function (this: Timers, entry: number) {
      this.timers.arm(entry, this.clock.jiffies + (this.random32() % (15 * this.clock.hz)));
    }),
    fails: {
      "grace-window/3s": "drain > drain in 1s",
      "grace-window/15s": "destroy.refused < 0.8 * destroy.refused in 3s",
      "grace-window/60s": "drain > 2 * drain in 15s",
    },
  },
  {
    scenario: "kernel-generations",
    rule: "from 3.12 on a flush attempts once",
    broken: fact("3.17", "flushAttempts", 2),
    fails: { "kernel-generations/3.17": "flush.attempts == flush.entries" },
  },
  {
    scenario: "kernel-generations",
    rule: "from 4.8 on a timer is never early",
    broken: fact("4.9", "coarseTimers", false),
    fails: { "kernel-generations/4.9": "drain > drain in 3.17" },
  },
  {
    scenario: "kernel-generations",
    rule: "from 6.1.146 on the last message may not overshoot the buffer",
    broken: fact("6.1.146", "admission", "old"),
    fails: { "kernel-generations/6.1.146": "socket.capacityMessages < socket.capacityMessages in 5.19" },
  },
  {
    scenario: "inverted-deadline",
    rule: "up to 6.18.39 a run of the worker ends after one delivery",
    broken: fact("6.18.39", "invertedDeadline", false),
    fails: { "inverted-deadline/6.18.39": "redelivery.mostInOneRun == 1" },
  },
  {
    scenario: "openwrt-reliable-is-not",
    rule: "with a chain of notifiers the caller never hears of a refusal",
    broken: method(Ctnetlink, "send", function (this: Ctnetlink, ...message: Parameters<typeof tell>) {
      return tell.apply(Object.create(this, { chainEvents: { value: false } }), message);
    }),
    fails: { "openwrt-reliable-is-not/chain-events": "dying.peak == 0" },
  },
  {
    scenario: "conntrackd-defaults",
    rule: "a resync purges what the kernel does not list",
    broken: method(DaemonView, "purge", () => {}),
    fails: { "conntrackd-defaults/defaults": "daemon.stale == 0" },
  },
  {
    scenario: "conntrackd-defaults",
    rule: "an ENOBUFS doubles the buffer",
    broken: method(NetlinkSocket, "forceRcvbuf", () => {}),
    fails: { "conntrackd-defaults/defaults": "new.lost == 0" },
  },
  {
    scenario: "dead-reader",
    rule: "a reader that stops at ENOBUFS reads nothing more",
    broken: method(Reader, "overrun", () => {}),
    fails: { "dead-reader/reliable": "dying.final == 100% of table.max" },
  },
  {
    scenario: "two-listeners",
    rule: "a resend goes to those who took the DESTROY before, too",
    broken: method(NetlinkSocket, "offer", function (this: NetlinkSocket, ...message: Parameters<typeof offer>) {
      const [kind, , entry, fields] = message;
      if (kind !== KIND_DESTROY || this.broadcastError) return offer.apply(this, message);
      const taken = takenBy(this);
      const key = `${fields.tupleOf(entry)} ${fields.idOf(entry)}`;
      if (taken.has(key)) return true;
      const admitted = offer.apply(this, message);
      if (admitted) taken.add(key);
      return admitted;
    }),
    fails: { "two-listeners": "otherListeners[0].daemon.duplicates == destroy.refused" },
  },
  {
    scenario: "late-listener",
    rule: "from 5.19 on a connection made while nobody listens raises no event",
    broken: fact("6.18.44", "events", "on"),
    fails: { "late-listener/6.18.44": "daemon.received.destroy == scenario.secondFlood.connections" },
  },
  {
    scenario: "drop-update-group",
    rule: "a listener gets messages of the groups that it joined, and no others",
    broken: method(Broadcast, "send", function (this: Broadcast, ...message: Parameters<typeof send>) {
      for (const socket of (this as unknown as Sockets).sockets) socket.groups = 7;
      return send.apply(this, message);
    }),
    fails: { "drop-update-group/new-destroy": "daemon.received.update == 0" },
  },
  {
    scenario: "two-workers-reorder",
    rule: "a decoder is done when its own message is",
    broken: method(Decoders, "take", function (this: Decoders, ...[message, doneAt]: Parameters<typeof take>) {
      const { decoders } = this as unknown as InFlight;
      take.call(this, message, Math.max(doneAt, ...decoders.map((other) => (other.busy ? other.doneAt : 0))));
    }),
    fails: { "two-workers-reorder/two-decoders": "daemon.reordered > 10% of table.created" },
  },
];

const taken = new WeakMap<NetlinkSocket, Set<string>>();

/** The entries whose DESTROY a socket took. */
function takenBy(socket: NetlinkSocket): Set<string> {
  const entries = taken.get(socket) ?? new Set();
  taken.set(socket, entries);
  return entries;
}

async function whileBroken<T>({ target, name, to }: Change, run: () => Promise<T>): Promise<T> {
  const whole = Object.getOwnPropertyDescriptor(target, name)!;
  Object.defineProperty(target, name, { ...whole, ...to });
  try {
    return await run();
  } finally {
    Object.defineProperty(target, name, whole);
  }
}

const files = libraryFiles();

test("every scenario has a rule whose breaking it notices", () => {
  const names = new Set(MUTATIONS.map(({ scenario }) => scenario));
  assert.deepEqual(
    [...names].sort(),
    files.map(({ name }) => name),
  );
});

for (const { scenario, rule, broken, fails, alsoBreaks = [] } of MUTATIONS) {
  test(`${scenario} would fail if it were not so that ${rule}`, async () => {
    const file = files.find(({ name }) => name === scenario)!.scenario;
    const suite = await whileBroken(broken, () => judged(file));
    for (const [name, expression] of Object.entries(fails)) {
      const expectations = suite.scenarios.find((one) => one.name === name)?.expectations ?? [];
      const verdict = expectations.find((one) => one.expression === expression);
      assert.equal(verdict?.ok, false, `${name}: ${expression} (is ${verdict?.actual}, against ${verdict?.limit})`);
    }
    assert.deepEqual(brokenInvariants(suite), alsoBreaks);
  });
}
