/**
 * The process that makes the experiment, in its four phases: it floods, pauses, flushes the table, and leaves the rest
 * to the kernel and the readers (a second flood is a part of that drain). A step of it is one packet, one entry of the
 * flush, or the end of the pause. What a packet or a deletion does is the kernel's business, which packet comes next is
 * the workload's.
 */
import type { Reader } from "../daemon/reader.js";
import { type KernelClock, NEVER } from "../kernel/clock.js";
import { Flush } from "../kernel/conntrack/flush.js";
import { ACCEPTED, TABLE_FULL, type Verdict } from "../kernel/conntrack/packet.js";
import { ACK } from "../kernel/conntrack/trackers/tcp-states.js";
import { AHEAD } from "../kernel/prefetch.js";
import type { Progress } from "../report/backend.js";
import type { Report } from "../report/report.js";
import type { Costs, ListenerScenario, Scenario } from "../scenario/scenario.js";
import type { Streams } from "../scenario/streams.js";
import { classesOf } from "../scenario/traffic.js";
import { DelayedAck } from "../workload/delayed-ack.js";
import { type Flood, firstFlood, secondFlood, Traffic } from "../workload/traffic.js";
import type { Cpu0 } from "./cpu/cpu0.js";
import type { Deletes } from "./deletes.js";
import type { Figures } from "./figures.js";
import { hasEventSocket, rcvbufOf, type SimulatedKernel } from "./kernel.js";
import type { Machine } from "./machine.js";
import type { Readers } from "./readers.js";
import { ReplayedFlood } from "./replayed-flood.js";
import { hasServer, Server } from "./server.js";

const FLOOD = 0;
const PAUSE = 1;
export const FLUSH = 2;
export const DRAIN = 3;
export type Phase = typeof FLOOD | typeof PAUSE | typeof FLUSH | typeof DRAIN;

const PARTS = ["flood", "pause", "flush", "drain"] as const;
/** Of a packet, after its event leaves the sender: by traces of 6.12 10 of 26 µs. */
const SHARE_AFTER_EVENT = 0.4;
/** Of the last packet of a handshake, after it wakes the thread that accepts: by traces of 6.12 4 of 22 µs. */
const SHARE_AFTER_HANDSHAKE = 0.17;
/** Of what connect takes beside its packets: by traces of 6.12 54 of 67 µs. */
const SHARE_BEFORE_SYN = 0.8;
/** SYN, SYN/ACK, ACK. */
const LAST_OF_HANDSHAKE = 2;
/** Of an attempt, after it woke the reader. A turn of it in a flush of 6.12 is charged 2.4 µs more than it lasts. */
const SHARE_AFTER_WAKING = 0.1;

/** What a flush still does for an entry after its DESTROY woke a reader. */
export function restOfEntry(flushEntryNanoseconds: number, attemptNanoseconds: number): number {
  return flushEntryNanoseconds + SHARE_AFTER_WAKING * attemptNanoseconds;
}

export class Phases {
  private readonly machine: Machine;
  private readonly scenario: Scenario;
  private readonly costs: Costs;
  private readonly streams: Streams;
  private readonly kernel: SimulatedKernel;
  private readonly clock: KernelClock;
  protected readonly cpu0: Cpu0;
  private readonly readers: Readers;
  private readonly figures: Figures;
  /** By class of traffic. */
  private readonly delayedAcks: readonly DelayedAck[];
  /** By class of traffic: every accepted packet is answered with an ICMP error. */
  private readonly portClosed: readonly boolean[];
  /** The process that deletes entries beside it; null: there is none. */
  readonly deletes: Deletes | null = null;
  /** The thread at the other end of the connections; null: the script says what it sends. */
  readonly server: Server | null;
  phase: Phase = FLOOD;
  /** The next connection has its socket: what comes is its SYN. */
  private hasSocket = false;
  /** When it takes its next step, if CPU 0 is free by then. */
  due = NEVER;
  private traffic: Traffic;
  /** In the place of the traffic of the first flood. */
  private readonly replayed: ReplayedFlood | null;
  private flush: Flush;
  /** A reader of the same CPU may come between two empty buckets of a flush, which take time. */
  private readonly walkGivesWay: boolean;
  private secondFloodAt = NEVER;
  private inSecondFlood = false;
  /** By class, once the first flood is over: connections whose first packet is out. */
  private firstOpened: readonly number[] = [];
  /** What it has to do for whoever makes it look, and when it goes on with its own business then. */
  private lookNanoseconds = 0;
  private dueAfterLook = NEVER;

