/**
 * What a set of scenarios came to: for each its reports and the verdict on its expectations, and the sums. `run
 * --format json` prints exactly a SuiteReport; where each expectation stands in a file is kept beside it, because the
 * same scenarios from standard input must give the same bytes.
 */
import { list, type ObjectSchema, object, type Schema, text } from "../scenario/json-schema.js";
import type { ExpectationResult, Report } from "./report.js";
import { SCHEMA_VERSION } from "./report.js";
import { REPORT } from "./schema.js";

export interface ScenarioResult {
  /** `conntrack-flush`, or `kernel-generations/5.4` of a variant. */
  name: string;
  title: string;
  /** Every expectation held, in every run that it is about. */
  ok: boolean;
  expectations: readonly ExpectationResult[];
  /** One of each seed. */
  reports: readonly Report[];
  /** The runs that workers ended in, and why: then nothing is judged, and it does not count as ok. Absent otherwise. */
  missing?: readonly string[];
}

export interface SuiteReport {
  schemaVersion: typeof SCHEMA_VERSION;
  tool: Report["tool"];
  ok: boolean;
  scenarios: readonly ScenarioResult[];
  summary: {
    scenarios: number;
    failedScenarios: number;
    /** Planned, and not judged because the run ended before: by --bail or Ctrl-C. */
    skippedScenarios: number;
    expectations: number;
    failedExpectations: number;
    runs: number;
  };
  /** True where Ctrl-C ended it before every scenario was judged. Absent otherwise. */
  interrupted?: true;
}

/** Where a result comes from. Lines count from 1. */
export interface Origin {
  path: string;
  line: number;
  /** Of the expectations, in their order. */
  expectationLines: readonly number[];
  /** The command line that repeats the scenario. */
  command: string;
}

/** What the renderers of a set get. Origins are in the order of the scenarios. */
export interface Suite {
  report: SuiteReport;
  origins: readonly Origin[];
}

/** With the sums. `planned`: how many scenarios were to be judged. */
export function suiteReport(
  scenarios: readonly ScenarioResult[],
  { tool, planned, interrupted }: { tool: Report["tool"]; planned: number; interrupted: boolean },
): SuiteReport {
  const expectations = scenarios.flatMap((scenario) => scenario.expectations);
  const failed = scenarios.filter(({ ok }) => !ok).length;
  return {
    schemaVersion: SCHEMA_VERSION,
    tool,
    ok: failed === 0,
    scenarios,
    summary: {
      scenarios: scenarios.length,
      failedScenarios: failed,
      skippedScenarios: planned - scenarios.length,
      expectations: expectations.length,
      failedExpectations: expectations.filter(({ ok }) => !ok).length,
      runs: scenarios.reduce((sum, { reports }) => sum + reports.length, 0),
    },
    ...(interrupted ? { interrupted: true } : {}),
  };
}

/** What a single report is where scenarios have names. */
export function singleSuite(report: Report, command: string): Suite {
  const { expectations, scenario, tool } = report;
  const result: ScenarioResult = {
    name: scenario.experiment,
    title: `${scenario.experiment} on kernel ${scenario.kernel}, seed ${scenario.seed}`,
    ok: expectations.every(({ ok }) => ok),
    expectations,
    reports: [report],
  };
  return {
    report: suiteReport([result], { tool, planned: 1, interrupted: report.interrupted === true }),
    origins: [{ path: "", line: 0, expectationLines: expectations.map(() => 0), command }],
  };
}

const number = (description: string): Schema => ({ type: "integer", description, minimum: 0 });
const { tool, expectations } = REPORT.properties;

export const SUITE: ObjectSchema<SuiteReport> = {
  ...object<SuiteReport>("What a set of scenarios came to, as `ct-reliable run --format json` prints it.", {
    schemaVersion: { type: "integer", description: "of this shape", enum: [SCHEMA_VERSION] },
    tool,
    ok: { type: "boolean", description: "whether every expectation held" },
    scenarios: list(
      {
        ...object<ScenarioResult>("a scenario, or a variant of one", {
          name: text("its name", "a name"),
          title: text("what happens in it", "a title"),
          ok: { type: "boolean", description: "whether all its expectations held" },
          expectations,
          reports: list(REPORT, "one report of each seed"),
          missing: list(text("a run, and why", "a text"), "runs that workers ended in: nothing is judged"),
        }),
        optional: ["missing"],
      },
      "the scenarios, in the order of the files",
    ),
    summary: object<SuiteReport["summary"]>("the sums", {
      scenarios: number("scenarios that were judged"),
      failedScenarios: number("scenarios of which an expectation did not hold"),
      skippedScenarios: number("scenarios that were not judged because the run ended before"),
      expectations: number("expectations that were judged"),
      failedExpectations: number("expectations that did not hold"),
      runs: number("runs, one for each scenario and seed"),
    }),
    interrupted: { type: "boolean", description: "true where Ctrl-C ended it early", enum: [true] },
  }),
  optional: ["interrupted"],
};
