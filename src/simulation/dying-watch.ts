/**
 * What the report says of the dying list: its peaks, its mean while the flood goes on, when it became empty. It is told
 * the length whenever that changes and keeps a few numbers; it decides nothing. Times are nanoseconds from the first
 * packet.
 */
export class DyingWatch {
  peak = 0;
  peakAt = Number.NaN;
  peakDuringFlood = 0;
  private recentPeak = 0;
  emptiedAt = Number.NaN;
  length = 0;
  private since = Number.NaN;
  private area = Number.NaN;
  private floodIsOver = false;

  constructor() {
    // Doubles from the first value on (kernel/clock.ts).
    this.peakAt = 0;
    this.emptiedAt = 0;
    this.since = 0;
    this.area = 0;
  }

  observe(now: number, length: number): void {
    if (!this.floodIsOver) this.area += this.length * (now - this.since);
    this.since = now;
    if (length > this.recentPeak) this.recentPeak = length;
    if (length > this.peak) {
      this.peak = length;
      this.peakAt = now;
    }
    if (length === 0 && this.length > 0) this.emptiedAt = now;
    this.length = length;
  }

  /** The longest that it was since this was asked last. */
  takePeak(): number {
    const { recentPeak } = this;
    this.recentPeak = this.length;
    return recentPeak;
  }

  /** The flush begins, or the watch without one. */
  endFlood(now: number): void {
    this.observe(now, this.length);
    this.floodIsOver = true;
    this.peakDuringFlood = this.peak;
  }

  /** The flush is over: from here on the time until the list is empty counts. */
  endFlush(now: number): void {
    this.emptiedAt = now;
  }

  /** Mean length over the flood, which lasted until `end`. */
  meanDuringFlood(end: number): number {
    return end > 0 ? this.area / end : 0;
  }
}
