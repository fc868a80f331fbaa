/**
 * Runs a study for a command: says how many runs it is before it starts, shows how far it is and when it will be done,
 * keeps what is finished, and prints the result; of a part it leaves the file for the merge and prints nothing.
 */
import type { StudyFormat } from "../../render/study/study.js";
import { inPlace, UsageError } from "../../scenario/errors.js";
import { RANDOM_SEED } from "../../scenario/scenario.js";
import { formatCount } from "../../scenario/units.js";
import type { Study } from "../../study/grid.js";
import type { Runs } from "../../study/runs.js";
import { type Shard, shardOfEnvironment, shardText } from "../../study/shard.js";
import type { Call } from "../command.js";
import type { Studies } from "../dependencies.js";
import { type Output, QUIET } from "../destinations.js";
import { EXIT } from "../exit-codes.js";
import { note, reportBug } from "../failure.js";
import type { FlagValues } from "../flag.js";
import { abortOnInterrupt, breathing, interruptedBy } from "../interrupt.js";
import type { Io } from "../io.js";
import { countView, noteOver } from "../progress.js";
import { RESUME, SHARD, studyOutputs, WORKERS } from "./flags.js";
import { type KeptRuns, keepRuns, openRuns } from "./runs-file.js";

export interface Asked {
  flags: FlagValues;
  seedIsDrawn: boolean;
}

/** The exit code. Throws UsageError. */
export async function runStudy(study: Study, { flags, seedIsDrawn }: Asked, call: Call): Promise<number> {
  const { io, dependencies } = call;
  const studies = await dependencies.studies();
  studies.checkStudy(study, process.getBuiltinModule("node:v8").getHeapStatistics().heap_size_limit);
  const shard = shardOf(flags, io);
  if (shard !== null && seedIsDrawn) {
    throw new UsageError(`--shard: expected a seed that all parts share, got --seed ${RANDOM_SEED}`);
  }
  const outputs = shard === null ? studyOutputs(flags, io) : [];
  const path = flags.of(RESUME) ?? (shard === null ? null : `part-${shard.index}-of-${shard.of}.runs`);
  const kept = path === null ? null : openRuns(path, study, shard, studies);
  const runs = kept?.runs ?? new studies.Runs(study);
  if (!flags.has(QUIET)) note(io, plan(runs, shard));
  let refused = false;
  try {
    const interrupted = await watched(runs, { shard, kept, flags, call, studies });
    await writeStudy(runs, flags, outputs, call);
    if (interrupted) return stopped(runs, kept, io, studies);
    if (runs.missed().length > 0) return incomplete(runs, kept, io);
    if (shard !== null && !flags.has(QUIET))
      note(io, `part ${shardText(shard)} is in ${path}; ct-reliable merge puts all parts together`);
    return EXIT.ok;
  } catch (error) {
    refused = error instanceof UsageError;
    if (refused) throw error;
    return reportBug(io, error, study.command);
  } finally {
    kept?.close(refused);
  }
}

/** Throws UsageError. */
function shardOf(flags: FlagValues, io: Io): Shard | null {
  const given = flags.of(SHARD);
  return given === "auto" ? inPlace("--shard", () => shardOfEnvironment(io.env)) : given;
}

/** Before anything runs. */
function plan({ study, count, finished }: Runs, shard: Shard | null): string {
  const shape = study.axes.map(({ values }) => values.length).join(" × ");
  const part = shard === null ? "" : `; this is part ${shardText(shard)}`;
  const had = finished === 0 ? "" : `; ${formatCount(finished)} are done`;
  return `${formatCount(count)} runs: ${shape === "" ? "1" : shape} cells of ${formatCount(study.runs)}${part}${had}`;
}

interface Surroundings {
  shard: Shard | null;
  kept: KeptRuns | null;
  flags: FlagValues;
  call: Call;
  studies: Studies;
}

/** Whether it was interrupted. */
async function watched(runs: Runs, { shard, kept, flags, call, studies }: Surroundings): Promise<boolean> {
  const { io, dependencies } = call;
  const view = await countView(io, { quiet: flags.has(QUIET), noun: "runs" });
  const interrupt = abortOnInterrupt(io, view);
  // A log that is replayed is in the memory of this thread.
  const workers = replaysLog(runs.study) ? 1 : (flags.of(WORKERS) ?? dependencies.cores());
  const runAll = studies.pool(workers, await dependencies.backend(), breathing(), dependencies.memoryBytes());
  try {
    await studies.sweep(runs, shard, runAll, {
      progress: view.update,
      ...(kept === null ? {} : { keep: kept.keep }),
      note: noteOver(view, io),
      signal: interrupt.signal,
    });
    return interrupt.signal.aborted;
  } finally {
    interrupt.release();
    view.stop();
  }
}

/** Its scenario, or one of several that are compared. */
function replaysLog({ overrides, axes }: Study): boolean {
  const varied = axes.flatMap(({ values }) => values.map((value) => value.overrides));
  return [overrides, ...varied].some(({ replay }) => Boolean(replay));
}

type Outputs = readonly Output<StudyFormat>[];

/** The result in every format that was asked for. */
export async function writeStudy(
  runs: Runs,
  flags: FlagValues,
  outputs: Outputs,
  { dependencies }: Call,
): Promise<void> {
  const { renderStudy, firstRuns } = await dependencies.studies();
  const drawn = outputs.some(({ format }) => format === "html") && runs.study.kind === "compare";
  const samples = drawn ? await firstRuns(runs, await dependencies.backend(), { progress: breathing() }) : [];
  outputs.forEach(({ format, sink, ...place }, index) => {
    // --quiet is about what a person sees.
    const quiet = index === 0 && flags.has(QUIET);
    sink.write(renderStudy(runs, format, { ...place, quiet, samples }));
  });
}

function incomplete(runs: Runs, kept: KeptRuns | null, io: Io): number {
  const missing = runs.missed();
  const so = `${missing.length} of ${formatCount(runs.count)} runs are missing: ${missing[0]!}`;
  note(io, kept === null ? so : `${so}; the others are kept in ${kept.path}, and the same command tries again`);
  return EXIT.missing;
}

function stopped(runs: Runs, kept: KeptRuns | null, io: Io, studies: Studies): number {
  const path = kept?.path ?? (runs.finished === 0 ? null : keepRuns(`ct-reliable-${runs.study.kind}`, runs, studies));
  const so = `interrupted: ${formatCount(runs.finished)} of ${formatCount(runs.count)} runs are done`;
  note(io, path === null ? so : `${so} and kept in ${path}; the same command with --resume ${path} goes on`);
  return interruptedBy(io.signals);
}
