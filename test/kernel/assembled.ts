/**
 * The kernel's mechanisms without sockets and without a run, for tests of one of them at a time: the table, timers,
 * deletion, packets, events and redelivery of a release, wired as the simulation wires them. The test decides what
 * becomes of each message, moves the time and sees every event bit that was raised. Timer generation only. It tests
 * nothing itself.
 */
import { KernelClock } from "../../src/kernel/clock.js";
import { Deletion } from "../../src/kernel/conntrack/deletion.js";
import { TimerExpiry } from "../../src/kernel/conntrack/expiry.js";
import { PacketPath } from "../../src/kernel/conntrack/packet.js";
import {
  IPCT_ASSURED,
  IPCT_DESTROY,
  IPCT_NEW,
  IPCT_PROTOINFO,
  IPCT_RELATED,
  IPCT_REPLY,
} from "../../src/kernel/conntrack/status.js";
import { ConntrackTable, DYING, NIL } from "../../src/kernel/conntrack/table.js";
import { EventCache, type EventObserver, type MessageSink } from "../../src/kernel/events/ecache.js";
import type { MessageKind } from "../../src/kernel/events/kinds.js";
import { TimerRedelivery } from "../../src/kernel/events/redelivery/timer.js";
import { type Release, releaseFor } from "../../src/kernel/release.js";
import { TimerWheel } from "../../src/kernel/timer-wheel.js";
import type { Path, Protocol } from "../../src/scenario/scenario.js";

export const HZ = 250;
/** Jiffies at the start, and the window of the retry delays. */
const BOOT = 100_000;
export const WINDOW = 15 * HZ;

export interface Sent {
  kind: MessageKind;
  entry: number;
  tuple: number;
  withProtoinfo: boolean;
  withPortid: boolean;
  ok: boolean;
}

/** Takes every message, and answers what the test wants. */
export class ScriptedSink implements MessageSink {
  sent: Sent[] = [];
  /** Whether a message is delivered. */
  accepts: (message: Omit<Sent, "ok">) => boolean = () => true;
  table!: ConntrackTable;

  send(kind: MessageKind, entry: number, withProtoinfo: boolean, withPortid: boolean): boolean {
    const message = { kind, entry, tuple: this.table.tupleOf(entry), withProtoinfo, withPortid };
    const ok = this.accepts(message);
    this.sent.push({ ...message, ok });
    return ok;
  }

  hasListener(): boolean {
    return true;
  }

  stampDestroy(): void {}

  /** What was sent since the last call. */
  taken(): Sent[] {
    const { sent } = this;
    this.sent = [];
    return sent;
  }
}

/** The event cache, which also remembers the bits that were raised since the test last looked. */
class WatchedCache extends EventCache {
  bits = 0;

  override cache(entry: number, bits: number): void {
    this.bits |= bits;
    super.cache(entry, bits);
  }
}

export interface AssembledOptions {
  version?: string;
  protocol?: Protocol;
  path?: Path;
  max?: number;
  buckets?: number;
  hashSeed?: number;
  /** The draws of the retry delays. */
  random32?: () => number;
  observer?: EventObserver;
}

export const NOBODY: EventObserver = {
  raised: () => {},
  attempted: () => {},
  raisedAndAttempted: () => {},
  freed: () => {},
};

export class Assembled {
  readonly release: Release;
  readonly clock = new KernelClock(HZ, BOOT, 0);
  readonly table: ConntrackTable;
  readonly timers: TimerWheel;
  readonly sink = new ScriptedSink();
  readonly deletion: Deletion;
  readonly redelivery: TimerRedelivery;
  readonly packets: PacketPath;
  private readonly watched: WatchedCache;

  constructor(options: AssembledOptions = {}) {
    const { clock, sink } = this;
    this.release = releaseFor(options.version ?? "2.6.31")!;
    this.table = new ConntrackTable({
      buckets: options.buckets ?? 64,
      max: options.max ?? 0,
      capacity: 16,
      hashSeed: options.hashSeed ?? 0x5eed,
    });
    const { table, release } = this;
    sink.table = table;
    this.timers = new TimerWheel(clock, table.records, release.timerSlack);
    this.watched = new WatchedCache(table, sink, options.observer ?? NOBODY, release);
    const expiry = new TimerExpiry(clock, this.timers);
    this.deletion = new Deletion(table, expiry, this.watched, release);
    // Far apart and never 0, where the test does not care.
    const random32 = options.random32 ?? (() => WINDOW - 1);
    this.redelivery = new TimerRedelivery(clock, this.timers, this.deletion, random32, WINDOW);
    this.watched.redelivery = this.redelivery;
    this.packets = new PacketPath({
      clock,
      table,
      expiry,
      events: this.watched,
      deletion: this.deletion,
      release,
      protocols: [options.protocol ?? "udp"],
      families: ["ipv4"],
      path: options.path ?? "forward",
      timeoutsSeconds: release.timeoutsSeconds,
      random32: () => 0,
    });
  }

  get cache(): EventCache {
    return this.watched;
  }

  /** The names of the bits that were raised since the last call, lowest bit first. */
  raisedBits(): string[] {
    const bits = this.watched.bits;
    this.watched.bits = 0;
    return bitNames(bits);
  }

  /** The active entry of a conversation, or NIL. */
  entryOf(tuple: number): number {
    const node = this.table.find(tuple, 0);
    return node === NIL ? NIL : node >> 1;
  }

  /** Jiffies until the timer of an entry fires. */
  jiffiesLeft(entry: number): number {
    return this.timers.expiresAt(entry) - this.clock.jiffies;
  }

  /** Lets jiffies pass; timers fire at theirs, as in a run. */
  wait(jiffies: number): void {
    const { clock, timers, table } = this;
    const target = clock.jiffies + jiffies;
    for (let jiffy = timers.nextJiffy(); jiffy >= 0 && jiffy <= target; jiffy = timers.nextJiffy()) {
      clock.now = clock.timeOf(jiffy);
      timers.fire(jiffy);
      for (let entry = timers.take(); entry >= 0; entry = timers.take()) {
        if (table.placeOf(entry) === DYING) this.redelivery.fire(entry);
        else this.deletion.expire(entry);
      }
    }
    clock.now = clock.timeOf(target);
  }
}

const NAMES: readonly (readonly [number, string])[] = [
  [IPCT_NEW, "NEW"],
  [IPCT_RELATED, "RELATED"],
  [IPCT_DESTROY, "DESTROY"],
  [IPCT_REPLY, "REPLY"],
  [IPCT_ASSURED, "ASSURED"],
  [IPCT_PROTOINFO, "PROTOINFO"],
];

export function bitNames(bits: number): string[] {
  return NAMES.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
}
