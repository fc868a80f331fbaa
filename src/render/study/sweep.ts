/**
 * What came of a sweep, as a table, a map, CSV, JSON and Markdown. It computes nothing: the summaries are
 * study/sweep.ts.
 */
import type { Summary } from "../../study/statistics.js";
import type { MeasureHead, SweepReport } from "../../study/sweep.js";
import { field } from "../csv.js";
import { escaped } from "../markdown.js";
import { type Cell, GAP, lay, tableWidth } from "../text/columns.js";
import { count, plural } from "../text/numbers.js";
import { legibleWidth, wrap } from "../text/paragraph.js";
import { type Theme, themeOf } from "../text/theme.js";
import { INTERVAL_NOTE, summaryText } from "./figures.js";
import { heatMap } from "./heat-map.js";

export interface StudyOptions {
  colour: boolean;
  /** Columns of the terminal. */
  width: number;
  /** The command that repeats the study. */
  command: string;
}

export function sweepText(report: SweepReport, { colour, width, command }: StudyOptions): string {
  const theme = themeOf(colour);
  const columns = legibleWidth(width, Number.POSITIVE_INFINITY);
  const blocks = [
    wrap(headOf(report), columns).map((line) => (report.interrupted === true ? theme.warning : theme.heading)(line)),
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
export function headOf({ study, of, axes, runsPerCell, cells, interrupted, tool }: SweepReport): string {
  const shape = axes.length === 0 ? "1 cell" : `${axes.map(({ values }) => values.length).join(" × ")} cells`;
  const so = interrupted === true ? `; interrupted, ${count(cells.length)} of them have runs` : "";
  const name = `${study[0]!.toUpperCase()}${study.slice(1)}`;
  return `${name} of ${of} (ct-reliable ${tool.version}): ${shape} of ${plural(runsPerCell, "run", "runs")}${so}.`;
}

/** A row for each cell; where that is too wide, a line for each figure. What is the same in every cell is said once. */
function cellLines(report: SweepReport, columns: number, theme: Theme): string[] {
  const { axes, cells } = report;
  const texts = ({ name, unit }: MeasureHead): Set<string> =>
    new Set(cells.map(({ figures }) => summaryText(figures[name]!, unit)));
  const measures = report.measures.filter((measure) => cells.length < 2 || texts(measure).size > 1);
  const same = report.measures.filter((measure) => !measures.includes(measure));
  const sentence = `The same in every cell: ${same.map((measure) => `${measure.name} ${[...texts(measure)][0]}`).join(", ")}.`;
  const table = measures.length === 0 ? [] : tableOf({ axes, measures, cells }, columns, theme);
  return [...table, ...(same.length === 0 ? [] : ["", ...wrap(sentence, columns).map((line) => theme.aside(line))])];
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
    runsPerCell,
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
  return markdownTable(escaped(headOf(report)), [heading, ...rows], command);
}

/** The first row is the head. Figures stand at the right. */
export function markdownTable(title: string, rows: readonly (readonly string[])[], command: string): string {
  const [heading = []] = rows;
  const lines = [heading, heading.map(() => "--:"), ...rows.slice(1)].map((row) => `| ${row.join(" | ")} |`);
  return [title, "", ...lines, "", INTERVAL_NOTE, "", "```sh", command, "```", ""].join("\n");
}
