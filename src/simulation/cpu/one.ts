/**
 * One CPU for everything. The readers run only when the kernel does not hold it: never between the entries of a flush
 * (unless the release reschedules there), never between the timers of a jiffy, never while a worker has its lock;
 * otherwise the scheduler chooses between them, the worker and the process that floods.
 */
import type { KernelClock } from "../../kernel/clock.js";
import { type Scheduler, schedulerOf } from "../../kernel/sched/scheduler.js";
import type { Machine } from "../machine.js";
import type { Pace } from "../pace.js";
import { FLUSH, type Phases } from "../phases.js";
import type { Readers } from "../readers.js";
import type { TimerSoftirq } from "../softirq.js";
import type { Workers } from "../workers.js";
import type { Cpu0 } from "./cpu0.js";
import type { Cpus } from "./cpus.js";

/** The scheduler's numbers of the process that floods and flushes, of the kernel's worker, and of the first reader. */
const PROCESS = 0;
const WORKER = 1;
const FIRST_READER = 2;

export class OneCpu implements Cpus {
  private readonly clock: KernelClock;
  private readonly cpu0: Cpu0;
  private readonly softirq: TimerSoftirq;
  private readonly workers: Workers;
  private readonly phases: Phases;
  private readonly pace: Pace;
  private readonly readers: Readers;
  private readonly scheduler: Scheduler;
  private readonly tasks: number;
  private readonly waitNanoseconds: number;
  private readonly switchNanoseconds: number;
  private readonly flushHoldsCpu: boolean;
  /** The task that had the CPU last. */
  private present = -1;

  constructor(machine: Machine, softirq: TimerSoftirq, workers: Workers, phases: Phases, pace: Pace) {
    const { clock, cpu0, readers, scenario, kernel, streams } = machine;
    this.clock = clock;
    this.cpu0 = cpu0;
    this.softirq = softirq;
    this.workers = workers;
    this.phases = phases;
    this.pace = pace;
    this.readers = readers;
    this.tasks = FIRST_READER + readers.list.length;
    this.scheduler = schedulerOf(kernel.release.scheduler, this.tasks, streams.of("scheduler").uniform);
    this.switchNanoseconds = scenario.costs.switchNanoseconds;
    this.waitNanoseconds = scenario.costs.waitNanoseconds;
    this.flushHoldsCpu = !kernel.release.flushReschedules;
  }

  actUntil(end: number): boolean {
    const { pace, phases } = this;
    const { phase } = phases;
    do {
      if (!this.act(end)) return false;
    } while (pace.acted() && phases.phase === phase);
    return true;
  }

  private act(end: number): boolean {
    const timerAt = this.softirq.due();
    let at = timerAt;
    for (let task = 0; task < this.tasks; task++) at = Math.min(at, Math.max(this.dueOf(task), this.cpu0.free));
    if (at > end) return false;
    if (at > this.clock.now) this.clock.now = at;
    if (timerAt === at) this.softirq.act();
    else if (this.kernelHoldsCpu) this.runHolder(at);
    else this.runChosen(at);
    return true;
  }

  wake(reader: number): void {
    this.readers.list[reader]!.wake(this.clock.now);
  }

  private get kernelHoldsCpu(): boolean {
    return this.workers.hasLock || (this.phases.phase === FLUSH && this.flushHoldsCpu);
  }

  private runHolder(at: number): void {
    const from = Math.max(this.cpu0.free, at);
    const holder = this.workers.redelivers ? WORKER : PROCESS;
    if (holder === WORKER) this.workers.act();
    else this.phases.act();
    this.scheduler.ran(holder, this.usedSince(from));
  }

  /** One step of the task that the scheduler chooses. */
  private runChosen(at: number): void {
    const { scheduler } = this;
    const from = Math.max(this.cpu0.free, at);
    for (let task = 0; task < this.tasks; task++) {
      // What a task did under a lock, or what was done to a reader, may have put it to sleep meanwhile.
      if (this.dueOf(task) <= at) scheduler.wake(task);
      else scheduler.sleep(task);
    }
    const task = scheduler.pick(this.clock.jiffies, this.isInKernel);
    this.switchTo(task, at, from);
    if (task === PROCESS) this.makeSystemCall();
    else if (task === WORKER) this.workers.act();
    else this.cpu0.free = this.clock.now + this.read(task - FIRST_READER);
    scheduler.ran(task, this.usedSince(from));
    if (this.dueOf(task) > this.cpu0.free) scheduler.sleep(task);
  }

  /** One recv; what it takes of the CPU. */
  private read(reader: number): number {
    return this.readers.act(reader) ? this.readers.usedNanoseconds : this.waitNanoseconds;
  }

  /** The present task is a thread of the kernel, or in the middle of the flush. */
  private get isInKernel(): boolean {
    return this.present === WORKER || (this.present === PROCESS && this.phases.phase === FLUSH);
  }

  /** A change of the running task takes time, the one from the idle task, too. */
  private switchTo(task: number, at: number, from: number): void {
    if (at > this.cpu0.free) this.cpu0.free = from + 2 * this.switchNanoseconds;
    else if (task !== this.present) this.cpu0.free = from + this.switchNanoseconds;
    this.present = task;
    if (this.cpu0.free > this.clock.now) this.clock.now = this.cpu0.free;
  }

  /** What a task used of the CPU from there on; it may be nothing. */
  private usedSince(from: number): number {
    return Math.max(0, this.cpu0.free - from);
  }

  private dueOf(task: number): number {
    if (task === PROCESS) return this.phases.due;
    if (task === WORKER) return this.workers.running ? this.cpu0.free : this.workers.due;
    return this.readers.list[task - FIRST_READER]!.due;
  }

  /** A reader gets its turn between system calls, not between the packets that one of them sends. */
  private makeSystemCall(): void {
    const { clock, cpu0, phases, softirq } = this;
    phases.act();
    while (phases.inSystemCall && phases.due <= cpu0.free) {
      if (softirq.firing || softirq.due() <= cpu0.free) return;
      clock.now = cpu0.free;
      phases.act();
    }
  }
}
