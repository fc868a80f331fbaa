/**
 * Latencies of any number of events in a few kilobytes: counts by microsecond up to 255, then 128 steps per doubling, so a
 * quantile is exact to under 1 %. Integer arithmetic only, hence the same on every machine.
 */
const STEPS_PER_DOUBLING = 128;
const EXACT = 2 * STEPS_PER_DOUBLING;

export class LatencyHistogram {
  private readonly counts: number[] = [];
  private total = 0;
  maxNanoseconds = 0;

  add(nanoseconds: number): void {
    if (nanoseconds > this.maxNanoseconds) this.maxNanoseconds = nanoseconds;
    this.total++;
    const bin = binOf(Math.floor(nanoseconds / 1000));
    this.counts[bin] = (this.counts[bin] ?? 0) + 1;
  }

  /** The latency in seconds that a share of all events does not exceed; 0 without events. */
  quantileSeconds(share: number): number {
    const wanted = Math.ceil(share * this.total);
    let seen = 0;
    for (let bin = 0; bin < this.counts.length; bin++) {
      seen += this.counts[bin] ?? 0;
      if (seen >= wanted && seen > 0) return Math.min(upperMicroseconds(bin) / 1e6, this.maxNanoseconds / 1e9);
    }
    return 0;
  }
}

function binOf(microseconds: number): number {
  let value = microseconds;
  let doublings = 0;
  while (value >= EXACT) {
    value = Math.floor(value / 2);
    doublings++;
  }
  return doublings * STEPS_PER_DOUBLING + value;
}

function upperMicroseconds(bin: number): number {
  if (bin < EXACT) return bin;
  const doublings = Math.floor(bin / STEPS_PER_DOUBLING) - 1;
  const value = bin - doublings * STEPS_PER_DOUBLING;
  return (value + 1) * 2 ** doublings - 1;
}
