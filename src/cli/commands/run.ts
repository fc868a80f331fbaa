/**
 * The command `run`: scenario files and their expectations, for CI. It gathers and reads the files, hands them to the study, and
 * turns the verdict into formats and an exit code. It decides nothing about scenarios (scenario/file.ts) or seeds and order
 * (study/suite.ts).
 */
import { LiveImpossibleError } from "../../live/host/impossible.js";
import type { Origin, SuiteReport } from "../../report/suite.js";
import { UsageError } from "../../scenario/errors.js";
import type { RunAll } from "../../study/pool.js";
import type { Plan } from "../../study/suite.js";
import type { CommandAction } from "../command.js";
import type { Dependencies, Live, Suites } from "../dependencies.js";
import { EXIT } from "../exit-codes.js";
import { note, reportBug } from "../failure.js";
import { type Given, readFlags, type Settings } from "../flag.js";
import { flagOf, RUN_COMMAND_FLAGS } from "../flags.js";
import { withHostKernel } from "../host-kernel.js";
import { breathing, listenForInterrupt } from "../interrupt.js";
import type { Io } from "../io.js";
import { liveOf } from "../live.js";
import { mainSink, openOutputs } from "../outputs.js";
import { countView } from "../progress.js";
import { repeatingCommand, shellLine } from "../repeat.js";
import { scenarioFiles } from "../scenario-files.js";
import { announceSeed, drawSeed } from "../seed.js";

export const run: CommandAction = {
  flags: RUN_COMMAND_FLAGS,
  defaults: null,
  run: runFiles,
};

async function runFiles(
  given: readonly Given[],
  io: Io,
  dependencies: Dependencies,
  operands: readonly string[],
): Promise<number> {
  const { settings, canonical } = readFlags(RUN_COMMAND_FLAGS, withHostKernel(given, dependencies));
  const drawn = drawSeed(settings);
  const suites = await dependencies.suites();
  if (operands.length === 0) {
    throw new UsageError("expected scenario files or folders after run, such as scenarios/, got nothing");
  }
  const live = await liveOf(settings, dependencies);
  const host = live?.liveHost();
  const files = scenarioFiles(operands, suites);
  const plans = suites.planSuite(files, {
    under: live === null ? {} : live.liveOverrides(host!),
    over: settings.overrides,
    nameOf: flagOf,
    runs: settings.runs ?? 1,
    only: settings.only,
    backend: live === null ? "simulation" : "live",
    refuse: (scenario) => live?.refuseUnlive(scenario, host!, settings.conntrackd),
  });
  if (settings.printConfig) {
    mainSink(settings, io).write(printed(plans, settings, suites));
    return EXIT.ok;
  }
  const outputs = openOutputs(settings, io, dependencies);
  if (drawn) announceSeed(settings, io);
  const words = ["run", ...operands];
  const { seed } = settings.overrides;
  const command = seed === undefined ? shellLine([...words, ...canonical]) : repeatingCommand(words, canonical, seed);
  let report: SuiteReport;
  try {
    report = await watched(plans, settings, {
      io,
      suites,
      runAll: await runnerOf(live, settings, { dependencies, suites }),
    });
  } catch (error) {
    if (error instanceof UsageError || error instanceof LiveImpossibleError) throw error;
    return reportBug(io, error, command);
  }
  const suite = { report, origins: plans.map((plan) => originOf(plan, canonical, settings.live)) };
  await outputs.write(command, (renderer, options) => renderer.suite(suite, options));
  if (io.env.GITHUB_ACTIONS === "true")
    io.stderr.write((await import("../../render/annotations.js")).renderAnnotations(suite));
  return verdict(suite.report, suite.origins, io);
}

/** Every file as it would run: parameters resolved, flags and environment laid over them. */
function printed(plans: readonly Plan[], settings: Settings, { printScenarioFile }: Suites): string {
  const form = settings.format === "json" ? "json" : "yaml";
  // What --only leaves out is needed where something is compared with it.
  const needed = new Set(plans.flatMap((plan) => [plan, ...plan.beside.values()]));
  const files = [...new Set(plans.map(({ file }) => file))];
  return files
    .map((file) => {
      const own = file.cases.flatMap((one) => [...needed].filter((plan) => plan.case === one));
      return printScenarioFile({ ...file, runs: own[0]!.scenarios.length, cases: own.map(printedCase) }, form);
    })
    .join(form === "json" ? "" : "---\n");
}

function printedCase({ case: one, scenarios }: Plan) {
  const { variant, title, expectations } = one;
  return { variant, title, scenario: scenarios[0]!, expectations: expectations.map(({ expression }) => expression) };
}

async function watched(
  plans: readonly Plan[],
  settings: Settings,
  { io, suites, runAll }: { io: Io; suites: Suites; runAll: RunAll },
): Promise<SuiteReport> {
  const view = await countView(io, { quiet: settings.quiet, noun: "runs" });
  const stop = new AbortController();
  const interrupt = listenForInterrupt(io.signals, () => {
    view.stop();
    note(io, "stopping; Ctrl-C again ends at once");
    stop.abort();
  });
  try {
    return await suites.runSuite(plans, runAll, {
      bail: settings.bail,
      watch: { progress: view.update, signal: stop.signal },
    });
  } finally {
    interrupt.release();
    view.stop();
  }
}

/** On all cores; but of running kernels there is one, and a run wants the machine for itself. */
async function runnerOf(
  live: Live | null,
  settings: Settings,
  { dependencies, suites: { pool } }: { dependencies: Dependencies; suites: Suites },
): Promise<RunAll> {
  const breathe = breathing();
  return live === null
    ? pool(dependencies.cores(), await dependencies.backend(), breathe)
    : pool(1, live.liveBackend(settings), breathe);
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
    return EXIT.interrupted;
  }
  return report.ok ? EXIT.ok : EXIT.expectationFailed;
}
