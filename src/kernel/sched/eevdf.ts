/**
 * Earliest eligible virtual deadline first, from 6.6 on (kernel/sched/fair.c: place_entity, pick_eevdf,
 * update_deadline, update_entity_lag, dequeue_entity with its delayed form, check_preempt_wakeup_fair). A task is
 * eligible while it had at most its share; of the eligible ones the earliest deadline runs, and who runs is protected
 * until its request is used up (RUN_TO_PARITY). A task that sleeps keeps its lag; from 6.12 on one that had more than
 * its share stays in the queue until it is eligible again (DELAY_DEQUEUE). Nobody has a sleeper's credit, so that a
 * reader which just woke usually waits until the present task's request is over, which only a tick, the next wake-up
 * or, in later kernels, a timer of its own (hrtick) finds out.
 *
 * What disturbs a reader that keeps up is small: a tick, and RCU's thread, which joins the queue at ticks while freed
 * memory waits. Then the present task is eligible for once, and protected until a tick finds its request over.
 */
import { Reschedule } from "./reschedule.js";
import type { Scheduler, SchedulerFacts } from "./scheduler.js";

/** What the thread of RCU's grace periods does at a time, and what it adds to a tick, by traces of 6.12 and 7.3. */
const GRACE_NANOSECONDS = 6_000;
const GRACE_TICK_NANOSECONDS = 8_000;

/** The lag that a sleeping task keeps is at most two slices, or this. */
const TICK_NANOSECONDS = 4_000_000;

export class EevdfScheduler implements Scheduler {
  graceWanted = false;
  private readonly slice: number;
  /** The number of RCU's thread, after those of all tasks. */
  private readonly graceThread: number;
  private readonly tickNanoseconds: number;
  private readonly delaysDequeue: boolean;
  private readonly hrtick: boolean;
  private readonly lagLimit: number;
  private readonly reschedule: Reschedule;
  private readonly vruntime: Float64Array;
  private readonly deadline: Float64Array;
  private readonly lag: Float64Array;
  private readonly queued: Uint8Array;
  /** In the queue although it sleeps. */
  private readonly delayed: Uint8Array;
  private queuedCount = 0;
  private current = -1;
  /** The present task has not used up the request with which it was picked. */
  private isProtected = false;
  /** The mean of vruntime when somebody was last in the queue. */
  private lastMean = 0;
  private lastTick = Number.NaN;
  private now = 0;
  /** The present task's vruntime when update_curr() looked last. */
  private updated = 0;
  /** When the timer of the requests fires. */
  private hrtickAt = Number.POSITIVE_INFINITY;

  /** @param tickNanoseconds what a tick takes of the task that it interrupts. */
  constructor(facts: SchedulerFacts, tasks: number, uniform: () => number, tickNanoseconds = 0) {
    this.tickNanoseconds = tickNanoseconds;
    this.slice = facts.sliceNanoseconds;
    this.delaysDequeue = facts.delaysDequeue;
    this.hrtick = facts.hrtick;
    this.lagLimit = Math.max(2 * this.slice, TICK_NANOSECONDS);
    this.reschedule = new Reschedule(facts.preemption);
    this.graceThread = tasks;
    this.vruntime = new Float64Array(tasks + 1);
    this.deadline = new Float64Array(tasks + 1);
    this.lag = new Float64Array(tasks + 1);
    // Who went to sleep last, or while the others were owed more, has no lag.
    for (let task = 0; task < tasks; task++) this.lag[task] = Math.max(0, 2 * uniform() - 1) * this.slice;
    this.queued = new Uint8Array(tasks + 1);
    this.delayed = new Uint8Array(tasks + 1);
    this.wake(0);
    this.deadline[0]! -= uniform() * this.slice;
    this.current = 0;
    this.isProtected = true;
  }

  wake(task: number): void {
    if (this.queued[task] === 1 && this.delayed[task] === 0) return;
    this.chargeCurrent();
    if (this.queued[task] === 1) {
      this.requeue(task);
    } else {
      this.updateCurrent();
      this.place(task);
    }
    this.preempt(task);
    this.reschedule.woken();
  }

  /** check_preempt_wakeup_fair() */
  private preempt(task: number): void {
    this.startHrtick();
    if (this.reschedule.asked) return;
    this.updateCurrent();
    if (this.best() === task) this.reschedule.ask();
  }

  sleep(task: number): void {
    if (this.queued[task] === 0 || this.delayed[task] === 1) return;
    this.updateCurrent();
    if (this.delaysDequeue && !this.isEligible(task)) this.delayed[task] = 1;
    else this.dequeue(task);
    if (this.current !== task) return;
    this.current = -1;
    // Who sleeps looks for the next one, even if all that is left sleeps, too.
    this.runnableBest();
  }

  get giveWay(): boolean {
    return this.reschedule.asked;
  }

  ran(task: number, nanoseconds: number): void {
    this.vruntime[task]! += this.reschedule.chargeable(nanoseconds);
    this.now += nanoseconds;
    if (this.now >= this.hrtickAt) this.fireHrtick();
  }

  pick(now: number, jiffies: number, inKernel: boolean, tickedAt = now): number {
    this.now = now;
    if (this.now >= this.hrtickAt) this.fireHrtick();
    if (jiffies !== this.lastTick) {
      if (this.current >= 0 && jiffies - this.lastTick > 1) this.tick(now - tickedAt);
      this.lastTick = jiffies;
      this.tick(now - tickedAt);
    }
    if (this.current >= 0 && !this.reschedule.isMet(inKernel)) return this.current;
    this.updateCurrent();
    this.reschedule.clear();
    let chosen = this.choose();
    while (chosen === this.graceThread) {
      this.vruntime[chosen]! += GRACE_NANOSECONDS;
      this.sleep(chosen);
      chosen = this.choose();
    }
    this.startHrtick();
    return chosen;
  }

