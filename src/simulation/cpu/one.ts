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
  /** When each task wants to run, as the present step found it: until when it sleeps, or NEVER. */
  private readonly dues: Float64Array;
  private readonly serverTask: number;
  private readonly waitNanoseconds: number;
  private readonly switchNanoseconds: number;
  private readonly wakingNanoseconds: number;
  private readonly flushHoldsCpu: boolean;
  /**
   * For CFS what else follows a message is known only with the costs of a reader, and so is counted there, but for a
   * gc's walk and, where waking has a cost of its own, an entry of a flush.
   */
  private readonly restIsKnown: boolean;
  private readonly kernel: Machine["kernel"];
  private readonly pages = new SlabPages();
  private readonly listeners: Scenario["listeners"];
  private readonly flushes: boolean;
  private readonly tellsReaders: boolean;
  /** The task that had the CPU last. */
  private present = -1;
  /** By task: when it wakes up in the present step; NEVER: it does not. */
  private readonly wakesAt: Float64Array;
  /**
   * Of those that one step woke, as far as it is not known when: first the readers, the newest before the others. A
   * DESTROY that is delivered calls for the worker after that, and the NEW of a connection comes before the end of its
   * handshake.
   */
  private readonly wakeOrder: readonly number[];
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
    const others = this.serverTask < this.tasks ? [this.serverTask, WORKER, PROCESS] : [WORKER, PROCESS];
    this.wakeOrder = [...readers.list.map((_, index) => this.serverTask - 1 - index), ...others];
    this.dues = new Float64Array(this.tasks);
    const { switchNanoseconds, waitNanoseconds, tickNanoseconds } = scenario.costs;
    const { uniform } = streams.of("scheduler");
    this.scheduler = schedulerOf(kernel.release.scheduler, this.tasks, uniform, tickNanoseconds);
    this.switchNanoseconds = switchNanoseconds;
    this.wakingNanoseconds = scenario.costs.wakingNanoseconds;
    this.waitNanoseconds = waitNanoseconds;
    this.listeners = scenario.listeners;
    this.flushes = scenario.flush;
    this.tellsReaders = scenario.flush && kernel.release.scheduler.policy === "eevdf";
    this.kernel = kernel;
    this.wakesAt = new Float64Array(this.tasks);
    this.restIsKnown = kernel.release.scheduler.policy === "eevdf";
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
    const { dues } = this;
    let first = NEVER;
    for (let task = 0; task < this.tasks; task++) {
      const due = this.dueOf(task);
      dues[task] = due;
      first = earlier(first, due);
    }
    const at = earlier(timerAt, later(first, this.cpu0.free));
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
    for (let task = 0; task < this.tasks; task++)
      if (task !== holder && this.dues[task]! <= from) this.scheduler.wake(task);
    if (holder === WORKER) this.workers.act();
    else this.phases.act();
    this.charge(holder, from, 0);
    if (holder === WORKER && !this.workers.running) this.rest(WORKER);
  }

  /**
   * What a task took of the CPU. Another whose sleep ended meanwhile woke up then, one that this one woke did so
   * `restNanoseconds` before the end.
   */
  private charge(task: number, from: number, restNanoseconds: number): void {
    const { dues, scheduler, serverTask, wakesAt } = this;
    const free = later(this.cpu0.free, from);
    let woken = 0;
    for (let other = 0; other < this.tasks; other++) {
      const sleptUntil = dues[other]!;
      wakesAt[other] = NEVER;
      if (other === task || sleptUntil <= from || this.dueOf(other) > free) continue;
      let wokenAt = sleptUntil;
      if (sleptUntil > free) {
        const isServer = other === serverTask && restNanoseconds > 0;
        wokenAt = free - (isServer ? this.phases.restOfConnectNanoseconds : restNanoseconds);
      }
      wakesAt[other] = later(wokenAt, from);
      woken++;
    }
    let at = from;
    for (; woken > 0; woken--) {
      const next = this.nextWoken();
      scheduler.ran(task, wakesAt[next]! - at);
      scheduler.wake(next);
      at = wakesAt[next]!;
      wakesAt[next] = NEVER;
    }
    scheduler.ran(task, free - at);
  }

  /** Who wakes up first. */
  private nextWoken(): number {
    const { wakeOrder, wakesAt } = this;
    let next = -1;
    for (const task of wakeOrder)
      if (wakesAt[task] !== NEVER && (next < 0 || wakesAt[task]! < wakesAt[next]!)) next = task;
    return next;
  }

  /** One step of the task that the scheduler chooses. */
  private runChosen(at: number): void {
    let from = later(this.cpu0.free, at);
    if (at > this.cpu0.free && this.lingering >= 0) this.pick(this.cpu0.free, this.lastTick);
    if (this.tellsReaders && this.phases.wakesUp && this.phases.due <= at) this.tellReaders();
    // A DESTROY that is delivered wakes its reader before it calls for the worker.
    let readerDue = NEVER;
    for (let task = FIRST_READER; task < this.tasks; task++) readerDue = earlier(readerDue, this.dues[task]!);
    const workerCameFirst = this.dues[WORKER]! < readerDue;
    if (workerCameFirst) this.wakeOrSleep(WORKER, at);
    for (let task = 0; task < this.tasks; task++) if (task !== WORKER) this.wakeOrSleep(task, at);
    if (!workerCameFirst) this.wakeOrSleep(WORKER, at);
    const task = this.pick(from, this.clock.jiffies);
    this.switchTo(task, at, from);
    let rest = 0;
    if (task === PROCESS) {
      rest = this.restOfStep;
      from = this.makeSystemCall(from, rest);
    } else if (task === this.serverTask) {
      rest = this.restOfStep;
      this.phases.serve(this.phases.server!);
    } else if (task === WORKER) {
      this.workers.act();
      rest = this.workers.tailNanoseconds;
    } else {
      this.cpu0.free = this.clock.now + this.read(task - FIRST_READER);
    }
    this.charge(task, from, rest);
    this.rest(task);
  }

  /** What is left of a step of the process, or of the server, when it woke others. */
  private get restOfStep(): number {
    const { phases } = this;
    const isKnown = this.restIsKnown || (this.wakingNanoseconds > 0 && phases.phase === FLUSH);
    return isKnown ? phases.restNanoseconds : 0;
  }

  /** A task that has nothing more to do sleeps; one of the kernel, or in it, looks before whether it is to give way. */
  private rest(task: number): void {
    if (this.dueOf(task) <= this.cpu0.free) return;
    if (task < FIRST_READER && this.scheduler.giveWay === true) this.lingering = task;
    else this.scheduler.sleep(task);
  }

  /** What a task did under a lock, or what was done to a reader, may have put it to sleep meanwhile. */
  private wakeOrSleep(task: number, at: number): void {
    if (this.dues[task]! <= at) this.scheduler.wake(task);
    else if (task !== this.lingering) this.scheduler.sleep(task);
  }

  /**
   * A reader whose buffer shrinks before a flush looks up once more while nobody else wants the CPU, and has no lag
   * from then on. Recordings of 6.18 show that it has none, and that readers of other runs have; why is not known. With
   * CFS it has its whole credit when the flush begins, with or without that.
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
    if (jiffies !== this.lastTick)
      scheduler.graceWanted = this.pages.wait(this.entriesToGo) || this.phases.closesSockets;
    this.lastTick = jiffies;
    const tickedAt = this.clock.timeOf(jiffies);
    const task = scheduler.pick(now, jiffies, this.isInKernel, tickedAt);
    if (task < 0 || task !== this.lingering) return task;
    this.lingering = -1;
    if (this.dueOf(task) <= now) return task;
    scheduler.sleep(task);
    return scheduler.pick(now, jiffies, this.isInKernel, tickedAt);
  }

  /** Entries that a flush deletes, all of them; or those that the gc will find dead, and the dying ones. */
  private get entriesToGo(): number {
    const { kernel, phases } = this;
    const { expiry, table } = kernel;
    const isFlushed = this.flushes && phases.phase >= FLUSH;
    return isFlushed || !expiry.lazy ? table.count : expiry.expired() + table.dying;
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
      if (this.restIsKnown) {
        this.charge(PROCESS, from, rest);
        for (let task = 0; task < this.tasks; task++) this.dues[task] = this.dueOf(task);
        from = cpu0.free;
      }
      clock.now = cpu0.free;
      phases.act();
    }
    return from;
  }
}
