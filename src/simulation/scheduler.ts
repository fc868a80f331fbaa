/**
 * Who runs when one CPU is shared by the process that floods and the readers: the fair scheduler as far as a few
 * threads of equal weight show it (kernel/sched/fair.c: place_entity, check_preempt_wakeup, check_preempt_tick,
 * pick_next_entity, with the default latency and granularities of one CPU). It is why a reader that just woke may wait
 * for the next ticks although it has almost nothing to do. Nothing here counts on machines with two CPUs, nor while the
 * kernel itself holds the CPU.
 */

/** sysctl_sched_latency and sysctl_sched_wakeup_granularity for one CPU. */
const LATENCY_NANOSECONDS = 6_000_000;
const WAKEUP_GRANULARITY_NANOSECONDS = 1_000_000;

export class FairScheduler {
  private readonly vruntime: Float64Array;
  private readonly runnable: Uint8Array;
  private runnableCount = 0;
  private minVruntime = LATENCY_NANOSECONDS / 2;
  private current = -1;
  private ranSincePick = 0;
  private lastTick = Number.NaN;
  private reschedule = false;

  /**
   * What the tasks did before the first packet is chance: each is between no and a sleeper's whole credit behind, and
   * task 0 may already have run for a part of its slice.
   */
  constructor(tasks: number, uniform: () => number) {
    this.vruntime = Float64Array.from({ length: tasks }, () => (uniform() * LATENCY_NANOSECONDS) / 2);
    this.runnable = new Uint8Array(tasks);
    this.wake(0);
    this.current = 0;
    this.ranSincePick = (uniform() * LATENCY_NANOSECONDS) / 2;
  }

  wake(task: number): void {
    if (this.runnable[task] === 1) return;
    this.runnable[task] = 1;
    this.runnableCount++;
    const placed = this.minVruntime - LATENCY_NANOSECONDS / 2;
    if (placed > this.vruntime[task]!) this.vruntime[task] = placed;
    if (this.current < 0 || this.current === task) return;
    const behind = this.vruntime[this.current]! - this.vruntime[task]!;
    if (behind > WAKEUP_GRANULARITY_NANOSECONDS) this.reschedule = true;
  }

  sleep(task: number): void {
    if (this.runnable[task] === 0) return;
    this.runnable[task] = 0;
    this.runnableCount--;
    if (this.current === task) this.current = -1;
  }

  ran(task: number, nanoseconds: number): void {
    this.vruntime[task]! += nanoseconds;
    if (task === this.current) this.ranSincePick += nanoseconds;
    let least = Number.POSITIVE_INFINITY;
    for (let other = 0; other < this.vruntime.length; other++) {
      if (this.runnable[other] === 1 && this.vruntime[other]! < least) least = this.vruntime[other]!;
    }
    if (least !== Number.POSITIVE_INFINITY && least > this.minVruntime) this.minVruntime = least;
  }

  /** The task that gets the CPU now, or -1. `tick`: the current jiffies. */
  pick(tick: number): number {
    if (tick !== this.lastTick) {
      this.lastTick = tick;
      if (this.runnableCount > 1 && this.ranSincePick > LATENCY_NANOSECONDS / this.runnableCount)
        this.reschedule = true;
    }
    if (this.current >= 0 && !this.reschedule) return this.current;
    this.reschedule = false;
    let chosen = -1;
    for (let task = 0; task < this.vruntime.length; task++) {
      if (this.runnable[task] === 1 && (chosen < 0 || this.vruntime[task]! < this.vruntime[chosen]!)) chosen = task;
    }
    if (chosen !== this.current) this.ranSincePick = 0;
    this.current = chosen;
    return chosen;
  }
}
