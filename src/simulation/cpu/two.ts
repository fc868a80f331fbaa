/**
 * Two CPUs: CPU 0 runs timers, workers, flood and flush, the readers have CPU 1 to themselves. Nothing that a reader
 * does moves CPU 0, so what is due there is looked for only after CPU 0 has acted.
 */
import type { Reader } from "../../daemon/reader.js";
import type { KernelClock } from "../../kernel/clock.js";
import { NEVER } from "../../kernel/clock.js";
import type { Machine } from "../machine.js";
import { FLUSH, PAUSE, type Process } from "../phases.js";
import type { Readers } from "../readers.js";
import type { TimerSoftirq } from "../softirq.js";
import type { Workers } from "../workers.js";
import type { Cpu0 } from "./cpu0.js";
import type { Cpus } from "./cpus.js";
import { ReaderPlacement } from "./reader-placement.js";

export class TwoCpus implements Cpus {
  private readonly clock: KernelClock;
  private readonly cpu0: Cpu0;
  private readonly softirq: TimerSoftirq;
  private readonly workers: Workers;
  private readonly process: Process;
  private readonly readers: Readers;
  private readonly list: readonly Reader[];
  private readonly placement: ReaderPlacement;
  private readonly recvNanoseconds: number;
  private readonly hasWorkers: boolean;
  /** From when on CPU 1 is free. */
  private cpu1Free = Number.NEGATIVE_INFINITY;
  /** When CPU 0 acts next, and when each of those that may be the one; NaN once it has acted. */
  private cpu0Due = Number.NaN;
  private timerAt = NEVER;
  private workerAt = NEVER;
  /** The reader that is due before CPU 0, or -1. */
  private reader = -1;
  private workerActs = false;

  constructor(machine: Machine, softirq: TimerSoftirq, workers: Workers, process: Process) {
    const { clock, cpu0, readers, scenario } = machine;
    this.clock = clock;
    this.cpu0 = cpu0;
    this.softirq = softirq;
    this.workers = workers;
    this.process = process;
    this.readers = readers;
    this.list = readers.list;
    this.placement = new ReaderPlacement(clock, readers.list, scenario.costs.wakeupNanoseconds);
    this.recvNanoseconds = scenario.costs.recvNanoseconds;
    this.hasWorkers = workers.exist;
  }

  due(): number {
    if (Number.isNaN(this.cpu0Due)) this.findDue();
    const reader = this.nextReader();
    const at = Math.max(this.list[reader]!.due, this.cpu1Free);
    this.reader = at < this.cpu0Due ? reader : -1;
    return Math.min(at, this.cpu0Due);
  }

  act(at: number): void {
    if (this.reader >= 0) {
      if (this.readers.act(this.reader)) this.cpu1Free = this.clock.now + this.recvNanoseconds;
      return;
    }
    if (this.timerAt === at) this.softirq.act();
    else if (this.workerAt === at) this.work();
    else this.proceed();
    this.cpu0Due = Number.NaN;
    if (this.placement.waiting > 0) this.releaseReaders();
  }

  wake(reader: number): void {
    this.placement.wake(reader, this.workerActs);
  }

  private findDue(): void {
    this.timerAt = this.softirq.due();
    this.workerAt = this.hasWorkers ? this.workerDue() : NEVER;
    this.cpu0Due = Math.min(this.timerAt, this.workerAt, Math.max(this.process.due, this.cpu0.free));
  }

  /** On its own CPU a flush lets a worker in when its slice is over, or it is. */
  private workerDue(): number {
    const { due, running } = this.workers;
    if (running) return this.cpu0.free;
    if (this.process.phase === FLUSH && due !== NEVER) return this.placement.sliceEnd(due);
    return Math.max(due, this.cpu0.free);
  }

  private work(): void {
    if (!this.workers.running) this.placement.cpu0Taken();
    this.workerActs = true;
    this.workers.act();
    this.workerActs = false;
  }

  private proceed(): void {
    if (this.process.phase === PAUSE) this.placement.pauseOver();
    this.process.act();
  }

  /** Of the readers that share CPU 1 the one that is due first; of two at one instant, the first of the scenario. */
  private nextReader(): number {
    const { list, cpu1Free } = this;
    let next = 0;
    for (let index = 1; index < list.length; index++) {
      if (Math.max(list[index]!.due, cpu1Free) < Math.max(list[next]!.due, cpu1Free)) next = index;
    }
    return next;
  }

  /** Readers that wait on CPU 0 run as soon as nothing else there has anything to do. */
  private releaseReaders(): void {
    const { free } = this.cpu0;
    if (Math.min(this.process.due, this.workerDue()) > free) this.placement.release(free);
  }
}
