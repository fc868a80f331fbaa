/**
 * One run on the running kernel: the phases of the experiment in real time, inside the namespace. It owns the order of things
 * and the waiting; packets are the flood's, events the listeners', the table the kernel's. What it saw is left in plain
 * fields for live-report.ts. Times are nanoseconds from the first packet.
 *
 * The event loop turns between slices of a few milliseconds, so that progress goes out and a request to stop comes in. A flood and
 * a flush hold the first CPU, the readers have the second, as in the simulator.
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Observer, Progress } from "../report/backend.js";
import { TimelineRows } from "../report/timeline-rows.js";
import type { Scenario } from "../scenario/scenario.js";
import { Streams } from "../scenario/streams.js";
import type { TableStatistics } from "../wire/conntrack-messages.js";
import { scriptOf } from "../workload/script.js";
import { Workload } from "../workload/workload.js";
import { now } from "./clock.js";
import type { SocketRow } from "./host/kernel-files.js";
import { NamespaceKernel } from "./host/namespace-kernel.js";
import type { SystemCalls } from "./host/system-calls.js";
import { Conntrackd } from "./readers/conntrackd.js";
import { Listener } from "./readers/listener.js";
import type { LiveReader, ReaderResult } from "./readers/live-reader.js";
import { Flood, type Traffic } from "./traffic/flood.js";
import { TcpTraffic } from "./traffic/tcp-traffic.js";
import { UdpTraffic } from "./traffic/udp-traffic.js";

const SLICE_NANOSECONDS = 20_000_000;
const PROGRESS_NANOSECONDS = 50_000_000;
/** Sleeps end late by up to so much: the rest of a pause is spent awake. */
const SPIN_NANOSECONDS = 60_000;
/** Between two looks at the table after the flush. */
const LOOK_MILLISECONDS = 2;
/** Of a large buffer, how much may wait where the reader is meant to be caught up. */
const CAUGHT_UP_EVENTS = 1000;
const SHORTEST_TCP_WITH_ACK = 7;

export interface Ending {
  statistics: TableStatistics;
  /** One per listener, in the order of the scenario. */
  listeners: readonly ListenerEnding[];
}

interface ListenerEnding {
  result: ReaderResult;
  row: SocketRow;
}

export class LiveRun {
  readonly scenario: Scenario;
  readonly kernel: NamespaceKernel;
  readonly listeners: readonly LiveReader[];
  readonly timeline = new TimelineRows<readonly (number | null)[]>();
  /** Connections made and refused, in both floods. */
  created = 0;
  refused = 0;
  private readonly streams: Streams;
  private readonly traffic: Traffic;
  private readonly observer: Observer;
  private phase: Progress["phase"] = "flood";
  private start = 0;
  private progressDue = 0;
  /** The connections that may be alive: all of the flood, none after the flush, those of the second flood. */
  private living = { since: 0, created: 0, refused: 0 };
  private readonly shortestTimeout: number;

  floodNanoseconds = 0;
  flushAt: number | null = null;
  flushEndedAt: number | null = null;
  countBeforeFlush: number | null = null;
  /** Whether entries may have ended before the flush. */
  diedBeforeFlush = false;
  countAfterFlush = 0;
  dropsBeforeFlush: number | null = null;
  newBeforeFlush = 0;
  dropsAfterFlush = 0;
  /** From the flush on: seconds since it began, count, rmem, drops, DESTROY received, ENOBUFS. */
  readonly looks: (readonly number[])[] = [];
  peakDying: number | null = 0;
  peakDyingAt = 0;
  emptiedAt: number | null = null;
  endCount = 0;
  interrupted = false;

  /** `conntrackd`: it is the first listener, and not a thread of ours. */
  constructor(scenario: Scenario, conntrackd: boolean, calls: SystemCalls, observer: Observer) {
    this.scenario = scenario;
    this.observer = observer;
    this.streams = new Streams(scenario.seed);
    this.shortestTimeout = shortestTimeoutNanoseconds(scenario);
    const cpus = calls.allowedCpus();
    calls.sharpenTimers();
    calls.pinTo(cpus[0]!);
    this.kernel = new NamespaceKernel(calls, scenario);
    const readerCpu = scenario.cpus === 2 ? cpus[1]! : cpus[0]!;
    // A process is born on the CPU of the thread that starts it.
    calls.pinTo(readerCpu);
    this.listeners = scenario.listeners.map((listener, index) =>
      conntrackd && index === 0
        ? new Conntrackd(listener, calls.mountMemory)
        : new Listener(scenario, index, calls, readerCpu),
    );
    calls.pinTo(cpus[0]!);
    this.traffic =
      scenario.protocol === "tcp"
        ? new TcpTraffic(calls, scenario.packets >= SHORTEST_TCP_WITH_ACK)
        : new UdpTraffic(calls, scenario.udpPortOpen);
  }

