/**
 * One run on the running kernel: the phases of the experiment in real time, inside the namespace. It owns the order of
 * things and the waiting; packets are the flood's, events the listeners', the table the kernel's, what is seen of it
 * the watch's. What it saw is left in plain fields for report.ts. Times are nanoseconds from the first packet.
 *
 * The event loop turns between slices of a few milliseconds, so that progress goes out and a request to stop comes in.
 * A flood and a flush hold the first CPU, the readers have the second, as in the simulator.
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Observer, Progress } from "../../report/backend.js";
import type { Report } from "../../report/report.js";
import type { Scenario } from "../../scenario/scenario.js";
import { Streams } from "../../scenario/streams.js";
import type { TableStatistics } from "../../wire/conntrack-requests.js";
import { firstFlood, secondFlood, Traffic, type Flood as Wanted } from "../../workload/traffic.js";
import { now } from "../host/clock.js";
import type { SocketRow } from "../host/kernel-files.js";
import { NamespaceKernel } from "../host/namespace-kernel.js";
import type { SystemCalls } from "../host/system-calls.js";
import { Conntrackd } from "../readers/conntrackd.js";
import { Listener } from "../readers/listener.js";
import type { LiveReader, ReaderResult } from "../readers/live-reader.js";
import { Program, type ProgramCommand } from "../readers/program.js";
import { Flood, type FlowSender } from "../traffic/flood.js";
import { sendersOf } from "../traffic/senders.js";
import { connectOnce } from "../traffic/udp-sender.js";
import { Deletes } from "./deletes.js";
import { Lifetime } from "./lifetime.js";
import { TableWatch } from "./table-watch.js";

const NEVER = Number.POSITIVE_INFINITY;
const SLICE_NANOSECONDS = 20_000_000;
const PROGRESS_NANOSECONDS = 50_000_000;
/** Sleeps end late by up to so much: the rest of a pause is spent awake. */
const SPIN_NANOSECONDS = 60_000;
/** Between two looks at the table after the flush. */
const LOOK_MILLISECONDS = 2;

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
  /** The foreign program that reads; null: there is none. */
  readonly command: string | null;
  readonly lifetime: Lifetime;
  readonly watch: TableWatch;
  /** Connections made and refused, in both floods. */
  created = 0;
  refused = 0;
  /** By kind, in the first flood: connections made, and those whose first packet was sent or refused. */
  createdOf: readonly number[];
  openedOf: readonly number[];
  /** Null: none are asked for. */
  readonly deletes: Deletes | null;
  private readonly streams: Streams;
  private readonly senders: readonly FlowSender[];
  private readonly observer: Observer;
  private phase: Progress["phase"] = "flood";
  private start = 0;
  private progressDue = 0;
  private deletesWentLast = false;
  private secondFloodAt = NEVER;

  floodNanoseconds = 0;
  /** When the last packet was sent that opened a connection, in the first flood. */
  lastOpenedAt = 0;
  flushAt: number | null = null;
  flushEndedAt: number | null = null;
  /** Entries alive right before the flush; null: some may have died by themselves. */
  aliveBeforeFlush: number | null = null;
  /** Whether entries may have ended before the flush, by themselves or by deletes. */
  endedBeforeFlush = false;
  countAfterFlush = 0;
  dropsBeforeFlush: number | null = null;
  newBeforeFlush: number | null = 0;
  dropsAfterFlush = 0;
  endCount = 0;
  endAt = 0;
  interrupted = false;
  /** Whether everything that can be delivered and read was. */
  settled = false;
  /** Where the experiment is, and how much of each flood was made. */
  part: Report["endedDuring"] = "flood";
  opened = { first: 0, second: 0 };

  /** `daemon`: it is the first listener, and not a thread of ours. */
  constructor(
    scenario: Scenario,
    daemon: "conntrackd" | ProgramCommand | null,
    calls: SystemCalls,
    observer: Observer,
  ) {
    this.scenario = scenario;
    this.command = daemon === null || daemon === "conntrackd" ? null : daemon.text;
    this.observer = observer;
    this.streams = new Streams(scenario.seed);
    this.lifetime = new Lifetime(scenario);
    const cpus = calls.allowedCpus();
    calls.sharpenTimers();
    calls.pinTo([cpus[0]!]);
    this.kernel = new NamespaceKernel(calls, scenario, () => connectOnce(calls));
    const readerCpu = scenario.cpus === 2 ? cpus[1]! : cpus[0]!;
    // A process is born on the CPUs of the thread that starts it: a program of several threads may use all but the
    // flood's.
    calls.pinTo(scenario.cpus === 2 ? cpus.slice(1) : cpus);
    this.listeners = scenario.listeners.map((listener, index) => {
      if (index > 0 || daemon === null) {
        return new Listener(scenario, index, calls, { cpu: readerCpu, besideFillers: this.kernel.hasFillers });
      }
      if (daemon === "conntrackd") return new Conntrackd(listener, calls.mountMemory);
      return new Program(listener, daemon, calls, this.kernel.truesizeBytes, cpus[0]!);
    });
    calls.pinTo([cpus[0]!]);
    this.watch = new TableWatch(this.kernel, this.listeners[0]!, this.lifetime);
    this.senders = sendersOf(scenario, calls);
    this.createdOf = this.senders.map(() => 0);
    this.openedOf = this.senders.map(() => 0);
    const deletes = scenario.delete;
    this.deletes = deletes === null ? null : new Deletes(deletes, scenario, this.kernel, this.streams.of("deletes"));
  }

  async run(): Promise<Ending> {
    for (const listener of this.listeners) await listener.opened();
    this.start = now();
    for (const listener of this.listeners) listener.begin(this.start);
    const first = await this.flood(firstFlood(this.scenario, this.streams));
    this.createdOf = first.createdOf;
    this.openedOf = first.createdOf.map((count, index) => count + first.refusedOf[index]!);
    this.opened.first = this.created + this.refused;
    this.floodNanoseconds = this.elapsed;
    if (!this.over) this.part = "pause";
    await this.restUntil(this.floodNanoseconds + this.scenario.flushDelayNanoseconds);
    if (!this.over) await this.flush();
    this.phase = "drain";
    if (!this.over) {
      this.part = "drain";
      await this.drain();
    }
    return this.conclude();
  }

  /** Seconds from the first packet, of a time by the clock of all threads. */
  secondsAt(nanoseconds: number): number {
    return (nanoseconds - this.start) / 1e9;
  }

  get elapsed(): number {
    return now() - this.start;
  }

  /** Entries alive at the end; null: the kernel does not tell. */
  get endActive(): number | null {
    return this.lifetime.active(this.endCount, this.endAt);
  }

  /**
   * When the observed daemon last believed in nothing any more; the first packet where it never believed in anything.
   */
  get inSyncAt(): number | null {
    const at = this.listeners[0]!.inSyncNanoseconds;
    return at === null ? null : Math.max(0, at - this.start);
  }

  private get delivered(): number {
    const { received } = this.listeners[0]!;
    return (received.new ?? 0) + (received.update ?? 0) + (received.destroy ?? 0);
  }

  private get over(): boolean {
    return this.interrupted || this.elapsed >= this.scenario.limitSeconds * 1e9;
  }

  private async flood(wanted: Wanted): Promise<Flood> {
    const flood = new Flood(new Traffic(wanted, null), this.senders);
    const before = { created: this.created, refused: this.refused };
    this.lifetime.beginAt(wanted.startNanoseconds);
    let sliceEnd = 0;
    while (flood.due !== NEVER && !this.over) {
      const at = this.elapsed;
      if (at >= sliceEnd) {
        await this.breathe();
        sliceEnd = this.elapsed + SLICE_NANOSECONDS;
      } else if (this.deletesDue <= at && !(this.deletesWentLast && flood.due <= at)) {
        this.stepDeletes(at);
      } else if (flood.due - at > SPIN_NANOSECONDS) {
        await this.sleepUntil(Math.min(flood.due, this.deletesDue));
      } else if (flood.due <= at && !this.readersLag) {
        flood.sendDue(at);
        const { created, refused } = flood;
        if (before.created + created + before.refused + refused > this.created + this.refused && this.flushAt === null)
          this.lastOpenedAt = at;
        this.created = before.created + created;
        this.refused = before.refused + refused;
        this.lifetime.flooded(created, refused);
        this.deletesWentLast = false;
      }
    }
    return flood;
  }

  private get deletesDue(): number {
    return this.deletes?.due ?? NEVER;
  }

  /** Beside the flood they take turns, a step each. */
  private stepDeletes(at: number): void {
    const deletes = this.deletes!;
    const { entries } = deletes;
    deletes.step(at, this.phase === "drain" && this.secondFloodAt === NEVER);
    if (deletes.entries > entries) this.lifetime.entryDeleted();
    if (deletes.endedAt !== null) deletes.dyingAfter = this.dyingNow();
    this.deletesWentLast = true;
  }

  /** Until a time, but for the deletes that are due before. */
  private async restUntil(due: number): Promise<void> {
    let sliceEnd = this.elapsed + SLICE_NANOSECONDS;
    while (!this.over && due - this.elapsed > SPIN_NANOSECONDS) {
      const at = this.elapsed;
      if (this.deletesDue > at) await this.sleepUntil(Math.min(due, this.deletesDue));
      else this.stepDeletes(at);
      if (at < sliceEnd) continue;
      await this.breathe();
      sliceEnd = this.elapsed + SLICE_NANOSECONDS;
    }
  }

  private dyingNow(): number | null {
    const count = this.kernel.count();
    const active = this.lifetime.active(count, this.elapsed);
    return active === null ? null : count - active;
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
        listener.isBehind(this.created),
    );
  }

  private async flush(): Promise<void> {
    const { scenario, listeners, kernel } = this;
    for (const listener of listeners) await listener.prepareFlush();
    this.watch.sample(this.elapsed, this.delivered);
    this.aliveBeforeFlush = this.lifetime.active(kernel.count(), this.elapsed);
    this.endedBeforeFlush = this.aliveBeforeFlush === null || (this.deletes?.entries ?? 0) > 0;
    this.dropsBeforeFlush = listeners[0]!.row().drops;
    this.newBeforeFlush = listeners[0]!.received.new;
    this.flushAt = this.elapsed;
    this.phase = "flush";
    this.part = "flush";
    for (const listener of listeners) listener.flushBegins(this.start + this.flushAt);
    if (scenario.flush) {
      kernel.flush();
      this.lifetime.beginAt(this.elapsed);
    }
    this.flushEndedAt = this.elapsed;
    this.countAfterFlush = kernel.count();
    this.dropsAfterFlush = listeners[0]!.row().drops;
    this.watch.look(this.elapsed, this.flushAt);
    if (this.watch.emptiedAt !== null) this.watch.emptiedAt = this.flushEndedAt;
    await this.breathe();
  }

  private async drain(): Promise<void> {
    const second = this.scenario.secondFlood;
    if (second !== null) this.secondFloodAt = this.flushAt! + second.afterFlushSeconds * 1e9;
    while (!this.over) {
      if (this.elapsed >= this.secondFloodAt) {
        this.secondFloodAt = NEVER;
        this.part = "second flood";
        await this.flood(secondFlood(this.scenario, this.streams, this.elapsed));
        this.opened.second = this.created + this.refused - this.opened.first;
        if (!this.over) this.part = "drain";
      }
      if (this.deletesDue <= this.elapsed) await this.restUntil(this.elapsed + SLICE_NANOSECONDS);
      const count = this.watch.look(this.elapsed, this.flushAt!);
      const rmem = this.listeners.map((listener) => listener.row().rmemBytes);
      const read = this.listeners.every((listener, index) => listener.idle(rmem[index]!));
      const isOver = this.secondFloodAt === NEVER && this.deletesDue === NEVER;
      if (count === 0 && read && isOver) {
        this.settled = true;
        return;
      }
      await this.breathe();
      await setTimeout(LOOK_MILLISECONDS);
    }
  }

  private async breathe(): Promise<void> {
    this.watch.sample(this.elapsed, this.delivered);
    if (this.elapsed >= this.progressDue) await this.tellProgress();
    await setImmediate();
    this.interrupted ||= this.observer.stopRequested();
  }

  private async tellProgress(): Promise<void> {
    this.progressDue = this.elapsed + PROGRESS_NANOSECONDS;
    const count = this.kernel.count();
    const active = this.lifetime.active(count, this.elapsed) ?? count;
    await this.observer.progress({
      phase: this.phase,
      seconds: this.elapsed / 1e9,
      opened: this.created + this.refused,
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
    this.endAt = this.elapsed;
    const rows = this.listeners.map((listener) => listener.row());
    const results = await Promise.all(this.listeners.map((listener) => listener.stop()));
    const statistics = this.kernel.statistics();
    for (const sender of this.senders) sender.close();
    return { statistics, listeners: results.map((result, index) => ({ result, row: rows[index]! })) };
  }
}

/** A place in memory that never changes: waiting on it is a sleep to the microsecond. */
const SLEEPER = new Int32Array(new SharedArrayBuffer(4));
