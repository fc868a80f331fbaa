/**
 * CPU 0, on which timers, workers, flood and flush run, and with one CPU the readers too: until when it is busy. It is
 * the one place where time is charged: what an action costs by itself and, for each delivery that the kernel attempted
 * in it, an attempt.
 */
import type { KernelClock } from "../../kernel/clock.js";
import type { Ctnetlink } from "../../kernel/events/ctnetlink.js";

export class Cpu0 {
  private readonly clock: KernelClock;
  private readonly ctnetlink: Ctnetlink;
  private readonly attemptNanoseconds: number;
  /** Attempts of all actions that were charged. */
  private charged = 0;
  /** From when on it is free. */
  free = Number.NEGATIVE_INFINITY;

  constructor(clock: KernelClock, ctnetlink: Ctnetlink, attemptNanoseconds: number) {
    this.clock = clock;
    this.ctnetlink = ctnetlink;
    this.attemptNanoseconds = attemptNanoseconds;
  }

  /** Attempts of the action under way. */
  get attempts(): number {
    return this.ctnetlink.attempts - this.charged;
  }

  /** The action under way is over and costs so much beside its attempts. Its whole cost. */
  charge(nanoseconds: number): number {
    const { attempts } = this.ctnetlink;
    const cost = nanoseconds + (attempts - this.charged) * this.attemptNanoseconds;
    this.charged = attempts;
    this.free = Math.max(this.free, this.clock.now) + cost;
    return cost;
  }
}
