/**
 * How an entry's timeout is kept. Up to 4.8 every entry has a kernel timer, which fires at its tick; from 4.9 on
 * (f330a7fdbe16) the entry only stores its deadline, and somebody has to come by: a look-up or early_drop that walks
 * the same chain, or the gc worker (gc.ts). One implementation each, behind what packets and deletion need.
 */
import type { KernelClock } from "../clock.js";
import { type EntryRecords, EXPIRES, nodeOf } from "../records.js";
import type { TimerWheel } from "../timer-wheel.js";

export interface Expiry {
  /** Whether expired entries stay in the table until somebody meets them. */
  readonly lazy: boolean;
  /** The entry is confirmed: its timeout starts. */
  start(entry: number, timeoutJiffies: number): void;
  /** A packet of a confirmed entry: __nf_ct_refresh_acct(). */
  refresh(entry: number, timeoutJiffies: number): void;
  /** The entry leaves the table. */
  stop(entry: number): void;
  /** nf_ct_is_expired(); never true where a timer does the work. */
  isExpired(entry: number): boolean;
  /** Jiffies until the deadline. */
  left(entry: number): number;
}

/** One timer per entry. It moves only if it would fire a second or more later, so at most once per second. */
export class TimerExpiry implements Expiry {
  readonly lazy = false;
  private readonly clock: KernelClock;
  private readonly timers: TimerWheel;

  constructor(clock: KernelClock, timers: TimerWheel) {
    this.clock = clock;
    this.timers = timers;
  }

  start(entry: number, timeoutJiffies: number): void {
    this.timers.arm(entry, this.clock.jiffies + timeoutJiffies);
  }

  refresh(entry: number, timeoutJiffies: number): void {
    const expires = this.clock.jiffies + timeoutJiffies;
    const later = expires - this.timers.expiresAt(entry);
    // The subtraction is unsigned in the kernel: an earlier expiry wraps to a huge difference and moves the timer too.
    if (later >= this.clock.hz || later < 0) this.timers.armExact(entry, expires);
  }

  stop(entry: number): void {
    this.timers.disarm(entry);
  }

  isExpired(): boolean {
    return false;
  }

  left(entry: number): number {
    return this.timers.expiresAt(entry) - this.clock.jiffies;
  }
}

/** A deadline in jiffies, overwritten by every packet. */
export class LazyExpiry implements Expiry {
  readonly lazy = true;
  private readonly clock: KernelClock;
  private readonly records: EntryRecords;

  constructor(clock: KernelClock, records: EntryRecords) {
    this.clock = clock;
    this.records = records;
  }

  start(entry: number, timeoutJiffies: number): void {
    this.records.nodes[nodeOf(entry) + EXPIRES] = this.clock.jiffies + timeoutJiffies;
  }

  refresh(entry: number, timeoutJiffies: number): void {
    this.records.nodes[nodeOf(entry) + EXPIRES] = this.clock.jiffies + timeoutJiffies;
  }

  stop(): void {}

  isExpired(entry: number): boolean {
    return this.left(entry) <= 0;
  }

  left(entry: number): number {
    return this.records.nodes[nodeOf(entry) + EXPIRES]! - this.clock.jiffies;
  }
}
