/**
 * Latencies of any number of events in a few kilobytes: counts by microsecond up to 255, then 128 steps per doubling,
 * so a quantile is exact to under 1 %. Integer arithmetic only, hence the same on every machine.
 */
const EXACT_BITS = 8;
const EXACT = 1 << EXACT_BITS;
const STEPS_PER_DOUBLING = EXACT / 2;
/** A little more than a thousandth: times it, whole numbers below 1000 × EXACT come to what a division gives. */
const THOUSANDTH = 67109 / 2 ** 26;
/** Of 2^53 nanoseconds. */
const BINS = 40 * STEPS_PER_DOUBLING;

export class LatencyHistogram {
  private readonly counts = new Uint32Array(BINS);
  /** The latency that was added last, and its bin: of a reader that keeps up, most are the same. */
  private lastNanoseconds = Number.NaN;
  private lastBin = 0;
  maxNanoseconds = Number.NaN;

  constructor() {
    // A double from the first value on (kernel/clock.ts).
    this.maxNanoseconds = 0;
  }

  add(nanoseconds: number): void {
    if (nanoseconds !== this.lastNanoseconds) this.look(nanoseconds);
    this.counts[this.lastBin]!++;
  }

  private look(nanoseconds: number): void {
    if (nanoseconds > this.maxNanoseconds) this.maxNanoseconds = nanoseconds;
    this.lastNanoseconds = nanoseconds;
    this.lastBin = nanoseconds < 1000 * EXACT ? (nanoseconds * THOUSANDTH) | 0 : binOf(Math.floor(nanoseconds / 1000));
  }

  private get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /** The latency in seconds that a share of all events does not exceed; 0 without events. */
  quantileSeconds(share: number): number {
    const wanted = Math.ceil(share * this.total);
    let seen = 0;
    for (let bin = 0; bin < this.counts.length; bin++) {
      seen += this.counts[bin]!;
      if (seen >= wanted && seen > 0) return Math.min(upperMicroseconds(bin) / 1e6, this.maxNanoseconds / 1e9);
    }
    return 0;
  }

  /**
   * The cumulative curve: seconds, and how many events took no longer. A point for each hundredth of the events and for
   * each doubling of the latency at most, the last one the slowest event.
   */
  curve(): [seconds: number, events: number][] {
    const points: [number, number][] = [];
    const { total } = this;
    let seen = 0;
    let shown = 0;
    let from = 0;
    for (let bin = 0; bin < this.counts.length && seen < total; bin++) {
      const count = this.counts[bin]!;
      if (count === 0) continue;
      seen += count;
      const microseconds = upperMicroseconds(bin);
      if (seen - shown < total / 100 && seen < total && microseconds < 2 * from) continue;
      shown = seen;
      from = microseconds;
      points.push([Math.min(microseconds * 1000, this.maxNanoseconds) / 1e9, seen]);
    }
    return points;
  }
}

function binOf(microseconds: number): number {
  if (microseconds < EXACT) return microseconds;
  const high = Math.floor(microseconds / 0x1_0000_0000);
  const bits = high > 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(microseconds);
  const doublings = bits - EXACT_BITS;
  return doublings * STEPS_PER_DOUBLING + Math.floor(microseconds / 2 ** doublings);
}

function upperMicroseconds(bin: number): number {
  if (bin < EXACT) return bin;
  const doublings = Math.floor(bin / STEPS_PER_DOUBLING) - 1;
  const value = bin - doublings * STEPS_PER_DOUBLING;
  return (value + 1) * 2 ** doublings - 1;
}
