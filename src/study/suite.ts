/**
 * A set of scenario files as runs: which scenarios with which seeds, and the verdict on each once its runs are there.
 * It owns the plan, the seeds and the judging in file order, so that the result does not depend on how many runs go on
 * at once. It reads no file and starts no worker: `RunAll` is given.
 */
import { effectiveRelease } from "../kernel/effective-release.js";
import { metricNamed } from "../report/metrics.js";
import type { ExpectationResult, Report } from "../report/report.js";
import { type ScenarioResult, type SuiteReport, suiteReport } from "../report/suite.js";
import { type Bound, bindExpectation, type Knowledge, type RunReports } from "../report/verdict.js";
import { TOOL_VERSION } from "../report/version.js";
import { type Overrides, resolveScenario } from "../scenario/defaults.js";
import { inPlace, ParameterError, quoted, UsageError } from "../scenario/errors.js";
import { parseExpectation } from "../scenario/expectation.js";
import type { Case, Place, ScenarioFile } from "../scenario/file.js";
import { mergeParameters } from "../scenario/merge.js";
import type { Scenario } from "../scenario/scenario.js";
import { didYouMean } from "../scenario/suggest.js";
import { formatCount, formatMebibytes } from "../scenario/units.js";
import type { RunAll } from "./pool.js";

/** What is asked of all files, beside what they say. */
export interface SuiteOptions {
  /** What stands for the defaults where a file says nothing. */
  under?: Overrides;
  /** Parameters that win over those of the files. */
  over?: Overrides;
  /** How those who gave it name a parameter of `over`. */
  nameOf?(parameter: string): string;
  /** Runs of each scenario; more where an expectation asks for more seeds. */
  runs?: number;
  /** A part of a name, or a pattern with `*`; null: all. */
  only?: string | null;
  /** What must hold of each scenario that runs beside what its file says. */
  expect?: readonly string[];
  /** The simulated kernel, if not said. */
  backend?: Report["backend"];
  /** Throws UsageError for what the backend cannot run. */
  refuse?(scenario: Scenario): void;
}

/** An expectation that is about the scenario, with its place in the file. */
export interface Planned extends Bound {
  place: Place;
}

/** One scenario, ready to run. */
export interface Plan {
  file: ScenarioFile;
  case: Case;
  /** One of each seed; the first has the scenario's own. */
  scenarios: readonly Scenario[];
  expectations: readonly Planned[];
  /** Other variants that its expectations compare with. */
  beside: ReadonlyMap<string, Plan>;
}

/** Throws UsageError. */
export function planSuite(files: readonly ScenarioFile[], options: SuiteOptions): Plan[] {
  const plans = files.flatMap((file) => planFile(file, options));
  const { only = null } = options;
  if (only === null) return plans;
  const chosen = plans.filter((plan) => matches(plan.case.name, only));
  if (chosen.length > 0) return chosen;
  const names = plans.map((plan) => plan.case.name);
  throw new UsageError(
    `--only: expected a part of the name of a scenario, got ${quoted(only)}${didYouMean(only, names)}`,
  );
}

function matches(name: string, pattern: string): boolean {
  if (!pattern.includes("*")) return name.includes(pattern);
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}

function planFile(file: ScenarioFile, options: SuiteOptions): Plan[] {
  const resolved = file.cases.map((one) => resolveCase(file, one, options));
  const knowledge = resolved.map((scenario) => knowledgeOf(scenario, options.backend ?? "simulation"));
  const bound = knowledge.map((_, index) => bindAll(file, index, { ...options, knowledge }));
  // Variants are compared seed by seed, so each has the seeds of all.
  const runs = Math.max(options.runs ?? 1, file.runs, ...bound.flat().map(({ seeds }) => seeds ?? 1));
  const plans = file.cases.map((one, index) => ({
    file,
    case: one,
    scenarios: seeded(resolved[index]!, runs),
    expectations: bound[index]!,
    beside: new Map<string, Plan>(),
  }));
  for (const plan of plans) {
    for (const { variant } of plan.expectations) {
      if (variant !== null) plan.beside.set(variant, plans.find((other) => other.case.variant === variant)!);
    }
  }
  return plans;
}

function resolveCase(file: ScenarioFile, one: Case, options: SuiteOptions): Scenario {
  const { under = {}, over = {}, nameOf = (name) => name } = options;
  try {
    const layers = [under, one.overrides, over];
    const scenario = resolveScenario(one.experiment, layers.reduce(mergeParameters));
    options.refuse?.(scenario);
    return scenario;
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    const { parameter } = error;
    const inWords = error.inWordsOf((name) => (given(over, name) ? nameOf(name) : name));
    if (given(over, parameter)) throw inWords.in(nameOf(parameter));
    throw inWords.in(parameter).in(placed(file, one.placeOf(parameter)));
  }
}

