/**
 * When a recorded value counts as one that the model could have produced: the interval in which a further run would lie with
 * 99 % probability, given the simulated ones. A quantity that is the same for every seed has no chance in it and must be
 * equal. The interval is Student's prediction interval, never narrower than the range of the seeds: for skewed quantities (a
 * drain time is a maximum) the range says more than mean and deviation.
 */

export interface Interval {
  low: number;
  high: number;
  median: number;
}

/** Normal quantile of 0.995: the central 99 %. */
const Z = 2.5758293035489;

/** @param values at least two. @param widen added on both sides. */
export function predictionInterval(values: readonly number[], widen: number): Interval {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const [least, most] = [sorted[0]!, sorted[n - 1]!];
  const median = (sorted[(n - 1) >> 1]! + sorted[n >> 1]!) / 2;
  if (least === most) return { low: least - widen, high: most + widen, median };
  const mean = sorted.reduce((sum, value) => sum + value, 0) / n;
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = studentQuantile(n - 1) * Math.sqrt(variance * (1 + 1 / n));
  return { low: Math.min(least, mean - half) - widen, high: Math.max(most, mean + half) + widen, median };
}

/** The 0.995 quantile of Student's distribution, by the expansion around the normal one; exact to 1 % from 10 degrees on. */
function studentQuantile(degrees: number): number {
  const second = (Z ** 3 + Z) / (4 * degrees);
  const third = (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / (96 * degrees ** 2);
  return Z + second + third;
}
