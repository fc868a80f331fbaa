/**
 * The commands `flood` and `flush`: resolve the scenario from the flags, run it, render the report, choose the exit code.
 * Both are the same action on another experiment. It decides nothing about the model; what a flag means is flags.ts,
 * what a scenario is without flags is scenario/defaults.ts.
 */
import { randomBytes } from "node:crypto";
import type { Backend, Observer } from "../report/backend.js";
import type { Report } from "../report/report.js";
import { UsageError } from "../scenario/errors.js";
import type { Experiment, Scenario } from "../scenario/scenario.js";
import { hasColour } from "./colour.js";
import type { CliCommand } from "./command.js";
import type { Dependencies } from "./dependencies.js";
import { EXIT } from "./exit-codes.js";
import { note, reportBug } from "./failure.js";
import { type Given, readFlags, type Settings } from "./flag.js";
import { FLOOD_FLAGS, FLUSH_FLAGS, RANDOM_SEED } from "./flags.js";
import { hostKernelNote, withHostKernel } from "./host-kernel.js";
import { ineffectiveFlags } from "./ineffective.js";
import { breathing, listenForInterrupt } from "./interrupt.js";
import { DEFAULT_COLUMNS, type Io, widthOf } from "./io.js";
import { fileOutput, type Sink, standardOutput } from "./output.js";
import { progressView } from "./progress.js";
import { repeatingCommand } from "./repeat.js";

export const flood: CliCommand = {
  name: "flood",
  summary: "flood short connections at a rate, let them die, flush at the end, count what arrived",
  examples: [
    ["flood --buffer 2048", "the experiment of the commit: a tiny buffer, lots of short connections"],
    ["flood --buffer 2048 --policy lossy", "the same without reliable delivery"],
    ["flood --rate 5k/s --duration 1m --reader 200us", "more load than the reader can take"],
    ["flood --buffer 8MiB --rmem-max 8MiB --format json", "a large buffer, for a program to read"],
  ],
  flags: FLOOD_FLAGS,
  defaults: (resolve) => resolve("flood", {}),
  run: (given, io, dependencies) => runExperiment(flood, "flood", given, io, dependencies),
};

export const flush: CliCommand = {
  name: "flush",
  summary: "create entries with the reader caught up, flush the table, watch the dying list drain",
  examples: [
    ["flush --connections 5000 --buffer 2048", "conntrack -F of 5000 entries ahead of a tiny buffer"],
    ["flush --connections 20k --reader 1ms --grace-max 60s", "a slow reader and a wide grace window"],
    ["flush --kernel 3.6 --cpus 1 --format json", "another release on one CPU, for a program to read"],
  ],
  flags: FLUSH_FLAGS,
  defaults: (resolve) => resolve("flush", {}),
  run: (given, io, dependencies) => runExperiment(flush, "flush", given, io, dependencies),
};

async function runExperiment(
  command: CliCommand,
  experiment: Experiment,
  given: readonly Given[],
  io: Io,
  dependencies: Dependencies,
): Promise<number> {
  const { settings, canonical } = readFlags(command.flags, withHostKernel(given, dependencies));
  const drawn = drawSeed(settings);
  const resolve = await dependencies.resolve();
  const scenario = resolve(experiment, settings.overrides);
  const notes = [...hostKernelNote(given, scenario.kernel), ...ineffectiveFlags(settings.overrides, scenario)];
  const sink = settings.output === null ? standardOutput(io.stdout) : fileOutput(settings.output, "--output");
  for (const sentence of notes) note(io, `note: ${sentence}`);
  if (settings.printConfig) {
    sink.write(JSON.stringify(scenario, null, 2));
    return EXIT.ok;
  }
  if (drawn) note(io, `--seed ${RANDOM_SEED} drew ${scenario.seed}`);
  const repeat = repeatingCommand(command.name, canonical, scenario.seed);
  try {
    const report = await observed(await dependencies.backend(), scenario, settings, io);
    await render(report, settings, sink, { io, dependencies, repeat });
    return verdict(report, io, repeat);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return reportBug(io, error, repeat);
  }
}

/** Chance enters a run through its seed alone, and the seed enters here. Returns whether one was drawn. */
function drawSeed({ overrides }: Settings): boolean {
  if (overrides.seed !== RANDOM_SEED) return false;
  overrides.seed = randomBytes(8).toString("hex");
  return true;
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

async function render(
  report: Report,
  settings: Settings,
  sink: Sink,
  { io, dependencies, repeat }: { io: Io; dependencies: Dependencies; repeat: string },
): Promise<void> {
  const renderers = await dependencies.renderers();
  const toTerminal = settings.output === null;
  sink.write(
    renderers[settings.format](report, {
      colour: toTerminal && hasColour(io.stdout, io.env, settings.colour),
      // A file is as wide as a pipe, so that its content does not depend on the terminal beside it.
      width: toTerminal ? widthOf(io.stdout) : DEFAULT_COLUMNS,
      quiet: settings.quiet,
      command: repeat,
    }),
  );
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
