/**
 * A measured figure and its verdict as a person reads them, in every format: `100 %`, `52.2 s`, `never`. With digits
 * enough to see why a figure that looks like its limit is not.
 */
import type { MetricValue } from "../report/metrics.js";
import type { ExpectationResult } from "../report/report.js";
import { count, duration, size } from "./text/numbers.js";

const SHARE_DIGITS = 6;
const EXACT_DIGITS = 12;

/** What was measured; and the limit, where the expression names a figure instead of a value. */
export function measured({ actual, limit, unit, ok, expression }: ExpectationResult): string {
  const short = figureText(actual, unit);
  const shown = !ok && short === figureText(limit, unit) ? exactText(actual, unit) : short;
  return comparesFigures(expression) ? `${shown}, against ${figureText(limit, unit)}` : shown;
}

export function verdictText(verdict: ExpectationResult): string {
  return `${verdict.expression} (is ${measured(verdict)})`;
}

function figureText(figure: MetricValue, unit: string): string {
  if (typeof figure === "boolean") return String(figure);
  if (figure === null) return unit === "seconds" ? "never" : "unknown";
  if (unit === "share") return `${Number((100 * figure).toPrecision(SHARE_DIGITS))}%`;
  if (unit === "seconds") return duration(figure);
  if (unit === "nanoseconds") return duration(figure / 1e9);
  if (unit === "bytes") return size(figure);
  return count(figure);
}

function exactText(figure: MetricValue, unit: string): string {
  if (typeof figure !== "number") return figureText(figure, unit);
  if (unit === "share") return `${Number((100 * figure).toPrecision(EXACT_DIGITS))}%`;
  return `${Number(figure.toPrecision(EXACT_DIGITS))}${unit === "" ? "" : ` ${unit}`}`;
}

/** `drain > 2 * drain in default`: to the right of the operator stands the name of a metric. */
function comparesFigures(expression: string): boolean {
  return /[=<>]\s*(?:[\d.]+\s*\*\s*)?(?!(?:true|false|never)\b)[A-Za-z]/.test(expression);
}
