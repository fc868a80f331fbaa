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
import type { Report } from "../report/report.js";
import type { Costs, ListenerScenario, Scenario } from "../scenario/scenario.js";
import type { Streams } from "../scenario/streams.js";
import { DelayedAck } from "../workload/delayed-ack.js";
import { scriptOf } from "../workload/script.js";
import { Workload } from "../workload/workload.js";
import type { Cpu0 } from "./cpu/cpu0.js";
import type { Figures } from "./figures.js";
import { rcvbufOf, type SimulatedKernel } from "./kernel.js";
import type { Machine } from "./machine.js";
import type { Readers } from "./readers.js";

export const FLOOD = 0;
export const PAUSE = 1;
export const FLUSH = 2;
export const DRAIN = 3;
export type Phase = typeof FLOOD | typeof PAUSE | typeof FLUSH | typeof DRAIN;

const PARTS = ["flood", "pause", "flush", "drain"] as const;

export class Phases {
  private readonly machine: Machine;
  private readonly scenario: Scenario;
  private readonly costs: Costs;
  private readonly streams: Streams;
  private readonly kernel: SimulatedKernel;
  private readonly clock: KernelClock;
  private readonly cpu0: Cpu0;
  private readonly readers: Readers;
  private readonly figures: Figures;
  private readonly delayedAck: DelayedAck;
  /** Every accepted packet is answered with an ICMP error. */
  private readonly portClosed: boolean;
  phase: Phase = FLOOD;
  /** When it takes its next step, if CPU 0 is free by then. */
  due = NEVER;
  private workload: Workload;
  private flush: Flush;
  private secondFloodAt = NEVER;
  private inSecondFlood = false;
  /** Connections of the first flood, and of the second, whose first packet is out. */
  private firstOpened = 0;

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
    this.delayedAck = new DelayedAck(scenario.path, scenario.protocol, scenario.packets);
    this.portClosed = scenario.protocol === "udp" && !scenario.udpPortOpen;
    this.flush = new Flush(kernel.table, kernel.deletion, (entries, count) => this.prefetch(entries, count));
    this.workload = this.flood("arrivals", scenario.connections, 0, 0);
    this.due = this.workload.due;
    if (this.workload.over) this.endFlood(0);
  }

  act(): void {
    if (this.phase === FLUSH) this.flushEntry();
    else if (this.phase === PAUSE) this.endPause();
    else if (this.workload.over) this.beginSecondFlood();
    else this.sendPacket();
  }

  /** In the flood: the next packet is sent by the same system call as the last one. */
  get inSystemCall(): boolean {
    return this.phase === FLOOD && this.workload.step.sameSystemCall;
  }

  /** Where the experiment is, as the report says it. */
  get part(): Report["endedDuring"] {
    if (this.inSecondFlood && this.due !== NEVER) return "second flood";
    return PARTS[this.phase];
  }

  /** Connections whose first packet is out. */
  get opened(): { first: number; second: number } {
    const { startedConnections } = this.workload;
    return this.inSecondFlood
      ? { first: this.firstOpened, second: startedConnections }
      : { first: startedConnections, second: 0 };
  }

  /** Entries that the flush has deleted so far. */
  get flushedEntries(): number {
    return this.flush.entries;
  }

  /** Whether it has nothing more to do. */
  get over(): boolean {
    return this.phase === DRAIN && this.due === NEVER;
  }

  private flood(stream: string, connections: number, startNanoseconds: number, firstTuple: number): Workload {
    const { scenario } = this;
    return new Workload(
      {
        connections,
        ratePerSecond: scenario.ratePerSecond,
        arrivals: scenario.arrivals,
        burstConnections: scenario.burstConnections,
        script: scriptOf(scenario.protocol, scenario.packets),
        packetGapNanoseconds: scenario.packetGapNanoseconds,
        firstTuple,
        tuples: scenario.tuples,
        startNanoseconds,
      },
      this.streams.of(stream),
    );
  }

  private sendPacket(): void {
    const { clock, costs, cpu0, delayedAck, workload } = this;
    const { packets, prefetch } = this.kernel;
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
    const verdict: Verdict = packets.packet(tuple, direction, segment);
    delayedAck.sent(stepIndex, clock);
    if (this.portClosed && verdict === ACCEPTED) packets.icmpError(tuple);
    cpu0.charge(cost + packets.earlyDrop.bucketsSearched * costs.bucketNanoseconds);
    workload.advance(verdict === TABLE_FULL);
    this.due = workload.due;
    if (workload.over) this.endFlood(cpu0.free);
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
    if (listener.joins === "flush") reader.socket.open = true;
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

  private flushEntry(): void {
    const { cpu0, figures, flush } = this;
    if (!flush.step()) {
      this.endFlush();
      return;
    }
    figures.flushAttempts += cpu0.attempts;
    cpu0.charge(this.costs.flushEntryNanoseconds);
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
    const { connections, secondFlood } = this.scenario;
    this.firstOpened = this.workload.startedConnections;
    this.inSecondFlood = true;
    this.workload = this.flood("second arrivals", secondFlood!.connections, this.clock.now, connections);
    this.due = this.workload.due;
  }
}
