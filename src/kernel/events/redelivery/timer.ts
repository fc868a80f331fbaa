/**
 * Redelivery by one timer per dying entry, Linux 2.6.31 to 3.16: nf_ct_insert_dying_list() and death_by_event() of
 * nf_conntrack_core.c. The delay is random32() modulo the retry timeout in jiffies, drawn anew after every failure;
 * there is no back-off and no coupling between entries. Up to 3.5 the entry's own timer is used again, from 3.6 on one
 * in the event cache extension; the two are never pending together, so here they are the same timer.
 */
import { type KernelClock, NEVER } from "../../clock.js";
import type { Deletion } from "../../conntrack/deletion.js";
import type { TimerWheel } from "../../timer-wheel.js";
import type { DelayBounds, Redelivery } from "./redelivery.js";

export class TimerRedelivery implements Redelivery {
  private readonly clock: KernelClock;
  private readonly timers: TimerWheel;
  private readonly deletion: Deletion;
  private readonly random32: () => number;
  private readonly windowJiffies: number;
  readonly delays: DelayBounds = { shortestJiffies: NEVER, longestJiffies: 0 };

  /**
   * `windowJiffies`: net.netfilter.nf_conntrack_events_retry_timeout × HZ, at least 1. `random32`: unsigned 32 bits.
   */
  constructor(
    clock: KernelClock,
    timers: TimerWheel,
    deletion: Deletion,
    random32: () => number,
    windowJiffies: number,
  ) {
    this.clock = clock;
    this.timers = timers;
    this.deletion = deletion;
    this.random32 = random32;
    this.windowJiffies = windowJiffies;
  }

  /** A success somewhere else changes nothing for the timers. */
  destroySucceeded(): void {}

  readonly runs = null;
  readonly work = null;
  readonly due = NEVER;
  readonly running = false;
  readonly mayYield = false;
  step(): void {}

  add(entry: number): void {
    const delay = this.random32() % this.windowJiffies;
    if (delay < this.delays.shortestJiffies) this.delays.shortestJiffies = delay;
    if (delay > this.delays.longestJiffies) this.delays.longestJiffies = delay;
    this.timers.arm(entry, this.clock.jiffies + delay);
  }

  /** death_by_event(): the retry timer of a dying entry fired. */
  fire(entry: number): void {
    if (this.deletion.attemptAgain(entry)) this.deletion.finish(entry);
    else this.add(entry);
  }
}
