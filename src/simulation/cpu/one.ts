/**
 * One CPU for everything. The readers run only when the kernel does not hold it: never between the entries of a flush
 * (unless the release reschedules there), never between the timers of a jiffy, never while a worker has its lock;
 * otherwise the scheduler chooses between them, the worker and the process that floods.
 */
import { earlier, type KernelClock, later, NEVER } from "../../kernel/clock.js";
import { type Scheduler, schedulerOf } from "../../kernel/sched/scheduler.js";
import type { Scenario } from "../../scenario/scenario.js";
import type { Machine } from "../machine.js";
import type { Pace } from "../pace.js";
import { FLUSH, type Phases } from "../phases.js";
import type { Readers } from "../readers.js";
import type { TimerSoftirq } from "../softirq.js";
import type { Workers } from "../workers.js";
import type { Cpu0 } from "./cpu0.js";
import type { Cpus } from "./cpus.js";
import { SlabPages } from "./slab-pages.js";

/**
 * The scheduler's numbers of the process that floods and flushes, of the kernel's worker, and of the first reader.
 * After the readers comes the server of the connections, where it is a thread of its own.
 */
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
  private readonly serverTask: number;
  private readonly waitNanoseconds: number;
  private readonly switchNanoseconds: number;
  private readonly wakingNanoseconds: number;
  private readonly flushHoldsCpu: boolean;
  private readonly skipsClock: boolean;
  private readonly pages: SlabPages;
  private readonly listeners: Scenario["listeners"];
  private readonly tellsReaders: boolean;
  /** The task that had the CPU last. */
  private present = -1;
  /** Since when nobody was charged for the CPU, because a switch is due; NEVER: it is charged. */
  private unchargedSince = NEVER;
  /** The reader whose sleep was to end next when the present step began, and when that is. */
  private sleeper = -1;
  private sleepsUntil = NEVER;
  private waiter = -1;
  /** A task that has nothing to do any more and was to give way before it could sleep. */
  private lingering = -1;
  private lastTick = Number.NaN;

  constructor(machine: Machine, softirq: TimerSoftirq, workers: Workers, phases: Phases, pace: Pace) {
    const { clock, cpu0, readers, scenario, kernel, streams } = machine;
    this.clock = clock;
    this.cpu0 = cpu0;
    this.softirq = softirq;
    this.workers = workers;
    this.phases = phases;
    this.pace = pace;
    this.readers = readers;
    this.serverTask = FIRST_READER + readers.list.length;
    this.tasks = this.serverTask + (phases.server === null ? 0 : 1);
    const { switchNanoseconds, waitNanoseconds, tickNanoseconds } = scenario.costs;
    const { uniform } = streams.of("scheduler");
    this.scheduler = schedulerOf(kernel.release.scheduler, this.tasks, uniform, tickNanoseconds);
    this.switchNanoseconds = switchNanoseconds;
    this.wakingNanoseconds = scenario.costs.wakingNanoseconds;
    this.waitNanoseconds = waitNanoseconds;
    this.listeners = scenario.listeners;
    this.tellsReaders = scenario.flush;
    this.pages = new SlabPages(kernel.table);
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
    for (let task = 0; task < this.tasks; task++) at = earlier(at, later(this.dueOf(task), this.cpu0.free));
    if (at > end) return false;
    if (at > this.clock.now) this.clock.now = at;
    if (timerAt === at) this.softirq.act();
    else if (this.kernelHoldsCpu) this.runHolder(at);
    else this.runChosen(at);
    return true;
  }

  wake(reader: number): void {
    const sleeper = this.readers.list[reader]!;
    const { due } = sleeper;
    sleeper.wake(this.clock.now);
    if (due === NEVER && sleeper.due !== NEVER) this.cpu0.besideNanoseconds += this.wakingNanoseconds;
  }

  private get kernelHoldsCpu(): boolean {
    return this.workers.hasLock || (this.phases.phase === FLUSH && this.flushHoldsCpu);
  }

  private runHolder(at: number): void {
    const from = later(this.cpu0.free, at);
    const holder = this.workers.redelivers ? WORKER : PROCESS;
    if (holder === WORKER) this.wakeReaders(at);
    this.lookForSleepers(from);
    if (holder === WORKER) this.workers.act();
    else this.phases.act();
    this.charge(holder, from, 0);
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
  private charge(task: number, from: number, restNanoseconds: number): void {
    if (this.unchargedSince !== NEVER) return;
    if (!this.skipsClock) {
      this.account(task, from, restNanoseconds);
      return;
    }
    const { scheduler, waiter } = this;
    const { free } = this.cpu0;
    let woken = this.sleeper;
    let at = this.sleepsUntil;
    if (task === WORKER && waiter >= 0 && this.dueOf(waiter) <= free) {
      const tail = Math.max(from, free - this.workers.tailNanoseconds);
      if (tail < at) [woken, at] = [waiter, tail];
    }
    if (task === woken || at >= free) {
      scheduler.ran(task, Math.max(0, free - from));
      return;
    }
    scheduler.ran(task, at - from);
    scheduler.wake(woken);
    if (scheduler.mustSwitch === true) this.unchargedSince = at;
    else scheduler.ran(task, free - at);
  }

  /**
   * The same for a scheduler that looks after its clock by itself. A reader that the task woke waits in the queue while
   * the task finishes what it is at, and that counts as waiting for its turn.
   */
  private account(task: number, from: number, restNanoseconds: number): void {
    const { cpu0, scheduler } = this;
    const used = Math.max(0, cpu0.free - from);
    const rest = Math.min(used, restNanoseconds);
    scheduler.ran(task, used - rest);
    for (let reader = FIRST_READER; reader < this.tasks; reader++) {
      if (reader !== task && this.dueOf(reader) <= cpu0.free - rest) scheduler.wake(reader);
    }
    scheduler.ran(task, rest);
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
    let from = later(this.cpu0.free, at);
    const uncharged = this.uncharged(at);
    if (at > this.cpu0.free && this.lingering >= 0) this.pick(this.cpu0.free, this.lastTick);
    if (this.tellsReaders && this.phases.wakesUp && this.phases.due <= at) this.tellReaders();
    // A DESTROY that is delivered wakes its reader before it calls for the worker.
    let readerDue = NEVER;
    for (let task = FIRST_READER; task < this.tasks; task++) readerDue = earlier(readerDue, this.dueOf(task));
    const workerCameFirst = this.dueOf(WORKER) < readerDue;
    if (workerCameFirst) this.wakeOrSleep(WORKER, at);
    for (let task = 0; task < this.tasks; task++) if (task !== WORKER) this.wakeOrSleep(task, at);
    if (!workerCameFirst) this.wakeOrSleep(WORKER, at);
    const task = this.pick(from, this.clock.jiffies);
    this.lookForSleepers(from);
    this.switchTo(task, at, from);
    let rest = 0;
    if (task === PROCESS) {
      rest = this.phases.restNanoseconds;
      from = this.makeSystemCall(from, rest);
    } else if (task === this.serverTask) this.phases.serve(this.phases.server!);
    else if (task === WORKER) this.workers.act();
    else this.cpu0.free = this.clock.now + this.read(task - FIRST_READER);
    if (uncharged > 0) scheduler.ran(task, uncharged);
    this.charge(task, from, rest);
    if (this.dueOf(task) <= this.cpu0.free) return;
    if (task < FIRST_READER && scheduler.giveWay === true) this.lingering = task;
    else scheduler.sleep(task);
  }

  /** What a task did under a lock, or what was done to a reader, may have put it to sleep meanwhile. */
  private wakeOrSleep(task: number, at: number): void {
    if (this.dueOf(task) <= at) this.scheduler.wake(task);
    else if (task !== this.lingering) this.scheduler.sleep(task);
  }

  /**
   * A reader whose buffer shrinks before a flush looks up once more while nobody else wants the CPU, and has no lag
   * from then on. Recordings of 6.18 show that it has none, and that readers of other runs have; why is not known.
   */
  private tellReaders(): void {
    for (const [index, { smallFrom }] of this.listeners.entries()) {
      if (smallFrom !== "flush") continue;
      this.scheduler.sleep(FIRST_READER + index);
      this.scheduler.wake(FIRST_READER + index);
      this.scheduler.sleep(FIRST_READER + index);
    }
  }

  private pick(now: number, jiffies: number): number {
    const { scheduler } = this;
    if (jiffies !== this.lastTick) scheduler.graceWanted = this.pages.wait();
    this.lastTick = jiffies;
    const task = scheduler.pick(now, jiffies, this.isInKernel);
    if (task < 0 || task !== this.lingering) return task;
    this.lingering = -1;
    if (this.dueOf(task) <= now) return task;
    scheduler.sleep(task);
    return scheduler.pick(now, jiffies, this.isInKernel);
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
    if (task === this.serverTask) return this.phases.server!.due;
    if (task === WORKER) return this.workers.running ? this.cpu0.free : this.workers.due;
    return this.readers.list[task - FIRST_READER]!.due;
  }

  /**
   * A reader gets its turn between system calls, not between the packets that one of them sends. A scheduler that is
   * told of a wake-up when it comes is told after each packet. From when on the CPU is not charged yet.
   */
  private makeSystemCall(since: number, rest: number): number {
    const { clock, cpu0, phases, softirq } = this;
    let from = since;
    phases.act();
    while (phases.inSystemCall && phases.due <= cpu0.free) {
      if (softirq.firing || softirq.due() <= cpu0.free) return from;
      if (!this.skipsClock) {
        this.account(PROCESS, from, rest);
        from = cpu0.free;
      }
      clock.now = cpu0.free;
      phases.act();
    }
    return from;
  }
}
