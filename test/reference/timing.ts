/**
 * When timers of the kernel fire, in jiffies: the slack of 2.6.35 to 4.7 and the wheel of 4.8 on, written to be read.
 */
import type { KernelClock } from "../../src/kernel/clock.js";

/**
 * apply_slack(): up to a 256th of the delay late, at the last multiple of the largest power of two that lies after the
 * time that was asked for.
 */
export function withSlack(expires: number, jiffies: number): number {
  const delay = expires - jiffies;
  if (delay < 256) return expires;
  const latest = expires + Math.floor(delay / 256);
  let width = 1;
  while (Math.floor(latest / (2 * width)) > Math.floor(expires / (2 * width))) width *= 2;
  return Math.floor(latest / width) * width;
}

/**
 * calc_wheel_index(): 63 jiffies of width 1, and each level after it is eight times as wide and reaches as much
 * further.
 */
function coarseExpiry(expires: number, delay: number): number {
  let width = 1;
  for (let reach = 63; delay >= reach; reach *= 8) width *= 8;
  return (Math.floor(expires / width) + 1) * width;
}

/** A delayed work item: pending at most once. */
export class Work {
  due = Number.POSITIVE_INFINITY;

  constructor(
    private readonly clock: KernelClock,
    private readonly coarse: boolean,
  ) {}

  get isPending(): boolean {
    return this.due < Number.POSITIVE_INFINITY;
  }

  schedule(delayJiffies: number): void {
    if (this.isPending) return;
    const { clock, coarse } = this;
    const expires = clock.jiffies + delayJiffies;
    if (delayJiffies === 0) this.due = clock.now;
    else this.due = clock.timeOf(coarse ? coarseExpiry(expires, delayJiffies) : expires);
  }

  runNow(): void {
    this.due = this.clock.now;
  }

  begin(): void {
    this.due = Number.POSITIVE_INFINITY;
  }
}
