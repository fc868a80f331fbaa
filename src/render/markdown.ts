/**
 * A set of scenarios as a comment on a pull request: the verdict first, then what failed with its command, then
 * everything in a table that is folded while all is well. GitHub's and GitLab's dialect alike.
 */

import type { Report, WhatIf } from "../report/report.js";
import type { Origin, ScenarioResult, Suite } from "../report/suite.js";
import { measured } from "./measured.js";
import { summaryText } from "./suite-text.js";
import { adviceTexts } from "./text/advice.js";
import { endingOf } from "./text/endings.js";
import { hiddenRulesText } from "./text/hidden-rules.js";
import { meaningOf } from "./text/meaning.js";
import { count, duration, percent } from "./text/numbers.js";
import { changesOf, unfinishedOf, verdictOf, WHAT_IF_HEAD } from "./text/what-if.js";

export function renderMarkdown({ report, origins }: Suite): string {
  const { scenarios, ok } = report;
  const blocks = [
    `### ${report.interrupted === true ? "⚠️" : ok ? "✅" : "❌"} ct-reliable: ${escaped(summaryText(report))}`,
    ...scenarios.flatMap((result, index) => (result.ok ? [] : [failure(result, origins[index]!)])),
    folded(scenarios, ok),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

/** One run that nothing was asked about: its meaning and what became of the events. */
export function renderReportMarkdown(report: Report, command: string): string {
  const { events, dying, table } = report;
  const rows = (["new", "update", "destroy"] as const).map((type) => {
    const { raised, delivered, unread, merged, lost, pending, refused } = events[type];
    const share = percent(delivered, raised);
    const figures = [raised, delivered, unread, merged, lost, pending, refused].map((figure) => count(figure));
    return `| ${type.toUpperCase()} | ${figures.join(" | ")} | ${share} |`;
  });
  const verdicts = report.expectations.map(
    (verdict) => `- ${verdict.ok ? "✅" : "❌"} ${code(verdict.expression)}: ${escaped(measured(verdict))}`,
  );
  const ending = endingOf(report);
  const lines = [
    `### ct-reliable ${report.scenario.experiment}: ${escaped(meaningOf(report))}`,
    ...(ending === null ? [] : [`**${escaped(ending)}**`]),
    ...(verdicts.length > 0 ? [verdicts.join("\n")] : []),
    [
      "| event | raised | delivered | unread | merged | lost | pending | refused | |",
      "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
      ...rows,
    ].join("\n"),
    `Dying list: peak ${count(dying.peak)}, ${emptied(report)}. Packets dropped: ${count(table.drop + table.insertFailed)}.`,
    ...[...adviceTexts(report), hiddenRulesText(report)].filter(Boolean).map(escaped),
    ...(report.whatIf === undefined ? [] : whatIfOf(report.whatIf)),
    fenced(command),
  ];
  return `${lines.join("\n\n")}\n`;
}

function whatIfOf({ tried, unfinished }: WhatIf): string[] {
  const rows = tried.map((one) => `| ${verdictOf(one)} | ${code(one.flags)} | ${escaped(changesOf(one))} |`);
  const missing = unfinishedOf(unfinished);
  return [
    WHAT_IF_HEAD,
    ["| | setting | before → after |", "|---|---|---|", ...rows].join("\n"),
    ...(missing === "" ? [] : [missing]),
  ];
}

function emptied({ dying, flush }: Report): string {
  if (flush === null) return `${count(dying.final)} on it at the end`;
  return dying.emptyAfterFlushSeconds === null
    ? `never empty: ${count(dying.final)} on it at the end`
    : `empty ${duration(dying.emptyAfterFlushSeconds)} after the flush`;
}

function failure({ name, title, expectations, missing = [] }: ScenarioResult, { command }: Origin): string {
  const lines = expectations
    .filter(({ ok }) => !ok)
    .map((verdict) => `- ${code(verdict.expression)}: is **${escaped(measured(verdict))}**`);
  lines.push(...missing.map((run) => `- missing: ${escaped(run)}`));
  return [`**${escaped(name)}**: ${escaped(title)}`, lines.join("\n"), fenced(command)].join("\n\n");
}

function folded(scenarios: readonly ScenarioResult[], ok: boolean): string {
  const rows = scenarios.flatMap(({ name, expectations }) =>
    expectations.map((verdict, index) => {
      const cells = [
        index === 0 ? escaped(name) : "",
        code(verdict.expression),
        escaped(measured(verdict)),
        verdict.ok ? "✅" : "❌",
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  );
  if (rows.length === 0) return "";
  const table = ["| scenario | expected | measured | |", "|---|---|---|---|", ...rows].join("\n");
  return `<details${ok ? "" : " open"}><summary>All scenarios</summary>\n\n${table}\n\n</details>`;
}

function code(text: string): string {
  return `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}

function fenced(command: string): string {
  return `\`\`\`sh\n${command}\n\`\`\``;
}

export function escaped(text: string): string {
  return text.replaceAll(/[\\`*_~&<>|[\]]/g, "\\$&").replaceAll(/\s+/g, " ");
}
