/**
 * The gc worker: who finds expired entries that nobody looks up (gc_worker() of nf_conntrack_core.c). Two versions exist. Up
 * to 5.14 a run scans 1/128 of the buckets, and runs come closer together while most of what they see is expired. From 5.15 on a run
 * is a whole pass, and the next pass starts after the mean time that the entries still have. Both kill un-assured entries too
 * while early_drop failed and the table is 95 % full. It owns the walk and its pauses; a step is a few buckets or one kill, so
 * that time can pass in between.
 */
import type { KernelClock } from "../clock.js";
import { DelayedWork } from "../delayed-work.js";
import type { Release } from "../release.js";
import type { Deletion } from "./deletion.js";
import type { Expiry } from "./expiry.js";
import { IPS_ASSURED } from "./status.js";
import { type ConntrackTable, NIL } from "./table.js";
import { isClosing } from "./trackers/tcp-states.js";

/** Buckets between two moments at which anything else may happen. */
const BUCKETS_PER_STEP = 256;

/** GC_MAX_BUCKETS_DIV and GC_EVICT_RATIO of 4.9.76 to 5.14; a full scan takes at most GC_MAX_SCAN_JIFFIES. */
const FRACTION = 128;
const EVICT_RATIO_PERCENT = 50;
const MAX_SCAN_SECONDS = 16;

/** GC_SCAN_* of 5.15 on. */
const INTERVAL_MIN_SECONDS = 1;
const INTERVAL_MAX_SECONDS = 60;
const INTERVAL_CLAMP_SECONDS = 300;
const INITIAL_COUNT = 100;
const MAX_DURATION_MILLISECONDS = 10;
const EXPIRED_MAX_PER_SECOND = 64_000;

export class GcWorker {
  private readonly clock: KernelClock;
  private readonly table: ConntrackTable;
  private readonly expiry: Expiry;
  private readonly deletion: Deletion;
  private readonly wholePass: boolean;
  private readonly evicts: boolean;
  private readonly tcp: boolean;
  readonly work: DelayedWork;
  /** A run is under way. */
  running = false;
  /** Runs so far, and the longest time from the beginning of one to that of the next, in nanoseconds. */
  runs = 0;
  longestPause = 0;
  private begunAt = 0;
  /** Set by a failed early_drop: the next run also evicts. */
  earlyDrop = false;
  /** Buckets that the last step looked at. */
  bucketsSearched = 0;

  private bucket: number;
  private evictAbove = 0;
  // Of a run of a fraction.
  private bucketsLeft = 0;
  private scanned = 0;
  private expired = 0;
  private budgetSpent = false;
  private intervalJiffies: number;
  // Of a whole pass.
  private meanJiffies = 0;
  private count = 0;
  private passStart = 0;
  private runEnds = 0;

  /** `phase`: uniform in [0, 1): where in its idle cycle the worker is at the first packet. */
  constructor(options: {
    clock: KernelClock;
    table: ConntrackTable;
    expiry: Expiry;
    deletion: Deletion;
    release: Release;
    tcp: boolean;
    phase: number;
  }) {
    this.clock = options.clock;
    this.table = options.table;
    this.expiry = options.expiry;
    this.deletion = options.deletion;
    this.wholePass = options.release.gc === "pass";
    this.evicts = options.release.gcEvicts;
    this.tcp = options.tcp;
    this.work = new DelayedWork(options.clock, options.release.coarseTimers);
    this.intervalJiffies = this.longestIntervalJiffies;
    this.bucket = this.wholePass ? 0 : Math.floor(options.phase * this.table.buckets);
    const idleJiffies = this.wholePass ? INTERVAL_MAX_SECONDS * this.clock.hz : this.longestIntervalJiffies;
    this.work.schedule(1 + Math.floor(options.phase * idleJiffies));
  }

  /** Begins a run, or goes on with it: some buckets, or one kill. */
  step(): void {
    if (!this.running) this.begin();
    this.bucketsSearched = 0;
    while (this.bucketsSearched < BUCKETS_PER_STEP) {
      if (this.wholePass ? this.scanOfPass() : this.scanOfFraction()) return;
    }
  }

