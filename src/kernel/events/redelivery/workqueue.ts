/**
 * Redelivery by a work item over per-CPU dying lists, Linux 3.17 to 5.18 (9500507c6138): ecache_work() and
 * nf_conntrack_ecache_delayed_work() of nf_conntrack_ecache.c. A run goes through the CPUs in order, each list from its
 * head (the latest failure first), delivers a batch per list and stops everything at the first failure. First run a
 * second after a failure, then every 100 ms while it fails; any successful destroy in between runs it at once.
 */
import type { KernelClock } from "../../clock.js";
import type { Deletion } from "../../conntrack/deletion.js";
import { DelayedWork } from "../../delayed-work.js";
import type { Release } from "../../release.js";
import { countRun, type Redelivery, type WorkerRuns } from "./redelivery.js";

/** ECACHE_RETRY_WAIT is HZ / 10. */
const RETRY_WAITS_PER_SECOND = 10;

export class WorkqueueRedelivery implements Redelivery {
  private readonly deletion: Deletion;
  private readonly hz: number;
  private readonly batch: number;
  readonly work: DelayedWork;
  /** Dying entries by CPU, the head of a list last. */
  private readonly lists: number[][];
  readonly delays = null;
  readonly runs: WorkerRuns = { runs: 0, delivered: 0, mostInOneRun: 0 };
  private deliveredInRun = 0;
  /** ecache_dwork_pending: a successful destroy may run the work at once. */
  private kickable = false;
  running = false;
  readonly mayYield = false;
  private cpu = 0;
  /** Delivered in this batch; their references are dropped together. */
  private delivered: number[] = [];
  private restart = false;

  constructor(clock: KernelClock, deletion: Deletion, release: Release, cpus: number) {
    this.deletion = deletion;
    this.hz = clock.hz;
    this.batch = release.redeliveryBatch;
    this.work = new DelayedWork(clock, release.coarseTimers);
    this.lists = Array.from({ length: cpus }, (_, cpu) => (cpu === 0 ? deletion.dyingList.entries : []));
  }

  get due(): number {
    return this.work.due;
  }

  /** Whatever fails does so on CPU 0: flood, flush and gc run there. */
  add(entry: number): void {
    this.lists[0]!.push(entry);
    if (this.work.isPending) return;
    this.work.schedule(this.hz);
    this.kickable = true;
  }

  destroySucceeded(): void {
    if (!this.kickable) return;
    this.kickable = false;
    this.work.runNow();
  }

  /** Its entries have no timers. */
  fire(): void {}

  step(): void {
    if (!this.running) {
      this.work.begin();
      this.running = true;
      this.cpu = 0;
      this.restart = false;
    }
    const list = this.lists[this.cpu]!;
    const entry = list.at(-1);
    if (entry === undefined) {
      this.nextList();
    } else if (!this.deletion.attemptAgain(entry)) {
      this.dropDelivered();
      this.end(Math.floor(this.hz / RETRY_WAITS_PER_SECOND));
    } else {
      list.pop();
      this.delivered.push(entry);
      this.deliveredInRun++;
      if (this.delivered.length < this.batch) return;
      this.restart = true;
      this.nextList();
    }
  }

  private nextList(): void {
    this.dropDelivered();
    if (++this.cpu === this.lists.length) this.end(this.restart ? 0 : -1);
  }

  private dropDelivered(): void {
    for (const entry of this.delivered) this.deletion.finish(entry);
    this.delivered = [];
  }

  private end(delayJiffies: number): void {
    this.running = false;
    countRun(this.runs, this.deliveredInRun);
    this.deliveredInRun = 0;
    this.kickable = delayJiffies > 0;
    if (delayJiffies >= 0) this.work.schedule(delayJiffies);
  }
}
