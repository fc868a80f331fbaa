/**
 * A set of scenarios on a terminal or in a log: a line each, what was measured beside what was expected, the command that repeats
 * what failed, the sums last. It judges nothing. Pure.
 */
import { measured, verdictText } from "./figure.js";
import type { RenderOptions } from "./renderers.js";
import type { Report, Verdict } from "./report.js";
import type { Origin, ScenarioResult, Suite } from "./suite.js";
import { lay } from "./text/columns.js";
import { plural } from "./text/numbers.js";
import { hanging, wrap } from "./text/paragraph.js";
import { type Theme, themeOf } from "./text/theme.js";

/** Below this expectation and figure do not stand beside each other. */
const NARROW = 72;
const MARGIN = "    ";

export function renderSuiteText({ report, origins }: Suite, options: RenderOptions): string {
  const theme = themeOf(options.colour);
  const width = Math.max(40, Math.floor(options.width) || 40);
  const verdicts = report.scenarios.flatMap(({ expectations }) => expectations);
  const column = Math.max(0, ...verdicts.map(({ expression }) => expression.length));
  const figures = Math.max(0, ...verdicts.map((verdict) => measured(verdict).length));
  const beside = width >= NARROW && MARGIN.length + 2 + column + 2 + figures <= width;
  const blocks = report.scenarios.flatMap((result, index) =>
    options.quiet && result.ok ? [] : [scenario(result, origins[index]!, { width, column, beside, theme })],
  );
  return `${[...blocks.map((lines) => lines.join("\n")), summary(report, width, theme)].join("\n")}\n`;
}

interface Screen {
  width: number;
  /** Of the longest expression. */
  column: number;
  /** Whether every figure has room behind it. */
  beside: boolean;
  theme: Theme;
}

function scenario(result: ScenarioResult, { command }: Origin, { width, column, beside, theme }: Screen): string[] {
  const paint = result.ok ? theme.good : theme.bad;
  const [first = "", ...rest] = hanging("  ", `${result.name}  ${result.title}`, width).map((line) => line.trimEnd());
  const heading = `${paint(result.ok ? "✓" : "✗")} ${theme.heading(first.trimStart())}`;
  const lines = result.expectations.flatMap((verdict) =>
    beside ? row(verdict, column, theme) : wrapped(verdict, width, theme),
  );
  return [
    heading,
    ...rest.map((line) => theme.heading(line)),
    ...lines,
    ...(result.ok ? [] : [`${MARGIN}${theme.aside(command)}`]),
  ];
}

function row(verdict: Verdict, column: number, theme: Theme): string[] {
  const paint = verdict.ok ? theme.good : theme.bad;
  const cells = [
    { text: verdict.expression.padEnd(column), left: true as const },
    { text: measured(verdict), paint, left: true as const },
  ];
  return lay([cells], 2).map((line) => `${MARGIN}${paint(mark(verdict))} ${line}`);
}

function wrapped(verdict: Verdict, width: number, theme: Theme): string[] {
  const paint = verdict.ok ? theme.good : theme.bad;
  const lines = hanging(`${mark(verdict)} `, verdictText(verdict), width - MARGIN.length);
  return lines.map((line) => MARGIN + paint(line));
}

function mark({ ok }: Verdict): string {
  return ok ? "✓" : "✗";
}

function summary({ summary, interrupted, ok }: Suite["report"], width: number, theme: Theme): string {
  const paint = interrupted ? theme.warning : ok ? theme.good : theme.bad;
  return wrap(summaryText({ summary, ...(interrupted ? { interrupted } : {}) }), width)
    .map((line) => paint(line))
    .join("\n");
}

/** The sums in one sentence, for every format that people read. */
export function summaryText({ summary, interrupted }: Pick<Suite["report"], "summary" | "interrupted">): string {
  const { scenarios, expectations, failedScenarios, failedExpectations, skippedScenarios, runs } = summary;
  const judged =
    `${plural(scenarios, "scenario", "scenarios")}, ${plural(expectations, "expectation", "expectations")} ` +
    `in ${plural(runs, "run", "runs")}`;
  const verdict =
    failedExpectations > 0
      ? `${plural(failedExpectations, "expectation", "expectations")} of ${plural(failedScenarios, "scenario", "scenarios")} failed`
      : expectations > 0
        ? "all hold"
        : "nothing was expected";
  const skipped = skippedScenarios > 0 ? `; ${plural(skippedScenarios, "scenario", "scenarios")} not run` : "";
  return `${interrupted === true ? "interrupted — " : ""}${judged}: ${verdict}${skipped}`;
}

/** What a single report is called where scenarios have names. */
export function singleSuite(report: Report, command: string): Suite {
  const { expectations, scenario, tool, schemaVersion } = report;
  const failed = expectations.filter(({ ok }) => !ok).length;
  const result: ScenarioResult = {
    name: scenario.experiment,
    title: `${scenario.experiment} on kernel ${scenario.kernel}, seed ${scenario.seed}`,
    ok: failed === 0,
    expectations,
    reports: [report],
  };
  return {
    report: {
      schemaVersion,
      tool,
      ok: failed === 0,
      scenarios: [result],
      summary: {
        scenarios: 1,
        failedScenarios: failed === 0 ? 0 : 1,
        skippedScenarios: 0,
        expectations: expectations.length,
        failedExpectations: failed,
        runs: 1,
      },
      ...(report.interrupted === true ? { interrupted: true } : {}),
    },
    origins: [{ path: "", line: 0, expectationLines: expectations.map(() => 0), command }],
  };
}
