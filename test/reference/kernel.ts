/**
 * A second conntrack, written to be obviously right and not to be fast: objects, arrays and sets in place of records of
 * numbers, and no cleverness. It was written from a description of the kernel alone, not from src/kernel/, so that a
 * mistake has to be made twice to stay hidden. Of the simulator it takes the row of the release, the clock, the hash
 * and the draws, and nothing else. Everything that happens is a line of `log`.
 */
import type { KernelClock } from "../../src/kernel/clock.js";
import type { Release } from "../../src/kernel/release.js";
import type { Family, Path, Protocol, TimeoutKey } from "../../src/scenario/scenario.js";
import { gcOf, type ReferenceGc } from "./gc.js";
import { type ReferenceRedelivery, redeliveryOf } from "./redelivery.js";
import type { Kind, ReferenceSocket } from "./socket.js";
import { withSlack } from "./timing.js";
import { judge, type Packet, type TcpState } from "./trackers.js";

export type Bit = "NEW" | "REPLY" | "ASSURED" | "PROTOINFO";

export interface Entry {
  number: number;
  tuple: number;
  place: "unconfirmed" | "active" | "dying" | "freed";
  hasEventCache: boolean;
  cache: Set<Bit>;
  missed: Set<Bit>;
  /** Whether a failed flush or delete has stored its requester's port. */
  portid: boolean;
  seenReply: boolean;
  assured: boolean;
  tcp: TcpState;
  closeBegan: boolean;
  lastWasRstOfOriginal: boolean;
  /** UDP: jiffies after which it may become a stream. */
  streamAfter: number;
  /** When it expires, in jiffies: of its timer, or of its deadline where there is none. */
  deadline: number;
}

interface Node {
  entry: Entry;
  direction: 0 | 1;
}

interface Timer {
  entry: Entry;
  expires: number;
}

export interface ReferenceOptions {
  protocol: Protocol;
  family: Family;
  path: Path;
  max: number;
  buckets: number;
  timeoutsSeconds: Readonly<Record<TimeoutKey, number>>;
  bucketOf: (tuple: number, direction: 0 | 1) => number;
  /** Draws of the retry delays and their window, draws of the limits of chains. */
  grace: () => number;
  graceJiffies: number;
  chainLimit: () => number;
}

export type Verdict = "accepted" | "table full" | "SYN dropped" | "chain too long";

const kindOf = (bits: ReadonlySet<Bit>): Kind => (bits.has("NEW") ? "NEW" : "UPDATE");

export class ReferenceKernel {
  readonly log: string[] = [];
  readonly dying: Entry[] = [];
  readonly redelivery: ReferenceRedelivery;
  readonly gc: ReferenceGc | null;
  /** Time passes in a run of the worker. */
  betweenRetries: () => void = () => {};
  count = 0;
  private readonly chains: Node[][];
  /** In the order in which they were armed. */
  private timers: Timer[] = [];
  private made = 0;
  private flushed = 0;

  constructor(
    readonly release: Release,
    readonly clock: KernelClock,
    readonly sockets: readonly ReferenceSocket[],
    readonly options: ReferenceOptions,
  ) {
    this.chains = Array.from({ length: options.buckets }, () => []);
    this.redelivery = redeliveryOf(this);
    this.gc = gcOf(this);
  }

  // Packets.

  packet(tuple: number, packet: Packet): Verdict {
    const direction = packet.reply ? 1 : 0;
    const known = this.lookUp(tuple, direction);
    const entry = known ?? this.create(tuple);
    if (entry === null) return "table full";
    const { protocol, family } = this.options;
    const { bits, timeout, fate } = judge(protocol, family, this.release.udp, entry, packet, this.clock.jiffies);
    if (fate === "reopen") {
      const delivered = this.evict(entry);
      if (!delivered && this.release.reopenNeedsDelivery) return "SYN dropped";
      return this.packet(tuple, packet);
    }
    if (fate === "kill") {
      this.evict(entry);
      return "accepted";
    }
    for (const bit of bits) this.raise(entry, bit);
    if (timeout !== null) this.refresh(entry, this.options.timeoutsSeconds[timeout] * this.clock.hz);
    if (packet.reply && !entry.seenReply) {
      entry.seenReply = true;
      this.raise(entry, "REPLY");
    }
    return this.confirm(entry);
  }

  /** An ICMP error quotes a packet, whose inverse is looked up. It passes the confirm hook and raises nothing. */
  icmpError(tuple: number): void {
    const entry = this.lookUp(tuple, 1);
    if (entry !== null) this.confirm(entry);
  }

  private create(tuple: number): Entry | null {
    const { options, release, clock } = this;
    this.count++;
    if (options.max > 0 && this.count > options.max && !this.earlyDrop(options.bucketOf(tuple, 0))) {
      this.count--;
      if (this.gc !== null) this.gc.earlyDrop = true;
      return null;
    }
    const somebodyListens = this.sockets.some(({ open, facts }) => open && facts.groups.length > 0);
    const entry: Entry = {
      number: this.made++,
      tuple,
      place: "unconfirmed",
      hasEventCache: release.events === "on" || (release.events === "auto" && somebodyListens),
      cache: new Set(),
      missed: new Set(),
      portid: false,
      seenReply: false,
      assured: false,
      tcp: "NONE",
      closeBegan: false,
      lastWasRstOfOriginal: false,
      streamAfter: clock.jiffies + 2 * clock.hz,
      deadline: 0,
    };
    this.log.push(`#${entry.number} created for ${tuple}`);
    return entry;
  }

