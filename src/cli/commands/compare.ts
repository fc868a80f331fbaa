/**
 * The command `compare`: variants of a scenario beside each other, with the same seeds. It reads which they are:
 * settings with a name, scenario files, kernels.
 */
import { quoted, UsageError } from "../../scenario/errors.js";
import { HOST } from "../../scenario/scenario.js";
import type { Value } from "../../study/grid.js";
import type { Command } from "../command.js";
import { type Flag, type FlagValues, valued } from "../flag.js";
import { parameterFlag } from "../parameter-flags.js";
import { runsFlag } from "../scenario-choice.js";
import { hostWord, settingsValue } from "../study/axes.js";
import { METRIC, RESUME, SHARD, STUDY, STUDY_OUTPUT, WORKERS } from "../study/flags.js";
import { runStudyCommand, type StudyCommand } from "../study/study-command.js";
import { givenOverrides, SUBJECT_FLAGS, SUBJECT_OPERAND, type Subject, subjectsOf } from "../study/subject.js";
import { formatVariant, parseVariant, variantValue } from "../study/variants.js";
import { SUMMARIES } from "../summaries.js";

const USUAL_RUNS = 20;
/** The name of what is compared with, where one variant is given. */
const BASE = "base";

const VARIANT = valued({
  name: "variant",
  value: "NAME:SETTINGS",
  heading: STUDY,
  description:
    "a variant with settings that are flags without their dashes, as in big:buffer=208k or 'fast:reader=50us decoders=2' " +
    "(may be repeated); one alone is compared with the scenario as it is",
  repeatable: true,
  repeats: true,
  parse: parseVariant,
  format: formatVariant,
});

const KERNELS = valued({
  name: "kernel",
  value: "VERSION,...",
  heading: STUDY,
  description: `releases of the kernel: one for all variants, or several to compare; ${HOST}: of this machine's`,
  repeats: true,
  parse: (text) => text.split(","),
  format: (releases) => releases.join(","),
});

const RUNS = runsFlag(`seeds of each variant, the same in every one (default: ${USUAL_RUNS})`);

const FLAGS: readonly Flag[] = [
  VARIANT,
  KERNELS,
  RUNS,
  METRIC,
  WORKERS,
  SHARD,
  RESUME,
  ...SUBJECT_FLAGS.filter(({ name }) => name !== KERNELS.name),
  ...STUDY_OUTPUT,
];

export const compare: Command = {
  name: "compare",
  summary: SUMMARIES.compare,
  operands: `${SUBJECT_OPERAND}...`,
  examples: [
    ["compare flush --kernel 2.6.31,5.4,6.18.44", "what changes with the next kernel"],
    ["compare flush --variant big:buffer=208k", "whether a bigger buffer helps"],
    ["compare flood --variant lossy:policy=lossy --variant reliable:policy=reliable", "two settings with names"],
    ["compare scenarios/default-rmem.yaml scenarios/bigger-is-slower.yaml", "scenario files"],
  ],
  flags: FLAGS,
  defaults: null,
  run: (call) => runStudyCommand(COMPARE, call),
};

const COMPARE: StudyCommand = {
  kind: "compare",
  flags: FLAGS,
  runs: RUNS,
  usualRuns: USUAL_RUNS,
  subject(flags, { operands, dependencies, io }, suites) {
    if (operands.length === 0)
      throw new UsageError("expected flood, flush or scenario files after compare, got nothing");
    const over = givenOverrides(flags, io);
    const subjects = operands.flatMap((word) => subjectsOf(word, over, suites, io));
    const [first] = subjects;
    return {
      of: operands.join(" "),
      experiment: first!.experiment,
      overrides: subjects.length === 1 ? first!.overrides : {},
      axes: [{ name: "variant", values: variantsOf(subjects, flags, hostWord(dependencies)) }],
      ownSeeds: subjects.length > 1 && flags.overrides.seed === undefined,
    };
  },
};

/** Throws UsageError. */
function variantsOf(
  subjects: readonly Subject[],
  flags: FlagValues,
  canonical: (flag: Flag, text: string) => string,
): Value[] {
  const written = flags.all(VARIANT);
  const releases = flags.of(KERNELS) ?? [];
  const kinds = [written.length > 0, releases.length > 1, subjects.length > 1].filter(Boolean).length;
  if (kinds > 1) {
    throw new UsageError(
      "expected one kind of variants (--variant, several of --kernel, or several scenarios), got more",
    );
  }
  const kernel = parameterFlag("kernel");
  const kernels = releases.map((text) => settingsValue([{ flag: kernel, text: canonical(kernel, text) }]));
  const everywhere = kernels.length === 1 ? kernels[0]!.overrides : {};
  const values =
    kernels.length > 1
      ? kernels
      : subjects.length > 1
        ? subjects.map(({ of, experiment, overrides }) => ({
            text: of,
            experiment,
            overrides: { ...overrides, ...everywhere },
          }))
        : named(
            written.map((variant) => variantValue(variant, canonical)),
            everywhere,
          );
  const twice = values.find(({ text }, index) => values.findIndex((other) => other.text === text) !== index);
  if (twice !== undefined)
    throw new UsageError(`expected a name of its own for each variant, got ${quoted(twice.text)} twice`);
  if (values.length > 1) return values;
  throw new UsageError("expected --variant, several of --kernel, or several scenarios, got nothing to compare with");
}

/** One variant alone is compared with the scenario as it is. */
function named(variants: readonly Value[], everywhere: Value["overrides"]): Value[] {
  const all = variants.length === 1 ? [{ text: BASE, overrides: {} }, ...variants] : variants;
  return all.map((variant) => ({ ...variant, overrides: { ...everywhere, ...variant.overrides } }));
}
