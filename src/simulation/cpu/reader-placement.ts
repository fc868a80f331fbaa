/**
 * With two CPUs: where a reader that waits in recv wakes up. Usually on its own CPU, a wake-up later. But the wake-up
 * is one that announces the waker's sleep (wake_up_interruptible_sync), so the scheduler may put the reader on the
 * waker's CPU, and neither a worker nor a process that floods or flushes does sleep then: the reader runs there when
 * that CPU is free, or when a tick ends the waker's slice. A reader that was moved away from the process once stays
 * away, because that process works on; a worker's CPU is the one it was woken on last. It owns this rule and the
 * readers that wait on CPU 0.
 */
import type { Reader } from "../../daemon/reader.js";
import { type KernelClock, later } from "../../kernel/clock.js";

/** How long a task runs before a tick may take its CPU away (sysctl_sched_base_slice on two CPUs). */
const SLICE_NANOSECONDS = 1_400_000;

export class ReaderPlacement {
  private readonly clock: KernelClock;
  private readonly readers: readonly Reader[];
  private readonly wakeupNanoseconds: number;
  /** By reader: 1 once it was moved away from the process on CPU 0, and 1 while it waits there for its turn. */
  private readonly movedAway: Uint8Array;
  private readonly onCpu0: Uint8Array;
  /** Readers that wait on CPU 0. */
  waiting = 0;
  /** Since when the present process or worker has CPU 0. */
  private cpu0Since = Number.NaN;

  constructor(clock: KernelClock, readers: readonly Reader[], wakeupNanoseconds: number) {
    this.clock = clock;
    this.readers = readers;
    this.wakeupNanoseconds = wakeupNanoseconds;
    this.movedAway = new Uint8Array(readers.length);
    this.onCpu0 = new Uint8Array(readers.length);
    this.cpu0Since = 0;
  }

  /** A worker or a process takes CPU 0. */
  cpu0Taken(): void {
    this.cpu0Since = this.clock.now;
  }

  /** The process goes on after its pause: it takes CPU 0, and the next wake-up meets it there again. */
  pauseOver(): void {
    this.cpu0Taken();
    this.movedAway.fill(0);
  }

  /** A message came into the empty queue of a reader, sent by a worker or by the process. */
  wake(index: number, byWorker: boolean): void {
    const reader = this.readers[index]!;
    if (!byWorker && this.movedAway[index] === 1) {
      reader.wake(this.clock.now + this.wakeupNanoseconds);
      return;
    }
    this.movedAway[index] = 1;
    if (this.onCpu0[index] === 0) this.waiting++;
    this.onCpu0[index] = 1;
    reader.wake(this.sliceEnd(this.clock.now));
  }

  /** CPU 0 has nothing more to do from `free` on: readers that waited there run. */
  release(free: number): void {
    for (let index = 0; index < this.readers.length; index++) {
      if (this.onCpu0[index] === 0) continue;
      this.onCpu0[index] = 0;
      this.waiting--;
      this.readers[index]!.hasten(free + this.wakeupNanoseconds);
    }
  }

  /** When a tick takes CPU 0 from whoever has had it for a slice, for somebody who wants it from `from` on. */
  sliceEnd(from: number): number {
    const { clock } = this;
    return clock.timeOf(clock.jiffiesAt(later(from, this.cpu0Since + SLICE_NANOSECONDS)) + 1);
  }
}
