/**
 * One simulated kernel, wired: table, timers, trackers, events, redelivery, sockets. It owns the wiring only; each
 * mechanism is one file below kernel/.
 */
import type { DaemonView } from "../daemon/view.js";
import { KernelClock } from "../kernel/clock.js";
import { Deletion } from "../kernel/conntrack/deletion.js";
import { type Expiry, LazyExpiry, TimerExpiry } from "../kernel/conntrack/expiry.js";
import { gcWorkerOf } from "../kernel/conntrack/gc/eras.js";
import type { GcWorker } from "../kernel/conntrack/gc/gc-worker.js";
import { PacketPath } from "../kernel/conntrack/packet.js";
import { ACTIVE, ConntrackTable } from "../kernel/conntrack/table.js";
import { Ctnetlink } from "../kernel/events/ctnetlink.js";
import { EventCache } from "../kernel/events/ecache.js";
import { groupBits } from "../kernel/events/kinds.js";
import { EvictListRedelivery } from "../kernel/events/redelivery/evict-list.js";
import type { Redelivery } from "../kernel/events/redelivery/redelivery.js";
import { TimerRedelivery } from "../kernel/events/redelivery/timer.js";
import { WorkqueueRedelivery } from "../kernel/events/redelivery/workqueue.js";
import { Broadcast } from "../kernel/netlink/broadcast.js";
import { DumpingSocket } from "../kernel/netlink/dumping-socket.js";
import { FilteredBroadcast, type Passes, passesOf } from "../kernel/netlink/filtered-broadcast.js";
import { rcvbufBytes } from "../kernel/netlink/rcvbuf.js";
import { NetlinkSocket } from "../kernel/netlink/socket.js";
import { Prefetch } from "../kernel/prefetch.js";
import type { Release } from "../kernel/release.js";
import { TimerWheel } from "../kernel/timer-wheel.js";
import type { FullTable } from "../report/report.js";
import { type ListenerScenario, POLICY, type Scenario, type TimeoutKey } from "../scenario/scenario.js";
import type { Streams } from "../scenario/streams.js";
import { classesOf } from "../scenario/traffic.js";
import { firstTuplesOf } from "../workload/traffic.js";
import { Ledger } from "./ledger.js";
import { ListingLedger } from "./listing-ledger.js";

/** By nf_conntrack_events. */
const EVENTS = ["off", "on", "auto"] as const;
/** What a listener's socket has until the flush when it shall be caught up by then. */
const AMPLE_RCVBUF_BYTES = 128 * 1024 * 1024;
/** Jiffies at the first packet lie in a range this wide: a machine that has been up for some minutes. */
const BOOT_JIFFIES_RANGE = 1 << 16;

export class SimulatedKernel {
  readonly release: Release;
  readonly clock: KernelClock;
  readonly table: ConntrackTable;
  readonly prefetch: Prefetch;
  readonly timers: TimerWheel;
  /** Null where entries have timers. */
  readonly gc: GcWorker | null;
  readonly expiry: Expiry;
  readonly deletion: Deletion;
  readonly packets: PacketPath;
  readonly events: EventCache;
  readonly ctnetlink: Ctnetlink;
  readonly redelivery: Redelivery;
  readonly broadcast: Broadcast;
  readonly sockets: readonly NetlinkSocket[];
  /** By listener: which classes of traffic its filter lets pass. */
  readonly passes: readonly Passes[];
  readonly ledger: Ledger;
  /** What was in the table when a packet first found no room. */
  full: FullTable | null = null;

  /** `view`: of the observed listener's daemon. */
  constructor(scenario: Scenario, release: Release, streams: Streams, view: DaemonView) {
    const { hz, kernelConfig } = scenario;
    const classes = classesOf(scenario);
    const boot = streams.of("boot");
    const bootJiffies = BOOT_JIFFIES_RANGE + (boot.uint32() % BOOT_JIFFIES_RANGE);
    const clock = new KernelClock(hz, bootJiffies, boot.uint32() % Math.floor(1e9 / hz));
    const table = new ConntrackTable({
      buckets: scenario.buckets,
      max: scenario.nfConntrackMax,
      capacity: initialCapacity(scenario),
      hashSeed: boot.uint32(),
    });
    const timers = new TimerWheel(clock, table.records, release.timerSlack);
    const sockets = scenario.listeners.map((listener) => socketOf(listener, scenario, release, clock));
    const passes = scenario.listeners.map((listener) => passesOf(listener, classes));
    const broadcast = passes.some((one) => one !== null)
      ? new FilteredBroadcast(sockets, release, kernelConfig, passes, (entry) => table.classOf(entry))
      : new Broadcast(sockets, release, kernelConfig);
    const ctnetlink = new Ctnetlink(clock, table, broadcast, release, kernelConfig, classes);
    const firstTuples = firstTuplesOf(classes, scenario.tuples);
    const ledger = asksForDumps(scenario.listeners[0]!)
      ? new ListingLedger(clock, table, broadcast, view, sockets[0]!, firstTuples, passes[0])
      : new Ledger(table, broadcast, view, sockets[0]!, firstTuples, passes[0]);
    const cache = new EventCache(table, ctnetlink, ledger, { ...release, events: EVENTS[scenario.nfConntrackEvents] });
    const expiry =
      release.gc === "none"
        ? new TimerExpiry(clock, timers)
        : new LazyExpiry(clock, table.records, Math.ceil(scenario.limitSeconds * scenario.hz));
    const deletion = new Deletion(table, expiry, cache, release);
    const redelivery = redeliveryOf(scenario, release, streams, clock, timers, deletion);
    cache.redelivery = redelivery;
    const packets = new PacketPath({
      clock,
      table,
      expiry,
      events: cache,
      deletion,
      release,
      protocols: classes.map(({ protocol }) => protocol),
      families: classes.map(({ family }) => family),
      path: scenario.path,
      timeoutsSeconds: scenario.replay === null ? scenario.timeoutsSeconds : beyond(scenario),
      random32: streams.of("chain limits").uint32,
    });
    const tcp = classes.some(({ protocol }) => protocol === "tcp");
    const { gcIntervalSeconds: intervalSeconds } = scenario.kernelRules;
    const phase = expiry.lazy ? streams.of("gc").uniform() : 0;
    const gc = gcWorkerOf({ clock, table, expiry, deletion, release, tcp, phase, intervalSeconds });
    packets.whenEarlyDropFails = () => {
      this.full ??= fullTable(clock, table, expiry);
      if (gc !== null) gc.earlyDrop = true;
    };
    this.release = release;
    this.clock = clock;
    this.table = table;
    this.prefetch = new Prefetch(table);
    this.timers = timers;
    this.gc = gc;
    this.deletion = deletion;
    this.packets = packets;
    this.events = cache;
    this.ctnetlink = ctnetlink;
    this.redelivery = redelivery;
    this.broadcast = broadcast;
    this.sockets = sockets;
    this.passes = passes;
    this.ledger = ledger;
    this.expiry = expiry;
  }
  /** Entries that are dead, still in the hash and still counted. */
  get expired(): number {
    return expiredEntries(this.table, this.expiry);
  }
}