  async run(): Promise<Ending> {
    for (const listener of this.listeners) await listener.opened();
    this.start = now();
    for (const listener of this.listeners) listener.begin(this.start);
    await this.flood("arrivals", this.scenario.connections, 0, 0);
    this.floodNanoseconds = this.elapsed;
    await this.sleepUntil(this.floodNanoseconds + this.scenario.flushDelayNanoseconds);
    if (!this.over) await this.flush();
    this.phase = "drain";
    if (!this.over) await this.watch();
    return this.conclude();
  }

  get elapsed(): number {
    return now() - this.start;
  }

  /** Entries alive of those that the table counts; null: some may be dying, and the kernel does not tell which. */
  active(count: number): number | null {
    if (count === 0 || this.living.created === 0) return 0;
    if (this.mayHaveDied) return null;
    return this.living.created;
  }

  /** Whether entries may have ended without a flush: by a timeout, or by early_drop in a full table. */
  get mayHaveDied(): boolean {
    const { since, created, refused } = this.living;
    const full = refused > 0 || created > this.scenario.nfConntrackMax;
    return full || this.elapsed - since >= this.shortestTimeout;
  }

  /** When the observed daemon last believed in nothing any more; the first packet where it never believed in anything. */
  get inSyncAt(): number | null {
    const at = this.listeners[0]!.inSyncNanoseconds;
    return at === null ? null : Math.max(0, at - this.start);
  }

  private get delivered(): number {
    const { received } = this.listeners[0]!;
    return received.new + received.update + received.destroy;
  }

  private get over(): boolean {
    return this.interrupted || this.elapsed >= this.scenario.limitSeconds * 1e9;
  }

  private async flood(
    stream: string,
    connections: number,
    startNanoseconds: number,
    firstTuple: number,
  ): Promise<void> {
    const { scenario } = this;
    const workload = new Workload(
      {
        connections,
        ratePerSecond: scenario.ratePerSecond,
        arrivals: scenario.arrivals,
        burstConnections: scenario.burstConnections,
        script: scriptOf(scenario.protocol, scenario.packets),
        packetGapNanoseconds: scenario.packetGapNanoseconds,
        firstTuple,
        tuples: null,
        startNanoseconds,
      },
      this.streams.of(stream),
    );
    const flood = new Flood(workload, this.traffic, scenario.packets);
    const before = { created: this.created, refused: this.refused };
    this.living = { since: startNanoseconds, created: 0, refused: 0 };
    let sliceEnd = 0;
    while (flood.due !== Number.POSITIVE_INFINITY && !this.over) {
      const at = this.elapsed;
      if (at >= sliceEnd) {
        await this.breathe();
        sliceEnd = this.elapsed + SLICE_NANOSECONDS;
      } else if (flood.due - at > SPIN_NANOSECONDS) {
        await this.sleepUntil(flood.due);
      } else if (flood.due <= at && !this.readersLag) {
        flood.sendDue(at);
        this.created = before.created + flood.created;
        this.refused = before.refused + flood.refused;
        this.living.created = flood.created;
        this.living.refused = flood.refused;
      }
    }
  }

  /** A reader that is caught up until the flush is what the experiment promises, however fast the sender is. */
  private get readersLag(): boolean {
    const { scenario } = this;
    if (this.flushAt !== null || scenario.ratePerSecond !== null) return false;
    return this.listeners.some(
      (listener) =>
        listener.scenario.slowFrom === "flush" &&
        listener.scenario.smallFrom === "flush" &&
        listener.scenario.joins === "start" &&
        listener.scenario.groups.includes("new") &&
        this.created - listener.received.new > CAUGHT_UP_EVENTS,
    );
  }

  private async flush(): Promise<void> {
    const { scenario, listeners, kernel } = this;
    for (const listener of listeners) await listener.prepareFlush();
    this.sample();
    this.countBeforeFlush = kernel.count();
    this.diedBeforeFlush = this.mayHaveDied;
    this.dropsBeforeFlush = listeners[0]!.row().drops;
    this.newBeforeFlush = listeners[0]!.received.new;
    this.flushAt = this.elapsed;
    this.phase = "flush";
    for (const listener of listeners) listener.flushBegins(this.start + this.flushAt);
    if (scenario.flush) {
      kernel.flush();
      this.living = { since: this.elapsed, created: 0, refused: 0 };
    }
    this.flushEndedAt = this.elapsed;
    this.countAfterFlush = kernel.count();
    this.dropsAfterFlush = listeners[0]!.row().drops;
    this.look();
    if (this.emptiedAt !== null) this.emptiedAt = this.flushEndedAt;
    await this.breathe();
  }