  private choose(): number {
    const chosen = this.runnableBest();
    if (chosen >= 0 && chosen !== this.current) this.isProtected = true;
    this.current = chosen;
    if (chosen >= 0) this.updated = this.vruntime[chosen]!;
    this.chargeCurrent();
    return chosen;
  }

  /** hrtick_start_fair(): at the end of the present request, where there is somebody else. Nothing stops it. */
  private startHrtick(): void {
    const { current } = this;
    if (!this.hrtick || current < 0 || this.queuedCount < 2) return;
    this.hrtickAt = this.now + Math.max(0, this.deadline[current]! - this.vruntime[current]!);
  }

  /** Whoever has the CPU by then: its request may be over, too. */
  private fireHrtick(): void {
    this.hrtickAt = Number.POSITIVE_INFINITY;
    if (this.updateCurrent() && this.queuedCount > 1) this.reschedule.insist();
  }

  /** pick_next_entity(): one that stayed in the queue although it sleeps leaves it when its turn comes. */
  private runnableBest(): number {
    let chosen = this.best();
    while (chosen >= 0 && this.delayed[chosen] === 1) {
      this.dequeue(chosen);
      this.delayed[chosen] = 0;
      this.lag[chosen] = Math.min(this.lag[chosen]!, 0);
      chosen = this.best();
    }
    return chosen;
  }

  private tick(sinceNanoseconds: number): void {
    this.reschedule.tick();
    this.chargeCurrent(sinceNanoseconds);
    if (this.current >= 0) {
      const grace = this.graceWanted && this.tickNanoseconds > 0 ? GRACE_TICK_NANOSECONDS : 0;
      this.vruntime[this.current]! += this.tickNanoseconds + grace;
    }
    this.updateCurrent();
    if (this.graceWanted) this.wake(this.graceThread);
  }

  private chargeCurrent(keptNanoseconds = 0): void {
    const uncharged = this.reschedule.takeUncharged(keptNanoseconds);
    if (this.current >= 0) this.vruntime[this.current]! += uncharged;
  }

  /** update_curr(): a request that is used up is followed by the next one. Whether it was. */
  private updateCurrent(): boolean {
    const { current } = this;
    if (current < 0 || this.queued[current] === 0) return false;
    this.updated = this.vruntime[current]!;
    let over = false;
    if (this.vruntime[current]! >= this.deadline[current]!) {
      this.deadline[current] = this.vruntime[current]! + this.slice;
      this.isProtected = false;
      over = true;
    }
    if (this.queuedCount > 1 && (over || (this.delaysDequeue && !this.isProtected && !this.isEligible(current)))) {
      this.reschedule.ask();
    }
    return over;
  }

  /** place_entity(): where the lag that it left with is its lag again after it has joined. */
  private place(task: number): void {
    const mean = this.mean();
    const count = this.queuedCount;
    const lag = count === 0 ? 0 : (this.lag[task]! * (count + 1)) / count;
    this.vruntime[task] = mean - lag;
    this.deadline[task] = this.vruntime[task]! + this.slice;
    this.queued[task] = 1;
    this.queuedCount++;
  }

  /**
   * requeue_delayed_entity(): one that became eligible while it slept starts without lag; another goes on where it was.
   * What the present task ran since it was looked at last does not count yet.
   */
  private requeue(task: number): void {
    this.delayed[task] = 0;
    const { current } = this;
    const unseen = current >= 0 ? this.vruntime[current]! - this.updated : 0;
    if (this.mean() - unseen / this.queuedCount - this.vruntime[task]! <= 0) return;
    this.queued[task] = 0;
    this.queuedCount--;
    this.lag[task] = 0;
    this.place(task);
  }

  private dequeue(task: number): void {
    const mean = this.mean();
    this.lastMean = mean;
    this.lag[task] = Math.max(-this.lagLimit, Math.min(this.lagLimit, mean - this.vruntime[task]!));
    this.queued[task] = 0;
    this.queuedCount--;
  }

  /** avg_vruntime(), all weights being equal. */
  private mean(): number {
    if (this.queuedCount === 0) return this.lastMean;
    let sum = 0;
    for (let task = 0; task < this.vruntime.length; task++) if (this.queued[task] === 1) sum += this.vruntime[task]!;
    return sum / this.queuedCount;
  }

  private isEligible(task: number): boolean {
    return this.vruntime[task]! <= this.mean();
  }

  /** pick_eevdf(). */
  private best(): number {
    if (this.queuedCount === 0) return -1;
    const mean = this.mean();
    const { current } = this;
    if (current >= 0 && this.queued[current] === 1 && this.isProtected && this.vruntime[current]! <= mean)
      return current;
    let chosen = -1;
    for (let task = 0; task < this.vruntime.length; task++) {
      if (this.queued[task] === 0 || this.vruntime[task]! > mean) continue;
      if (chosen < 0 || this.deadline[task]! < this.deadline[chosen]!) chosen = task;
    }
    return chosen < 0 ? this.leastServed() : chosen;
  }

  /** The mean is rounded: of tasks that had the same, none may seem eligible. */
  private leastServed(): number {
    let chosen = -1;
    for (let task = 0; task < this.vruntime.length; task++) {
      if (this.queued[task] === 1 && (chosen < 0 || this.vruntime[task]! < this.vruntime[chosen]!)) chosen = task;
    }
    return chosen;
  }
}