  constructor(machine: Machine) {
    const { scenario, kernel } = machine;
    this.machine = machine;
    this.scenario = scenario;
    this.costs = scenario.costs;
    this.streams = machine.streams;
    this.kernel = kernel;
    this.clock = machine.clock;
    this.cpu0 = machine.cpu0;
    this.readers = machine.readers;
    this.figures = machine.figures;
    const classes = classesOf(scenario);
    this.delayedAcks = classes.map((one) => new DelayedAck(scenario.path, one));
    this.portClosed = classes.map(({ protocol }) => protocol === "udp" && !scenario.udpPortOpen);
    this.flush = new Flush(kernel.table, kernel.deletion, kernel.release.flushDirection, (entries, count) =>
      this.prefetch(entries, count),
    );
    this.server = hasServer(scenario) ? new Server(machine) : null;
    this.traffic = this.flood(firstFlood(scenario, this.streams));
    const { flushReschedules, flushSkipsEmptyBuckets } = kernel.release;
    this.walkGivesWay =
      scenario.cpus === 1 && flushReschedules && !flushSkipsEmptyBuckets && this.costs.flushBucketNanoseconds > 0;
    this.replayed = scenario.replay === null ? null : new ReplayedFlood(machine, scenario.replay);
    this.due = (this.replayed ?? this.traffic).due;
    if ((this.replayed ?? this.traffic).over) this.endFlood(0);
  }

  /** The process looks at the machine now, which takes so long. */
  look(nanoseconds: number): void {
    if (this.lookNanoseconds === 0) this.dueAfterLook = this.due;
    this.lookNanoseconds = nanoseconds;
    this.due = this.clock.now;
  }

  act(): void {
    if (this.lookNanoseconds > 0) this.endLook();
    else if (this.phase === FLUSH) this.flushEntry();
    else if (this.phase === PAUSE) this.endPause();
    else if (this.replayed !== null) this.replay(this.replayed);
    else if (this.server?.owesAck === true) this.acknowledge(this.server);
    else if (this.traffic.over) this.beginSecondFlood();
    else if (this.server === null || !this.opensSocket()) this.sendPacket();
  }

  /** From when on a CPU is free for its next step. */
  get cpuFree(): number {
    return this.phase === FLUSH || this.phase === PAUSE ? this.cpu0.free : this.cpu0.packetFree;
  }

  /** In the flood: the next packet is sent by the same system call as the last one. */
  get inSystemCall(): boolean {
    return this.phase === FLOOD && (this.server?.owesAck === true || this.traffic.next.step.sameSystemCall);
  }

  /** Sockets are closed all the time, whose inodes are freed after a grace period of RCU. */
  get closesSockets(): boolean {
    return this.phase === FLOOD && this.server !== null;
  }

  /** In the flood: which packet of its connection is sent next; -1: one that nobody chose to send. */
  get nextPacket(): number {
    return this.phase === FLOOD && this.server?.owesAck !== true ? this.traffic.next.stepIndex : -1;
  }

  /** What is left of a packet when its event went out, or of an entry of the flush, which leaves the table after it. */
  get restNanoseconds(): number {
    const { attemptNanoseconds, flushEntryNanoseconds } = this.costs;
    if (this.phase === FLUSH) return restOfEntry(flushEntryNanoseconds, attemptNanoseconds);
    return this.phase === FLOOD ? SHARE_AFTER_EVENT * this.eventfulPacketNanoseconds : 0;
  }

  /** What is left of connect when the thread that accepts was woken. */
  get restOfConnectNanoseconds(): number {
    return SHARE_AFTER_HANDSHAKE * this.eventfulPacketNanoseconds;
  }

  private get eventfulPacketNanoseconds(): number {
    const { attemptNanoseconds, deliveredNanoseconds, packetNanoseconds } = this.costs;
    return packetNanoseconds + attemptNanoseconds + deliveredNanoseconds;
  }

