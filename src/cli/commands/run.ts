/**
 * The command `run`: scenario files and their expectations, for CI. It gathers and reads the files, hands them to the
 * study, and turns the verdict into formats and an exit code. It decides nothing about scenarios (scenario/file.ts) or
 * seeds and order (study/suite.ts).
 */
import { LiveImpossibleError } from "../../live/host/impossible.js";
import type { Renderer, RenderOptions } from "../../render/renderer.js";
import type { Format } from "../../render/renderers.js";
import type { Origin, Suite, SuiteReport } from "../../report/suite.js";
import { UsageError } from "../../scenario/errors.js";
import type { RunAll } from "../../study/pool.js";
import type { Plan, SuiteKeep } from "../../study/suite.js";
import type { Call, Command } from "../command.js";
import type { Dependencies, Live, Suites } from "../dependencies.js";
import { configForm, configNotes, formatsOf, mainSink, OUTPUT_FLAGS, openOutputs, QUIET } from "../destinations.js";
import { EXIT } from "../exit-codes.js";
import { EXPECT } from "../experiment.js";
import { note, noteAll, reportBug } from "../failure.js";
import { type FlagValues, readFlags, switched } from "../flag.js";
import { studiedKernelNotes, withHostKernel } from "../host-kernel.js";
import { abortOnInterrupt, breathing, interruptedBy } from "../interrupt.js";
import type { Io } from "../io.js";
import { DAEMON, daemonOf, LIVE, LIVE_FLAGS, liveOf } from "../live.js";
import { flagOf, PARAMETER_FLAGS } from "../parameter-flags.js";
import { countView, noteOver, timed } from "../progress.js";
import { repeatingCommand, shellLine } from "../repeat.js";
import { REPLAY_FLAG, replayedOverrides } from "../replay.js";
import { ONLY, runsFlag, SCENARIOS } from "../scenario-choice.js";
import { scenarioFiles } from "../scenario-files.js";
import { announceSeed, drawSeed } from "../seed.js";
import { SUMMARIES } from "../summaries.js";

const RUNS = runsFlag("run every scenario with that many seeds; every expectation must hold in each");

const BAIL = switched({
  name: "bail",
  heading: SCENARIOS,
  description: "stop after the first scenario that fails",
});

const REPORT = switched({
  name: "report",
  heading: SCENARIOS,
  description:
    "text: print the report of every scenario above the verdict, as flood and flush do; of a single one it is printed",
});

/** What a file says, a flag says louder. */
const FLAGS = [EXPECT, ONLY, RUNS, BAIL, REPORT, ...PARAMETER_FLAGS, REPLAY_FLAG, ...LIVE_FLAGS, ...OUTPUT_FLAGS];

/** Of many runs the other formats show what was expected, and need no more than that. */
const SHOWING_REPORTS: ReadonlySet<Format> = new Set(["html", "json", "csv"]);

export const run: Command = {
  name: "run",
  summary: SUMMARIES.run,
  operands: "FILE|FOLDER...",
  examples: [
    ["run scenarios/", "every scenario of a folder"],
    ["run scenarios/ --export junit=report.xml --export markdown=comment.md", "the same in CI"],
    ["run scenarios/conntrack-flush.yaml --kernel 6.18.44", "one scenario on another kernel"],
    ["run scenarios/ --only 'seed-*' --runs 20", "some of them, each with twenty seeds"],
    ["run scenarios/default-rmem.yaml --expect 'drain <= 3s'", "with an expectation beside those of the file"],
    ["run - < scenario.yaml", "a scenario from standard input"],
  ],
  flags: FLAGS,
  defaults: null,
  run: runFiles,
};

async function runFiles({ given, operands, io, dependencies }: Call): Promise<number> {
  const flags = readFlags(FLAGS, withHostKernel(given, dependencies));
  const { canonical } = flags;
  const drawn = drawSeed(flags);
  const suites = await dependencies.suites();
  if (operands.length === 0) {
    throw new UsageError("expected scenario files or folders after run, such as scenarios/, got nothing");
  }
  const live = await liveOf(flags, dependencies);
  const host = live?.liveHost();
  const files = scenarioFiles(operands, suites, io);
  const plans = suites.planSuite(files, {
    under: live === null ? {} : live.liveOverrides(host!),
    over: replayedOverrides(flags, io),
    nameOf: flagOf,
    runs: flags.of(RUNS) ?? 1,
    only: flags.of(ONLY),
    expect: flags.all(EXPECT),
    backend: live === null ? "simulation" : "live",
    refuse: (scenario) => live?.refuseUnlive(scenario, host!, flags.has(DAEMON)),
  });
  const form = configForm(flags);
  if (form !== null) {
    noteAll(io, configNotes(flags));
    mainSink(flags, io).write(printed(plans, { form, expect: flags.all(EXPECT) }, suites));
    return EXIT.ok;
  }
  const showsReports = showsText(flags, plans);
  const keep = showsReports || formatsOf(flags).some((format) => SHOWING_REPORTS.has(format)) ? "reports" : "verdicts";
  suites.refuseTooMany(plans, keep, process.getBuiltinModule("node:v8").getHeapStatistics().heap_size_limit);
  const outputs = openOutputs(flags, io, dependencies);
  if (live === null && !flags.has(QUIET)) {
    const kernels = plans.map(({ scenarios: [first] }) => first!.kernel);
    noteAll(io, studiedKernelNotes(given, kernels));
  }
  if (drawn) announceSeed(flags, io);
  const words = ["run", ...operands];
  const { seed } = flags.overrides;
  const command = seed === undefined ? shellLine([...words, ...canonical]) : repeatingCommand(words, canonical, seed);
  let report: SuiteReport;
  try {
    report = await timed(io, flags, async () =>
      watched(plans, flags, {
        io,
        keep,
        suites,
        runAll: await runnerOf(live, flags, { plans, io, dependencies, suites }),
      }),
    );
  } catch (error) {
    if (error instanceof UsageError || error instanceof LiveImpossibleError) throw error;
    return reportBug(io, error, command);
  }
  const suite = { report, origins: plans.map((plan) => originOf(plan, canonical, flags.has(LIVE))) };
  const { text } = await dependencies.renderers();
  await outputs.write(command, (renderer, options) => {
    const verdicts = renderer.suite(suite, options);
    return renderer === text && showsReports && !options.quiet ? reportsOf(suite, text, options) + verdicts : verdicts;
  });
  if (io.env.GITHUB_ACTIONS === "true")
    io.stderr.write((await import("../../render/annotations.js")).renderAnnotations(suite));
  return verdict(suite.report, suite.origins, io);
}

