/**
 * The commands `flood` and `flush`: resolve the scenario from the flags, run it, render the report, choose the exit code.
 * Both are the same action on another experiment. It decides nothing about the model; what a flag means is flags.ts,
 * what a scenario is without flags is scenario/defaults.ts.
 */
import { LiveImpossibleError } from "../../live/host/impossible.js";
import type { Backend, Observer } from "../../report/backend.js";
import type { ExpectationResult, Report } from "../../report/report.js";
import type { Bound } from "../../report/verdict.js";
import { inPlace, quoted, UsageError } from "../../scenario/errors.js";
import { parseExpectation } from "../../scenario/expectation.js";
import type { Experiment, Scenario } from "../../scenario/scenario.js";
import type { CommandAction } from "../command.js";
import type { Dependencies } from "../dependencies.js";
import { EXIT } from "../exit-codes.js";
import { note, reportBug } from "../failure.js";
import { type Given, readFlags, type Settings } from "../flag.js";
import { FLOOD_FLAGS, FLUSH_FLAGS } from "../flags.js";
import { hostKernelNote, withHostKernel } from "../host-kernel.js";
import { ineffectiveFlags } from "../ineffective.js";
import { breathing, listenForInterrupt } from "../interrupt.js";
import type { Io } from "../io.js";
import { liveOf } from "../live.js";
import { mainSink, openOutputs } from "../outputs.js";
import { progressView } from "../progress.js";
import { repeatingCommand } from "../repeat.js";
import { announceSeed, drawSeed } from "../seed.js";

export const flood: CommandAction = {
  flags: FLOOD_FLAGS,
  defaults: (resolve) => resolve("flood", {}),
  run: (given, io, dependencies) => runExperiment("flood", given, io, dependencies),
};

export const flush: CommandAction = {
  flags: FLUSH_FLAGS,
  defaults: (resolve) => resolve("flush", {}),
  run: (given, io, dependencies) => runExperiment("flush", given, io, dependencies),
};

async function runExperiment(
  experiment: Experiment,
  given: readonly Given[],
  io: Io,
  dependencies: Dependencies,
): Promise<number> {
  const { settings, canonical } = readFlags(
    experiment === "flood" ? FLOOD_FLAGS : FLUSH_FLAGS,
    withHostKernel(given, dependencies),
  );
  const drawn = drawSeed(settings);
  const resolve = await dependencies.resolve();
  const live = await liveOf(settings, dependencies);
  const host = live?.liveHost();
  const machine = live === null ? {} : live.liveOverrides(host!);
  const scenario = resolve(experiment, { ...machine, ...settings.overrides });
  live?.refuseUnlive(scenario, host!, settings.conntrackd);
  const expectations = await boundExpectations(settings, scenario);
  const notes = [...hostKernelNote(given, scenario.kernel), ...ineffectiveFlags(settings.overrides, scenario)];
  const repeat = repeatingCommand([experiment], canonical, live === null ? scenario.seed : null);
  if (settings.printConfig) {
    const sink = mainSink(settings, io);
    for (const sentence of notes) note(io, `note: ${sentence}`);
    sink.write(await printedConfig(scenario, settings, { name: experiment, repeat, dependencies }));
    return EXIT.ok;
  }
  const outputs = openOutputs(settings, io, dependencies);
  for (const sentence of notes) note(io, `note: ${sentence}`);
  if (drawn) announceSeed(settings, io);
  try {
    const backend = live === null ? await dependencies.backend() : live.liveBackend(settings);
    const ran = await observed(backend, scenario, settings, io);
    const report = expectations.length === 0 ? ran : { ...ran, expectations: judged(ran, expectations) };
    await outputs.write(repeat, (renderer, options) => renderer.report(report, options));
    return verdict(report, io, repeat);
  } catch (error) {
    if (error instanceof UsageError || error instanceof LiveImpossibleError) throw error;
    return reportBug(io, error, repeat);
  }
}

/** Bound before the run: what is misspelt costs no run. */
async function boundExpectations({ expectations, live }: Settings, scenario: Scenario): Promise<Bound[]> {
  if (expectations.length === 0) return [];
  const { bindExpectation } = await import("../../report/verdict.js");
  const { knowledgeOf } = await import("../../study/suite.js");
  return expectations.map((written) =>
    inPlace("--expect", () => {
      const expectation = parseExpectation(written);
      if (expectation.seeds !== null || (expectation.limit.kind === "metric" && expectation.limit.variant !== null)) {
        throw new UsageError(
          `expected an expectation of one run (seeds and variants are for the command run), got ${quoted(written)}`,
        );
      }
      return bindExpectation(expectation, knowledgeOf(scenario, live ? "live" : "simulation"));
    }),
  );
}

function judged(report: Report, expectations: readonly Bound[]): ExpectationResult[] {
  return expectations.map((bound) => bound.judge([{ report, variants: new Map() }]));
}

/** A scenario file that repeats the run. */
async function printedConfig(
  scenario: Scenario,
  { expectations, format }: Settings,
  { name, repeat, dependencies }: { name: string; repeat: string; dependencies: Dependencies },
): Promise<string> {
  const title = `${name} on kernel ${scenario.kernel}`;
  const { printScenarioFile } = await dependencies.suites();
  return printScenarioFile(
    {
      name,
      title,
      story: `What this command runs: ${repeat}`,
      shows: "",
      sources: [],
      runs: 1,
      cases: [{ variant: null, title, scenario, expectations }],
    },
    format === "json" ? "json" : "yaml",
  );
}

/** The run, with its progress on stderr and an ear for Ctrl-C. */
async function observed(backend: Backend, scenario: Scenario, settings: Settings, io: Io): Promise<Report> {
  const view = await progressView(io, { quiet: settings.quiet, connections: scenario.connections });
  const breathe = breathing();
  const interrupt = listenForInterrupt(io.signals, () => {
    view.stop();
    note(io, "stopping; Ctrl-C again ends at once");
  });
  const observer: Observer = {
    progress(progress) {
      if (!interrupt.requested()) view.update(progress);
      return breathe();
    },
    stopRequested: interrupt.requested,
  };
  try {
    return await backend.run(scenario, observer);
  } finally {
    interrupt.release();
    view.stop();
  }
}

/** A broken invariant makes every other figure doubtful, so it comes first; a summary cut short proves nothing. */
function verdict(report: Report, io: Io, repeat: string): number {
  const { violated } = report.invariants;
  if (violated.length > 0) return reportBug(io, `expected every invariant to hold, got ${violated.join("; ")}`, repeat);
  if (report.interrupted) {
    note(io, "interrupted: the report is the summary so far");
    return EXIT.interrupted;
  }
  return report.expectations.every(({ ok }) => ok) ? EXIT.ok : EXIT.expectationFailed;
}
