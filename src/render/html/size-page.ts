/**
 * A search as a page: the answer and what refutes the next value, the values in the order in which they were tried, and
 * what was measured at each of them against what was expected.
 */
import type { ExpectationResult } from "../../report/report.js";
import type { SizeReport, Trial } from "../../study/size.js";
import { type SizeOptions, sentencesOf, triedRows } from "../study/size.js";
import { plural } from "../text/numbers.js";
import type { Axis, Chart, Series, Unit } from "./chart.js";
import { definitions, escaped, table } from "./markup.js";
import { Charts, commandOf, renderPage, repeatOf } from "./page.js";

const [HOLDS, FAILS] = [2, 3];

export function sizeHtml(report: SizeReport, { command, confirm }: SizeOptions): string {
  const charts = new Charts();
  const [first = "", ...others] = sentencesOf(report);
  const title = `Search for the ${report.wanted}: ${report.of}`;
  const good = report.answer !== null;
  const [head = [], ...rows] = triedRows(report);
  const body = [
    `<h1>${escaped(title)}</h1>`,
    `<p class="verdict ${good ? "good" : "bad"}">${escaped(first)}</p>`,
    ...others.map((sentence) => `<p>${escaped(sentence)}</p>`),
    "<h2>What was asked</h2>",
    definitions([
      ["of", report.of],
      ["searched for", `the ${report.wanted} (--${report.find})`],
      ["expected", report.expectations.join(" and ")],
      [
        "in",
        `${plural(report.runs, "run", "runs")} with different seeds; a value that fails in the first two gets no more`,
      ],
    ]),
    "<h2>The search</h2>",
    charts.figures(chartsOf(report)),
    "<h2>All values that were tried</h2>",
    table(
      "Values that were tried, in their order",
      head.map((text) => text || "verdict"),
      rows,
    ),
    ...(confirm === null ? [] : [commandOf("Confirm it with", confirm)]),
    repeatOf(command),
  ];
  return renderPage({ title, body: body.join("\n"), charts: charts.all });
}

function chartsOf(report: SizeReport): Chart[] {
  const { tried, expectations } = report;
  if (tried.length === 0) return [];
  return [searchChart(report), ...expectations.flatMap((_, which) => expectationChart(report, which))];
}

const UNITS: Readonly<Record<SizeReport["find"], { unit: Unit; scale: number }>> = {
  buffer: { unit: "bytes", scale: 1 },
  rate: { unit: "per second", scale: 1 },
  reader: { unit: "seconds", scale: 1e9 },
  "grace-max": { unit: "seconds", scale: 1 },
  "nf-conntrack-max": { unit: "count", scale: 1 },
};

function valueAxis({ find }: SizeReport): Axis & { of(trial: Trial): number } {
  const { unit, scale } = UNITS[find];
  const label = unit === "bytes" || unit === "seconds" ? `${find}, ${unit}` : find;
  return { label, unit, logarithmic: true, of: ({ value }) => value / scale };
}

/** Which value was tried when. */
function searchChart(report: SizeReport): Chart {
  const inOrder = [...report.tried].sort((a, b) => a.step - b.step);
  const { of, ...axis } = valueAxis(report);
  const points = (holds: boolean) => inOrder.map((trial) => (trial.holds === holds ? of(trial) : null));
  const { answer } = report;
  return {
    title: "Values tried, one after the other",
    about:
      "From what is set it doubles or halves until one value holds and another fails, halves what lies between, and then looks further away on both sides.",
    group: null,
    x: { label: "step", unit: "count", values: inOrder.map(({ step }) => step) },
    y: axis,
    series: [
      { name: "all expectations hold", unit: axis.unit, values: points(true), draw: "points", colour: HOLDS },
      { name: "one fails", unit: axis.unit, values: points(false), draw: "points", colour: FAILS },
    ],
    limits: answer === null ? [] : [{ name: `answer: ${answer.text}`, value: of(answer) }],
    marks: [],
    shaded: null,
  };
}

/** None where its figure is no number, or never came. */
function expectationChart(report: SizeReport, which: number): Chart[] {
  const { tried, answer } = report;
  const { of, ...axis } = valueAxis(report);
  const verdicts = tried.map(({ verdicts }) => verdicts[which]!);
  const shown = verdicts.map(shownOf);
  if (!shown.some((value) => value !== null)) return [];
  const { expression, unit: written } = verdicts[0]!;
  const unit = unitOf(written);
  const limits = [...new Set(verdicts.map(({ limit }) => (typeof limit === "number" ? scaled(limit, written) : null)))];
  const points = (ok: boolean): Series["values"] => shown.map((value, at) => (verdicts[at]!.ok === ok ? value : null));
  return [
    {
      title: `${expression} at each value`,
      about: "What was measured in the run that is furthest from what is expected, at each value that was tried.",
      group: null,
      x: { ...axis, values: tried.map(of), names: tried.map(({ text }) => text) },
      y: { label: unit === "count" ? written : unit, unit },
      series: [
        { name: "holds", unit, values: points(true), draw: "points", colour: HOLDS },
        { name: "fails", unit, values: points(false), draw: "points", colour: FAILS },
      ],
      limits: limits.length === 1 && limits[0] !== null ? [{ name: "expected", value: limits[0]! }] : [],
      marks: answer === null ? [] : [{ name: `answer: ${answer.text}`, at: of(answer) }],
      shaded: null,
    },
  ];
}

function shownOf({ actual, unit }: ExpectationResult): number | null {
  return typeof actual === "number" ? scaled(actual, unit) : null;
}

function scaled(figure: number, unit: string): number {
  return unit === "nanoseconds" ? figure / 1e9 : figure;
}

function unitOf(unit: string): Unit {
  if (unit === "nanoseconds") return "seconds";
  return unit === "seconds" || unit === "bytes" || unit === "share" ? unit : "count";
}
