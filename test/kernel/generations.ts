/**
 * The kernel's mechanisms of any release without sockets and without a run, for tests of the newer generations: table,
 * expiry, gc, deletion, packets, events and redelivery, wired as the simulation wires them. The test decides what
 * becomes of each message, moves the time and lets the workers run. It tests nothing itself.
 */
import assert from "node:assert/strict";
import { KernelClock } from "../../src/kernel/clock.js";
import { Deletion } from "../../src/kernel/conntrack/deletion.js";
import { type Expiry, LazyExpiry, TimerExpiry } from "../../src/kernel/conntrack/expiry.js";
import { gcWorkerOf } from "../../src/kernel/conntrack/gc/eras.js";
import type { GcWorker } from "../../src/kernel/conntrack/gc/gc-worker.js";
import { PacketPath, type Verdict } from "../../src/kernel/conntrack/packet.js";
import { type Direction, ORIGINAL, REPLY } from "../../src/kernel/conntrack/status.js";
import { ConntrackTable, NIL } from "../../src/kernel/conntrack/table.js";
import { ACK } from "../../src/kernel/conntrack/trackers/tcp-states.js";
import { EventCache } from "../../src/kernel/events/ecache.js";
import { KIND_DESTROY } from "../../src/kernel/events/kinds.js";
import { EvictListRedelivery } from "../../src/kernel/events/redelivery/evict-list.js";
import type { Redelivery } from "../../src/kernel/events/redelivery/redelivery.js";
import { TimerRedelivery } from "../../src/kernel/events/redelivery/timer.js";
import { WorkqueueRedelivery } from "../../src/kernel/events/redelivery/workqueue.js";
import { RELEASES, type Release, releaseFor } from "../../src/kernel/release.js";
import { TimerWheel } from "../../src/kernel/timer-wheel.js";
import type { Path, Protocol, TimeoutKey } from "../../src/scenario/scenario.js";
import { NOBODY, ScriptedSink, type Sent } from "./assembled.js";

/** A multiple of every granularity up to 512 jiffies, so that a delay is met as late as it can be. */
const ALIGNED_JIFFIES = 512 * 200;

/** The versions of the release table, from one to the last before another. */
export function versions(from: string, before?: string): string[] {
  const all = RELEASES.map(({ version }) => version);
  const end = before === undefined ? all.length : all.indexOf(before);
  assert.ok(all.indexOf(from) >= 0 && end > all.indexOf(from), `no rows from ${from} to ${before}`);
  return all.slice(all.indexOf(from), end);
}

/** The versions of the release table whose row has a property. */
export function versionsWith(has: (release: Release) => boolean): string[] {
  return RELEASES.filter(has).map(({ version }) => version);
}

/** A sink that also says whether anybody listens. */
class ListenedSink extends ScriptedSink {
  listens = true;

  override hasListener(): boolean {
    return this.listens;
  }
}

export interface GenerationOptions {
  version: string;
  hz?: number;
  bootJiffies?: number;
  cpus?: number;
  protocol?: Protocol;
  path?: Path;
  max?: number;
  buckets?: number;
  hashSeed?: number;
  timeoutsSeconds?: Partial<Record<TimeoutKey, number>>;
  /** Where in its idle cycle the gc worker is at the start, in [0, 1). */
  gcPhase?: number;
  /** The longest time between two passes of the gc worker; without it the kernel's own. */
  gcIntervalSeconds?: number;
  /** The draws that limit the length of chains. */
  random32?: () => number;
}

export class Generation {
  readonly release: Release;
  readonly clock: KernelClock;
  readonly table: ConntrackTable;
  readonly timers: TimerWheel;
  readonly sink = new ListenedSink();
  readonly expiry: Expiry;
  readonly deletion: Deletion;
  readonly redelivery: Redelivery;
  readonly packets: PacketPath;
  /** Jiffies after which the gc worker asked to run again, in the order of its runs. */
  readonly gcDelays: number[] = [];
  private readonly gcOrNone: GcWorker | null;
  private readonly hz: number;

