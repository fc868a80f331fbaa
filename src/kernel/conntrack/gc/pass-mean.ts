/**
 * The gc workers that space their passes by a mean of the times that entries have left, 1 to 60 s from the start of one
 * to the start of the next, and end a run that met too many expired entries: 5.18 (2cfadb761d3d), where each entry
 * halves the distance to its own time, so that the last few decide; and 6.1 (95eabdd20702, 2aa192757005), where the
 * mean is a running one.
 */
import type { GcOptions } from "./gc-worker.js";
import { PassGc } from "./pass.js";

/** GC_SCAN_INTERVAL_MIN, _MAX, _CLAMP, _INIT and GC_SCAN_INITIAL_COUNT; GC_SCAN_EXPIRED_MAX is per jiffy. */
const INTERVAL_MIN_SECONDS = 1;
const INTERVAL_MAX_SECONDS = 60;
const INTERVAL_CLAMP_SECONDS = 300;
const INT_MAX = 2 ** 31 - 1;
const INITIAL_COUNT = 100;
const EXPIRED_MAX_PER_SECOND = 64_000;

abstract class MeanGc extends PassGc {
  protected readonly mostExpired: number;
  protected readonly countsEvicted = true;
  protected readonly intervalMaxJiffies: number;
  protected meanJiffies = 0;

  constructor(options: GcOptions) {
    const seconds = options.intervalSeconds ?? INTERVAL_MAX_SECONDS;
    super(options, seconds);
    this.mostExpired = Math.floor(EXPIRED_MAX_PER_SECOND / this.clock.hz);
    this.intervalMaxJiffies = seconds * this.clock.hz;
  }

  protected override begun(): void {
    super.begun();
    if (this.bucket === 0) this.forget();
  }

  /** A pass begins: the mean too. */
  protected abstract forget(): void;

  /** At the next tick, or at once when the pass is already long. */
  protected afterTooMany(): number {
    return this.clock.jiffies - this.passStart < this.intervalMaxJiffies ? 1 : 0;
  }

  protected nextPass(): number {
    const { clock } = this;
    const wanted = clamp(this.meanJiffies, INTERVAL_MIN_SECONDS * clock.hz, this.intervalMaxJiffies);
    const took = Math.max(clock.jiffies - this.passStart, 1);
    return wanted > took ? wanted - took : 1;
  }

  protected clamped(leftJiffies: number): number {
    const { hz } = this.clock;
    return clamp(leftJiffies, INTERVAL_MIN_SECONDS * hz, INTERVAL_CLAMP_SECONDS * hz);
  }
}

export class PassHalvingGc extends MeanGc {
  protected forget(): void {
    this.meanJiffies = INT_MAX;
  }

  protected weigh(leftJiffies: number): void {
    this.meanJiffies = Math.floor((this.meanJiffies + this.clamped(leftJiffies)) / 2);
  }
}

/** The division truncates, so that the mean stalls before it arrives. */
export class PassMeanGc extends MeanGc {
  private count = 0;

  protected forget(): void {
    this.meanJiffies = this.intervalMaxJiffies;
    this.count = INITIAL_COUNT;
  }

  protected weigh(leftJiffies: number): void {
    this.count++;
    this.meanJiffies += Math.trunc((this.clamped(leftJiffies) - this.meanJiffies) / this.count);
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
