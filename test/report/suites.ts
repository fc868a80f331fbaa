/**
 * Sets of scenarios to render: one in which all holds, one in which much fails, and one whose names and titles try to
 * break out of whatever they are put into. The figures are made up. It tests nothing itself.
 */
import type { RenderOptions } from "../../src/render/renderer.js";
import type { ExpectationResult, Report } from "../../src/report/report.js";
import type { Suite, SuiteReport } from "../../src/report/suite.js";
import { sampleReport } from "./sample.js";

export const OPTIONS: RenderOptions = {
  colour: false,
  width: 80,
  quiet: false,
  command: "ct-reliable run a",
  timeline: false,
};

export const held: ExpectationResult = {
  expression: "destroy.delivered == 100%",
  actual: 1,
  limit: 1,
  unit: "share",
  ok: true,
};
export const failed: ExpectationResult = {
  expression: "drain <= 20s",
  actual: 52.25,
  limit: 20,
  unit: "seconds",
  ok: false,
};
const never: ExpectationResult = {
  expression: "drain <= 20s over 3 seeds",
  actual: null,
  limit: 20,
  unit: "seconds",
  ok: false,
};
export const compared: ExpectationResult = {
  expression: "drain < 2 * drain in b",
  actual: 10,
  limit: 10,
  unit: "seconds",
  ok: false,
};

export const HOSTILE = [
  '<b>"it\'s" & done</b>',
  "]]><!-- x -->",
  'a,b;"c"\td',
  "a|b`c`*d*_e_~~f~~[g](h)&lt;",
  "emoji 🦊 and ümlaut",
  "\u0000\u0001\u001b[31m\u007f\ufffe\ud800",
  "%0A::error::x",
  "```",
  "=cmd()",
];

export interface Sample {
  name: string;
  title?: string;
  path?: string;
  expectations: readonly ExpectationResult[];
  reports?: readonly Report[];
}

/** A set of these, each from a file of its own, its expectations from line 10 on. */
export function suiteOf(samples: readonly Sample[], change: Partial<SuiteReport> = {}): Suite {
  const scenarios = samples.map(
    ({ name, title = `the title of ${name}`, expectations, reports = [sampleReport()] }) => ({
      name,
      title,
      ok: expectations.every(({ ok }) => ok),
      expectations,
      reports,
    }),
  );
  const verdicts = scenarios.flatMap(({ expectations }) => expectations);
  return {
    report: {
      schemaVersion: 2,
      tool: { name: "ct-reliable", version: "0.1.0" },
      ok: scenarios.every(({ ok }) => ok),
      scenarios,
      summary: {
        scenarios: scenarios.length,
        failedScenarios: scenarios.filter(({ ok }) => !ok).length,
        skippedScenarios: 0,
        expectations: verdicts.length,
        failedExpectations: verdicts.filter(({ ok }) => !ok).length,
        runs: scenarios.reduce((sum, { reports }) => sum + reports.length, 0),
      },
      ...change,
    },
    origins: samples.map(({ name, path = `scenarios/${name}.yaml`, expectations }) => ({
      path,
      line: 3,
      expectationLines: expectations.map((_, index) => 10 + index),
      command: `ct-reliable run ${path} --seed 1`,
    })),
  };
}

export const HOLDING = suiteOf([
  { name: "a", expectations: [held] },
  { name: "b", expectations: [] },
]);
export const FAILING = suiteOf([
  { name: "a", expectations: [held] },
  { name: "b", expectations: [held, failed, never], reports: [sampleReport(), sampleReport(), sampleReport()] },
  { name: "c", expectations: [compared] },
]);
export const HOSTILES = suiteOf(
  HOSTILE.map((text) => ({
    name: text,
    title: text,
    path: `${text}.yaml`,
    expectations: [held, { ...failed, expression: `${text} < 1` }],
  })),
);
