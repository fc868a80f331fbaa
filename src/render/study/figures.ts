/**
 * A figure of a study as a person reads it: in the unit of its measure, with what the 95 % interval of the mean leaves
 * open behind it, and with the runs in which it never came.
 */
import type { ShortLoad } from "../../kernel/steady-load.js";
import type { Summary } from "../../study/statistics.js";
import type { Flushes } from "../../study/sweep.js";
import { count, duration, percent, plural, size, UNKNOWN } from "../text/numbers.js";
import { shortLoadText } from "../text/short-load.js";

/** A share is 1 for 100 %. */
export function figureText(figure: number | null, unit: string): string {
  if (figure === null) return UNKNOWN;
  const sign = figure < 0 ? "−" : "";
  const amount = Math.abs(figure);
  if (unit === "share") return `${sign}${percent(amount, 1)}`;
  if (unit === "seconds") return `${sign}${duration(amount)}`;
  if (unit === "nanoseconds") return `${sign}${duration(amount / 1e9)}`;
  return unit === "bytes" ? `${sign}${size(amount)}` : `${sign}${count(amount)}`;
}

/** The mean alone; `never` where it never came. */
export function meanText(summary: Summary, unit: string): string {
  return summary.runs === 0 ? summaryText(summary, unit) : figureText(summary.mean, unit);
}

/** `21.7 s ± 300 ms`, `never`, `21.7 s, never in 3`. */
export function summaryText({ mean, half, runs, never }: Summary, unit: string): string {
  if (runs === 0) return unit === "seconds" && never > 0 ? "never" : UNKNOWN;
  // Two digits of an interval are as many as it has.
  const spread = half === null || half === 0 ? "" : ` ± ${figureText(Number(half.toPrecision(2)), unit)}`;
  const missing = never === 0 ? "" : unit === "seconds" ? `, never in ${never}` : `, unknown in ${never}`;
  return `${figureText(mean, unit)}${spread}${missing}`;
}

/** With its sign: `+70 s ± 1 s`, `0`; of shares in percentage points. */
export function differenceText(difference: Summary, unit: string): string {
  const text =
    unit === "share"
      ? summaryText(difference, unit).replace(" % ±", " ±").replace("%", "points")
      : summaryText(difference, unit);
  return (difference.mean ?? 0) > 0 ? `+${text}` : text;
}

const MOST_NAMED = 3;

/** `1 run is missing: run 5 of 18 (...): two workers ended in it, the last with code 137.` */
export function missingText(missing: readonly string[]): string {
  const more = missing.length > MOST_NAMED ? `; and ${missing.length - MOST_NAMED} more` : "";
  const which = `${missing.slice(0, MOST_NAMED).join("; ")}${more}`;
  return `${plural(missing.length, "run is", "runs are")} missing: ${which}.`;
}

/** What the figures of a table are. */
export const INTERVAL_NOTE = "Means over the seeds; ± is half of the 95 % interval of the mean.";

interface Noted {
  of: string;
  flushes: Flushes;
  shortLoad: ShortLoad | null;
}

/** What the figures are about that the name of the study does not say; null: nothing. */
export function studyNote({ of, flushes, shortLoad }: Noted): string | null {
  const notes = [flushNote(of, flushes), shortLoad === null ? null : shortLoadText(shortLoad)];
  return notes.filter((note) => note !== null).join(" ") || null;
}

function flushNote(of: string, flushes: Flushes): string | null {
  if (of === "flush" || flushes === "no run") return null;
  const runs = flushes === "every run" ? "Each run ends" : "Some of the runs end";
  return `${runs} with a flush (conntrack -F), whose events the figures count as well; --no-flush leaves it out.`;
}
