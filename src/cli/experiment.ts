/**
 * What the commands `flood` and `flush` do: resolve the scenario from the flags, run it, render the report, choose the
 * exit code. It decides nothing about the model; what a parameter is and what it is without a flag is said in its table
 * (scenario/scenario.ts).
 */
import type { LiveHost } from "../live/host/host.js";
import { LiveImpossibleError } from "../live/host/impossible.js";
import type { Backend, Observer } from "../report/backend.js";
import type { ExpectationResult, Report } from "../report/report.js";
import type { Bound } from "../report/verdict.js";
import { inPlace, quoted, UsageError } from "../scenario/errors.js";
import { parseExpectation } from "../scenario/expectation.js";
import type { Experiment, Scenario } from "../scenario/scenario.js";
import { refuseTooLarge } from "../study/fits.js";
import { assumptions } from "./assumed.js";
import type { Call } from "./command.js";
import { CONFIGURATION_FLAGS, configurationNotes } from "./configuration-files.js";
import type { Dependencies, Live } from "./dependencies.js";
import { configForm, configNotes, mainSink, OUTPUT_FLAGS, openOutputs, QUIET } from "./destinations.js";
import { EXIT } from "./exit-codes.js";
import { note, noteAll, reportBug } from "./failure.js";
import { type Flag, type FlagValues, readFlags, switched, valued } from "./flag.js";
import { hostKernelNote, withHostKernel } from "./host-kernel.js";
import { ineffectiveFlags } from "./ineffective.js";
import { breathing, interruptedBy, stopOnInterrupt } from "./interrupt.js";
import type { Io } from "./io.js";
import { DAEMON, daemonOf, LIVE, LIVE_FLAGS, liveOf } from "./live.js";
import { PARAMETER_FLAGS } from "./parameter-flags.js";
import { progressView, timed } from "./progress.js";
import { RATE_PROFILE_FLAG, withRateProfile } from "./rate-profile.js";
import { repeatingCommand } from "./repeat.js";
import { REPLAY_FLAG, refuseReplay, replayNotes, withReplay } from "./replay.js";
import { announceSeed, drawSeed } from "./seed.js";
import { refuseWhatIf, WHAT_IF, withWhatIf } from "./study/what-if.js";

export const EXPECT = valued({
  name: "expect",
  value: "EXPRESSION",
  heading: "Run:",
  description:
    "what must hold, as in 'destroy.delivered == 100%' or 'drain <= 20s' (may be repeated); exit code 1 if it does " +
    "not; the command metrics lists what can be asked",
  repeatable: true,
  repeats: true,
  parse: (text) => text,
});

const NO_ADVICE = switched({
  name: "no-advice",
  heading: "Run:",
  description: "do not run again with other settings to find the one that helps most",
});

export const EXPERIMENT_FLAGS: readonly Flag[] = [
  ...CONFIGURATION_FLAGS,
  ...PARAMETER_FLAGS,
  RATE_PROFILE_FLAG,
  REPLAY_FLAG,
  ...LIVE_FLAGS,
  ...[EXPECT, WHAT_IF, NO_ADVICE],
  ...OUTPUT_FLAGS,
];

export async function runExperiment(experiment: Experiment, { given, io, dependencies }: Call): Promise<number> {
  const flags = readFlags(EXPERIMENT_FLAGS, withHostKernel(given, dependencies));
  const drawn = drawSeed(flags);
  const resolve = await dependencies.resolve();
  const live = await liveOf(flags, dependencies);
  const host = live?.liveHost();
  const machine = live === null ? {} : live.liveOverrides(host!);
  refuseReplay(flags);
  const overrides = withReplay(withRateProfile({ ...machine, ...flags.overrides }, flags), flags, io);
  const scenario = resolve(experiment, overrides);
  live?.refuseUnlive(scenario, host!, flags.has(DAEMON));
  const expectations = await boundExpectations(flags, scenario);
  const notes = [
    ...firstMeeting(experiment, flags, io),
    ...configurationNotes(flags, io),
    ...(live === null ? assumptions(flags.overrides, scenario) : []),
    ...hostKernelNote(given, scenario.kernel, scenario),
    ...replayNotes(scenario.replay ?? null, flags.overrides),
    ...ineffectiveFlags(flags.overrides, scenario, { live: live !== null }),
    ...configNotes(flags),
  ];
  const repeat = repeatingCommand([experiment], flags.canonical, live === null ? scenario.seed : null);
  const form = configForm(flags);
  if (form !== null) {
    const sink = mainSink(flags, io);
    noteAll(io, notes);
    sink.write(await printedConfig(scenario, flags, { form, repeat, dependencies }));
    return EXIT.ok;
  }
  refuseWhatIf(flags);
  if (live === null) refuseTooLarge(scenario, dependencies.memoryBytes());
  const outputs = openOutputs(flags, io, dependencies);
  noteAll(io, notes);
  if (drawn) announceSeed(flags, io);
  try {
    const backend = live === null ? await dependencies.backend() : live.liveBackend({ daemon: daemonOf(flags, io) });
    const advise = flags.has(NO_ADVICE) ? null : await advisorOf({ live, host, flags, dependencies });
    const ran = await timed(io, flags, () => observed({ backend, advise }, scenario, flags, io));
    const report = expectations.length === 0 ? ran : { ...ran, expectations: judged(ran, expectations) };
    const shown = await withWhatIf(report, flags, { resolve, io, dependencies });
    await outputs.write(repeat, (renderer, options) => renderer.report(shown, options));
    return verdict(report, io, repeat);
  } catch (error) {
    if (error instanceof UsageError || error instanceof LiveImpossibleError) throw error;
    return reportBug(io, error, repeat);
  }
}

