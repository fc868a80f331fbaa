/**
 * One CPU for everything. The readers run only when the kernel does not hold it: never between the entries of a flush
 * (unless the release reschedules there), never between the timers of a jiffy, never while a worker has its lock;
 * otherwise the scheduler chooses between them, the worker and the process that floods.
 */
import { type KernelClock, NEVER } from "../../kernel/clock.js";
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
  private readonly skipsClock: boolean;
  /** The task that had the CPU last. */
  private present = -1;
  /** Since when nobody was charged for the CPU, because a switch is due; NEVER: it is charged. */
  private unchargedSince = NEVER;
  /** The reader whose sleep was to end next when the present step began, and when that is. */
  private sleeper = -1;
  private sleepsUntil = NEVER;
  private waiter = -1;

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
    this.skipsClock = this.scheduler.mustSwitch !== undefined;
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
    if (holder === WORKER) this.wakeReaders(at);
    this.lookForSleepers(from);
    if (holder === WORKER) this.workers.act();
    else this.phases.act();
    this.charge(holder, from);
  }

  /** A message or the end of its sleep wakes a reader while the worker has its lock. */
  private wakeReaders(at: number): void {
    if (this.unchargedSince !== NEVER || !this.skipsClock) return;
    for (let task = FIRST_READER; task < this.tasks; task++) if (this.dueOf(task) <= at) this.scheduler.wake(task);
    if (this.scheduler.mustSwitch === true) this.unchargedSince = at;
  }

  /** Who may wake up during a step: the reader whose sleep ends next, and one that waits for a message. */
  private lookForSleepers(from: number): void {
    const { list } = this.readers;
    this.sleeper = -1;
    this.waiter = -1;
    this.sleepsUntil = NEVER;
    for (let reader = 0; reader < list.length; reader++) {
      const { due } = list[reader]!;
      if (due === NEVER) this.waiter = reader + FIRST_READER;
      if (due <= from || due >= this.sleepsUntil) continue;
      this.sleeper = reader + FIRST_READER;
      this.sleepsUntil = due;
    }
  }

  /**
   * What a task took of the CPU. A task that wakes up meanwhile and is to have the CPU gets it where this one gives
   * way, and the kernel saves itself an update of the clock there (rq_clock_skip_update(), seen in traces of 5.10.262):
   * what this one took since then is charged to whoever comes. Of a message in an empty queue only a gc's walk
   * afterwards counts: what else follows it is known with the costs of the reader.
   */
  private charge(task: number, from: number): void {
    if (this.unchargedSince !== NEVER) return;
    const { scheduler, waiter } = this;
    const { free } = this.cpu0;
    let woken = this.sleeper;
    let at = this.sleepsUntil;
    if (task === WORKER && waiter >= 0 && this.dueOf(waiter) <= free) {
      const tail = Math.max(from, free - this.workers.tailNanoseconds);
      if (tail < at) [woken, at] = [waiter, tail];
    }
    if (task === woken || at >= free || !this.skipsClock) {
      scheduler.ran(task, Math.max(0, free - from));
      return;
    }
    scheduler.ran(task, at - from);
    scheduler.wake(woken);
    if (scheduler.mustSwitch === true) this.unchargedSince = at;
    else scheduler.ran(task, free - at);
  }

  /**
   * A switch is here: what nobody was charged for so far, but for what a tick before has charged to the present task.
   */
  private uncharged(at: number): number {
    if (this.unchargedSince === NEVER) return 0;
    const since = Math.min(at, Math.max(this.unchargedSince, this.clock.timeOf(this.clock.jiffies)));
    this.scheduler.ran(this.present, since - this.unchargedSince);
    this.unchargedSince = NEVER;
    return at - since;
  }

  /** One step of the task that the scheduler chooses. */
  private runChosen(at: number): void {
    const { scheduler } = this;
    const from = Math.max(this.cpu0.free, at);
    const uncharged = this.uncharged(at);
    for (let task = 0; task < this.tasks; task++) {
      // What a task did under a lock, or what was done to a reader, may have put it to sleep meanwhile.
      if (this.dueOf(task) <= at) scheduler.wake(task);
      else scheduler.sleep(task);
    }
    const task = scheduler.pick(this.clock.jiffies, this.isInKernel);
    this.lookForSleepers(from);
    this.switchTo(task, at, from);
    if (task === PROCESS) this.makeSystemCall();
    else if (task === WORKER) this.workers.act();
    else this.cpu0.free = this.clock.now + this.read(task - FIRST_READER);
    if (uncharged > 0) scheduler.ran(task, uncharged);
    this.charge(task, from);
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
