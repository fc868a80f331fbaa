/**
 * What came of a sweep, as a table, a map, CSV, JSON and Markdown. It computes nothing: the summaries are
 * study/sweep.ts.
 */
import type { Summary } from "../../study/statistics.js";
import type { Cell as GridCell, MeasureHead, SweepReport } from "../../study/sweep.js";
import { field } from "../csv.js";
import { escaped } from "../markdown.js";
import { type Cell, GAP, lay, tableWidth } from "../text/columns.js";
import { count, plural } from "../text/numbers.js";
import { legibleWidth, wrap } from "../text/paragraph.js";
import { type Theme, themeOf } from "../text/theme.js";
import { figureText, INTERVAL_NOTE, meanText, missingText, studyNote, summaryText } from "./figures.js";
import { heatMap } from "./heat-map.js";

export interface StudyOptions {
  colour: boolean;
  /** Columns of the terminal. */
  width: number;
  /** The command that repeats the study. */
  command: string;
  /** The verdict only. */
  quiet: boolean;
}

export function sweepText(report: SweepReport, { colour, width, command, quiet }: StudyOptions): string {
  const theme = themeOf(colour);
  const columns = legibleWidth(width, Number.POSITIVE_INFINITY);
  const verdict = verdictOf(report);
  const partial = isPartial(report);
  if (quiet) return `${wrap(partial ? `${headOf(report)} ${verdict}` : verdict, columns).join("\n")}\n`;
  const noted = studyNote(report);
  const blocks = [
    wrap(headOf(report), columns).map((line) => (partial ? theme.warning : theme.heading)(line)),
    wrap(verdict, columns),
    ...(noted === null ? [] : [wrap(noted, columns)]),
    heatMap(report, columns, theme),
    cellLines(report, columns, theme),
    wrap(INTERVAL_NOTE, columns).map((line) => theme.aside(line)),
    [theme.aside("Repeat it with"), command],
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join("\n"))
    .join("\n\n")}\n`;
}

/** `Sweep of flush: 10 × 10 cells of 10 runs.` */
export function headOf({ study, of, axes, runsPerCell, cells, interrupted, missing, tool }: SweepReport): string {
  const shape = axes.length === 0 ? "1 cell" : `${axes.map(({ values }) => values.length).join(" × ")} cells`;
  const so = interrupted === true ? `; interrupted, ${count(cells.length)} of them have runs` : "";
  const name = `${study[0]!.toUpperCase()}${study.slice(1)}`;
  return `${name} of ${of} (ct-reliable ${tool.version}): ${shape} of ${plural(runsPerCell, "run", "runs")}${so}.${missing === undefined ? "" : ` ${missingText(missing)}`}`;
}

/** Whether there are runs that its figures do not count. */
export function isPartial({ interrupted, missing }: SweepReport): boolean {
  return interrupted === true || missing !== undefined;
}

/** A row for each cell; where that is too wide, a line for each figure. What is the same in every cell is said once. */
function cellLines(report: SweepReport, columns: number, theme: Theme): string[] {
  const { axes, cells } = report;
  const measures = report.measures.filter((measure) => cells.length < 2 || !isSameEverywhere(measure, cells));
  const same = report.measures.filter((measure) => !measures.includes(measure));
  const text = ({ name, unit }: MeasureHead): string => `${name} ${summaryText(cells[0]!.figures[name]!, unit)}`;
  const sentence = `The same in every cell: ${same.map(text).join(", ")}.`;
  const table = measures.length === 0 ? [] : tableOf({ axes, measures, cells }, columns, theme);
  return [...table, ...(same.length === 0 ? [] : ["", ...wrap(sentence, columns).map((line) => theme.aside(line))])];
}

/** Of the first measure that differs between cells. */
function verdictOf(report: SweepReport): string {
  return extremesIn(report)[0] ?? SAME_EVERYWHERE;
}

/** A sentence for each measure of which the means differ by more than their digits show. */
export function extremesIn(report: SweepReport): string[] {
  const { measures, cells } = report;
  const differs = ({ name, unit }: MeasureHead): boolean =>
    new Set(cells.map(({ figures }) => meanText(figures[name]!, unit))).size > 1;
  return measures.filter(differs).map((measure) => extremesOf(measure, report));
}

export const SAME_EVERYWHERE = "Nothing that was looked at differs between the cells.";

/** Whether it reads the same in all cells. */
export function isSameEverywhere({ name, unit }: MeasureHead, cells: readonly GridCell[]): boolean {
  return new Set(cells.map(({ figures }) => summaryText(figures[name]!, unit))).size < 2;
}

/** `drain is least with buffer=64k reader=100us (1.84 s) and most with buffer=2048 reader=10ms (26.8 s).` */
function extremesOf({ name, unit }: MeasureHead, { cells, axes }: SweepReport): string {
  const mean = ({ figures }: GridCell): number | null => figures[name]!.mean;
  const known = cells.flatMap((cell) => mean(cell) ?? []);
  const never = cells.filter((cell) => mean(cell) === null);
  const where = (some: readonly GridCell[]): string => placeOf(some, axes);
  const at = (figure: number): string =>
    `${where(cells.filter((cell) => mean(cell) === figure))} (${figureText(figure, unit)})`;
  const missing =
    never.length === 0 ? "" : `; ${unit === "seconds" ? "it never comes" : "it is unknown"} ${where(never)}`;
  if (known.length === 0) return `${name} ${unit === "seconds" ? "never comes" : "is unknown"} in any cell.`;
  const least = known.reduce((low, figure) => Math.min(low, figure));
  const most = known.reduce((high, figure) => Math.max(high, figure));
  if (least === most)
    return `${name} is ${figureText(least, unit)} ${where(cells.filter((cell) => mean(cell) === least))}${missing}.`;
  return `${name} is least ${at(least)} and most ${at(most)}${missing}.`;
}

/**
 * `with buffer=64k reader=100us,1ms`; an axis of which it is every value is not named. Where they
 * make no block of the grid, how many they are.
 */
function placeOf(cells: readonly GridCell[], axes: SweepReport["axes"]): string {
  const own = axes.map(({ name, values }) => {
    const had = new Set(cells.map(({ at }) => at[name]!));
    return { name, texts: [...had], all: had.size === values.length && had.size > 1 };
  });
  const block = own.reduce((size, { texts }) => size * texts.length, 1) === cells.length;
  const named = own.filter(({ all }) => !all).map(({ name, texts }) => `${name}=${texts.join(",")}`);
  if (!block || named.length === 0) return `in ${plural(cells.length, "cell", "cells")}`;
  return `with ${named.join(" ")}`;
}

function tableOf(
  { axes, measures, cells }: Pick<SweepReport, "axes" | "measures" | "cells">,
  columns: number,
  theme: Theme,
): string[] {
  const heading = [
    ...axes.map(({ name }): Cell => ({ text: name, paint: theme.label })),
    ...measures.map(({ name }): Cell => ({ text: name, paint: theme.label })),
  ];
  const rows = cells.map(({ at, figures }): Cell[] => [
    ...axes.map(({ name }): Cell => ({ text: at[name]! })),
    ...measures.map(({ name, unit }): Cell => ({ text: summaryText(figures[name]!, unit) })),
  ]);
  const table = [heading, ...rows];
  if (tableWidth(table, GAP) <= columns) return lay(table, GAP);
  return cells.flatMap(({ at, figures }) => [
    theme.label(axes.map(({ name }) => `${name}=${at[name]}`).join(" ")),
    ...lay(
      measures.map(({ name, unit }): Cell[] => [
        { text: "" },
        { text: name, left: true },
        { text: summaryText(figures[name]!, unit), left: true },
      ]),
      GAP,
    ),
  ]);
}

const STATISTICS: readonly (readonly [string, (summary: Summary) => number | null])[] = [
  ["mean", ({ mean }) => mean],
  ["deviation", ({ deviation }) => deviation],
  ["low95", ({ mean, half }) => (half === null ? null : mean! - half)],
  ["high95", ({ mean, half }) => (half === null ? null : mean! + half)],
  ["min", ({ min }) => min],
  ["median", ({ median }) => median],
  ["max", ({ max }) => max],
  ["never", ({ never }) => never],
];

/**
 * A row for each cell, with a column for each statistic of each measure. Plain numbers: seconds, bytes, shares of 1.
 */
export function sweepCsv({ axes, measures, cells, runsPerCell }: SweepReport): string {
  const heading = [
    ...axes.map(({ name }) => name),
    "runs",
    ...measures.flatMap(({ name }) => STATISTICS.map(([statistic]) => `${name}.${statistic}`)),
  ];
  const rows = cells.map(({ at, figures }) => [
    ...axes.map(({ name }) => at[name]!),
    // Fewer than were asked for where it was interrupted.
    Math.max(...Object.values(figures).map(({ runs, never }) => runs + never)) || runsPerCell,
    ...measures.flatMap(({ name }) => STATISTICS.map(([, of]) => of(figures[name]!))),
  ]);
  return [heading, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

export function sweepMarkdown(report: SweepReport, { command }: StudyOptions): string {
  const { axes, measures, cells } = report;
  const heading = [...axes, ...measures].map(({ name }) => escaped(name));
  const rows = cells.map(({ at, figures }) => [
    ...axes.map(({ name }) => escaped(at[name]!)),
    ...measures.map(({ name, unit }) => summaryText(figures[name]!, unit)),
  ]);
  const noted = studyNote(report);
  const title = [headOf(report), verdictOf(report), ...(noted === null ? [] : [noted])];
  return markdownTable(title.map(escaped).join("\n\n"), [heading, ...rows], command);
}

/** The first row is the head. Figures stand at the right. */
export function markdownTable(title: string, rows: readonly (readonly string[])[], command: string): string {
  const [heading = []] = rows;
  const lines = [heading, heading.map(() => "--:"), ...rows.slice(1)].map((row) => `| ${row.join(" | ")} |`);
  return [title, "", ...lines, "", INTERVAL_NOTE, "", "```sh", command, "```", ""].join("\n");
}