function given(over: object, parameter: string): boolean {
  let value: unknown = over;
  for (const step of parameter.split(".")) value = (value as Record<string, unknown> | undefined)?.[step];
  return value !== undefined;
}

function placed({ path }: ScenarioFile, { line, column }: Place): string {
  return `${path}:${line}:${column}`;
}

/** `knowledge`: of each case of the file. */
function bindAll(
  file: ScenarioFile,
  index: number,
  { knowledge, expect = [], only = null }: { knowledge: readonly Knowledge[] } & Pick<SuiteOptions, "expect" | "only">,
): Planned[] {
  const { name, variant: own, expectations, place: ownPlace } = file.cases[index]!;
  const variants = new Map(
    file.cases.flatMap(({ variant }, at) => (variant === null ? [] : [[variant, knowledge[at]!] as const])),
  );
  const stated = expectations.map((one) => ({ ...one, from: placed(file, one.place) }));
  // What a flag expects has no line of its own.
  const runs = only === null || matches(name, only);
  const asked = (runs ? expect : []).map((expression) => ({ expression, place: ownPlace, from: "--expect" }));
  return [...stated, ...asked].flatMap(({ expression, place, from }) => {
    const bound = inPlace(from, () => bindExpectation(parseExpectation(expression), knowledge[index]!, variants));
    // What all variants are compared with is not compared with itself.
    return bound.variant !== null && bound.variant === own ? [] : [{ ...bound, place }];
  });
}

export function knowledgeOf(scenario: Scenario, backend: Report["backend"]): Knowledge {
  const { flush, listeners, traffic } = scenario;
  const worker = effectiveRelease(scenario)?.redelivery !== "timer";
  const classes = Math.max(1, traffic.length);
  const { queue, poll, dumpsOnEventSocket } = listeners[0]!;
  const own = { queue: queue !== null, dumps: poll !== null || dumpsOnEventSocket };
  return {
    backend,
    flush,
    worker,
    ...own,
    otherListeners: listeners.length - 1,
    classes,
    listedTraffic: traffic.length,
  };
}

function seeded(scenario: Scenario, runs: number): Scenario[] {
  return Array.from({ length: runs }, (_, index) => ({ ...scenario, seed: seedOf(scenario.seed, index) }));
}

/** `1`, then `1-2`, `1-3`: streams of different seeds have nothing to do with each other, however alike they look. */
export function seedOf(seed: string, index: number): string {
  return index === 0 ? seed : `${seed}-${index + 1}`;
}

/** What is kept of each run until its scenario is judged, and in the result: reports where a format shows them. */
export type SuiteKeep = "reports" | "verdicts";

/** In memory: a report, kept and as text; what the metrics of some expectations are; and the scenario of a run. */
const REPORT_BYTES = 120_000;
const PART_BYTES = 1_500;
const SCENARIO_BYTES = 500;

/** Before anything runs. Throws UsageError where what is kept of the runs would not fit. */
export function refuseTooMany(plans: readonly Plan[], keep: SuiteKeep, availableBytes: number): void {
  const runs = withCompared(plans).reduce((sum, { scenarios }) => sum + scenarios.length, 0);
  const needed = runs * (SCENARIO_BYTES + (keep === "reports" ? REPORT_BYTES : PART_BYTES));
  if (needed <= availableBytes) return;
  const less = keep === "reports" ? ", or a format that shows no reports (text, markdown, junit)" : "";
  throw new UsageError(
    `expected runs that fit into ${formatMebibytes(availableBytes)} of memory, got ${formatCount(runs)}, which would need ` +
      `${formatMebibytes(needed)}: fewer runs or scenarios need less${less}`,
  );
}

/** The plans, and those that they compare with. */
function withCompared(plans: readonly Plan[]): Plan[] {
  return [...new Set(plans.flatMap((plan) => [...plan.beside.values(), plan]))];
}

export interface SuiteWatch {
  /** How many runs of all are done. */
  progress(done: number, of: number): void;
  /** For a person who waits: which worker has ended, and what becomes of its run. */
  note?: (sentence: string) => void;
  /** Aborted: the set ends with what is judged by then. */
  signal: AbortSignal;
}

