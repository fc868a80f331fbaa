/**
 * CPU 0, on which timers, workers, flood and flush run, and with one CPU the readers too: until when it is busy. It is
 * the one place where time is charged: what an action costs by itself and, for each delivery that the kernel attempted
 * in it, an attempt.
 */
import { type KernelClock, later } from "../../kernel/clock.js";
import type { Ctnetlink } from "../../kernel/events/ctnetlink.js";
import type { Broadcast } from "../../kernel/netlink/broadcast.js";
import type { Costs } from "../../scenario/scenario.js";

/** A message in an empty queue; two take more, whatever the release charges. */
const FIRST_MESSAGE_BYTES = 2 * 1280;
/** What a cache of heads keeps when all of them are free: five partial slabs of 16, and two of the CPU (mm/slub.c). */
const KEPT_BYTES = 7 * 16 * 1280;

export class Cpu0 {
  private readonly clock: KernelClock;
  private readonly ctnetlink: Ctnetlink;
  private readonly broadcast: Broadcast;
  private readonly attemptNanoseconds: number;
  private readonly deliveredNanoseconds: number;
  private readonly freshMessageNanoseconds: number;
  /** The deepest queue of the first listener so far, in bytes; it is looked at only where fresh memory has a cost. */
  private deepestRmem = 0;
  /** Attempts of all actions that were charged, and messages that the sockets took in them. */
  private charged = 0;
  private chargedDeliveries = 0;
  /** What the action under way takes beside what it is charged for: wake-ups of readers, packets of the other end. */
  besideNanoseconds = 0;
  /** From when on it is free. */
  free = Number.NEGATIVE_INFINITY;

  /**
   * Other CPUs that take packets: from when on each of them is free. A packet's way is parallel in the kernel: chains
   * and counters are locked or counted one by one, an event is built on the packet's CPU, and the lock of a socket's
   * queue is held for the few instructions of an append.
   */
  private readonly others: Float64Array;
  /** Others take packets. */
  readonly hasOthers: boolean;

  constructor(clock: KernelClock, ctnetlink: Ctnetlink, broadcast: Broadcast, costs: Costs, packetCpus: number) {
    this.others = new Float64Array(packetCpus - 1).fill(Number.NEGATIVE_INFINITY);
    this.hasOthers = packetCpus > 1;
    this.clock = clock;
    this.ctnetlink = ctnetlink;
    this.broadcast = broadcast;
    this.attemptNanoseconds = costs.attemptNanoseconds;
    this.deliveredNanoseconds = costs.deliveredNanoseconds;
    this.freshMessageNanoseconds = costs.freshMessageNanoseconds;
  }

  /** Attempts of the action under way. */
  get attempts(): number {
    return this.ctnetlink.attempts - this.charged;
  }

  /** Messages that the sockets took in the action under way. */
  get deliveries(): number {
    return this.broadcast.admitted - this.chargedDeliveries;
  }

  /** From when on one of the CPUs that take packets is free. */
  get packetFree(): number {
    return this.hasOthers ? Math.min(this.free, ...this.others) : this.free;
  }

  /** From when on all of them are. */
  get packetsDone(): number {
    return Math.max(this.free, ...this.others);
  }

  /** The same for a packet, on the CPU that was free first. */
  chargePacket(nanoseconds: number): void {
    if (this.hasOthers) this.chargeFirstFree(nanoseconds);
    else this.charge(nanoseconds);
  }

  /** What the attempts of the action under way cost, which another CPU has made. */
  chargeElsewhere(): number {
    const { free } = this;
    const cost = this.charge(0);
    this.free = free;
    return cost;
  }

  /** The action under way is over and costs so much beside its attempts. Its whole cost. */
  charge(nanoseconds: number): number {
    const { attempts } = this.ctnetlink;
    const { admitted } = this.broadcast;
    let cost =
      nanoseconds +
      (attempts - this.charged) * this.attemptNanoseconds +
      (admitted - this.chargedDeliveries) * this.deliveredNanoseconds;
    if (this.freshMessageNanoseconds > 0 && admitted > this.chargedDeliveries) cost += this.freshMemory();
    if (this.besideNanoseconds > 0) cost += this.takeBeside();
    this.charged = attempts;
    this.chargedDeliveries = admitted;
    const { now } = this.clock;
    this.free = later(this.free, now) + cost;
    return cost;
  }

  private takeBeside(): number {
    const nanoseconds = this.besideNanoseconds;
    this.besideNanoseconds = 0;
    return nanoseconds;
  }

  private chargeFirstFree(nanoseconds: number): void {
    const { others, free } = this;
    let index = -1;
    for (let other = 0; other < others.length; other++) {
      if (others[other]! < (index < 0 ? free : others[index]!)) index = other;
    }
    const cost = this.charge(nanoseconds);
    if (index < 0) return;
    this.free = free;
    others[index] = later(others[index]!, this.clock.now) + cost;
  }

  /** SLUB gives pages back when a cache has more free ones than it keeps, so a queue that was empty grows anew. */
  private freshMemory(): number {
    const { rmem } = this.broadcast;
    if (rmem < FIRST_MESSAGE_BYTES) this.deepestRmem = Math.min(this.deepestRmem, KEPT_BYTES);
    if (rmem <= this.deepestRmem) return 0;
    this.deepestRmem = rmem;
    return this.freshMessageNanoseconds;
  }
}
