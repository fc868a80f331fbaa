/**
 * A delayed work item, as kernel/workqueue.c has it: pending at most once, run in process context when its timer fired.
 * It owns when that is, which depends on the timer wheel of the release: up to 4.7 a timer fires at its jiffy; from 4.8
 * on (kernel/time/timer.c, calc_wheel_index) never early and coarser the further away, so that 25 ticks become 26 and
 * 250 up to 258.
 */
import { type KernelClock, NEVER } from "./clock.js";

/**
 * LVL_START(1): delays below it are exact but for the one tick. Each further level has LVL_SIZE − 1 slots of eight
 * times the width.
 */
const FIRST_LEVEL_JIFFIES = 63;

export class DelayedWork {
  private readonly clock: KernelClock;
  private readonly coarse: boolean;
  /** When it runs, in nanoseconds; NEVER while it is neither queued nor its timer armed. */
  due = NEVER;
  /** When that was decided. */
  private armedAt = 0;

  /** `coarse`: whether the release has the timer wheel of 4.8. */
  constructor(clock: KernelClock, coarse: boolean) {
    this.clock = clock;
    this.coarse = coarse;
  }

  get isPending(): boolean {
    return this.due !== NEVER;
  }

  /** queue_delayed_work(): does nothing while it is pending. */
  schedule(delayJiffies: number): void {
    if (this.isPending) return;
    this.due = this.dueAfter(delayJiffies);
    this.armedAt = this.clock.now;
  }

  /**
   * Whether it runs before another item of its pool: the one that is due first, and of two timers of one tick the one
   * that was armed last, because the wheel adds at the head of a slot.
   */
  precedes(other: DelayedWork): boolean {
    return this.due < other.due || (this.due === other.due && this.armedAt > other.armedAt);
  }

  /** mod_delayed_work(…, 0): run now, pending or not. */
  runNow(): void {
    this.due = this.clock.now;
    this.armedAt = this.clock.now;
  }

  /** The work item starts to run. */
  begin(): void {
    this.due = NEVER;
  }

  private dueAfter(delayJiffies: number): number {
    if (delayJiffies === 0) return this.clock.now;
    const expires = this.clock.jiffies + delayJiffies;
    return this.clock.timeOf(this.coarse ? coarseExpiry(expires, delayJiffies) : expires);
  }
}

/**
 * The jiffy at which the wheel of 4.8 fires a timer that is `delay` jiffies away: the next multiple of its level's
 * width.
 */
export function coarseExpiry(expires: number, delay: number): number {
  let width = 1;
  for (let start = FIRST_LEVEL_JIFFIES; delay >= start; start *= 8) width *= 8;
  return (Math.floor(expires / width) + 1) * width;
}
