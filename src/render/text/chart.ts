/**
 * `--chart`: dying entries and the occupancy of the receive buffer over time, as areas over the width of a terminal. A
 * character of the braille block is two values wide and four steps high; without UTF-8 it is one value and one step.
 * The axis is that of the sparkline: from the flush on at least half of it, because most happens there.
 */
import type { Report } from "../../report/report.js";
import { count, duration, size } from "./numbers.js";
import { type ResampledTimeline, resampledTimeline } from "./sparkline.js";

export interface ChartOptions {
  /** Columns in all. */
  width: number;
  /** Whether the terminal shows more than ASCII. */
  unicode: boolean;
}

/** Lines of a chart without its title and its axis. */
const LINES = 8;
const GUTTER_COLUMNS = 12;
const BRAILLE = 0x2800;
/** Bits of the dots of one column, from below. */
const LEFT_DOTS = [0x40, 0x04, 0x02, 0x01] as const;
const RIGHT_DOTS = [0x80, 0x20, 0x10, 0x08] as const;

/** Empty where the report has no timeline, or nothing in it is known. */
export function terminalCharts(report: Report, options: ChartOptions): string[] {
  const { socket, scenario, flush } = report;
  const perColumn = options.unicode ? 2 : 1;
  const columns = Math.max(1, options.width - GUTTER_COLUMNS - 1);
  const dying = resampledTimeline(report, ["dyingPeak", "dying"], perColumn * columns);
  const rmem = resampledTimeline(report, ["rmemPeakBytes", "rmemBytes"], perColumn * columns);
  const late = scenario.listeners[0]?.smallFrom === "flush" && flush !== null;
  // Before the flush this buffer is ample, and its limit another one.
  const shown = late ? rmem?.values.map((value, cell) => (cell > rmem.flushCell! ? value : null)) : rmem?.values;
  return [
    ...(dying === null ? [] : chart("dying entries", dying, dying.values, count, null, options)),
    ...(rmem === null || shown === undefined
      ? []
      : chart(`receive buffer, of ${size(socket.rcvbufBytes)}`, rmem, shown, size, socket.rcvbufBytes, options)),
  ];
}

function chart(
  title: string,
  timeline: ResampledTimeline,
  values: readonly (number | null)[],
  figure: (value: number) => string,
  limit: number | null,
  { unicode }: ChartOptions,
): string[] {
  const top = Math.max(limit ?? 0, ...values.map((value) => value ?? 0));
  if (top === 0) return [];
  const lines = unicode ? brailleArea(values, top) : asciiArea(values, top);
  const gutter = (line: number): string => {
    if (line === 0) return figure(top);
    return line === LINES - 1 ? "0" : "";
  };
  const [edge, corner] = unicode ? ["┤", "└"] : ["|", "+"];
  const margin = " ".repeat(GUTTER_COLUMNS - 1);
  const mark = timeline.flushCell === null ? -1 : Math.floor(timeline.flushCell / (unicode ? 2 : 1));
  const width = Math.ceil(values.length / (unicode ? 2 : 1));
  const axis = Array.from({ length: width }, (_, column) => (column === mark ? "^" : unicode ? "─" : "-")).join("");
  return [
    title,
    ...lines.map((line, at) => `${gutter(at).padStart(GUTTER_COLUMNS - 2)} ${edge}${line}`.trimEnd()),
    `${margin}${corner}${axis}`,
    `${margin} ${ends(timeline, width, mark)}`.trimEnd(),
  ];
}

/** The times at both ends, and that of the flush where there is room. */
function ends({ first, last, flushAt }: ResampledTimeline, width: number, mark: number): string {
  const [from, to] = [duration(first), duration(last)];
  const flush = flushAt === null ? "" : `flush at ${duration(flushAt)}`;
  const at = mark > from.length + 1 ? mark : from.length + 2;
  const between =
    flush !== "" && at + flush.length + 2 + to.length <= width ? " ".repeat(at - from.length) + flush : "";
  const line = from + between;
  return line + to.padStart(Math.max(to.length + 1, width - line.length));
}

function brailleArea(values: readonly (number | null)[], top: number): string[] {
  const heights = values.map((value) => stepsOf(value, top, 4 * LINES));
  return Array.from({ length: LINES }, (_, line) => {
    const below = 4 * (LINES - 1 - line);
    let text = "";
    for (let at = 0; at < heights.length; at += 2) {
      let dots = 0;
      for (let step = 0; step < 4; step++) {
        if (heights[at]! > below + step) dots |= LEFT_DOTS[step]!;
        if ((heights[at + 1] ?? 0) > below + step) dots |= RIGHT_DOTS[step]!;
      }
      text += dots === 0 ? " " : String.fromCharCode(BRAILLE | dots);
    }
    return text;
  });
}

function asciiArea(values: readonly (number | null)[], top: number): string[] {
  const heights = values.map((value) => stepsOf(value, top, 2 * LINES));
  return Array.from({ length: LINES }, (_, line) => {
    const below = 2 * (LINES - 1 - line);
    return heights.map((height) => (height > below + 1 ? "#" : height > below ? "." : " ")).join("");
  });
}

/** Anything above nothing is at least one step: whether a list is empty or nearly so is the question. */
function stepsOf(value: number | null, top: number, steps: number): number {
  return value === null ? 0 : Math.ceil((value / top) * steps);
}
