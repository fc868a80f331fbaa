/**
 * A rate that changes: points in time with the connections per second at each, and a straight line from one to the
 * next. Two points at one instant are a step. In a file of comma-separated values a point is a line, seconds and rate.
 */
import { quoted, UsageError } from "../errors.js";
import { type Described, list, quantity, shape, type ValueOf } from "../json-schema.js";
import { LONGEST_DURATION, RATES, type Range, SECOND } from "../units.js";
import { parameter } from "./parameter.js";

const MOST_POINTS = 100_000;
const RATE: Range = { min: 0, max: RATES.max };
const TIME: Range = { min: 0, max: LONGEST_DURATION / SECOND };

const RATE_POINT = shape("the rate at a moment", {
  seconds: quantity("seconds", TIME, "when, from the first packet"),
  connectionsPerSecond: {
    type: "number",
    description: "new connections per second then",
    minimum: RATE.min,
    maximum: RATE.max,
  } as Described<number>,
});
export interface RatePoint extends ValueOf<typeof RATE_POINT> {}

export const RATE_PROFILE = parameter(
  {
    ...list(
      RATE_POINT,
      "the rate over time, in the place of ratePerSecond: points, with a straight line from one to the next; none: one rate",
    ),
    maxItems: MOST_POINTS,
  },
  [] as readonly RatePoint[],
);

/** Connections up to each point, the first one 0. */
export function connectionsUpTo(points: readonly RatePoint[]): number[] {
  const sums = [0];
  for (let index = 1; index < points.length; index++) {
    const [from, to] = [points[index - 1]!, points[index]!];
    const mean = (from.connectionsPerSecond + to.connectionsPerSecond) / 2;
    sums.push(sums[index - 1]! + mean * (to.seconds - from.seconds));
  }
  return sums;
}

/**
 * The points of a file of comma-separated values: seconds, connections per second. A first line of words is a heading;
 * empty lines and lines that begin with # are left out. Throws UsageError with file:line.
 */
export function parseRateProfile(text: string, path: string): RatePoint[] {
  const points: RatePoint[] = [];
  for (const [index, whole] of text.split(/\r?\n/).entries()) {
    const line = whole.trim();
    if (line === "" || line.startsWith("#")) continue;
    const heading = points.length === 0 && /^[A-Za-z]/.test(line);
    if (heading) continue;
    const fail = (expected: string, got: string): never => {
      throw new UsageError(`${path}:${index + 1}: expected ${expected}, got ${got}`);
    };
    const cells = line.split(",").map((cell) => cell.trim());
    if (cells.length !== 2) fail("two values, seconds and connections per second, such as 60,1500", quoted(line));
    const [seconds, connectionsPerSecond] = cells.map((cell, column) => {
      const value = /^\d+(\.\d+)?$/.test(cell) ? Number(cell) : Number.NaN;
      const range = column === 0 ? TIME : RATE;
      if (!(value >= range.min && value <= range.max)) {
        const what = column === 0 ? "seconds" : "connections per second";
        fail(`${what} from ${range.min} to ${range.max}`, quoted(cell));
      }
      return value;
    }) as [number, number];
    const before = points.at(-1)?.seconds ?? 0;
    if (points.length === 0 && seconds !== 0) fail("a first point at 0 seconds", quoted(line));
    if (seconds < before) fail(`a time that is not before the last one, ${before}`, quoted(line));
    if (points.length === MOST_POINTS) fail(`at most ${MOST_POINTS} points`, "more");
    points.push({ seconds, connectionsPerSecond });
  }
  if (points.length < 2) throw new UsageError(`${path}: expected at least two points, got ${points.length}`);
  return points;
}
