/**
 * A sweep as a page: what was least and most where, a map of each measure over two axes (or its line over one) with
 * what the runs leave open, and every figure as a table.
 */
import type { Cell, MeasureHead, SweepReport } from "../../study/sweep.js";
import { INTERVAL_NOTE, studyNote, summaryText } from "../study/figures.js";
import { extremesIn, headOf, isPartial, isSameEverywhere, SAME_EVERYWHERE, type StudyOptions } from "../study/sweep.js";
import type { Chart } from "./chart.js";
import { type MapAxis, mapOf } from "./map.js";
import { escaped, table } from "./markup.js";
import { Charts, renderPage, repeatOf } from "./page.js";
import { shownAs } from "./study-figures.js";

/** So many cells of maps make a page of some hundred kilobytes; what has no map is in the table. */
const MOST_MAPPED = 1500;

/** A longer table is opened by whoever wants it. */
const MOST_OPEN = 40;

export function sweepHtml(report: SweepReport, { command }: StudyOptions): string {
  const charts = new Charts();
  const { axes, measures, cells } = report;
  const varying = measures.filter((measure) => !isSameEverywhere(measure, cells));
  const [first, ...others] = extremesIn(report);
  const noted = studyNote(report);
  const title = `Sweep of ${report.of} over ${axes.map(({ name }) => name).join(", ") || "no parameter"}`;
  const body = [
    `<h1>${escaped(title)}</h1>`,
    `<p class="${isPartial(report) ? "bad" : "aside"}">${escaped(headOf(report))}</p>`,
    `<p class="verdict">${escaped(first ?? SAME_EVERYWHERE)}</p>`,
    ...others.map((sentence) => `<p>${escaped(sentence)}</p>`),
    ...(noted === null ? [] : [`<p>${escaped(noted)}</p>`]),
    ...(axes.length === 0
      ? []
      : [
          "<h2>What changes where</h2>",
          axes.length === 1 ? linesOf(report, varying, charts) : mapsOf(report, varying),
        ]),
    "<h2>All figures</h2>",
    `<p>${escaped(INTERVAL_NOTE)}</p>`,
    cells.length <= MOST_OPEN
      ? figuresOf(report)
      : `<details><summary>Every cell</summary>${figuresOf(report)}</details>`,
    `<dl>${measures.map(({ name, meaning }) => `<dt>${escaped(name)}</dt><dd>${escaped(meaning)}</dd>`).join("")}</dl>`,
    repeatOf(command),
  ];
  return renderPage({ title, body: body.join("\n"), charts: charts.all });
}

function figuresOf({ axes, measures, cells }: SweepReport): string {
  const head = [...axes, ...measures].map(({ name }) => name);
  const rows = cells.map(({ at, figures }) => [
    ...axes.map(({ name }) => at[name]!),
    ...measures.map(({ name, unit }) => summaryText(figures[name]!, unit)),
  ]);
  return table("Means of every cell", head.length === measures.length ? ["", ...head] : head, rows);
}

/** Over one axis: the mean as a line, its 95 % interval as a band. */
function linesOf({ axes, cells, runsPerCell }: SweepReport, measures: readonly MeasureHead[], charts: Charts): string {
  const [axis] = axes;
  const known = cells.map(({ at }) => at[axis!.name]!);
  return charts.figures(
    measures.map((measure): Chart => {
      const { unit, label, of } = shownAs(measure);
      const values = (pick: (cell: Cell["figures"][string]) => number | null) =>
        cells.map(({ figures }) => of(pick(figures[measure.name]!)));
      const spread = runsPerCell > 1;
      return {
        title: measure.name,
        about: `The mean of ${measure.name} (${measure.meaning}) at each value of ${axis!.name}${spread ? ", and the 95 % interval of that mean" : ""}.`,
        group: null,
        x: { label: axis!.name, unit: "count", values: known.map((_, index) => index), names: known },
        y: { label, unit },
        series: [
          { name: "mean", unit, values: values(({ mean }) => mean), draw: "line", colour: 1 },
          ...(spread
            ? ([
                {
                  name: "low end",
                  unit,
                  values: values(({ mean, half }) => (mean === null ? null : Math.max(0, mean - (half ?? 0)))),
                  draw: "edge",
                  colour: 1,
                },
                {
                  name: "high end",
                  unit,
                  values: values(({ mean, half }) => (mean === null ? null : mean + (half ?? 0))),
                  draw: "edge",
                  colour: 1,
                },
              ] as const)
            : []),
        ],
        ...(spread ? { band: { name: "95 % interval of the mean", low: 1, high: 2 } } : {}),
        limits: [],
        marks: [],
        shaded: null,
      };
    }),
  );
}

/** Of each measure a map of the first two axes for each combination of the others, as many as a page holds. */
function mapsOf(report: SweepReport, measures: readonly MeasureHead[]): string {
  const [down, across, ...others] = report.axes as [MapAxis, MapAxis, ...MapAxis[]];
  const places = new Map(report.cells.map((cell) => [placeOf(cell.at, report.axes), cell]));
  const combinations = others.reduce<Record<string, string>[]>(
    (all, { name, values }) => all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
  const wanted = measures.flatMap((measure) => combinations.map((fixed) => ({ measure, fixed })));
  const most = Math.max(1, Math.floor(MOST_MAPPED / (down.values.length * across.values.length)));
  const maps = wanted.slice(0, most).map(({ measure, fixed }, index) => {
    const where = Object.entries(fixed).map(([name, value]) => `${name} ${value}`);
    return mapOf({
      title: [measure.name, ...where].join(", "),
      about: `The mean of ${measure.name} (${measure.meaning}): ${down.name} down, ${across.name} across; the stronger the colour, the larger the figure.`,
      down,
      across,
      measure,
      cellAt: (row, column) => places.get(placeOf({ ...fixed, [down.name]: row, [across.name]: column }, report.axes)),
      index,
    });
  });
  const left = wanted.length - maps.length;
  return [
    ...maps,
    ...(left > 0 ? [`<p class="aside">${left} more maps have no room here; the table has their figures.</p>`] : []),
  ].join("\n");
}

function placeOf(at: Readonly<Record<string, string>>, axes: SweepReport["axes"]): string {
  return JSON.stringify(axes.map(({ name }) => at[name]));
}