  /** It slept until its next step. */
  get wakesUp(): boolean {
    return this.phase === PAUSE;
  }

  /** Where the experiment is, as progress says it. */
  get progress(): Progress["phase"] {
    if (this.phase === FLUSH) return "flush";
    return this.phase === DRAIN ? "drain" : "flood";
  }

  /** Where the experiment is, as the report says it. */
  get part(): Report["endedDuring"] {
    if (this.inSecondFlood && this.due !== NEVER) return "second flood";
    return PARTS[this.phase];
  }

  /** Connections whose first packet is out: of the first flood by class, and of the second. */
  get opened(): { first: readonly number[]; second: number } {
    return this.inSecondFlood
      ? { first: this.firstOpened, second: this.openedByClass[0]! }
      : { first: this.openedByClass, second: 0 };
  }

  private get openedByClass(): readonly number[] {
    return this.portClosed.map((_, index) => (this.replayed ?? this.traffic).openedOf(index));
  }

  /** Entries that the flush has deleted so far. */
  get flushedEntries(): number {
    return this.flush.entries;
  }

  /** Whether it has nothing more to do. */
  get over(): boolean {
    return this.phase === DRAIN && this.due === NEVER && this.lookNanoseconds === 0;
  }

  private endLook(): void {
    this.cpu0.charge(this.lookNanoseconds);
    this.lookNanoseconds = 0;
    this.due = this.dueAfterLook;
  }

  private flood(flood: Flood): Traffic {
    return new Traffic(flood, this.scenario.tuples, this.server !== null);
  }

  private sendPacket(): void {
    const { clock, costs, cpu0, traffic } = this;
    const { packets, prefetch } = this.kernel;
    const { next: workload, nextClass } = traffic;
    const delayedAck = this.delayedAcks[nextClass]!;
    packets.use(nextClass);
    const { stepIndex, tuple } = workload;
    if (stepIndex === 0) {
      if (workload.startedConnections % AHEAD === 0) prefetch.tuples(tuple);
      if (this.phase === FLOOD) this.figures.lastOpenedAt = clock.now;
    }
    const { direction, segment } = workload.step;
    let cost = costs.packetNanoseconds;
    if (delayedAck.comesBefore(stepIndex, clock)) {
      packets.packet(tuple, direction, ACK);
      cost += costs.packetNanoseconds;
    }
    const { server } = this;
    const verdict: Verdict =
      server === null ? packets.packet(tuple, direction, segment) : server.sent(tuple, direction, segment);
    delayedAck.sent(stepIndex, clock);
    if (this.portClosed[nextClass] && verdict === ACCEPTED) packets.icmpError(tuple);
    if (verdict === TABLE_FULL) cost -= Math.min(cost, costs.refusedSavingNanoseconds);
    cpu0.chargePacket(cost + packets.earlyDrop.bucketsSearched * costs.bucketNanoseconds);
    traffic.advance(verdict === TABLE_FULL);
    if (server?.owesAck === true) this.due = clock.now;
    else this.comeToNext();
  }

  private comeToNext(): void {
    this.due = this.traffic.due;
    if (this.traffic.over) this.endFlood(this.cpu0.packetsDone);
  }

  /**
   * What connect does beside its packets: before the SYN, where a kernel built for voluntary preemption gives way, and
   * in the last packet of the handshake. Whether the SYN has to wait.
   */
  private opensSocket(): boolean {
    const { cpu0, costs, traffic } = this;
    const { stepIndex } = traffic.next;
    const before = Math.round(SHARE_BEFORE_SYN * costs.connectNanoseconds);
    const opens = stepIndex === 0 && !this.hasSocket && before > 0;
    this.hasSocket = opens;
    if (stepIndex === LAST_OF_HANDSHAKE) cpu0.besideNanoseconds += costs.connectNanoseconds - before;
    if (!opens) return false;
    cpu0.charge(before);
    this.due = cpu0.free;
    return this.kernel.release.scheduler.preemption === "voluntary";
  }

  /** The second FIN of a connection is acknowledged. */
  private acknowledge(server: Server): void {
    server.acknowledge();
    this.cpu0.charge(this.costs.packetNanoseconds);
    this.comeToNext();
  }