  private begin(): void {
    const { clock } = this;
    this.work.begin();
    this.running = true;
    if (this.runs++ > 0) this.longestPause = Math.max(this.longestPause, clock.now - this.begunAt);
    this.begunAt = clock.now;
    this.expired = 0;
    this.budgetSpent = false;
    this.evictAbove = this.earlyDrop && this.evicts ? Math.floor(this.table.max / 100) * 95 : 0;
    if (!this.wholePass) {
      this.bucketsLeft = Math.floor(this.table.buckets / FRACTION);
      this.scanned = 0;
      return;
    }
    if (this.bucket === 0) {
      this.meanJiffies = INTERVAL_MAX_SECONDS * clock.hz;
      this.count = INITIAL_COUNT;
      this.passStart = clock.jiffies;
    }
    this.runEnds = clock.jiffies + Math.ceil((MAX_DURATION_MILLISECONDS * clock.hz) / 1000);
  }

  /** One bucket of a fraction. True: the step is over. */
  private scanOfFraction(): boolean {
    this.bucket = this.bucket + 1 >= this.table.buckets ? 0 : this.bucket + 1;
    this.bucketsSearched++;
    const killed = this.scanBucket();
    if (--this.bucketsLeft <= 0) {
      this.endOfFraction();
      return true;
    }
    return killed;
  }

  private endOfFraction(): void {
    const shortest = Math.max(Math.floor(this.clock.hz / FRACTION), 1);
    const ratio = this.scanned > 0 ? Math.floor((this.expired * 100) / this.scanned) : 0;
    this.intervalJiffies =
      ratio > EVICT_RATIO_PERCENT ? shortest : Math.min(this.intervalJiffies + shortest, this.longestIntervalJiffies);
    this.endRun(this.intervalJiffies);
    this.earlyDrop = false;
  }

  private get longestIntervalJiffies(): number {
    return Math.floor((MAX_SCAN_SECONDS * this.clock.hz) / FRACTION);
  }

  /** One bucket of a pass. True: the step is over. */
  private scanOfPass(): boolean {
    const { clock } = this;
    const killed = this.scanBucket();
    this.bucketsSearched++;
    if (this.budgetSpent) {
      // Enough for one run: go on in this bucket at the next tick, or at once when the pass is already long.
      this.endRun(clock.jiffies - this.passStart < INTERVAL_MAX_SECONDS * clock.hz ? 1 : 0);
      return true;
    }
    this.bucket++;
    if (this.bucket >= this.table.buckets) {
      this.endOfPass();
      return true;
    }
    if (clock.jiffies > this.runEnds) {
      this.endRun(0);
      return true;
    }
    return killed;
  }

  private endOfPass(): void {
    const { clock } = this;
    this.bucket = 0;
    const wanted = clamp(this.meanJiffies, INTERVAL_MIN_SECONDS * clock.hz, INTERVAL_MAX_SECONDS * clock.hz);
    const took = Math.max(clock.jiffies - this.passStart, 1);
    this.endRun(wanted > took ? wanted - took : 1);
  }

  private endRun(delayJiffies: number): void {
    this.running = false;
    if (delayJiffies > 0) this.earlyDrop = false;
    this.work.schedule(delayJiffies);
  }

  /** Every node of the current bucket. Whether anything was killed. */
  private scanBucket(): boolean {
    const { table, expiry } = this;
    let killed = false;
    let node = table.first(this.bucket);
    while (node !== NIL) {
      if (this.wholePass && this.expired > EXPIRED_MAX_PER_SECOND / this.clock.hz) {
        this.budgetSpent = true;
        return killed;
      }
      const entry = node >> 1;
      const next = table.afterOther(node);
      this.scanned++;
      if (expiry.isExpired(entry)) {
        this.expired++;
        this.deletion.evict(entry);
        killed = true;
      } else {
        if (this.wholePass) this.weigh(expiry.left(entry));
        if (this.evictAbove > 0 && table.count >= this.evictAbove && this.mayEvict(entry)) {
          this.deletion.evict(entry);
          killed = true;
          if (this.wholePass) this.expired++;
        }
      }
      node = next;
    }
    return killed;
  }

  /** The running mean in whole jiffies; the division truncates, so that it stalls before it arrives. */
  private weigh(leftJiffies: number): void {
    const { clock } = this;
    const left = clamp(leftJiffies, INTERVAL_MIN_SECONDS * clock.hz, INTERVAL_CLAMP_SECONDS * clock.hz);
    this.count++;
    this.meanJiffies += Math.trunc((left - this.meanJiffies) / this.count);
  }

  /** gc_worker_can_early_drop(). */
  private mayEvict(entry: number): boolean {
    if ((this.table.statusOf(entry) & IPS_ASSURED) === 0) return true;
    return this.tcp && isClosing(this.table.protocolStateOf(entry));
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
