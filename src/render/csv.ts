/**
 * A row for each run, or for each moment of its timeline, to be read by a spreadsheet: RFC 4180, a head with the names
 * of the metrics, times in seconds, sizes in bytes, nothing where a figure is not known.
 */

import { figureOf, METRICS } from "../report/metrics.js";
import { type Report, TIMELINE_COLUMNS } from "../report/report.js";
import type { Suite } from "../report/suite.js";
import type { Scenario } from "../scenario/scenario.js";
import type { RenderOptions } from "./renderer.js";

type Value = string | number | boolean | null | undefined;

/** Of the lists only what every run has: its first listener. */
const COLUMNS = METRICS.map((metric) => ({
  ...metric,
  name: metric.name.startsWith("scenario.listeners[N]") ? metric.name.replace("[N]", "[0]") : metric.name,
})).filter(({ name }) => !name.includes("[N]"));

const SETTINGS: readonly (keyof Scenario)[] = ["experiment", "kernel", "protocol", "family", "path", "arrivals"];
const LABELS = ["name", "ok", "backend", "seed", "ended", "endedDuring"];

export function renderCsv({ report }: Suite, { timeline }: RenderOptions): string {
  const runs = report.scenarios.flatMap(({ name, reports }) => reports.map((run) => ({ name, run })));
  const rows: Value[][] = timeline
    ? [["name", "seed", ...TIMELINE_COLUMNS], ...runs.flatMap(({ name, run }) => timelineRows(name, run))]
    : [
        [
          ...LABELS,
          ...SETTINGS.map((key) => `scenario.${key}`),
          "scenario.listeners[0].policy",
          ...COLUMNS.map((one) => one.name),
        ],
        ...runs.map(({ name, run }) => runRow(name, run)),
      ];
  return rows.map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

function runRow(name: string, run: Report): Value[] {
  const { scenario } = run;
  return [
    name,
    run.expectations.every(({ ok }) => ok),
    run.backend,
    run.seed,
    run.ended,
    run.endedDuring,
    ...SETTINGS.map((key) => scenario[key] as Value),
    scenario.listeners[0]?.policy,
    ...COLUMNS.map((metric) => figureOf(run, metric)),
  ];
}

function timelineRows(name: string, run: Report): Value[][] {
  return run.timeline.rows.map((row) => [name, run.seed, ...row]);
}

/** A text that a spreadsheet would take for a formula gets an apostrophe in front, which makes it a text there. */
export function field(value: Value): string {
  const plain = String(value ?? "");
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