  constructor(options: GenerationOptions) {
    this.release = releaseFor(options.version)!;
    this.hz = options.hz ?? 250;
    this.clock = new KernelClock(this.hz, options.bootJiffies ?? ALIGNED_JIFFIES, 0);
    this.table = new ConntrackTable({
      buckets: options.buckets ?? 64,
      max: options.max ?? 0,
      capacity: 16,
      hashSeed: options.hashSeed ?? 0x5eed,
    });
    const { clock, table, release, sink } = this;
    sink.table = table;
    this.timers = new TimerWheel(clock, table.records, release.timerSlack);
    const cache = new EventCache(table, sink, NOBODY, release);
    this.expiry =
      release.gc === "none" ? new TimerExpiry(clock, this.timers) : new LazyExpiry(clock, table.records, 2 ** 18);
    this.deletion = new Deletion(table, this.expiry, cache, release);
    this.redelivery = this.redeliveryOf(options.cpus ?? 1);
    cache.redelivery = this.redelivery;
    const protocol = options.protocol ?? "udp";
    this.packets = new PacketPath({
      clock,
      table,
      expiry: this.expiry,
      events: cache,
      deletion: this.deletion,
      release,
      protocols: [protocol],
      families: ["ipv4"],
      path: options.path ?? "forward",
      timeoutsSeconds: { ...release.timeoutsSeconds, ...options.timeoutsSeconds },
      random32: options.random32 ?? (() => 0),
    });
    this.gcOrNone = this.expiry.lazy
      ? this.gcOf(protocol, options.gcPhase ?? 0, options.gcIntervalSeconds ?? null)
      : null;
  }

  private redeliveryOf(cpus: number): Redelivery {
    const { clock, deletion, release } = this;
    if (release.redelivery === "workqueue") return new WorkqueueRedelivery(clock, deletion, release, cpus);
    if (release.redelivery === "evict-list") return new EvictListRedelivery(clock, deletion, release);
    const window = 15 * clock.hz;
    return new TimerRedelivery(clock, this.timers, deletion, () => window - 1, window);
  }

  private gcOf(protocol: Protocol, phase: number, intervalSeconds: number | null): GcWorker {
    const { clock, table, expiry, deletion, release } = this;
    const tcp = protocol === "tcp";
    const gc = gcWorkerOf({ clock, table, expiry, deletion, release, tcp, phase, intervalSeconds })!;
    this.packets.whenEarlyDropFails = () => {
      gc.earlyDrop = true;
    };
    const schedule = gc.work.schedule.bind(gc.work);
    gc.work.schedule = (delay) => {
      this.gcDelays.push(delay);
      schedule(delay);
    };
    return gc;
  }

  get gc(): GcWorker {
    assert.ok(this.gcOrNone !== null, `${this.release.version} has no gc worker`);
    return this.gcOrNone;
  }

  /** One packet in the original direction of each conversation. */
  request(...tuples: number[]): Verdict[] {
    return tuples.map((tuple) => this.packets.packet(tuple, ORIGINAL, ACK));
  }

  reply(...tuples: number[]): Verdict[] {
    return tuples.map((tuple) => this.packets.packet(tuple, REPLY, ACK));
  }

  /** The active entry of a conversation, or NIL. */
  entryOf(tuple: number): number {
    const node = this.table.find(tuple, ORIGINAL);
    return node === NIL ? NIL : node >> 1;
  }

  /** Conversations that are active, of those given. */
  active(tuples: readonly number[]): number[] {
    return tuples.filter((tuple) => this.entryOf(tuple) !== NIL);
  }