/** A person who asks for no kernel gets that of 2009, and may not know. */
function firstMeeting(experiment: Experiment, flags: FlagValues, io: Io): string[] {
  if (io.stderr.isTTY !== true || flags.has(QUIET) || flags.overrides.kernel !== undefined || flags.has(LIVE))
    return [];
  const what = experiment === "flood" ? "the stress test of the commit that brought reliable delivery" : "a flush";
  return [`this is ${what}, on Linux 2.6.31 of 2009; --kernel host asks about a kernel such as this machine's`];
}

/** Bound before the run: what is misspelt costs no run. */
async function boundExpectations(flags: FlagValues, scenario: Scenario): Promise<Bound[]> {
  const expectations = flags.all(EXPECT);
  if (expectations.length === 0) return [];
  const { bindExpectation } = await import("../report/verdict.js");
  const { knowledgeOf } = await import("../study/suite.js");
  return expectations.map((written) =>
    inPlace("--expect", () => {
      const expectation = parseExpectation(written);
      if (expectation.seeds !== null || (expectation.limit.kind === "metric" && expectation.limit.variant !== null)) {
        throw new UsageError(
          `expected an expectation of one run (seeds and variants are for the command run), got ${quoted(written)}`,
        );
      }
      return bindExpectation(expectation, knowledgeOf(scenario, flags.has(LIVE) ? "live" : "simulation"));
    }),
  );
}

function judged(report: Report, expectations: readonly Bound[]): ExpectationResult[] {
  return expectations.map((bound) => bound.judge([{ report, variants: new Map() }]));
}

/** A scenario file that repeats the run. */
async function printedConfig(
  scenario: Scenario,
  flags: FlagValues,
  { form, repeat, dependencies }: { form: "yaml" | "json"; repeat: string; dependencies: Dependencies },
): Promise<string> {
  const { experiment: name } = scenario;
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
      cases: [{ variant: null, title, scenario, expectations: flags.all(EXPECT) }],
    },
    form,
  );
}

interface Pause {
  breathe(): Promise<void> | void;
  stopRequested(): boolean;
}
/** What other runs say of this one. */
type Advise = (report: Report, pause: Pause) => Promise<Pick<Report, "advice" | "untried" | "hiddenRules">>;

interface Advised {
  live: Live | null;
  host: LiveHost | undefined;
  flags: FlagValues;
  dependencies: Dependencies;
}

async function advisorOf({ live, host, flags, dependencies }: Advised): Promise<Advise | null> {
  const { adviceOn, hiddenRulesOn, adviceOnLive } = await dependencies.advisor();
  if (live === null) {
    return async (report, pause) => {
      let left: Pick<Report, "untried"> = {};
      const untried = (flags: readonly string[]): void => {
        left = { untried: flags };
      };
      const advice = await adviceOn(report, { ...pause, untried });
      const hiddenRules = await hiddenRulesOn(report, pause);
      return { advice, ...left, ...(hiddenRules === null ? {} : { hiddenRules }) };
    };
  }
  const isProgram = flags.has(DAEMON);
  return async (report, pause) => {
    // What a message costs a conntrackd that is configured by the flags is not measured.
    if (isProgram && report.program === null) return { advice: null };
    try {
      const advice = await adviceOnLive(report, {
        ...pause,
        costs: async () => live.medianCosts(await live.measuredCosts(report.scenario)),
        refuse: (changed) => live.refuseUnlive(changed, host!, isProgram),
      });
      return { advice };
    } catch (error) {
      // The run is over and has its report, whether its machine can be measured or not.
      if (error instanceof UsageError || error instanceof LiveImpossibleError) return { advice: null };
      throw error;
    }
  };
}

/** The run, with its progress on stderr and an ear for Ctrl-C. */
async function observed(
  { backend, advise }: { backend: Backend; advise: Advise | null },
  scenario: Scenario,
  flags: FlagValues,
  io: Io,
): Promise<Report> {
  const view = await progressView(io, { quiet: flags.has(QUIET), connections: scenario.connections });
  const breathe = breathing();
  const interrupt = stopOnInterrupt(io, view);
  const observer: Observer = {
    progress(progress) {
      if (!interrupt.requested()) view.update(progress);
      return breathe();
    },
    stopRequested: interrupt.requested,
  };
  try {
    const report = await backend.run(scenario, observer);
    if (advise === null || report.interrupted) return report;
    return { ...report, ...(await advise(report, { breathe, stopRequested: interrupt.requested })) };
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
    return interruptedBy(io.signals);
  }
  return report.expectations.every(({ ok }) => ok) ? EXIT.ok : EXIT.expectationFailed;
}
