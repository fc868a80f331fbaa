/**
 * The gc worker of 4.9 to 5.13: a run looks at a fraction of the buckets, goes on where the last one stopped, and comes
 * sooner while much of what it sees is expired. Two versions of the heuristics, which share the walk: 4.9 (b87a2f9199ea
 * as e0df8cae6c16 refined it) and 4.10 with 4.9.76 (e5072053b096).
 */
import { BUCKETS_PER_STEP, type GcOptions, GcWorker } from "./gc-worker.js";

abstract class FractionGc extends GcWorker {
  protected readonly mostExpired = Number.POSITIVE_INFINITY;
  protected readonly countsEvicted = false;
  protected intervalJiffies: number;
  private bucketsLeft = 0;
  private readonly goal: number;

  constructor(options: GcOptions, fraction: number, longestIntervalJiffies: number) {
    super(options);
    this.goal = Math.floor(this.table.buckets / fraction);
    this.bucket = Math.floor(options.phase * this.table.buckets);
    this.intervalJiffies = longestIntervalJiffies;
    this.scheduleFirst(options.phase, longestIntervalJiffies);
  }

  /** The delay until the next run, by what this one saw. */
  protected abstract nextRun(): number;
  /** Whether a run is over before it saw its fraction. */
  protected abstract get hasEnough(): boolean;

  protected begun(): void {
    this.bucketsLeft = this.goal;
  }

  protected scan(): void {
    const { table } = this;
    for (let searched = 0; searched < BUCKETS_PER_STEP; searched++) {
      this.bucket = this.bucket + 1 >= table.buckets ? 0 : this.bucket + 1;
      this.bucketsSearched++;
      const killed = this.scanBucket();
      if (--this.bucketsLeft <= 0 || this.hasEnough) {
        this.earlyDrop = false;
        this.endRun(this.nextRun());
        return;
      }
      if (killed) return;
    }
  }

  protected weigh(): void {}

  protected get expiredPercent(): number {
    return this.scanned > 0 ? Math.floor((this.expired * 100) / this.scanned) : 0;
  }
}

/** 4.9 to 4.9.75: a 64th of the table, 256 evictions at most; at once again while nearly all is expired. */
export class Fraction64Gc extends FractionGc {
  /** GC_MAX_BUCKETS_DIV, GC_INTERVAL_MAX, GC_MAX_EVICTS. */
  private static readonly FRACTION = 64;
  private static readonly INTERVAL_MAX_SECONDS = 2;
  private static readonly MAX_EVICTS = 256;
  private static readonly AT_ONCE_PERCENT = 90;

  constructor(options: GcOptions) {
    super(options, Fraction64Gc.FRACTION, Fraction64Gc.INTERVAL_MAX_SECONDS * options.clock.hz);
  }

  protected get hasEnough(): boolean {
    return this.expired >= Fraction64Gc.MAX_EVICTS;
  }

  protected nextRun(): number {
    const { hz } = this.clock;
    const millisecond = Math.ceil(hz / 1000);
    if (this.expiredPercent >= Fraction64Gc.AT_ONCE_PERCENT || this.expired === Fraction64Gc.MAX_EVICTS) {
      this.intervalJiffies = 0;
      return 0;
    }
    if (this.expired > 0) {
      this.intervalJiffies = Math.floor(this.intervalJiffies / 2);
      return millisecond;
    }
    if (this.intervalJiffies < Fraction64Gc.INTERVAL_MAX_SECONDS * hz) this.intervalJiffies += millisecond;
    return this.intervalJiffies;
  }
}

/** 4.9.76 and 4.10 to 5.13: a 128th of the table, the whole of it in 16 s at most. */
export class Fraction128Gc extends FractionGc {
  /** GC_MAX_BUCKETS_DIV, GC_MAX_SCAN_JIFFIES and GC_EVICT_RATIO. */
  private static readonly FRACTION = 128;
  private static readonly MAX_SCAN_SECONDS = 16;
  private static readonly EVICT_RATIO_PERCENT = 50;

  constructor(options: GcOptions) {
    super(options, Fraction128Gc.FRACTION, Fraction128Gc.longestIntervalJiffies(options.clock.hz));
  }

  private static longestIntervalJiffies(hz: number): number {
    return Math.floor((Fraction128Gc.MAX_SCAN_SECONDS * hz) / Fraction128Gc.FRACTION);
  }

  protected get hasEnough(): boolean {
    return false;
  }

  protected nextRun(): number {
    const { hz } = this.clock;
    const shortest = Math.max(Math.floor(hz / Fraction128Gc.FRACTION), 1);
    this.intervalJiffies =
      this.expiredPercent > Fraction128Gc.EVICT_RATIO_PERCENT
        ? shortest
        : Math.min(this.intervalJiffies + shortest, Fraction128Gc.longestIntervalJiffies(hz));
    return this.intervalJiffies;
  }
}
