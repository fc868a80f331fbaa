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
  const { columns, rows } = report.timeline;
  const times = columnOf(rows, columns.indexOf("seconds"));
  const values = columnOf(rows, columns.indexOf("dying"));
  if (!values.some((value) => value > 0)) return null;
  const cells = Math.min(width, values.length);
  const flushAt = report.flush?.atSeconds ?? null;
  const flush =
    flushAt === null ? null : { cell: cellOfTime(times, flushAt, cells), label: `flush at ${duration(flushAt)}` };
  const ends = { first: times[0] ?? 0, last: times[times.length - 1] ?? 0 };
  return { line: sparkline(resampleByMaximum(values, cells)), axis: axis(cells, width, ends, flush) };
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

function columnOf(rows: Report["timeline"]["rows"], column: number): number[] {
  return column < 0 ? [] : rows.map((row) => row[column] ?? 0);
}

/** The cell of the first row at or after the time: the one in which its effect is seen first. */
function cellOfTime(times: readonly number[], seconds: number, cells: number): number {
  const row = times.findIndex((time) => time >= seconds);
  return Math.floor(((row < 0 ? times.length - 1 : row) * cells) / times.length);
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
