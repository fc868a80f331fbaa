/**
 * The gc worker: who finds expired entries that nobody looks up (gc_worker() of nf_conntrack_core.c). It had five
 * forms, each a file here; this one owns what they share: the work item, the walk over a chain with its way onto the
 * dying list (dying-list.ts), the killing of un-assured entries while early_drop failed and the table is 95 % full, and
 * the counters. A step is a few buckets or the kills of one, so that time can pass in between.
 *
 * For whoever reports: `runs`, and `longestPauseNanoseconds` from the end of a run to the start of the next, 0 with
 * fewer than two. The dead that are still counted are the expiry's (expiry.ts), what became of packets is the table's.
 */
import type { KernelClock } from "../../clock.js";
import { DelayedWork } from "../../delayed-work.js";
import type { Release } from "../../release.js";
import type { Deletion } from "../deletion.js";
import type { Expiry } from "../expiry.js";
import { IPS_ASSURED } from "../status.js";
import { type ConntrackTable, NIL } from "../table.js";
import { isClosing } from "../trackers/tcp-states.js";

/** Buckets between two moments at which anything else may happen. */
export const BUCKETS_PER_STEP = 256;

export interface GcOptions {
  clock: KernelClock;
  table: ConntrackTable;
  expiry: Expiry;
  deletion: Deletion;
  release: Release;
  tcp: boolean;
  /** Uniform in [0, 1): where in its idle cycle the worker is at the first packet. */
  phase: number;
  /** The longest time between two passes, where the kernel has a sysctl or a patch for it; null: its own. */
  intervalSeconds: number | null;
}

export abstract class GcWorker {
  protected readonly clock: KernelClock;
  protected readonly table: ConntrackTable;
  private readonly expiry: Expiry;
  private readonly deletion: Deletion;
  private readonly evicts: boolean;
  private readonly tcp: boolean;
  readonly work: DelayedWork;
  /** A run is under way. */
  running = false;
  /** Set by a failed early_drop: the next run also evicts. */
  earlyDrop = false;
  /** Buckets that the last step looked at. */
  bucketsSearched = 0;
  /** Entries of the dying list that it looked at in the end, turned into buckets of a plain search. */
  dyingSearched = 0;
  runs = 0;
  longestPauseNanoseconds = 0;

  protected bucket = 0;
  /** Nodes that the run looked at, and those of expired entries. */
  protected scanned = 0;
  protected expired = 0;
  /** The run has met more expired entries than it may. */
  protected spent = false;
  private evictAbove = 0;
  private runEnded = -1;

  constructor(options: GcOptions) {
    this.clock = options.clock;
    this.table = options.table;
    this.expiry = options.expiry;
    this.deletion = options.deletion;
    this.evicts = options.release.gcEvicts;
    this.tcp = options.tcp;
    this.work = new DelayedWork(options.clock, options.release.coarseTimers);
  }

  /** More expired nodes than this end a run at the next node. */
  protected abstract readonly mostExpired: number;
  /** Whether an entry that is evicted from a full table counts as an expired one. */
  protected abstract readonly countsEvicted: boolean;
  /** A run begins. */
  protected abstract begun(): void;
  /** Some buckets, or what may be killed in one. */
  protected abstract scan(): void;
  /** An entry that is not expired: its time left counts for the next interval. */
  protected abstract weigh(leftJiffies: number): void;

  /** The first run, within an idle cycle of so many jiffies. */
  protected scheduleFirst(phase: number, idleJiffies: number): void {
    this.work.schedule(1 + Math.floor(phase * idleJiffies));
  }

  /** Begins a run, or goes on with it: some buckets, or the kills of one. */
  step(): void {
    if (!this.running) this.begin();
    this.bucketsSearched = 0;
    this.dyingSearched = 0;
    this.scan();
  }

  private begin(): void {
    const { clock } = this;
    this.work.begin();
    this.running = true;
    this.runs++;
    if (this.runEnded >= 0) {
      this.longestPauseNanoseconds = Math.max(this.longestPauseNanoseconds, clock.now - this.runEnded);
    }
    this.scanned = 0;
    this.expired = 0;
    this.spent = false;
    this.evictAbove = this.earlyDrop && this.evicts ? Math.floor(this.table.max / 100) * 95 : 0;
    this.begun();
  }

  /** A run that goes on at once keeps the order of a failed early_drop. */
  protected endRun(delayJiffies: number): void {
    this.running = false;
    this.runEnded = this.clock.now;
    if (delayJiffies > 0) this.earlyDrop = false;
    this.work.schedule(delayJiffies);
  }

  /** Every node of the current bucket. Whether anything was killed. */
  protected scanBucket(): boolean {
    const { table, expiry } = this;
    let killed = false;
    let node = table.first(this.bucket);
    while (node !== NIL) {
      if (this.expired > this.mostExpired) {
        this.spent = true;
        return killed;
      }
      const entry = node >> 1;
      this.scanned++;
      if (expiry.isExpired(entry)) {
        this.expired++;
      } else {
        this.weigh(expiry.left(entry));
        if (this.evictAbove === 0 || table.count < this.evictAbove || !this.mayEvict(entry)) {
          node = table.after(node);
          continue;
        }
        if (this.countsEvicted) this.expired++;
      }
      node = this.kill(node);
      killed = true;
    }
    return killed;
  }

  /**
   * Kills a node's entry; answers the node at which the walk goes on. The links of a deleted node stay readable. Where
   * both nodes of an entry are in this chain, the reply's is met first, and clean_from_lists() takes out the original's
   * first, so that the walk goes on beyond it.
   */
  private kill(node: number): number {
    const { table, deletion } = this;
    const beyond = table.afterOther(node);
    const delivered = deletion.evict(node >> 1);
    if (!deletion.dyingList.catches(node, delivered)) return beyond;
    this.walkDyingList(delivered);
    return NIL;
  }

  /** Down the dying list from the entry that was just killed: what lies there has been reported and only counts. */
  private walkDyingList(delivered: boolean): void {
    const { expiry } = this;
    const { dyingList } = this.deletion;
    const behind = dyingList.behind(delivered);
    // Without a limit it walks to the end, after each entry that it kills: what comes out is known where all are
    // expired.
    if (this.mostExpired === Number.POSITIVE_INFINITY && dyingList.latestDeadline <= this.clock.jiffies) {
      this.dyingSearched += dyingList.bucketsFor(behind);
      this.scanned += behind;
      this.expired += behind;
      return;
    }
    for (let place = behind - 1; place >= 0; place--) {
      if (this.expired > this.mostExpired) {
        this.spent = true;
        return;
      }
      this.dyingSearched += dyingList.bucketsFor(1);
      this.scanned++;
      const entry = dyingList.entries[place]!;
      if (expiry.isExpired(entry)) this.expired++;
      else this.weigh(expiry.left(entry));
    }
  }

  /** gc_worker_can_early_drop(). */
  private mayEvict(entry: number): boolean {
    if ((this.table.statusOf(entry) & IPS_ASSURED) === 0) return true;
    return this.tcp && isClosing(this.table.protocolStateOf(entry));
  }
}
