/**
 * The command `sweep`: a grid over any parameters, with many seeds in each cell. It reads the axes; the grid and its
 * figures are study/.
 */
import { UsageError } from "../../scenario/errors.js";
import type { Command } from "../command.js";
import { type Flag, valued } from "../flag.js";
import { ONLY, runsFlag } from "../scenario-choice.js";
import { axisOf, hostWord, parseList, parseRange } from "../study/axes.js";
import { METRIC, RESUME, SHARD, STUDY, STUDY_OUTPUT, WORKERS } from "../study/flags.js";
import { runStudyCommand, type StudyCommand } from "../study/study-command.js";
import { givenOverrides, SUBJECT_FLAGS, SUBJECT_OPERAND, subjectOf } from "../study/subject.js";
import { SUMMARIES } from "../summaries.js";

const USUAL_RUNS = 10;

const LIST = valued({
  name: "list",
  short: "L",
  value: "PARAMETER=VALUES",
  heading: STUDY,
  description: "an axis with these values, as in buffer=2048,8k,64k or policy=lossy,reliable (may be repeated)",
  repeatable: true,
  repeats: true,
  parse: parseList,
  format: ({ text }) => text,
});

const RANGE = valued({
  name: "range",
  short: "P",
  value: "PARAMETER=FROM:TO:STEP",
  heading: STUDY,
  description: "an axis from one value to another, as in reader=100us:1ms:100us or rate=100:10k:x10 (may be repeated)",
  repeatable: true,
  repeats: true,
  parse: parseRange,
  format: ({ text }) => text,
});

const RUNS = runsFlag(`seeds of each cell, the same in every cell (default: ${USUAL_RUNS})`);

const FLAGS: readonly Flag[] = [
  LIST,
  RANGE,
  RUNS,
  METRIC,
  WORKERS,
  SHARD,
  RESUME,
  ONLY,
  ...SUBJECT_FLAGS,
  ...STUDY_OUTPUT,
];

export const sweep: Command = {
  name: "sweep",
  summary: SUMMARIES.sweep,
  operands: SUBJECT_OPERAND,
  examples: [
    ["sweep flush -L buffer=2048,8k,64k -P reader=100us:1ms:x10", "a map of how long the dying list takes to drain"],
    ["sweep flood -L policy=lossy,reliable --metric destroy.lost% --runs 20", "what is lost without reliable delivery"],
    ["sweep scenarios/conntrack-flush.yaml -L kernel=2.6.31,5.4,6.18.44", "a scenario on three kernels"],
    ["sweep flush -P rate=1k:100k:x10 --shard 1/3 --resume part-1.runs", "a third of it, for the command merge"],
  ],
  flags: FLAGS,
  defaults: null,
  run: (call) => runStudyCommand(SWEEP, call),
};

const SWEEP: StudyCommand = {
  kind: "sweep",
  flags: FLAGS,
  runs: RUNS,
  usualRuns: USUAL_RUNS,
  subject(flags, { operands, dependencies, io }, suites) {
    const { of, experiment, overrides } = subjectOf(operands, {
      over: givenOverrides(flags, io),
      only: flags.of(ONLY),
      suites,
      io,
      command: "sweep",
    });
    const axes = [...flags.all(LIST), ...flags.all(RANGE)].map((axis) => axisOf(axis, hostWord(dependencies)));
    const twice = axes.find(({ name }, index) => axes.findIndex((other) => other.name === name) !== index);
    if (twice !== undefined) throw new UsageError(`expected one axis of each parameter, got ${twice.name} twice`);
    return { of, experiment, overrides, axes, ownSeeds: false };
  },
};
