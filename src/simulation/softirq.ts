/**
 * The timer softirq: fires the timers of a jiffy one after the other, each as long as its attempts take. What a timer
 * is for depends on where its entry is: in the table its life is over, on the dying list its DESTROY is tried again.
 */
import { type KernelClock, later, NEVER } from "../kernel/clock.js";
import type { Deletion } from "../kernel/conntrack/deletion.js";
import { type ConntrackTable, DYING } from "../kernel/conntrack/table.js";
import type { Redelivery } from "../kernel/events/redelivery/redelivery.js";
import { AHEAD, type Prefetch } from "../kernel/prefetch.js";
import type { TimerWheel } from "../kernel/timer-wheel.js";
import type { Cpu0 } from "./cpu/cpu0.js";
import type { Machine } from "./machine.js";

export class TimerSoftirq {
  private readonly clock: KernelClock;
  private readonly table: ConntrackTable;
  private readonly prefetch: Prefetch;
  private readonly timers: TimerWheel;
  private readonly deletion: Deletion;
  private readonly redelivery: Redelivery;
  private readonly cpu0: Cpu0;
  /** The timers of a jiffy are being fired. */
  firing = false;
  /** From when on the next of them may be. */
  private nextAt = NEVER;
  /** The last jiffy that timers waited for, and when it comes. */
  private jiffy = -1;
  private jiffyAt = NEVER;
  /** The next timers of the jiffy, for which memory was asked, and how many of them are still to come. */
  private readonly ahead = new Int32Array(AHEAD);
  private prefetched = 0;

  constructor({ clock, cpu0, kernel }: Machine) {
    this.clock = clock;
    this.table = kernel.table;
    this.prefetch = kernel.prefetch;
    this.timers = kernel.timers;
    this.deletion = kernel.deletion;
    this.redelivery = kernel.redelivery;
    this.cpu0 = cpu0;
  }

  due(): number {
    if (this.firing === true) return this.nextAt;
    const jiffy = this.timers.nextJiffy();
    if (jiffy < 0) return NEVER;
    if (jiffy !== this.jiffy) {
      this.jiffy = jiffy;
      this.jiffyAt = this.clock.timeOf(jiffy);
    }
    return later(this.jiffyAt, this.clock.now);
  }

  /** One timer, or the end of the jiffy. */
  act(): void {
    const { clock, timers } = this;
    if (this.firing !== true) {
      timers.fire(timers.nextJiffy());
      this.firing = true;
      this.nextAt = clock.now;
    }
    if (this.prefetched === 0) {
      this.prefetched = timers.peek(this.ahead);
      this.prefetch.unlinks(this.ahead, this.prefetched);
    }
    const entry = timers.take();
    if (entry < 0) {
      this.firing = false;
      this.prefetched = 0;
      return;
    }
    this.prefetched--;
    if (this.table.placeOf(entry) === DYING) this.redelivery.fire(entry);
    else this.deletion.expire(entry);
    this.nextAt = clock.now + this.cpu0.charge(0);
  }
}