  private async watch(): Promise<void> {
    const second = this.scenario.secondFlood;
    let secondAt = second === null ? Number.POSITIVE_INFINITY : this.flushAt! + second.afterFlushSeconds * 1e9;
    while (!this.over) {
      if (this.elapsed >= secondAt) {
        secondAt = Number.POSITIVE_INFINITY;
        await this.flood("second arrivals", second!.connections, this.elapsed, this.scenario.connections);
      }
      const count = this.look();
      const rmem = this.listeners.map((listener) => listener.row().rmemBytes);
      const read = this.listeners.every((listener, index) => listener.idle(rmem[index]!));
      if (count === 0 && read && secondAt === Number.POSITIVE_INFINITY) return;
      await this.breathe();
      await setTimeout(LOOK_MILLISECONDS);
    }
  }

  /** Looks at the table's count and keeps what the report says of the dying list. */
  private look(): number {
    const count = this.kernel.count();
    const observed = this.listeners[0]!;
    const { rmemBytes, drops } = observed.row();
    const seconds = (this.elapsed - this.flushAt!) / 1e9;
    this.looks.push([seconds, count, rmemBytes, drops, observed.received.destroy, observed.enobufs]);
    const active = this.active(count);
    const dying = active === null ? null : count - active;
    const at = this.elapsed;
    if (dying === null) this.peakDying = null;
    else if (this.peakDying !== null && dying > this.peakDying) {
      this.peakDying = dying;
      this.peakDyingAt = at;
    }
    if (dying !== 0) this.emptiedAt = null;
    else this.emptiedAt ??= at;
    return count;
  }

  private sample(): void {
    if (this.elapsed < this.timeline.due) return;
    const count = this.kernel.count();
    const active = this.active(count);
    const row = this.listeners[0]!.row();
    const dying = active === null ? null : count - active;
    this.timeline.add([this.elapsed / 1e9, active, dying, row.rmemBytes, this.delivered, row.drops]);
  }

  private async breathe(): Promise<void> {
    this.sample();
    if (this.elapsed >= this.progressDue) await this.tellProgress();
    await setImmediate();
    this.interrupted ||= this.observer.stopRequested();
  }

  private async tellProgress(): Promise<void> {
    this.progressDue = this.elapsed + PROGRESS_NANOSECONDS;
    const count = this.kernel.count();
    const active = this.active(count) ?? count;
    await this.observer.progress({
      phase: this.phase,
      seconds: this.elapsed / 1e9,
      created: this.created,
      active,
      dying: count - active,
      delivered: this.delivered,
    });
  }

  private async sleepUntil(due: number): Promise<void> {
    while (!this.over && due - this.elapsed > SPIN_NANOSECONDS) {
      const milliseconds = (due - this.elapsed - SPIN_NANOSECONDS) / 1e6;
      if (milliseconds >= 2) {
        await setTimeout(Math.min(milliseconds - 1, SLICE_NANOSECONDS / 1e6));
        await this.breathe();
      } else {
        Atomics.wait(SLEEPER, 0, 0, milliseconds);
      }
    }
  }

  private async conclude(): Promise<Ending> {
    this.endCount = this.kernel.count();
    const rows = this.listeners.map((listener) => listener.row());
    const results = await Promise.all(this.listeners.map((listener) => listener.stop()));
    const statistics = this.kernel.statistics();
    this.traffic.close();
    return { statistics, listeners: results.map((result, index) => ({ result, row: rows[index]! })) };
  }
}

/** States that no connection of a flood comes to: it is never reset, and nobody opens from both ends. */
const NEVER_SEEN = ["tcp_close", "tcp_syn_sent2"];

/** From when on entries of this protocol may expire. */
function shortestTimeoutNanoseconds({ timeoutsSeconds, protocol }: Scenario): number {
  const own = Object.entries(timeoutsSeconds).filter(([key]) => key.startsWith(protocol) && !NEVER_SEEN.includes(key));
  return Math.min(...own.map(([, seconds]) => seconds)) * 1e9;
}

/** A place in memory that nobody changes: waiting on it is a sleep to the microsecond. */
const SLEEPER = new Int32Array(new SharedArrayBuffer(4));
