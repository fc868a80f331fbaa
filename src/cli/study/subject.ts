/**
 * What a study is of: `flood` or `flush` with their parameters from flags, or a scenario file with flags laid over it.
 * Both are an experiment and its overrides to the engines of study/.
 */

import type { Overrides } from "../../scenario/defaults.js";
import { listed, quoted, UsageError } from "../../scenario/errors.js";
import type { Case, ScenarioFile } from "../../scenario/file.js";
import { mergeParameters } from "../../scenario/merge.js";
import type { Experiment } from "../../scenario/scenario.js";
import { CONFIGURATION_FLAGS, configurationNotes } from "../configuration-files.js";
import type { Suites } from "../dependencies.js";
import { QUIET } from "../destinations.js";
import { noteAll } from "../failure.js";
import type { Flag, FlagValues } from "../flag.js";
import type { Io } from "../io.js";
import { PARAMETER_FLAGS } from "../parameter-flags.js";
import { RATE_PROFILE_FLAG, withRateProfile } from "../rate-profile.js";
import { REPLAY_FLAG, replayedOverrides } from "../replay.js";
import { scenarioFiles } from "../scenario-files.js";

export interface Subject {
  /** `flush`, or the name of the scenario. */
  of: string;
  experiment: Experiment;
  overrides: Overrides;
  isFile: boolean;
  /** What its file expects. */
  expectations: readonly string[];
}

/** Flags that say a scenario. What files say comes first: the others are laid over it. */
export const SUBJECT_FLAGS: readonly Flag[] = [
  ...CONFIGURATION_FLAGS,
  ...PARAMETER_FLAGS,
  RATE_PROFILE_FLAG,
  REPLAY_FLAG,
];

/** What they say, with the files read; what their user should hear of those is noted. Throws UsageError. */
export function givenOverrides(flags: FlagValues, io: Io): Overrides {
  const sentences = configurationNotes(flags, io);
  if (!flags.has(QUIET)) noteAll(io, sentences);
  return withRateProfile(replayedOverrides(flags, io), flags);
}

/** What stands for it in the help. */
export const SUBJECT_OPERAND = "flood|flush|FILE";

const EXPERIMENTS: readonly Experiment[] = ["flood", "flush"];

/** Every subject that a word names: one, or each variant of a file that has some. Throws UsageError. */
export function subjectsOf(word: string, over: Overrides, suites: Suites, io: Io): Subject[] {
  const experiment = EXPERIMENTS.find((name) => name === word);
  if (experiment !== undefined)
    return [{ of: experiment, isFile: false, experiment, overrides: over, expectations: [] }];
  return scenarioFiles([word], suites, io).flatMap((file) => file.cases.map((one) => caseSubject(file, one, over)));
}

function caseSubject({ path }: ScenarioFile, one: Case, over: Overrides): Subject {
  const { experiment, overrides, name } = one;
  const expectations = one.expectations.map(({ expression }) => expression);
  if (experiment === undefined) throw new UsageError(`${path}: expected an experiment, got none`);
  return { of: name, isFile: true, experiment, overrides: mergeParameters(overrides, over), expectations };
}

/** The one subject of a command that takes one. Throws UsageError. */
export function subjectOf(
  operands: readonly string[],
  {
    over,
    only,
    suites,
    command,
    io,
  }: { over: Overrides; only: string | null; suites: Suites; command: string; io: Io },
): Subject {
  const [word, ...others] = operands;
  if (word === undefined || others.length > 0) {
    throw new UsageError(
      `expected flood, flush or one scenario file after ${command}, got ${others.length === 0 ? "nothing" : `${operands.length} of them`}`,
    );
  }
  const subjects = subjectsOf(word, over, suites, io);
  const chosen = only === null ? subjects : subjects.filter(({ of }) => of.includes(only));
  if (chosen.length === 1) return chosen[0]!;
  const names = subjects.map(({ of }) => of);
  throw new UsageError(
    `--only: expected a part of the name of one of ${listed(names)}, got ${only === null ? "nothing" : quoted(only)}`,
  );
}
