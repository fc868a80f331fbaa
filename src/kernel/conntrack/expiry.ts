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
  /** Entries in the table whose deadline has passed: dead and still counted. */
  expired(): number;
  /** The most of them at any time so far. */
  expiredPeak(): number;
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

  expired(): number {
    return 0;
  }

  expiredPeak(): number {
    return 0;
  }
}

/** Slots of the count of deadlines; a slot is a jiffy unless the span asks for wider ones. */
const MOST_SLOTS = 2 ** 18;

/**
 * A deadline in jiffies, overwritten by every packet. Who has expired is nobody's event, so the dead are counted by
 * their deadlines: so many entries to a slot of time, and a hand that goes on with the clock. A packet moves its entry
 * from one slot to another.
 */
export class LazyExpiry implements Expiry {
  readonly lazy = true;
  private readonly clock: KernelClock;
  private readonly records: EntryRecords;
  private readonly slots: Int32Array;
  private readonly firstJiffy: number;
  private readonly shift: number;
  private readonly last: number;
  /** The first slot that is not over. */
  private hand = 0;
  private dead = 0;
  private deadPeak = 0;

  /** `spanJiffies`: how long the run may last; a deadline after its end is in the last slot, which is never over. */
  constructor(clock: KernelClock, records: EntryRecords, spanJiffies: number) {
    this.clock = clock;
    this.records = records;
    this.firstJiffy = clock.jiffies;
    let shift = 0;
    while (spanJiffies >>> shift > MOST_SLOTS) shift++;
    this.shift = shift;
    this.last = (spanJiffies >>> shift) + 1;
    this.slots = new Int32Array(this.last + 1);
  }

  start(entry: number, timeoutJiffies: number): void {
    const expires = this.clock.jiffies + timeoutJiffies;
    this.records.nodes[nodeOf(entry) + EXPIRES] = expires;
    this.slots[this.slotOf(expires)]!++;
  }

  refresh(entry: number, timeoutJiffies: number): void {
    const { nodes } = this.records;
    const at = nodeOf(entry) + EXPIRES;
    const expires = this.clock.jiffies + timeoutJiffies;
    const from = this.slotOf(nodes[at]!);
    const to = this.slotOf(expires);
    nodes[at] = expires;
    if (from === to) return;
    if (from < this.hand) this.settle();
    if (from < this.hand) this.dead--;
    else this.slots[from]!--;
    this.slots[to]!++;
  }

  stop(entry: number): void {
    const from = this.slotOf(this.records.nodes[nodeOf(entry) + EXPIRES]!);
    this.settle();
    if (from < this.hand) this.dead--;
    else this.slots[from]!--;
  }

  isExpired(entry: number): boolean {
    return this.left(entry) <= 0;
  }

  left(entry: number): number {
    return this.records.nodes[nodeOf(entry) + EXPIRES]! - this.clock.jiffies;
  }

  expired(): number {
    this.settle();
    return this.dead;
  }

  expiredPeak(): number {
    this.settle();
    return this.deadPeak;
  }

  /** The slots whose deadlines have passed are counted as dead. */
  private settle(): void {
    const { slots } = this;
    // A deadline that is now has passed; a wider slot is over when its last jiffy is.
    const end = Math.min((this.clock.jiffies + 1 - this.firstJiffy) >>> this.shift, this.last);
    while (this.hand < end) this.dead += slots[this.hand++]!;
    if (this.dead > this.deadPeak) this.deadPeak = this.dead;
  }

  private slotOf(expires: number): number {
    const slot = (expires - this.firstJiffy) >>> this.shift;
    return Math.min(slot, this.last);
  }
}
