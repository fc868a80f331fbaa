/**
 * What came of a comparison: the sentences first, then for each measure the variants beside each other with their
 * differences from the first. CSV is that of a sweep over the variants.
 */
import type { CompareReport } from "../../study/compare.js";
import type { MeasureHead } from "../../study/sweep.js";
import { escaped } from "../markdown.js";
import { type Cell, GAP, lay } from "../text/columns.js";
import { legibleWidth, wrap } from "../text/paragraph.js";
import { themeOf } from "../text/theme.js";
import { differenceText, INTERVAL_NOTE, studyNote, summaryText } from "./figures.js";
import { headOf, isPartial, isSameEverywhere, markdownTable, type StudyOptions } from "./sweep.js";

const NOTE =
  `${INTERVAL_NOTE} Differences are taken run by run with the same seed, and one is seen where its interval leaves out 0; ` +
  "of many measures one in twenty looks so by chance.";

export function compareText(report: CompareReport, { colour, width, command, quiet }: StudyOptions): string {
  const theme = themeOf(colour);
  const columns = legibleWidth(width);
  const sentences = report.comparisons.map(({ sentence }) => wrap(sentence, columns));
  const head = isPartial(report) ? wrap(headOf(report), columns) : [];
  if (quiet) return `${[...head, ...sentences.flat()].join("\n")}\n`;
  const noted = studyNote(report);
  const { same } = splitMeasures(report);
  const rows = rowsOf(report).map(([measure, variant, figure, difference, seen], row): Cell[] => [
    { text: measure, paint: theme.label, left: true },
    { text: variant, left: true, ...(row === 0 ? { paint: theme.label } : {}) },
    { text: figure, left: true, ...(row === 0 ? { paint: theme.label } : {}) },
    { text: difference, left: true, paint: row === 0 ? theme.label : seen ? theme.heading : theme.aside },
  ]);
  const blocks = [
    ...sentences.map((lines) => lines.map((line) => theme.heading(line))),
    ...(head.length > 0 ? [head.map((line) => theme.warning(line))] : []),
    ...(rows.length > 1 ? [lay(rows, GAP)] : []),
    ...(same === null ? [] : [wrap(same, columns).map((line) => theme.aside(line))]),
    ...(noted === null ? [] : [wrap(noted, columns)]),
    wrap(NOTE, columns).map((line) => theme.aside(line)),
    [theme.aside("Repeat it with"), command],
  ];
  return `${blocks.map((block) => block.join("\n")).join("\n\n")}\n`;
}

export function compareMarkdown(report: CompareReport, { command }: StudyOptions): string {
  const { same } = splitMeasures(report);
  const head = isPartial(report) ? headOf(report) : null;
  const sentences = [head, ...report.comparisons.map(({ sentence }) => sentence), same, studyNote(report)];
  const title = sentences.flatMap((sentence) => (sentence === null ? [] : [escaped(sentence)])).join("\n\n");
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
function rowsOf(report: CompareReport): Row[] {
  const { axes, cells, comparisons } = report;
  const { measures } = splitMeasures(report);
  const [axis] = axes;
  const first = axis!.values[0]!;
  const rows = measures.flatMap(({ name, unit }) =>
    cells.map(({ at, figures }, index): Row => {
      const variant = at[axis!.name]!;
      const { text, seen } = differenceCell(comparisons, { variant, measure: name, unit });
      return [index === 0 ? name : "", variant, summaryText(figures[name]!, unit), text, seen];
    }),
  );
  return [["measure", axis!.name, "mean", `difference from ${first}`, false], ...rows];
}

/** The measures that read differently in some variant, and a sentence about the others; null: there are none. */
export function splitMeasures({ measures, cells }: CompareReport): {
  measures: readonly MeasureHead[];
  same: string | null;
} {
  const others = measures.filter((measure) => isSameEverywhere(measure, cells));
  const text = ({ name, unit }: MeasureHead): string => `${name} ${summaryText(cells[0]!.figures[name]!, unit)}`;
  return {
    measures: measures.filter((measure) => !others.includes(measure)),
    same: others.length === 0 ? null : `The same in all of them: ${others.map(text).join(", ")}.`,
  };
}

/** What stands in the table where a variant differs from the first, and where it does not; nothing beside the first. */
export function differenceCell(
  comparisons: CompareReport["comparisons"],
  { variant, measure, unit }: { variant: string; measure: string; unit: string },
): { text: string; seen: boolean } {
  const differences = comparisons.find(({ to }) => to === variant)?.differences;
  const found = differences?.find((difference) => difference.measure === measure);
  // Where one of the two has no such figure there is nothing to compare.
  if (found === undefined || found.difference.runs + found.difference.never === 0) return { text: "", seen: false };
  const seen = found.seen === true;
  return { text: seen ? differenceText(found.difference, unit) : "none seen", seen };
}
