/**
 * Redelivery by a work item over one dedicated list, Linux 5.19 on (2ed3bf188b33): ecache_work_evict_list() and
 * nf_conntrack_ecache_work() of nf_conntrack_ecache.c. A run takes entries from the head (the latest failure first)
 * until one fails, the list is empty, or 10 ms are over; what it delivered is freed at its end. First run a second
 * after a failure, then every 10 ms while it fails; as long as the list is not empty, every successful destroy runs it
 * at once.
 *
 * Up to the updates of July 2026 the test of the 10 ms had its operands exchanged, so that a run ends after its first
 * delivery.
 */
import type { KernelClock } from "../../clock.js";
import type { Deletion } from "../../conntrack/deletion.js";
import { DelayedWork } from "../../delayed-work.js";
import type { Release } from "../../release.js";
import { countRun, type Redelivery, type WorkerRuns } from "./redelivery.js";

/** ECACHE_RETRY_JIFFIES and the deadline of a run, both msecs_to_jiffies(10). */
const RETRY_MILLISECONDS = 10;
/** Entries per hold of the lock: the test comes after the increment and asks for more than ECACHE_MAX_… 16. */
const ENTRIES_PER_LOCK_HOLD = 18;

export class EvictListRedelivery implements Redelivery {
  private readonly clock: KernelClock;
  private readonly deletion: Deletion;
  private readonly invertedDeadline: boolean;
  private readonly retryJiffies: number;
  readonly work: DelayedWork;
  /** Dying entries, the head of the list last. */
  private readonly list: number[];
  readonly delays = null;
  readonly runs: WorkerRuns = { runs: 0, delivered: 0, mostInOneRun: 0 };
  private kickable = false;
  running = false;
  mayYield = false;
  private stopJiffies = 0;
  private held = 0;
  private delivered: number[] = [];

  constructor(clock: KernelClock, deletion: Deletion, release: Release) {
    this.clock = clock;
    this.deletion = deletion;
    this.list = deletion.dyingList.entries;
    this.invertedDeadline = release.invertedDeadline;
    this.retryJiffies = Math.ceil((RETRY_MILLISECONDS * clock.hz) / 1000);
    this.work = new DelayedWork(clock, release.coarseTimers);
  }

  get due(): number {
    return this.work.due;
  }

  add(entry: number): void {
    this.list.push(entry);
    if (this.work.isPending) return;
    this.work.schedule(this.clock.hz);
    this.kickable = true;
  }

  destroySucceeded(): void {
    if (!this.kickable) return;
    if (this.list.length > 0) this.work.runNow();
    else this.kickable = false;
  }

  /** Its entries have no timers. */
  fire(): void {}

  step(): void {
    if (!this.running) this.begin();
    this.mayYield = false;
    const entry = this.list.at(-1);
    if (entry === undefined) {
      this.end(-1);
    } else if (!this.deletion.attemptAgain(entry)) {
      this.end(this.retryJiffies);
    } else {
      this.list.pop();
      this.delivered.push(entry);
      const late = this.clock.jiffies - this.stopJiffies;
      if (this.invertedDeadline ? late < 0 : late > 0) this.end(0);
      else if (++this.held === ENTRIES_PER_LOCK_HOLD) {
        this.held = 0;
        this.mayYield = true;
      }
    }
  }

  private begin(): void {
    this.work.begin();
    this.running = true;
    this.held = 0;
    this.stopJiffies = this.clock.jiffies + this.retryJiffies;
  }

  private end(delayJiffies: number): void {
    this.running = false;
    countRun(this.runs, this.delivered.length);
    for (const entry of this.delivered) this.deletion.finish(entry);
    this.delivered = [];
    if (delayJiffies >= 0) this.work.schedule(delayJiffies);
  }
}
