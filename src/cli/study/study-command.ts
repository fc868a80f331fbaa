/**
 * What `sweep` and `compare` have in common: flags, a subject, axes and measures become a study, which then runs. What
 * the axes are and what it is a study of is each command's own.
 */
import { releaseFor } from "../../kernel/release.js";
import { mergeParameters } from "../../scenario/merge.js";
import { formatSize } from "../../scenario/units.js";
import type { Study } from "../../study/grid.js";
import { assumedMachine } from "../assumed.js";
import type { Call } from "../command.js";
import type { Suites } from "../dependencies.js";
import { QUIET } from "../destinations.js";
import { noteAll } from "../failure.js";
import { type Flag, type FlagValues, readFlags } from "../flag.js";
import { studiedKernelNotes, withHostKernel } from "../host-kernel.js";
import { repeatingCommand } from "../repeat.js";
import { drawSeed } from "../seed.js";
import { measuresFrom } from "./flags.js";
import { runStudy } from "./study-run.js";

export interface StudyCommand {
  kind: Study["kind"];
  /** All flags that it takes, and of these how many seeds each cell has. */
  flags: readonly Flag[];
  runs: Flag<number>;
  usualRuns: number;
  /** Throws UsageError. */
  subject(flags: FlagValues, call: Call, suites: Suites): Subject;
}

interface Subject extends Pick<Study, "of" | "experiment" | "overrides" | "axes"> {
  /** Whether its scenarios have seeds of their own, which the command that repeats it leaves to them. */
  ownSeeds: boolean;
}

/** The exit code. Throws UsageError. */
export async function runStudyCommand(command: StudyCommand, call: Call): Promise<number> {
  const { given, operands, io, dependencies } = call;
  const { kind, runs, usualRuns } = command;
  const flags = readFlags(command.flags, withHostKernel(given, dependencies));
  const seedIsDrawn = drawSeed(flags);
  const { ownSeeds, ...subject } = command.subject(flags, call, await dependencies.suites());
  const resolve = await dependencies.resolve();
  const { seed, kernel } = resolve(subject.experiment, { ...subject.overrides });
  const varied = subject.axes.flatMap(({ values }) => values.map(({ overrides }) => overrides.kernel));
  const named = varied.some((one) => one !== undefined) ? varied : [kernel];
  const notes = [
    ...assumedMachine(subject.overrides),
    ...studiedKernelNotes(given, named),
    ...cutBuffers(subject, kernel),
  ];
  if (!flags.has(QUIET)) noteAll(io, notes);
  const study: Omit<Study, "measures"> = {
    kind,
    ...subject,
    runs: flags.of(runs) ?? usualRuns,
    command: repeatingCommand([kind, ...operands], flags.canonical, ownSeeds ? null : seed),
  };
  const measures = measuresFrom(flags, study, await dependencies.studies());
  return runStudy({ ...study, measures }, { flags, seedIsDrawn }, call);
}

/** Buffers that the kernel cuts to one size, so that a larger one seems to change nothing. */
function cutBuffers({ overrides, axes }: Pick<Subject, "overrides" | "axes">, kernel: string): string[] {
  // Where the cap itself is varied, the study shows what it does.
  if (axes.some(({ name }) => name === "rmem-max")) return [];
  const cut = axes.flatMap(({ values }) =>
    values.flatMap((value) => {
      const given = mergeParameters(overrides, value.overrides);
      const { bufferBytes, bufferMaxBytes = null, force = false } = given.listeners?.[0] ?? {};
      const rmemMaxBytes =
        given.rmemMaxBytes ?? releaseFor(given.kernel ?? kernel)?.rmemMaxBytes ?? Number.POSITIVE_INFINITY;
      const isCut = bufferBytes !== undefined && bufferBytes > rmemMaxBytes && bufferMaxBytes === null && !force;
      return isCut ? [`${formatSize(bufferBytes)} to ${formatSize(rmemMaxBytes)}`] : [];
    }),
  );
  if (cut.length === 0) return [];
  return [
    `net.core.rmem_max cuts a buffer of ${[...new Set(cut)].join(", ")}: --rmem-max raises it, --force passes it`,
  ];
}