  private confirm(entry: Entry): Verdict {
    if (entry.place === "unconfirmed") {
      if (!this.chainsHaveRoom(entry)) {
        this.free(entry);
        return "chain too long";
      }
      entry.place = "active";
      entry.deadline += this.clock.jiffies;
      if (!this.isLazy) this.arm(entry, entry.deadline);
      for (const direction of [0, 1] as const) {
        this.chains[this.options.bucketOf(entry.tuple, direction)]!.unshift({ entry, direction });
      }
      this.raise(entry, "NEW");
    }
    this.deliverCached(entry);
    if (this.options.path === "loopback") this.deliverCached(entry);
    return "accepted";
  }

  private chainsHaveRoom({ tuple }: Entry): boolean {
    const { chainLimit } = this.release;
    if (chainLimit === null) return true;
    const most = chainLimit.least + (this.options.chainLimit() % chainLimit.range);
    return ([0, 1] as const).every(
      (direction) => this.chains[this.options.bucketOf(tuple, direction)]!.length <= most + 1,
    );
  }

  /**
   * Before it is confirmed an entry keeps its timeout, after that its deadline. A timer that would fire less than a
   * second later stays; one that would fire earlier moves, because the kernel subtracts without a sign.
   */
  private refresh(entry: Entry, jiffies: number): void {
    const expires = this.clock.jiffies + jiffies;
    if (entry.place === "unconfirmed") entry.deadline = jiffies;
    else if (this.isLazy) entry.deadline = expires;
    else if (expires < entry.deadline || expires >= entry.deadline + this.clock.hz) this.armExactly(entry, expires);
  }

  private get isLazy(): boolean {
    return this.release.gc !== "none";
  }

  // Chains.

  private lookUp(tuple: number, direction: 0 | 1): Entry | null {
    const bucket = this.options.bucketOf(tuple, direction);
    for (;;) {
      let found: Entry | null = null;
      const astray = this.walk(bucket, (entry, at) => {
        if (found !== null) return null;
        if (this.isExpired(entry)) return this.reap(entry);
        if (entry.tuple === tuple && at === direction) found = entry;
        return null;
      });
      if (found !== null || !astray) return found;
    }
  }

  /**
   * Visits the entries of a chain. An entry that dies while the walk stands on its original node takes the walk along
   * to the dying list, of which the rest is then visited in place of the rest of the chain. `visit` says whether the
   * entry died, and then whether its DESTROY was delivered; true is returned of a walk that went astray.
   */
  walk(
    bucket: number,
    visit: (entry: Entry, direction: 0 | 1) => boolean | null,
    dead: (entry: Entry) => void = () => {},
  ): boolean {
    for (const { entry, direction } of [...this.chains[bucket]!]) {
      if (entry.place !== "active") continue;
      const delivered = visit(entry, direction);
      if (delivered === null || direction === 1) continue;
      const everyDeletion = this.release.redelivery !== "evict-list";
      if (delivered && !everyDeletion) continue;
      const behind = delivered ? this.dying : this.dying.slice(this.dying.indexOf(entry) + 1);
      for (const other of [...behind]) dead(other);
      return true;
    }
    return false;
  }

  isExpired(entry: Entry): boolean {
    return this.isLazy && entry.place === "active" && entry.deadline - this.clock.jiffies <= 0;
  }

  reap(entry: Entry): boolean {
    return this.evict(entry);
  }

  activeEntries(): Entry[] {
    return this.chains.flatMap((chain) => chain.filter(({ direction }) => direction === 0).map(({ entry }) => entry));
  }

  /** The active entry of a conversation that nobody would find dead. */
  active(tuple: number): Entry | null {
    return this.activeEntries().find((entry) => entry.tuple === tuple && !this.isExpired(entry)) ?? null;
  }

  // A full table.

  private earlyDrop(bucket: number): boolean {
    const { victim } = this.release.earlyDrop;
    const { buckets } = this.options;
    if (victim === "whole-buckets") {
      for (let i = 0; i < 8; i++) {
        if (this.clearBucket((bucket + i) % buckets)) return true;
      }
      return false;
    }
    for (let i = 0, examined = 0; i < buckets && examined < 8; i++) {
      const chain = this.chains[(bucket + i) % buckets]!;
      const unassured = chain.filter(({ entry }) => !entry.assured);
      const caught = victim === "oldest" ? unassured.at(-1) : unassured[0];
      if (caught !== undefined) {
        const delivered = this.evict(caught.entry);
        if (!delivered && !this.release.earlyDrop.undeliveredCountsAsFreed) return false;
        this.log.push("early drop");
        return true;
      }
      examined += chain.length;
    }
    return false;
  }