/** A single run is asked about by a person who wants to see it; of many, the verdicts are what is read. */
function showsText(flags: FlagValues, plans: readonly Plan[]): boolean {
  if (flags.has(QUIET) || !formatsOf(flags).includes("text")) return false;
  return flags.has(REPORT) || (plans.length === 1 && plans[0]!.scenarios.length === 1);
}

/** The report of each scenario's first run; what was expected of it is said below. */
function reportsOf({ report, origins }: Suite, text: Renderer, options: RenderOptions): string {
  const several = report.scenarios.length > 1;
  return report.scenarios
    .map(({ name, reports: [first, ...more] }, index) => {
      if (first === undefined) return "";
      const heading = several ? `${name}${more.length > 0 ? `, the first of ${more.length + 1} runs` : ""}\n\n` : "";
      const { command } = origins[index]!;
      return `${heading}${text.report({ ...first, expectations: [] }, { ...options, command })}\n`;
    })
    .join("");
}

/** Every file as it would run: parameters resolved, flags and environment laid over them. */
function printed(
  plans: readonly Plan[],
  { form, expect }: { form: "yaml" | "json"; expect: readonly string[] },
  { printScenarioFile }: Suites,
): string {
  // What --only leaves out is needed where something is compared with it.
  const needed = new Set(plans.flatMap((plan) => [plan, ...plan.beside.values()]));
  const files = [...new Set(plans.map(({ file }) => file))];
  return files
    .map((file) => {
      const own = file.cases.flatMap((one) => [...needed].filter((plan) => plan.case === one));
      return printScenarioFile(
        {
          ...file,
          runs: own[0]!.scenarios.length,
          cases: own.map((plan) => printedCase(plan, plans.includes(plan) ? expect : [])),
        },
        form,
      );
    })
    .join(form === "json" ? "" : "---\n");
}

function printedCase({ case: one, scenarios }: Plan, expect: readonly string[]) {
  const { variant, title } = one;
  const expectations = [...one.expectations.map(({ expression }) => expression), ...expect];
  return { variant, title, scenario: scenarios[0]!, expectations };
}

async function watched(
  plans: readonly Plan[],
  flags: FlagValues,
  { io, keep, suites, runAll }: { io: Io; keep: SuiteKeep; suites: Suites; runAll: RunAll },
): Promise<SuiteReport> {
  const view = await countView(io, { quiet: flags.has(QUIET), noun: "runs" });
  const interrupt = abortOnInterrupt(io, view);
  try {
    return await suites.runSuite(plans, runAll, {
      bail: flags.has(BAIL),
      keep,
      watch: {
        progress: view.update,
        note: noteOver(view, io),
        signal: interrupt.signal,
      },
    });
  } finally {
    interrupt.release();
    view.stop();
  }
}

/**
 * On all cores; but of running kernels there is one, and a run wants the machine for itself, and a log that is replayed
 * is in the memory of this thread.
 */
async function runnerOf(
  live: Live | null,
  flags: FlagValues,
  {
    plans,
    io,
    dependencies,
    suites: { pool },
  }: { plans: readonly Plan[]; io: Io; dependencies: Dependencies; suites: Suites },
): Promise<RunAll> {
  const breathe = breathing();
  const replays = plans.some(({ scenarios: [first] }) => first!.replay !== null);
  return live === null
    ? pool(replays ? 1 : dependencies.cores(), await dependencies.backend(), breathe, dependencies.memoryBytes())
    : pool(1, live.liveBackend({ daemon: daemonOf(flags, io) }), breathe);
}

function originOf(plan: Plan, canonical: readonly string[], live: boolean): Origin {
  const { file, case: one, scenarios, expectations } = plan;
  const only = one.variant === null ? [] : ["--only", one.name];
  return {
    path: file.path,
    line: one.place.line,
    expectationLines: expectations.map(({ place }) => place.line),
    command: repeatingCommand(["run", file.path, ...only], canonical, live ? null : scenarios[0]!.seed),
  };
}

/** A broken invariant makes every other figure doubtful, so it comes first. */
function verdict(report: SuiteReport, origins: readonly Origin[], io: Io): number {
  for (const [index, { name, reports }] of report.scenarios.entries()) {
    const broken = reports.find(({ invariants }) => invariants.violated.length > 0);
    if (broken === undefined) continue;
    const rules = broken.invariants.violated.join("; ");
    return reportBug(io, `expected every invariant to hold in ${name}, got ${rules}`, origins[index]!.command);
  }
  if (report.interrupted) {
    note(io, "interrupted: the summary so far");
    return interruptedBy(io.signals);
  }
  if (report.summary.failedExpectations > 0) return EXIT.expectationFailed;
  return report.ok ? EXIT.ok : EXIT.missing;
}
