/**
 * What many runs say together: mean, standard deviation and the 95 % interval of the mean (Student's t), of figures and
 * of paired differences. Only operations that IEEE 754 defines exactly are used, and sums go in the order of the runs,
 * so that every machine gives the same bytes. The variance is taken around the mean in a second pass, which loses no
 * digits to cancellation.
 */
import { median } from "../report/median.js";
import { CENTRAL_95 } from "./interval.js";

export interface Summary {
  /** Runs with a figure. */
  runs: number;
  /** Runs without one: what should have come never came, or there is no such figure. */
  never: number;
  /** Null: no run has a figure. */
  mean: number | null;
  /** Of the sample, and half the width of the 95 % interval of the mean; null with fewer than two figures. */
  deviation: number | null;
  half: number | null;
  min: number | null;
  median: number | null;
  max: number | null;
}

/** Null is a figure that a run does not have. */
export function summaryOf(figures: readonly (number | null)[]): Summary {
  const values = figures.filter((figure) => figure !== null);
  const never = figures.length - values.length;
  if (values.length === 0) {
    return { runs: 0, never, mean: null, deviation: null, half: null, min: null, median: null, max: null };
  }
  const { mean, deviation } = meanAndDeviation(values);
  const half =
    deviation === null ? null : (studentQuantile95(values.length - 1) * deviation) / Math.sqrt(values.length);
  return {
    runs: values.length,
    never,
    mean,
    deviation,
    half,
    min: values.reduce((least, value) => Math.min(least, value)),
    median: median(values),
    max: values.reduce((most, value) => Math.max(most, value)),
  };
}

/** Of `to` less `from`, run by run; a pair of which one figure is missing counts as never. */
export function pairedDifference(from: readonly (number | null)[], to: readonly (number | null)[]): Summary {
  return summaryOf(pairs(from, to, (a, b) => b - a));
}

/** Of `to` as a multiple of `from`, run by run; never where `from` is 0. */
export function pairedRatio(from: readonly (number | null)[], to: readonly (number | null)[]): Summary {
  return summaryOf(pairs(from, to, (a, b) => (a === 0 ? null : b / a)));
}

function pairs(
  from: readonly (number | null)[],
  to: readonly (number | null)[],
  made: (a: number, b: number) => number | null,
): (number | null)[] {
  return from.map((a, index) => {
    const b = to[index] ?? null;
    return a === null || b === null ? null : made(a, b);
  });
}

function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number | null } {
  const n = values.length;
  const first = values[0]!;
  // Figures that are all the same have a mean that is one of them, to the last bit.
  const mean = first + values.reduce((sum, value) => sum + (value - first), 0) / n;
  if (n < 2) return { mean, deviation: null };
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, deviation: Math.sqrt(squares / (n - 1)) };
}

/** Student's t at 0.975 for 1 to 12 degrees of freedom, where the expansion below is not good enough. */
const QUANTILES_95 = [
  12.706204736175, 4.302652729749, 3.182446305284, 2.776445105198, 2.570581835636, 2.446911851145, 2.364624251593,
  2.306004135204, 2.262157162798, 2.228138851986, 2.200985160092, 2.178812829667,
];

/**
 * Half of the central 95 % of Student's t; beyond the list by the expansion around the normal quantile (Abramowitz and
 * Stegun 26.7.5).
 */
export function studentQuantile95(degrees: number): number {
  const listed = QUANTILES_95[degrees - 1];
  if (listed !== undefined) return listed;
  const x = CENTRAL_95;
  const s = x * x;
  const terms = [
    (x * (s + 1)) / 4,
    (x * ((5 * s + 16) * s + 3)) / 96,
    (x * (((3 * s + 19) * s + 17) * s - 15)) / 384,
    (x * ((((79 * s + 776) * s + 1482) * s - 1920) * s - 945)) / 92_160,
  ];
  return terms.reduceRight((sum, term) => (sum + term) / degrees, 0) + x;
}