  private clearBucket(bucket: number): boolean {
    let cleared = 0;
    this.walk(bucket, (entry) => {
      if (this.isExpired(entry)) return this.reap(entry);
      if (entry.assured) return null;
      const delivered = this.evict(entry);
      if (delivered) cleared++;
      return delivered;
    });
    for (let i = 0; i < cleared; i++) this.log.push("early drop");
    return cleared > 0;
  }

  // Deletion.

  /** As if its timer had fired. True: delivered and gone. */
  evict(entry: Entry): boolean {
    return this.die(entry, false, 1);
  }

  deleteTuple(tuple: number): boolean {
    const entry = this.lookUp(tuple, 0);
    if (entry !== null) this.die(entry, true, 1);
    return entry !== null;
  }

  flushBegins(): void {
    this.flushed = 0;
  }

  /** The next entry of a flush. False: the walk is over. */
  flushStep(): boolean {
    const { flushAttempts, flushDirection } = this.release;
    const meets = { either: [0, 1], original: [0], reply: [1] }[flushDirection];
    for (; this.flushed < this.options.buckets; this.flushed++) {
      const met = this.chains[this.flushed]!.find(({ direction }) => meets.includes(direction));
      if (met === undefined) continue;
      this.die(met.entry, true, flushAttempts);
      return true;
    }
    return false;
  }

  private die(entry: Entry, byRequest: boolean, attempts: 1 | 2): boolean {
    if (entry.hasEventCache) this.log.push(`#${entry.number} raises DESTROY`);
    const delivered =
      this.attemptDestroy(entry, byRequest) || (attempts === 2 && this.attemptDestroy(entry, byRequest));
    for (const chain of this.chains) {
      for (let i = chain.length - 1; i >= 0; i--) if (chain[i]!.entry === entry) chain.splice(i, 1);
    }
    this.timers = this.timers.filter((timer) => timer.entry !== entry);
    if (delivered) {
      this.redelivery.succeeded();
      this.free(entry);
    } else {
      entry.place = "dying";
      this.dying.unshift(entry);
      this.redelivery.failed(entry);
    }
    return delivered;
  }

  attemptDestroy(entry: Entry, byRequest: boolean): boolean {
    if (!entry.hasEventCache) return true;
    const withPortid = byRequest || entry.portid;
    const delivered = this.send(entry, "DESTROY", withPortid);
    if (!delivered) entry.portid = withPortid;
    return delivered;
  }

  /** The last reference of a dying entry that was delivered goes. */
  forget(entry: Entry): void {
    if (this.dying.includes(entry)) this.dying.splice(this.dying.indexOf(entry), 1);
    this.free(entry);
  }

  private free(entry: Entry): void {
    entry.place = "freed";
    this.count--;
    this.log.push(`#${entry.number} freed`);
  }

  // Events.

  private raise(entry: Entry, bit: Bit): void {
    if (entry.hasEventCache) entry.cache.add(bit);
  }

  private deliverCached(entry: Entry): void {
    const { cache, missed } = entry;
    entry.cache = new Set();
    if (cache.size === 0 && (missed.size === 0 || !this.release.missedOnlyRetry)) return;
    if (cache.size > 0) this.log.push(`#${entry.number} raises ${kindOf(cache)}`);
    const all = new Set([...cache, ...missed]);
    entry.missed = this.send(entry, kindOf(all), false) ? new Set() : all;
  }

  /** The newest listener hears it first. */
  private send(entry: Entry, kind: Kind, withPortid: boolean): boolean {
    let ok = true;
    for (let listener = this.sockets.length - 1; listener >= 0; listener--) {
      const socket = this.sockets[listener]!;
      if (!socket.hears(kind)) continue;
      const admitted = socket.offer({ kind, tuple: entry.tuple, portid: withPortid ? 1 : 0 });
      this.log.push(`  listener ${listener} ${admitted ? "takes" : "refuses"} ${kind} of #${entry.number}`);
      if (!admitted && socket.facts.broadcastError) ok = false;
    }
    this.log.push(`#${entry.number} ${kind} ${ok ? "ok" : "failed"}`);
    return ok;
  }

  // Timers.

  arm(entry: Entry, expires: number): void {
    const { jiffies } = this.clock;
    this.armExactly(entry, this.release.timerSlack ? withSlack(expires, jiffies) : expires);
  }

  private armExactly(entry: Entry, expires: number): void {
    this.timers = this.timers.filter((timer) => timer.entry !== entry);
    entry.deadline = expires;
    this.timers.push({ entry, expires: Math.max(expires, this.clock.jiffies + 1) });
  }

  /** The jiffy of the next timer; infinite without one. */
  nextTimer(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.timers.map(({ expires }) => expires));
  }

  fireTimers(jiffy: number): void {
    const due = this.timers.filter(({ expires }) => expires === jiffy);
    for (const timer of due) {
      if (!this.timers.includes(timer)) continue;
      this.timers = this.timers.filter((other) => other !== timer);
      if (timer.entry.place === "dying") this.redelivery.fire(timer.entry);
      else this.evict(timer.entry);
    }
  }
}