  /** The server's thread has its turn. */
  serve(server: Server): void {
    this.cpu0.charge(server.act() * this.costs.packetNanoseconds);
  }

  private replay(replayed: ReplayedFlood): void {
    if (replayed.opens) this.figures.lastOpenedAt = this.clock.now;
    replayed.act();
    this.due = replayed.due;
    if (replayed.over) this.endFlood(this.cpu0.packetsDone);
  }

  private endFlood(at: number): void {
    if (this.phase === DRAIN) {
      this.due = NEVER;
      return;
    }
    this.figures.floodEndedAt = at;
    this.phase = PAUSE;
    this.due = at + this.scenario.flushDelayNanoseconds;
  }

  /** The flush begins, or, without one, the time from which a slow reader is slow. */
  private endPause(): void {
    const { clock, figures, scenario } = this;
    figures.flushBegins();
    for (const [index, listener] of scenario.listeners.entries()) this.beginFor(this.readers.list[index]!, listener);
    const second = scenario.secondFlood;
    if (second !== null) this.secondFloodAt = clock.now + second.afterFlushSeconds * 1e9;
    if (scenario.flush) {
      this.phase = FLUSH;
      this.due = clock.now;
    } else {
      this.endFlush();
    }
  }

  /** What the beginning of the flush means for a listener. */
  private beginFor(reader: Reader, listener: ListenerScenario): void {
    const { now } = this.clock;
    if (listener.joins === "flush" && hasEventSocket(listener)) reader.socket.open = true;
    if (listener.smallFrom === "flush") this.shrink(reader, listener);
    reader.flushBegins(now);
    const { closesAfterFlushNanoseconds } = listener;
    if (closesAfterFlushNanoseconds !== null) this.readers.closeAt(now + closesAfterFlushNanoseconds, reader);
  }

  private shrink({ socket }: Reader, listener: ListenerScenario): void {
    const { machine } = this;
    machine.rmemAtShrink = Math.max(machine.rmemAtShrink, socket.rmem);
    socket.setRcvbuf(rcvbufOf(listener, this.scenario, this.kernel.release));
  }

  /**
   * Up to 5.14 a flush locks every bucket, empty or not, and may give way after it: a reader that wakes up during the
   * walk need not wait for the next entry. It walks until then. Whether it walked.
   */
  private walk(): boolean {
    const { clock, costs, cpu0, flush, readers } = this;
    const from = Math.max(cpu0.free, clock.now);
    let until = NEVER;
    for (const { due } of readers.list) until = Math.min(until, due);
    flush.search(Math.max(1, Math.ceil((until - from) / costs.flushBucketNanoseconds)));
    if (flush.bucketsSearched === 0) return false;
    cpu0.charge(Math.round(flush.bucketsSearched * costs.flushBucketNanoseconds));
    this.due = cpu0.free;
    return true;
  }

  private flushEntry(): void {
    if (this.walkGivesWay && this.walk()) return;
    const { clock, costs, cpu0, figures, flush } = this;
    const more = flush.step();
    const search = Math.round(flush.bucketsSearched * costs.flushBucketNanoseconds);
    if (!more) {
      clock.now += search;
      cpu0.free = Math.max(cpu0.free, clock.now);
      this.endFlush();
      return;
    }
    figures.flushAttempts += cpu0.attempts;
    cpu0.charge(costs.flushEntryNanoseconds + search);
    this.due = cpu0.free;
  }

  /** These entries are about to be deleted, and the daemons to hear of it. */
  private prefetch(entries: Int32Array, count: number): void {
    const { prefetch, table } = this.kernel;
    prefetch.unlinks(entries, count);
    for (const { view } of this.readers.list) {
      for (let i = 0; i < count; i++) view.prefetch(table.tupleOf(entries[i]!));
    }
  }

  private endFlush(): void {
    this.figures.flushEnds(this.kernel.sockets[0]!.drops);
    this.phase = DRAIN;
    this.due = this.secondFloodAt;
  }

  private beginSecondFlood(): void {
    this.firstOpened = this.openedByClass;
    this.inSecondFlood = true;
    this.traffic = this.flood(secondFlood(this.scenario, this.streams, this.clock.now));
    this.due = this.traffic.due;
  }
}
