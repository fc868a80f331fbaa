/**
 * Two CPUs: CPU 0 runs timers, workers, flood and flush, the readers have CPU 1 to themselves. Nothing that a reader
 * does moves CPU 0, so what is due there is looked for only after CPU 0 has acted.
 */
import type { Reader } from "../../daemon/reader.js";
import { earlier, type KernelClock, later, NEVER } from "../../kernel/clock.js";
import type { Machine } from "../machine.js";
import type { Pace } from "../pace.js";
import { FLUSH, type Phases } from "../phases.js";
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
  private readonly phases: Phases;
  private readonly pace: Pace;
  private readonly readers: Readers;
  private readonly list: readonly Reader[];
  private readonly first: Reader;
  private readonly placement: ReaderPlacement;
  private readonly hasWorkers: boolean;
  /** From when on CPU 1 is free. */
  private cpu1Free = Number.NEGATIVE_INFINITY;
  private workerActs = false;

  constructor(machine: Machine, softirq: TimerSoftirq, workers: Workers, phases: Phases, pace: Pace) {
    const { clock, cpu0, readers, scenario } = machine;
    this.clock = clock;
    this.cpu0 = cpu0;
    this.softirq = softirq;
    this.workers = workers;
    this.phases = phases;
    this.pace = pace;
    this.readers = readers;
    this.list = readers.list;
    this.first = readers.list[0]!;
    this.placement = new ReaderPlacement(clock, readers.list, scenario.costs.wakeupNanoseconds);
    this.hasWorkers = workers.exist;
  }

  actUntil(end: number): boolean {
    const { clock, cpu0, first, list, pace, phases, placement, softirq } = this;
    const { phase } = phases;
    do {
      const timerAt = softirq.due();
      const workerAt = this.hasWorkers ? this.workerDue() : NEVER;
      const processAt = later(phases.due, cpu0.hasOthers ? phases.cpuFree : cpu0.free);
      const at = earlier(timerAt, this.hasWorkers ? earlier(workerAt, processAt) : processAt);
      if ((list.length > 1 || first.due < at) && !this.catchUp(at, end)) return true;
      if (at > end) return false;
      if (at > clock.now) clock.now = at;
      if (timerAt === at) softirq.act();
      else if (workerAt === at) this.work();
      else this.proceed();
      if (placement.waiting > 0) this.releaseReaders(cpu0.free);
    } while (pace.acted() && phases.phase === phase);
    return true;
  }

  wake(reader: number): void {
    this.placement.wake(reader, this.workerActs);
  }

  /**
   * The readers do what they are due to before CPU 0 acts at `until`, and until `end`. Whether the run may go on then.
   */
  private catchUp(until: number, end: number): boolean {
    const { clock, list, pace, readers } = this;
    for (;;) {
      const index = list.length === 1 ? 0 : this.nextReader();
      const at = later(list[index]!.due, this.cpu1Free);
      if (at >= until || at > end) return true;
      if (at > clock.now) clock.now = at;
      if (readers.act(index) === true) this.cpu1Free = clock.now + readers.usedNanoseconds;
      if (!pace.readerActed()) return false;
    }
  }

  /** On its own CPU a flush lets a worker in when its slice is over, or it is. */
  private workerDue(): number {
    const { due, running } = this.workers;
    if (running) return this.cpu0.free;
    if (this.phases.phase === FLUSH && due !== NEVER) return this.placement.sliceEnd(due);
    return later(due, this.cpu0.free);
  }

  private work(): void {
    if (!this.workers.running) this.placement.cpu0Taken();
    this.workerActs = true;
    this.workers.act();
    this.workerActs = false;
  }

  private proceed(): void {
    if (this.phases.wakesUp) this.placement.pauseOver();
    this.phases.act();
  }

  /** Of the readers that share CPU 1 the one that is due first; of two at one instant, the first of the scenario. */
  private nextReader(): number {
    const { list, cpu1Free } = this;
    let next = 0;
    for (let index = 1; index < list.length; index++) {
      if (later(list[index]!.due, cpu1Free) < later(list[next]!.due, cpu1Free)) next = index;
    }
    return next;
  }

  /** Readers that wait on CPU 0 run as soon as nothing else there has anything to do. */
  private releaseReaders(free: number): void {
    if (earlier(this.phases.due, this.workerDue()) > free) this.placement.release(free);
  }
}