/**
 * Runs what was planned and judges it in order. With `bail` nothing after the first failed scenario is in the result.
 */
export async function runSuite(
  plans: readonly Plan[],
  runAll: RunAll,
  { bail, watch, keep = "reports" }: { bail: boolean; watch: SuiteWatch; keep?: SuiteKeep },
): Promise<SuiteReport> {
  const all = withCompared(plans);
  const scenarios = all.flatMap((plan) => plan.scenarios);
  const names = all.flatMap((plan) => plan.scenarios.map(({ seed }) => `${plan.case.name} with seed ${seed}`));
  const reports = new Map<Scenario, Report>();
  const planOf = new Map(all.flatMap((plan) => plan.scenarios.map((scenario) => [scenario, plan] as const)));
  const open = new Map(all.map((plan) => [plan, plan.scenarios.length]));
  const missing = new Map<Scenario, string>();
  const results: ScenarioResult[] = [];
  const failed = new AbortController();
  const over = (index: number): void => {
    const plan = planOf.get(scenarios[index]!)!;
    open.set(plan, open.get(plan)! - 1);
    watch.progress(reports.size + missing.size, scenarios.length);
    while (!failed.signal.aborted && results.length < plans.length && complete(plans[results.length]!, open)) {
      results.push(resultOf(plans[results.length]!, { reports, missing }, keep));
      if (bail && !results.at(-1)!.ok) failed.abort();
    }
  };
  const signal = AbortSignal.any([failed.signal, watch.signal]);
  await runAll(
    {
      count: scenarios.length,
      scenario: (index) => scenarios[index]!,
      name: (index) => names[index]!,
      keep: keep === "reports" ? "report" : { metrics: metricsAsked(plans) },
    },
    {
      done(index, report) {
        reports.set(scenarios[index]!, report);
        over(index);
      },
      missing(index, why) {
        missing.set(scenarios[index]!, `${names[index]!}: ${why}`);
        over(index);
      },
      note: (sentence) => watch.note?.(sentence),
      signal,
    },
  );
  return suiteReport(results, {
    tool: { name: "ct-reliable", version: TOOL_VERSION },
    planned: plans.length,
    interrupted: results.length < plans.length && !failed.signal.aborted,
  });
}

/** `open`: how many runs of each plan are not done. */
function complete(plan: Plan, open: ReadonlyMap<Plan, number>): boolean {
  return [plan, ...plan.beside.values()].every((one) => open.get(one) === 0);
}

/** Everything that the expectations of these plans ask about. */
function metricsAsked(plans: readonly Plan[]): string[] {
  const names = plans.flatMap(({ expectations }) =>
    expectations.flatMap(({ expression }) => {
      const { metric, limit } = parseExpectation(expression);
      const others = limit.kind === "share" ? [limit.of] : limit.kind === "metric" ? [limit.metric] : [];
      return [metric, ...others].filter((name) => name !== null).map(metricNamed);
    }),
  );
  return [...new Set(names.flatMap(({ name, whole }) => (whole === null ? [name] : [name, whole])))];
}

interface Outcomes {
  reports: ReadonlyMap<Scenario, Report>;
  /** Of the scenarios that have no report, why. */
  missing: ReadonlyMap<Scenario, string>;
}

function resultOf(plan: Plan, { reports, missing }: Outcomes, keep: SuiteKeep): ScenarioResult {
  const { name, title } = plan.case;
  const needed = [plan, ...plan.beside.values()].flatMap(({ scenarios }) => scenarios);
  const gone = needed.flatMap((scenario) => missing.get(scenario) ?? []);
  // What is expected is about all runs: of some it is no verdict.
  if (gone.length > 0) return { name, title, ok: false, expectations: [], reports: [], missing: gone };
  const runs = plan.scenarios.map(
    (scenario, index): RunReports => ({
      report: reports.get(scenario)!,
      variants: new Map([...plan.beside].map(([name, other]) => [name, reports.get(other.scenarios[index]!)!])),
    }),
  );
  const expectations = plan.expectations.map((bound) => bound.judge(runs));
  return {
    name,
    title,
    ok: expectations.every(({ ok }) => ok),
    expectations,
    reports: runs.map((run) =>
      keep === "reports" ? { ...run.report, expectations: ownVerdicts(plan.expectations, run) } : run.report,
    ),
  };
}

/** Those that one run can answer by itself. */
function ownVerdicts(expectations: readonly Bound[], run: RunReports): ExpectationResult[] {
  return expectations.filter(({ seeds }) => seeds === null).map((bound) => bound.judge([run]));
}