  /** The first `count` tuples from `from` on of which the nodes in the given directions lie in the bucket. */
  tuplesIn(bucket: number, count: number, from = 0, directions: readonly Direction[] = [ORIGINAL, REPLY]): number[] {
    const tuples: number[] = [];
    for (let tuple = from; tuples.length < count; tuple++) {
      if (directions.every((direction) => this.table.bucketOf(tuple, direction) === bucket)) tuples.push(tuple);
    }
    return tuples;
  }

  /** No DESTROY is delivered any more. */
  refuseDestroy(): void {
    this.sink.accepts = ({ kind }) => kind !== KIND_DESTROY;
  }

  acceptAll(): void {
    this.sink.accepts = () => true;
  }

  /** New conversations that die at once, in this order, and cannot be delivered. */
  die(...tuples: number[]): void {
    const { accepts } = this.sink;
    this.request(...tuples);
    this.refuseDestroy();
    for (const tuple of tuples) assert.equal(this.deletion.evict(this.entryOf(tuple)), false);
    this.sink.accepts = accepts;
    this.sink.taken();
  }

  /** A new conversation that dies at once and is delivered at its first attempt. */
  dieDelivered(tuple: number): void {
    const { accepts } = this.sink;
    this.request(tuple);
    this.acceptAll();
    assert.equal(this.deletion.evict(this.entryOf(tuple)), true);
    this.sink.accepts = accepts;
    this.sink.taken();
  }

  /** Lets jiffies pass, and a fraction of one; timers fire at theirs, workers do not run. */
  wait(jiffies: number): void {
    const { clock, timers } = this;
    const target = clock.now + (jiffies * 1e9) / this.hz;
    for (let next = timers.nextJiffy(); next >= 0 && clock.timeOf(next) <= target; next = timers.nextJiffy()) {
      clock.now = clock.timeOf(next);
      timers.fire(next);
      for (let entry = timers.take(); entry >= 0; entry = timers.take()) this.deletion.expire(entry);
    }
    clock.now = target;
  }

  waitSeconds(seconds: number): void {
    this.wait(seconds * this.hz);
  }

  /** Ticks from now until the redelivery worker runs; it runs at a tick. */
  get ticksUntilWorker(): number {
    const { clock, redelivery } = this;
    assert.equal(clock.timeOf(clock.jiffiesAt(redelivery.due)), redelivery.due);
    return clock.jiffiesAt(redelivery.due) - clock.jiffies;
  }

  get workerIsIdle(): boolean {
    return this.redelivery.due === Number.POSITIVE_INFINITY && !this.redelivery.running;
  }

  /**
   * The next run of the redelivery worker, from when it is due to its end: what it sent. `afterStep`: time may pass.
   */
  runWorker(afterStep: () => void = () => {}): Sent[] {
    const { clock, redelivery, sink } = this;
    assert.ok(redelivery.due < Number.POSITIVE_INFINITY, "the worker has nothing to do");
    clock.now = Math.max(clock.now, redelivery.due);
    sink.taken();
    do {
      redelivery.step();
      afterStep();
    } while (redelivery.running);
    return sink.taken();
  }

  /** The next run of the gc worker: the buckets that it looked at and the jiffies after which it wants to run again. */
  runGc(betweenSteps: () => void = () => {}): { buckets: number; delay: number } {
    const { clock, gc } = this;
    clock.now = Math.max(clock.now, gc.work.due);
    let buckets = 0;
    for (;;) {
      gc.step();
      buckets += gc.bucketsSearched + gc.dyingSearched;
      if (!gc.running) return { buckets, delay: this.gcDelays.at(-1)! };
      betweenSteps();
    }
  }
}

/** Tuples of what was sent, or with a mark those that were refused. */
export function tuplesOf(sent: readonly Sent[]): string {
  return sent.map(({ tuple, ok }) => (ok ? `${tuple}` : `${tuple} refused`)).join(", ");
}

/** Delivers so many DESTROYs and refuses all others. */
export function roomFor(k: Generation, messages: number): void {
  let room = messages;
  k.sink.accepts = ({ kind }) => kind !== KIND_DESTROY || --room >= 0;
}
