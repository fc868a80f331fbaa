/**
 * The values of a setting that a search tries: those that a person would set, close enough together that the next one
 * changes little. Sizes and table limits have five bits that count (2048, 2112, … 4032, 4096), rates and durations two
 * decimal digits.
 */

export type Rungs = "binary" | "decimal";

/** From the least to the most, both in; every whole number where the steps would be finer than one. */
export function ladder(kind: Rungs, least: number, most: number): number[] {
  const [base, finest] = kind === "binary" ? [2, 32] : [10, 10];
  const values: number[] = [];
  for (let value = least, step = 1; value <= most; value += step) {
    while (value >= base * finest * step) step *= base;
    values.push(value - (value % step));
  }
  return [...new Set(values)];
}
