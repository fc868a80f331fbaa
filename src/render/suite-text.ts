/**
 * A set of scenarios on a terminal or in a log: a line each, what was measured beside what was expected, the command
 * that repeats what failed, the sums last.
 */

import type { ExpectationResult } from "../report/report.js";
import type { Origin, ScenarioResult, Suite } from "../report/suite.js";
import { measured, verdictText } from "./measured.js";
import type { RenderOptions } from "./renderer.js";
import { GAP } from "./text/columns.js";
import { plural } from "./text/numbers.js";
import { hanging, legibleWidth, wrap } from "./text/paragraph.js";
import { type Theme, themeOf } from "./text/theme.js";

const MARGIN = "    ";
/** A mark and a space. */
const MARK_COLUMNS = 2;
/** Most figures fit; where one does not, it stands behind its expectation. */
const FIGURE_COLUMNS = 24;

export function renderSuiteText({ report, origins }: Suite, options: RenderOptions): string {
  const theme = themeOf(options.colour);
  const width = legibleWidth(options.width, Number.POSITIVE_INFINITY);
  const expressions = report.scenarios.flatMap(({ expectations }) => expectations.map(({ expression }) => expression));
  const longest = Math.max(0, ...expressions.map((expression) => expression.length));
  const column = Math.min(longest, width - MARGIN.length - MARK_COLUMNS - GAP - FIGURE_COLUMNS);
  const blocks = report.scenarios.flatMap((result, index) =>
    options.quiet && result.ok ? [] : [scenario(result, origins[index]!, { width, column, theme })],
  );
  return `${[...blocks.map((lines) => lines.join("\n")), summary(report, width, theme)].join("\n")}\n`;
}

interface Screen {
  width: number;
  /** Of the expressions that figures stand beside. */
  column: number;
  theme: Theme;
}

function scenario(result: ScenarioResult, { command }: Origin, { width, column, theme }: Screen): string[] {
  const paint = result.ok ? theme.good : theme.bad;
  const [first = "", ...rest] = hanging("  ", `${result.name}  ${result.title}`, width).map((line) => line.trimEnd());
  const heading = `${paint(result.ok ? "✓" : "✗")} ${theme.heading(first.trimStart())}`;
  const lines = result.expectations.flatMap((verdict) => row(verdict, { width, column, theme }));
  return [
    heading,
    ...rest.map((line) => theme.heading(line)),
    ...lines,
    ...(result.missing ?? []).flatMap((run) =>
      hanging("✗ missing ", run, width - MARGIN.length).map((line) => MARGIN + theme.bad(line)),
    ),
    ...(result.ok ? [] : [`${MARGIN}${theme.aside(command)}`]),
  ];
}

function row(verdict: ExpectationResult, { width, column, theme }: Screen): string[] {
  const paint = verdict.ok ? theme.good : theme.bad;
  const mark = verdict.ok ? "✓" : "✗";
  const figure = measured(verdict);
  const room = width - MARGIN.length - MARK_COLUMNS;
  if (verdict.expression.length <= column && column + GAP + figure.length <= room) {
    return [`${MARGIN}${paint(mark)} ${verdict.expression.padEnd(column + GAP)}${paint(figure)}`];
  }
  return hanging(`${mark} `, verdictText(verdict), width - MARGIN.length).map((line) => MARGIN + paint(line));
}

function summary(report: Suite["report"], width: number, theme: Theme): string {
  const paint = report.interrupted ? theme.warning : report.ok ? theme.good : theme.bad;
  return wrap(summaryText(report), width)
    .map((line) => paint(line))
    .join("\n");
}

/** The sums in one sentence, for every format that people read. */
export function summaryText({
  summary,
  scenarios: results = [],
  interrupted,
}: Pick<Suite["report"], "summary" | "interrupted"> & Partial<Suite["report"]>): string {
  const { scenarios, expectations, failedScenarios, failedExpectations, skippedScenarios, runs } = summary;
  const incomplete = results.filter(({ missing }) => missing !== undefined).length;
  const judged =
    `${plural(scenarios, "scenario", "scenarios")}, ${plural(expectations, "expectation", "expectations")} ` +
    `in ${plural(runs, "run", "runs")}`;
  const verdict =
    failedExpectations > 0
      ? `${plural(failedExpectations, "expectation", "expectations")} of ${plural(failedScenarios - incomplete, "scenario", "scenarios")} failed`
      : incomplete > 0
        ? "no verdict on all"
        : expectations > 0
          ? "all hold"
          : "nothing was expected";
  const skipped = skippedScenarios > 0 ? `; ${plural(skippedScenarios, "scenario", "scenarios")} not run` : "";
  const missing = incomplete > 0 ? `; runs of ${plural(incomplete, "scenario", "scenarios")} are missing` : "";
  return `${interrupted === true ? "interrupted — " : ""}${judged}: ${verdict}${missing}${skipped}`;
}
