/**
 * The completely fair scheduler, up to 6.5 (kernel/sched/fair.c: place_entity, check_preempt_wakeup,
 * check_preempt_tick, pick_next_entity, with the latency and granularities of one CPU). A task that wakes is placed at
 * most half a latency behind the others and takes the CPU at once only if it is more than the wake-up granularity
 * behind; otherwise it waits until a tick finds that the present one had its slice. It is why a reader that just woke
 * may wait for the next ticks although it has almost nothing to do.
 */
import { Reschedule } from "./reschedule.js";
import type { Scheduler, SchedulerFacts } from "./scheduler.js";

/** sysctl_sched_latency, sysctl_sched_min_granularity and sysctl_sched_wakeup_granularity for one CPU. */
const LATENCY_NANOSECONDS = 6_000_000;
const LEAST_GRANULARITY_NANOSECONDS = 750_000;
const WAKEUP_GRANULARITY_NANOSECONDS = 1_000_000;

export class CfsScheduler implements Scheduler {
  graceWanted = false;
  private readonly vruntime: Float64Array;
  private readonly runnable: Uint8Array;
  /** Of equals the one that was queued first comes first. */
  private readonly queued: Float64Array;
  private wakeups = 0;
  /** The task whose wake-up made the present one give way, or -1 (set_next_buddy()). */
  private buddy = -1;
  private readonly reschedule: Reschedule;
  private readonly hasGraceThread: boolean;
  private runnableCount = 0;
  private minVruntime = LATENCY_NANOSECONDS / 2;
  private current = -1;
  private ranSincePick = 0;
  private lastTick = Number.NaN;

  /**
   * Each task is between no and a sleeper's whole credit behind, and task 0 may already have run for a part of its
   * slice.
   */
  constructor(facts: SchedulerFacts, tasks: number, uniform: () => number) {
    this.reschedule = new Reschedule(facts.preemption);
    this.hasGraceThread = facts.graceThread;
    this.vruntime = Float64Array.from({ length: tasks }, () => (uniform() * LATENCY_NANOSECONDS) / 2);
    this.runnable = new Uint8Array(tasks);
    this.queued = new Float64Array(tasks);
    this.wake(0);
    this.current = 0;
    this.ranSincePick = (uniform() * LATENCY_NANOSECONDS) / 2;
  }

  wake(task: number): void {
    if (this.runnable[task] === 1) return;
    this.chargeCurrent(0);
    this.runnable[task] = 1;
    this.queued[task] = this.wakeups++;
    this.runnableCount++;
    const placed = this.minVruntime - LATENCY_NANOSECONDS / 2;
    if (placed > this.vruntime[task]!) this.vruntime[task] = placed;
    if (this.current < 0) return;
    const behind = this.vruntime[this.current]! - this.vruntime[task]!;
    if (behind > WAKEUP_GRANULARITY_NANOSECONDS && !this.reschedule.asked) {
      this.reschedule.ask();
      this.buddy = task;
    }
    this.reschedule.woken();
  }

  sleep(task: number): void {
    if (this.runnable[task] === 0) return;
    this.runnable[task] = 0;
    this.runnableCount--;
    if (this.buddy === task) this.buddy = -1;
    if (this.current === task) this.current = -1;
  }

  ran(task: number, nanoseconds: number): void {
    this.charge(task, this.reschedule.chargeable(nanoseconds));
  }

  private chargeCurrent(keptNanoseconds: number): void {
    const uncharged = this.reschedule.takeUncharged(keptNanoseconds);
    if (uncharged > 0 && this.current >= 0) this.charge(this.current, uncharged);
  }

  private charge(task: number, nanoseconds: number): void {
    this.vruntime[task]! += nanoseconds;
    if (task === this.current) this.ranSincePick += nanoseconds;
    let least = Number.POSITIVE_INFINITY;
    for (let other = 0; other < this.vruntime.length; other++) {
      if (this.runnable[other] === 1 && this.vruntime[other]! < least) least = this.vruntime[other]!;
    }
    if (least !== Number.POSITIVE_INFINITY && least > this.minVruntime) this.minVruntime = least;
  }

  pick(now: number, jiffies: number, inKernel: boolean, tickedAt = now): number {
    if (jiffies !== this.lastTick) {
      this.lastTick = jiffies;
      this.chargeCurrent(now - tickedAt);
      this.tick();
    }
    if (this.current >= 0 && !this.reschedule.isMet(inKernel)) return this.current;
    this.reschedule.clear();
    const chosen = this.next();
    if (chosen !== this.current) this.ranSincePick = 0;
    this.current = chosen;
    this.chargeCurrent(0);
    return chosen;
  }

  /**
   * check_preempt_tick(): the slice is over, or somebody is a whole slice behind. Where grace periods have a thread, it
   * wakes at every tick while freed memory waits for one. It slept, so it takes the CPU from whoever has it, and when
   * it sleeps again, the task that is furthest behind comes: earlier than its slice would have let it. A trace of a
   * flush of 20,000 entries of 6.1.170 has the thread from three fifths of the way on, one of 6.12 from two thirds.
   */
  private tick(): void {
    this.reschedule.tick();
    if (this.runnableCount < 2 || this.current < 0) return;
    const slice = LATENCY_NANOSECONDS / this.runnableCount;
    if ((this.hasGraceThread && this.graceWanted) || this.ranSincePick > slice) this.reschedule.ask();
    else if (this.ranSincePick >= LEAST_GRANULARITY_NANOSECONDS) {
      const behind = this.vruntime[this.current]! - this.vruntime[this.leftmost()]!;
      if (behind > slice) this.reschedule.ask();
    }
  }

  /** pick_next_entity(): who made the present task give way comes next, unless somebody is far behind it. */
  private next(): number {
    const { buddy } = this;
    const leftmost = this.leftmost();
    this.buddy = -1;
    if (buddy < 0) return leftmost;
    const ahead = this.vruntime[buddy]! - this.vruntime[leftmost]!;
    return ahead > WAKEUP_GRANULARITY_NANOSECONDS ? leftmost : buddy;
  }

  private leftmost(): number {
    let chosen = -1;
    for (let task = 0; task < this.vruntime.length; task++) {
      if (this.runnable[task] === 1 && (chosen < 0 || this.isBefore(task, chosen))) chosen = task;
    }
    return chosen;
  }

  private isBefore(task: number, other: number): boolean {
    const behind = this.vruntime[other]! - this.vruntime[task]!;
    return behind > 0 || (behind === 0 && this.queued[task]! < this.queued[other]!);
  }
}
