/**
 * What came of a comparison: the sentences first, then for each measure the variants beside each other with their
 * differences from the first. CSV is that of a sweep over the variants.
 */
import type { CompareReport } from "../../study/compare.js";
import { escaped } from "../markdown.js";
import { type Cell, GAP, lay } from "../text/columns.js";
import { legibleWidth, wrap } from "../text/paragraph.js";
import { themeOf } from "../text/theme.js";
import { differenceText, INTERVAL_NOTE, summaryText } from "./figures.js";
import { headOf, markdownTable, type StudyOptions } from "./sweep.js";

const NOTE =
  `${INTERVAL_NOTE} Differences are taken run by run with the same seed, and one is seen where its interval leaves out 0; ` +
  "of many measures one in twenty looks so by chance.";

export function compareText(report: CompareReport, { colour, width, command }: StudyOptions): string {
  const theme = themeOf(colour);
  const columns = legibleWidth(width);
  const rows = rowsOf(report).map(([measure, variant, figure, difference, seen], row): Cell[] => [
    { text: measure, paint: theme.label, left: true },
    { text: variant, left: true, ...(row === 0 ? { paint: theme.label } : {}) },
    { text: figure, left: true, ...(row === 0 ? { paint: theme.label } : {}) },
    { text: difference, left: true, paint: row === 0 ? theme.label : seen ? theme.heading : theme.aside },
  ]);
  const blocks = [
    ...report.comparisons.map(({ sentence }) => wrap(sentence, columns).map((line) => theme.heading(line))),
    ...(report.interrupted === true ? [wrap(headOf(report), columns).map((line) => theme.warning(line))] : []),
    lay(rows, GAP),
    wrap(NOTE, columns).map((line) => theme.aside(line)),
    [theme.aside("Repeat it with"), command],
  ];
  return `${blocks.map((block) => block.join("\n")).join("\n\n")}\n`;
}

export function compareMarkdown(report: CompareReport, { command }: StudyOptions): string {
  const title = report.comparisons.map(({ sentence }) => escaped(sentence)).join("\n\n");
  const rows = rowsOf(report).map(([measure, variant, figure, difference, seen]) => [
    escaped(measure),
    escaped(variant),
    figure,
    seen ? `**${difference}**` : difference,
  ]);
  return markdownTable(title, rows, command);
}

type Row = readonly [measure: string, variant: string, figure: string, difference: string, seen: boolean];

/** The head, and for each measure a row for each variant; a measure is named once. */
function rowsOf({ axes, measures, cells, comparisons }: CompareReport): Row[] {
  const [axis] = axes;
  const first = axis!.values[0]!;
  const rows = measures.flatMap(({ name, unit }) =>
    cells.map(({ at, figures }, index): Row => {
      const variant = at[axis!.name]!;
      const differences = comparisons.find(({ to }) => to === variant)?.differences;
      const found = index === 0 ? undefined : differences?.find(({ measure }) => measure === name);
      const difference =
        found === undefined ? "" : found.seen === true ? differenceText(found.difference, unit) : "none seen";
      return [index === 0 ? name : "", variant, summaryText(figures[name]!, unit), difference, found?.seen === true];
    }),
  );
  return [["measure", axis!.name, "mean", `difference from ${first}`, false], ...rows];
}
