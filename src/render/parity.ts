/**
 * The result of a parity study as text, JSON and Markdown: one sentence that says how much of the kernel the simulator
 * explains, a row per scenario, and each figure that lies outside with its cause.
 */
import type { Parity, ParityMetric, ParityOfCase } from "../study/parity.js";
import { type Cell, GAP, lay, tableWidth } from "./text/columns.js";
import { count, duration, percent, plural, UNKNOWN } from "./text/numbers.js";
import { legibleWidth, wrap } from "./text/paragraph.js";
import { type Theme, themeOf } from "./text/theme.js";

interface ParityRenderOptions {
  colour: boolean;
  /** Columns of the terminal. */
  width: number;
}

type ParityRenderer = (parity: Parity, options: ParityRenderOptions) => string;

export const parityRenderers: {
  readonly text: ParityRenderer;
  readonly json: ParityRenderer;
  readonly markdown: ParityRenderer;
} = { text, json, markdown };

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

/** The one sentence. */
function sentenceOf({ kernel, inside, compared, interrupted }: Parity): string {
  const begin = interrupted ? "Interrupted; so far " : "";
  const share = percent(inside, compared);
  return `${begin}${count(inside)} of ${plural(compared, "figure", "figures")} of Linux ${kernel}${share === "" ? "" : ` (${share})`} lie where the simulator expects them.`;
}

/** How much of that says something: what had to be equal apart from what could have differed. */
function weightOf({ compared, equalities, others }: Parity): string {
  if (compared === 0) return "";
  const room =
    others.insideWithoutRoom === others.inside
      ? "with or without room for the real clock"
      : `with room for the real clock, ${count(others.insideWithoutRoom)} without`;
  return (
    `${count(equalities.compared)} of them are the same under every seed (${count(equalities.zero)} are 0 on both sides) and have to be equal: ` +
    `${count(equalities.inside)} are. Of the ${count(others.compared)} that could have differed ${count(others.inside)} lie inside ${room}.`
  );
}

function methodOf({ runs, seeds, costs }: Parity): string {
  const middle = (key: keyof Parity["costs"][number]): string => {
    const sorted = costs.map((cost) => cost[key] ?? Number.NaN).sort((a, b) => a - b);
    return duration((sorted[sorted.length >> 1] ?? Number.NaN) / 1e9);
  };
  return (
    `${plural(runs, "live run", "live runs")} and ${plural(seeds, "seed", "seeds")} per scenario. Costs measured on this machine: ` +
    `packet ${middle("packetNanoseconds")}, flushed entry ${middle("flushEntryNanoseconds")}, attempt ${middle("attemptNanoseconds")}, ` +
    `recv ${middle("recvNanoseconds")}, wake-up of a reader ${middle("wakeupNanoseconds")}.`
  );
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

function simulatedOf(metric: ParityMetric): string {
  return metric.simulated === null ? UNKNOWN : rangeOf(metric, metric.simulated.low, metric.simulated.high);
}

function testedOf(metric: ParityMetric): string {
  return metric.tested === null ? UNKNOWN : rangeOf(metric, metric.tested.low, metric.tested.high);
}

function rangeOf(metric: ParityMetric, low: number, high: number): string {
  return low === high ? figure(metric, low) : `${figure(metric, low)} to ${figure(metric, high)}`;
}

function figure({ metric }: ParityMetric, value: number): string {
  return metric.endsWith("Seconds") ? duration(value) : count(value);
}
