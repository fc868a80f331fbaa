/**
 * A run as a page, for a colleague who did not make it: what it means, what was run, what became of the events, the
 * charts. And a set of runs: the sums, then each scenario with its verdict and the charts of its first run.
 */
import type { Report, WhatIf } from "../../report/report.js";
import type { ScenarioResult, Suite } from "../../report/suite.js";
import { EVENT_GROUPS } from "../../scenario/scenario.js";
import type { RenderOptions } from "../renderer.js";
import { summaryText } from "../suite-text.js";
import { adviceTexts } from "../text/advice.js";
import { hiddenRulesText } from "../text/hidden-rules.js";
import { meaningOf } from "../text/meaning.js";
import { count, percent } from "../text/numbers.js";
import { bufferOf, loadOf, policyOf, presetText, readerOf, titleOf } from "../text/setting.js";
import { changesOf, unfinishedOf, WHAT_IF_HEAD, verdictOf as whatIfVerdict } from "../text/what-if.js";
import { caveatsOf, measuresOf } from "../text.js";
import { expectationsOf } from "./expectations.js";
import { definitions, escaped, inWords, table } from "./markup.js";
import { Charts, renderPage, repeatOf } from "./page.js";
import { chartsOf } from "./report-charts.js";

export function renderReportHtml(report: Report, { command }: RenderOptions): string {
  const charts = new Charts();
  const title = titleOf(report);
  const body = [
    `<h1>${escaped(title)}</h1>`,
    verdictOf(report),
    runOf(report, 2),
    ...(report.expectations.length > 0 ? ["<h2>Expectations</h2>", expectationsOf(report.expectations)] : []),
    ...(report.whatIf === undefined ? [] : [whatIfSection(report.whatIf)]),
    "<h2>Charts</h2>",
    charts.figures(chartsOf(report, "run")),
    repeatOf(command),
  ];
  return renderPage({ title, body: body.join("\n"), charts: charts.all });
}

function whatIfSection({ tried, unfinished }: WhatIf): string {
  const rows = tried.map((one) => [one.flags, whatIfVerdict(one) || "–", { html: inWords(changesOf(one)) }]);
  const missing = unfinishedOf(unfinished);
  return [
    "<h2>What if?</h2>",
    table(WHAT_IF_HEAD, ["setting", "verdict", "before → after"], rows),
    ...(missing === "" ? [] : [`<p>${escaped(missing)}</p>`]),
  ].join("\n");
}

export function renderSuiteHtml({ report, origins }: Suite): string {
  const charts = new Charts();
  const title = `ct-reliable: ${summaryText(report)}`;
  const body = [
    `<h1 class="${report.ok ? "good" : "bad"}">${escaped(title)}</h1>`,
    overviewOf(report.scenarios),
    ...report.scenarios.map((result, index) => scenarioOf(result, origins[index]!.command, index, charts)),
  ];
  return renderPage({ title, body: body.join("\n"), charts: charts.all });
}

function scenarioOf(result: ScenarioResult, command: string, index: number, charts: Charts): string {
  const { name, title, ok, expectations, reports } = result;
  const [first] = reports;
  const more = reports.length > 1 ? ` of ${count(reports.length)} runs, the first` : "";
  return [
    `<h2 id="scenario-${index}"><span class="${ok ? "good" : "bad"}">${ok ? "✓" : "✗"}</span> ${escaped(name)}</h2>`,
    `<p>${escaped(title)}</p>`,
    expectationsOf(expectations),
    ...(first === undefined
      ? []
      : [
          `<details><summary>The run${escaped(more)}</summary>`,
          verdictOf(first),
          runOf(first, 3),
          charts.figures(chartsOf(first, `scenario-${index}`)),
          "</details>",
        ]),
    repeatOf(command),
  ].join("\n");
}

function overviewOf(scenarios: readonly ScenarioResult[]): string {
  const links = scenarios.map(
    ({ name, ok }, index) =>
      `<li><span class="${ok ? "good" : "bad"}">${ok ? "✓" : "✗"}</span> <a href="#scenario-${index}">${escaped(name)}</a></li>`,
  );
  return scenarios.length < 2 ? "" : `<nav aria-label="Scenarios"><ul>${links.join("")}</ul></nav>`;
}

function verdictOf(report: Report): string {
  const { violated } = report.invariants;
  return [
    ...(report.interrupted === true ? ['<p class="bad">Interrupted: the summary so far.</p>'] : []),
    ...caveatsOf(report).map((sentence) => `<p class="bad">${escaped(sentence)}</p>`),
    ...violated.map((rule) => `<p class="bad">Invariant violated, a bug of ct-reliable: ${escaped(rule)}</p>`),
    `<p class="verdict">${escaped(meaningOf(report))}</p>`,
    ...[...adviceTexts(report), hiddenRulesText(report)]
      .filter(Boolean)
      .map((sentence) => `<p>${escaped(sentence)}</p>`),
  ].join("\n");
}

/** `level`: of its headings. */
function runOf(report: Report, level: 2 | 3): string {
  const preset = presetText(report);
  return [
    `<h${level}>What was run</h${level}>`,
    definitions([
      ["load", loadOf(report)],
      ...(preset === null ? [] : [["preset", preset] satisfies [string, string]]),
      ["buffer", bufferOf(report)],
      ["reader", report.daemon.conntrackd === undefined ? readerOf(report) : "conntrackd, as fast as it is"],
      ["policy", policyOf(report)],
    ]),
    `<h${level}>What became of the events</h${level}>`,
    eventTable(report),
    definitions(measuresOf(report)),
  ].join("\n");
}

function eventTable({ events }: Report): string {
  const fates = Object.keys(events.new) as (keyof typeof events.new)[];
  const rows = EVENT_GROUPS.map((type) => [
    type.toUpperCase(),
    ...fates.map((fate) => count(events[type][fate])),
    percent(events[type].delivered, events[type].raised),
  ]);
  return table("Events by type, and the share that was delivered", ["event", ...fates, "share delivered"], rows);
}
