/**
 * The command `sweep`: a grid over any parameters, with many seeds in each cell. It reads the axes; the grid and its
 * figures are study/.
 */
import { UsageError } from "../../scenario/errors.js";
import type { Call, Command } from "../command.js";
import { type Flag, readFlags, valued } from "../flag.js";
import { withHostKernel } from "../host-kernel.js";
import { PARAMETER_FLAGS } from "../parameter-flags.js";
import { repeatingCommand } from "../repeat.js";
import { ONLY, runsFlag } from "../scenario-choice.js";
import { drawSeed } from "../seed.js";
import { axisOf, hostWord, parseList, parseRange } from "../study/axes.js";
import { METRIC, measuresOf, RESUME, SHARD, STUDY, STUDY_OUTPUT, WORKERS } from "../study/flags.js";
import { runStudy } from "../study/study-run.js";
import { SUBJECT_OPERAND, subjectOf } from "../study/subject.js";

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
  ...PARAMETER_FLAGS,
  ...STUDY_OUTPUT,
];

export const sweep: Command = {
  name: "sweep",
  summary: "run a scenario over a grid of parameters with many seeds: means and their 95 % intervals",
  operands: SUBJECT_OPERAND,
  examples: [
    ["sweep flush -L buffer=2048,8k,64k -P reader=100us:1ms:x10", "a map of how long the dying list takes to drain"],
    ["sweep flood -L policy=lossy,reliable --metric destroy.lost% --runs 20", "what is lost without reliable delivery"],
    ["sweep scenarios/conntrack-flush.yaml -L kernel=2.6.31,5.4,6.18.44", "a scenario on three kernels"],
    ["sweep flush -P rate=1k:100k:x10 --shard 1/3 --resume part-1.runs", "a third of it, for the command merge"],
  ],
  flags: FLAGS,
  defaults: null,
  run: runSweep,
};

async function runSweep(call: Call): Promise<number> {
  const { given, operands, dependencies } = call;
  const flags = readFlags(FLAGS, withHostKernel(given, dependencies));
  const seedIsDrawn = drawSeed(flags);
  const suites = await dependencies.suites();
  const { of, experiment, overrides } = subjectOf(operands, {
    over: flags.overrides,
    only: flags.of(ONLY),
    suites,
    io: call.io,
    command: "sweep",
  });
  const axes = [...flags.all(LIST), ...flags.all(RANGE)].map((axis) => axisOf(axis, hostWord(dependencies)));
  const twice = axes.find(({ name }, index) => axes.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw new UsageError(`expected one axis of each parameter, got ${twice.name} twice`);
  const measures = measuresOf(flags, await dependencies.studies());
  const resolve = await dependencies.resolve();
  const { seed } = resolve(experiment, overrides);
  return runStudy(
    {
      kind: "sweep",
      of,
      experiment,
      overrides,
      axes,
      runs: flags.of(RUNS) ?? USUAL_RUNS,
      measures,
      command: repeatingCommand(["sweep", ...operands], flags.canonical, seed),
    },
    { flags, seedIsDrawn },
    call,
  );
}
