/**
 * When a recorded value counts as one that the model could have produced: the interval in which a further run would lie
 * with 99 % probability, given the simulated ones. A quantity that is the same for every seed has no chance in it and
 * must be equal. The interval itself is the study's.
 */

import { CENTRAL_99, type Interval, predictionInterval as interval } from "../../src/study/interval.js";

export type { Interval };

/** @param values at least two. @param widen added on both sides. */
export function predictionInterval(values: readonly number[], widen: number): Interval {
  const { low, median, high } = interval(values, CENTRAL_99);
  return { low: low - widen, median, high: high + widen };
}
