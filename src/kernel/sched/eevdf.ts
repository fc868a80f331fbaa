/**
 * Earliest eligible virtual deadline first, from 6.6 on (kernel/sched/fair.c: place_entity, pick_eevdf,
 * update_deadline, update_entity_lag, dequeue_entity with its delayed form, check_preempt_wakeup_fair). A task is
 * eligible while it had at most its share; of the eligible ones the earliest deadline runs, and who runs is protected
 * until its request is used up (RUN_TO_PARITY). A task that sleeps keeps its lag; from 6.12 on one that had more than
 * its share stays in the queue until it is eligible again (DELAY_DEQUEUE). Nobody has a sleeper's credit, so that a
 * reader which just woke usually waits until the present task's request is over, which only a tick, the next wake-up
 * or, in later kernels, a timer of its own (hrtick) finds out.
 */
import { Reschedule } from "./reschedule.js";
import type { Scheduler, SchedulerFacts } from "./scheduler.js";

/** The lag that a sleeping task keeps is at most two slices, or this. */
const TICK_NANOSECONDS = 4_000_000;

export class EevdfScheduler implements Scheduler {
  private readonly slice: number;
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

  constructor(facts: SchedulerFacts, tasks: number, uniform: () => number) {
    this.slice = facts.sliceNanoseconds;
    this.delaysDequeue = facts.delaysDequeue;
    this.hrtick = facts.hrtick;
    this.lagLimit = Math.max(2 * this.slice, TICK_NANOSECONDS);
    this.reschedule = new Reschedule(facts.preemption);
    this.vruntime = new Float64Array(tasks);
    this.deadline = new Float64Array(tasks);
    this.lag = Float64Array.from({ length: tasks }, () => uniform() * this.slice);
    this.queued = new Uint8Array(tasks);
    this.delayed = new Uint8Array(tasks);
    this.wake(0);
    this.deadline[0]! -= uniform() * this.slice;
    this.current = 0;
    this.isProtected = true;
  }

  wake(task: number): void {
    if (this.queued[task] === 1 && this.delayed[task] === 0) return;
    this.updateCurrent();
    if (this.queued[task] === 1) this.requeue(task);
    else this.place(task);
    if (this.current < 0 || this.current === task || this.reschedule.asked) return;
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

  ran(task: number, nanoseconds: number): void {
    this.vruntime[task]! += nanoseconds;
    if (this.hrtick && task === this.current && this.queuedCount > 1 && this.vruntime[task]! >= this.deadline[task]!) {
      this.updateCurrent();
      this.reschedule.insist();
    }
  }

  pick(jiffies: number, inKernel: boolean): number {
    if (jiffies !== this.lastTick) {
      if (this.current >= 0 && jiffies - this.lastTick > 1) this.tick();
      this.lastTick = jiffies;
      this.tick();
    }
    if (this.current >= 0 && !this.reschedule.isMet(inKernel)) return this.current;
    this.updateCurrent();
    this.reschedule.clear();
    const chosen = this.runnableBest();
    if (chosen >= 0 && chosen !== this.current) this.isProtected = true;
    this.current = chosen;
    return chosen;
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

  private tick(): void {
    this.reschedule.tick();
    this.updateCurrent();
  }

  /** update_curr(): a request that is used up is followed by the next one, and the others are looked at. */
  private updateCurrent(): void {
    const { current } = this;
    if (current < 0 || this.queued[current] === 0) return;
    let over = false;
    if (this.vruntime[current]! >= this.deadline[current]!) {
      this.deadline[current] = this.vruntime[current]! + this.slice;
      this.isProtected = false;
      over = true;
    }
    if (this.queuedCount > 1 && (over || (this.delaysDequeue && !this.isProtected && !this.isEligible(current)))) {
      this.reschedule.ask();
    }
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
   */
  private requeue(task: number): void {
    this.delayed[task] = 0;
    if (this.mean() - this.vruntime[task]! <= 0) return;
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
