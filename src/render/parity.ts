/**
 * The result of a parity study as text, JSON and Markdown: one sentence that says how much of the kernel the simulator
 * explains, a row per scenario, and each figure that lies outside with its cause.
 */
import type { Parity, ParityOfCase } from "../study/parity.js";
import { parityHtml } from "./html/parity-page.js";
import { figure, methodOf, rangeOf, sentenceOf, simulatedOf, testedOf, weightOf } from "./parity-words.js";
import { type Cell, GAP, lay, tableWidth } from "./text/columns.js";
import { count } from "./text/numbers.js";
import { legibleWidth, wrap } from "./text/paragraph.js";
import { type Theme, themeOf } from "./text/theme.js";

export interface ParityRenderOptions {
  colour: boolean;
  /** Columns of the terminal. */
  width: number;
}

type ParityRenderer = (parity: Parity, options: ParityRenderOptions) => string;

export const parityRenderers: {
  readonly text: ParityRenderer;
  readonly json: ParityRenderer;
  readonly markdown: ParityRenderer;
  readonly html: ParityRenderer;
} = { text, json, markdown, html: parityHtml };

function json(parity: Parity): string {
  return `${JSON.stringify(parity, null, 2)}\n`;
}

function text(parity: Parity, { colour, width }: ParityRenderOptions): string {
  const columns = legibleWidth(width);
  const theme = themeOf(colour);
  const blocks = [
    wrap(sentenceOf(parity), columns).map((line) => theme.heading(line)),
    wrap(weightOf(parity), columns),
    wrap(methodOf(parity), columns).map((line) => theme.aside(line)),
    caseTable(parity.cases, theme),
    ...parity.cases.flatMap((each) => outsideOf(each, columns, theme)),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join("\n"))
    .join("\n\n")}\n`;
}

function caseTable(cases: readonly ParityOfCase[], theme: Theme): string[] {
  const heading: Cell[] = [
    { text: "scenario", paint: theme.label, left: true },
    { text: "figures", paint: theme.label },
    { text: "inside", paint: theme.label },
  ];
  const rows = cases.map(({ name, metrics }): Cell[] => {
    const inside = metrics.filter((metric) => metric.inside).length;
    return [
      { text: name, left: true },
      { text: count(metrics.length) },
      { text: count(inside), paint: inside === metrics.length ? theme.good : theme.bad },
    ];
  });
  return lay([heading, ...rows], GAP);
}

function outsideOf({ name, metrics }: ParityOfCase, columns: number, theme: Theme): string[][] {
  const outside = metrics.filter(({ inside }) => !inside);
  if (outside.length === 0) return [];
  const heading = ["figure", "live", "median", "simulated, 95 %", "tested"].map(
    (title, index): Cell => ({ text: title, paint: theme.label, ...(index === 0 ? { left: true } : {}) }),
  );
  const table = [
    heading,
    ...outside.map((metric): Cell[] => [
      { text: metric.metric, left: true },
      { text: rangeOf(metric, metric.live.min, metric.live.max) },
      { text: figure(metric, metric.live.median), paint: theme.bad },
      { text: simulatedOf(metric) },
      { text: testedOf(metric) },
    ]),
  ];
  const lines =
    tableWidth(table, GAP) <= columns
      ? lay(table, GAP)
      : outside.flatMap((metric) =>
          wrap(
            `${metric.metric}: live ${rangeOf(metric, metric.live.min, metric.live.max)}, median ${figure(metric, metric.live.median)}; simulated ${simulatedOf(metric)}, tested ${testedOf(metric)}`,
            columns,
          ),
        );
  const causes = [...new Set(outside.map(({ cause }) => cause ?? ""))];
  return [[theme.heading(`Outside in ${name}`), ...lines, ...causes.flatMap((cause) => wrap(cause, columns))]];
}

function markdown(parity: Parity): string {
  const rows = parity.cases.flatMap(({ name, metrics }) =>
    metrics.map((metric) =>
      [
        name,
        `\`${metric.metric}\``,
        figure(metric, metric.live.min),
        figure(metric, metric.live.median),
        figure(metric, metric.live.max),
        simulatedOf(metric),
        testedOf(metric),
        metric.inside
          ? metric.insideWithoutRoom
            ? "inside"
            : "inside with room"
          : `**outside**: ${metric.cause ?? ""}`,
      ].join(" | "),
    ),
  );
  return [
    sentenceOf(parity),
    "",
    weightOf(parity),
    "",
    methodOf(parity),
    "",
    "| scenario | figure | live min | median | max | simulated, 95 % | tested | |",
    "|---|---|---:|---:|---:|---:|---:|---|",
    ...rows.map((row) => `| ${row} |`),
    "",
  ].join("\n");
}
