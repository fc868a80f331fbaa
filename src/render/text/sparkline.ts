/**
 * The dying list over time as one line of blocks, and under it the axis: start, flush, end. A cell shows the maximum of
 * the rows that it stands for, because a short peak is what the reader of the line looks for. Zero has a sign of its
 * own: whether the list is empty or nearly so is the question.
 */
import type { Report } from "../../report/report.js";
import { duration } from "./numbers.js";

const BLOCKS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
const EMPTY = "·";

interface DyingChart {
  line: string;
  axis: string;
}

/** null: there is no timeline, or the list was empty in all of it. */
export function dyingChart(report: Report, width: number): DyingChart | null {
  const timeline = resampledTimeline(report, ["dyingPeak", "dying"], width);
  if (timeline === null || !timeline.values.some((value) => value > 0)) return null;
  const { values, first, last, flushAt, flushCell } = timeline;
  const flush = flushAt === null ? null : { cell: flushCell!, label: `flush at ${duration(flushAt)}` };
  return { line: sparkline(values), axis: axis(values.length, width, { first, last }, flush) };
}

export interface ResampledTimeline {
  values: readonly number[];
  /** Seconds of the first and of the last row. */
  first: number;
  last: number;
  flushAt: number | null;
  /** The first that has seen the flush. */
  flushCell: number | null;
}

/**
 * A column of the timeline in so many cells at most, each the highest value of its rows. From the flush on it is at
 * least half of the cells, as long as there are rows for them. `names`: the first of these columns of which a figure is
 * known. null: there is none.
 */
export function resampledTimeline(report: Report, names: readonly string[], most: number): ResampledTimeline | null {
  const { columns, rows } = report.timeline;
  const column = names
    .map((name) => columns.indexOf(name))
    .find((at) => at >= 0 && rows.some((row) => typeof row[at] === "number"));
  if (column === undefined) return null;
  const times = rows.map((row) => row[columns.indexOf("seconds")] ?? 0);
  const values = rows.map((row) => row[column] ?? 0);
  const cells = Math.min(most, values.length);
  const flushAt = report.flush?.atSeconds ?? null;
  const ends = { first: times[0] ?? 0, last: times.at(-1) ?? 0, flushAt };
  if (flushAt === null) return { ...ends, values: resampleByMaximum(values, cells), flushCell: null };
  const found = times.findIndex((time) => time >= flushAt);
  const before = found < 0 ? values.length - 1 : found;
  const drain = values.length - before;
  // What came before has one cell at least, where it has rows.
  const wanted = Math.max(Math.ceil(cells / 2), Math.floor((cells * drain) / values.length));
  const drainCells = Math.min(drain, wanted, before > 0 ? cells - 1 : cells);
  const cellsBefore = cells - drainCells;
  return {
    ...ends,
    values: [
      ...resampleByMaximum(values.slice(0, before), cellsBefore),
      ...resampleByMaximum(values.slice(before), drainCells),
    ],
    flushCell: cellsBefore,
  };
}

export function sparkline(values: readonly number[]): string {
  const top = Math.max(...values);
  return values.map((value) => (value > 0 ? BLOCKS[Math.ceil((value / top) * BLOCKS.length) - 1] : EMPTY)).join("");
}

/** At most as many cells as values: value i goes to cell floor(i × cells / values). */
export function resampleByMaximum(values: readonly number[], cells: number): number[] {
  const maxima = new Array<number>(cells).fill(0);
  values.forEach((value, index) => {
    const cell = Math.floor((index * cells) / values.length);
    maxima[cell] = Math.max(maxima[cell]!, value);
  });
  return maxima;
}

function axis(
  cells: number,
  width: number,
  ends: { first: number; last: number },
  flush: { cell: number; label: string } | null,
): string {
  let line = " ".repeat(width);
  // The flush first: where there is no room for everything, the ends of the axis give way.
  if (flush !== null) line = markFlush(line, flush.cell, flush.label);
  line = place(line, 0, duration(ends.first)) ?? line;
  const last = duration(ends.last);
  line = place(line, Math.max(0, cells - last.length), last) ?? place(line, line.trimEnd().length + 2, last) ?? line;
  return line.trimEnd();
}

function markFlush(line: string, cell: number, label: string): string {
  return (
    place(line, cell, `^ ${label}`) ??
    place(line, cell - label.length - 1, `${label} ^`) ??
    place(line, cell, "^") ??
    line
  );
}

/** The line with the text at the column; null where that is outside the line or touches what already stands there. */
function place(line: string, column: number, text: string): string | null {
  const end = column + text.length;
  if (column < 0 || end > line.length) return null;
  if (line.slice(Math.max(0, column - 1), end + 1).trim() !== "") return null;
  return line.slice(0, column) + text + line.slice(end);
}