/**
 * An entry of a log that is replayed ends when the log says: no timeout of ours comes before that, or before the end
 * of the run.
 */
function beyond({ timeoutsSeconds, limitSeconds }: Scenario): Scenario["timeoutsSeconds"] {
  const keys = Object.keys(timeoutsSeconds) as TimeoutKey[];
  return Object.fromEntries(keys.map((key) => [key, Math.ceil(limitSeconds) + 1])) as Scenario["timeoutsSeconds"];
}

/** A walk over the whole table: at moments that come once in a run. */
function expiredEntries(table: ConntrackTable, expiry: Expiry): number {
  if (!expiry.lazy) return 0;
  let expired = 0;
  for (let entry = 0; entry < table.capacity; entry++) {
    if (table.placeOf(entry) === ACTIVE && expiry.isExpired(entry)) expired++;
  }
  return expired;
}

function fullTable(clock: KernelClock, table: ConntrackTable, expiry: Expiry): FullTable {
  const expired = expiredEntries(table, expiry);
  return { atSeconds: clock.now / 1e9, alive: table.active - expired, expired, dying: table.dying };
}

function redeliveryOf(
  scenario: Scenario,
  release: Release,
  streams: Streams,
  clock: KernelClock,
  timers: TimerWheel,
  deletion: Deletion,
): Redelivery {
  if (release.redelivery === "workqueue") return new WorkqueueRedelivery(clock, deletion, release, scenario.cpus);
  if (release.redelivery === "evict-list") return new EvictListRedelivery(clock, deletion, release);
  const windowJiffies = Math.round(scenario.graceMaxSeconds * scenario.hz);
  return new TimerRedelivery(clock, timers, deletion, streams.of("grace").uint32, windowJiffies);
}

/**
 * What the kernel makes of a listener's first request. One that grows its buffer is a conntrackd and asks with
 * SO_RCVBUFFORCE from the first time on (nfnl_rcvbufsiz() of libnfnetlink), so that net.core.rmem_max does not cap it.
 */
export function rcvbufOf(listener: ListenerScenario, scenario: Scenario, release: Release): number {
  const cap = listener.bufferMaxBytes === null && !listener.force ? scenario.rmemMaxBytes : listener.bufferBytes;
  return rcvbufBytes(listener.bufferBytes, cap, release);
}

function socketOf(listener: ListenerScenario, scenario: Scenario, release: Release, clock: KernelClock): NetlinkSocket {
  const ample = listener.smallFrom === "flush";
  const Socket = listener.dumpsOnEventSocket ? DumpingSocket : NetlinkSocket;
  const socket = new Socket({
    rcvbufBytes: ample ? AMPLE_RCVBUF_BYTES : rcvbufOf(listener, scenario, release),
    admission: release.admission,
    errorFirst: release.recvFindsErrorFirst,
    clock,
    ...POLICY[listener.policy],
    groups: hasEventSocket(listener) ? groupBits(listener.groups) : 0,
  });
  socket.open = hasEventSocket(listener) && listener.joins === "start";
  return socket;
}

/** A poll in place of events opens no socket for them. */
export function hasEventSocket({ poll }: ListenerScenario): boolean {
  return poll === null || poll.withEvents;
}

/** Dumps in parts: polls, and all dumps on the socket of events. */
export function asksForDumps({ poll, dumpsOnEventSocket }: ListenerScenario): boolean {
  return poll !== null || dumpsOnEventSocket;
}

/** Enough for what will be in the table at once where that is known; it grows otherwise. */
function initialCapacity(scenario: Scenario): number {
  const connections = scenario.connections + (scenario.secondFlood?.connections ?? 0);
  const limit = scenario.nfConntrackMax > 0 ? scenario.nfConntrackMax : connections;
  return Math.min(connections, limit) + 1;
}
