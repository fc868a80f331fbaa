/**
 * Where one further run would lie with a given probability, knowing some: Student's prediction interval, never narrower
 * than the range of the runs, because of skewed figures (a drain time is a maximum) the range says more than mean and
 * deviation. A figure that is the same in every run has no chance in it, and its interval is that figure.
 */
import { median } from "../report/median.js";

export interface Interval {
  low: number;
  median: number;
  high: number;
}

/** Normal quantiles of 0.975 and 0.995: the central 95 and 99 %. */
export const CENTRAL_95 = 1.959963984540054;
export const CENTRAL_99 = 2.5758293035489;

/** @param values at least two. @param quantile the normal one of the probability that is wanted. */
export function predictionInterval(values: readonly number[], quantile: number): Interval {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const [least, most] = [sorted[0]!, sorted[n - 1]!];
  if (least === most) return { low: least, median: least, high: most };
  const mean = sorted.reduce((sum, value) => sum + value, 0) / n;
  const variance = sorted.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (n - 1);
  const half = studentQuantile(quantile, n - 1) * Math.sqrt(variance * (1 + 1 / n));
  return { low: Math.min(least, mean - half), median: median(sorted), high: Math.max(most, mean + half) };
}

/** Student's quantile by the expansion around the normal one; exact to 1 % from 10 degrees on. */
function studentQuantile(normal: number, degrees: number): number {
  const square = normal * normal;
  const second = (normal * (square + 1)) / (4 * degrees);
  const third = (normal * (5 * square * square + 16 * square + 3)) / (96 * degrees * degrees);
  return normal + second + third;
}
