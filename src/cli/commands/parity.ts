/**
 * The command `parity`: is the simulator right about this machine's kernel? It runs scenarios live and simulated and
 * prints both side by side. What is compared is study/parity.ts; how a kernel is driven is live/.
 */
import type { LiveRecording } from "../../live/run/recording.js";
import { quoted, UsageError } from "../../scenario/errors.js";
import { didYouMean } from "../../scenario/suggest.js";
import type { Parity, ParityCase } from "../../study/parity.js";
import { NO_COLOR } from "../colour.js";
import type { Call, Command } from "../command.js";
import type { Dependencies, Live, Parities } from "../dependencies.js";
import { exportFlag, formatFlag, OUTPUT, OUTPUT_FILE, outputsOf, QUIET } from "../destinations.js";
import { EXIT } from "../exit-codes.js";
import { type FlagValues, readFlags, valued } from "../flag.js";
import { breathing, interruptedBy, stopOnInterrupt } from "../interrupt.js";
import type { Io } from "../io.js";
import { requireLive } from "../live.js";
import { flagOf } from "../parameter-flags.js";
import { countView } from "../progress.js";
import { ONLY, runsFlag } from "../scenario-choice.js";
import { scenarioFiles } from "../scenario-files.js";
import { SUMMARIES } from "../summaries.js";
import { fileOutput, parsePath } from "../written-file.js";

const USUAL_RUNS = 5;

const RUNS = runsFlag("live runs of every scenario (default: 5)");

const RECORD = valued({
  name: "record",
  value: "FILE",
  heading: OUTPUT,
  description: "write the live runs as recordings, which the model can be checked against on any machine",
  file: true,
  parse: parsePath,
});

const FORMATS = ["text", "json", "markdown", "html"] as const;
const FORMAT = formatFlag(FORMATS);
const EXPORT = exportFlag(FORMATS);
const FLAGS = [ONLY, RUNS, RECORD, FORMAT, OUTPUT_FILE, EXPORT, QUIET, NO_COLOR];

export const parity: Command = {
  name: "parity",
  summary: SUMMARIES.parity,
  operands: "[FILE|FOLDER...]",
  examples: [
    ["parity", "the built-in scenarios, about five minutes"],
    ["parity --only drain --runs 10", "some of them, ten times"],
    ["parity scenarios/conntrack-flush.yaml", "a scenario of your own"],
    ["parity --export html=parity.html", "with a page that shows each figure and curve"],
    ["parity --record kernel.jsonl", "with recordings of your kernel"],
  ],
  flags: FLAGS,
  defaults: null,
  run: runParity,
};

async function runParity({ given, operands, io, dependencies }: Call): Promise<number> {
  const flags = readFlags(FLAGS, given);
  const live = await requireLive(dependencies);
  const parities = await dependencies.parities();
  const cases = await casesOf(operands, flags, { live, parities, dependencies, io });
  const outputs = outputsOf(flags, io, { format: FORMAT, exported: EXPORT });
  const recorded = flags.of(RECORD);
  const record = recorded === null ? null : fileOutput(recorded, `--${RECORD.name}`, io);
  const recordings: LiveRecording[] = [];
  const result = await compared(cases, flags, {
    io,
    dependencies,
    live,
    parities,
    recorded: (recording) => recordings.push(recording),
  });
  for (const { format, sink, ...place } of outputs) sink.write(parities.parityRenderers[format](result, place));
  record?.write(recordings.map((recording) => `${JSON.stringify(recording)}\n`).join(""));
  return result.interrupted ? interruptedBy(io.signals) : EXIT.ok;
}

/** Of the files that were named, or the built-in ones. Throws UsageError. */
async function casesOf(
  operands: readonly string[],
  flags: FlagValues,
  { live, parities, dependencies, io }: { live: Live; parities: Parities; dependencies: Dependencies; io: Io },
): Promise<readonly ParityCase[]> {
  const host = live.liveHost();
  const machine = live.liveOverrides(host);
  const only = flags.of(ONLY);
  if (operands.length === 0) return chosen(parities.paritySet(machine), only);
  const suites = await dependencies.suites();
  const plans = suites.planSuite(scenarioFiles(operands, suites, io), {
    under: machine,
    over: {},
    nameOf: flagOf,
    runs: 1,
    only,
    backend: "live",
    refuse: (scenario) => live.refuseUnlive(scenario, host),
  });
  return plans.map((plan) => ({ name: plan.case.name, scenario: plan.scenarios[0]! }));
}

function chosen(cases: readonly ParityCase[], only: string | null): readonly ParityCase[] {
  const found = only === null ? cases : cases.filter(({ name }) => name.includes(only));
  if (found.length > 0) return found;
  const names = cases.map(({ name }) => name);
  throw new UsageError(
    `--only: expected a part of ${names.join(", ")}, got ${quoted(only!)}${didYouMean(only!, names)}`,
  );
}

interface Surroundings {
  io: Io;
  dependencies: Dependencies;
  live: Live;
  parities: Parities;
  recorded(recording: LiveRecording): void;
}

async function compared(
  cases: readonly ParityCase[],
  flags: FlagValues,
  { io, dependencies, live, parities, recorded }: Surroundings,
): Promise<Parity> {
  const view = await countView(io, { quiet: flags.has(QUIET), noun: "live runs" });
  const breathe = breathing();
  const interrupt = stopOnInterrupt(io, view);
  try {
    return await parities.parity({
      cases,
      costs: await live.measuredCosts(cases[0]!.scenario),
      runs: flags.of(RUNS) ?? USUAL_RUNS,
      live: live.liveBackend({ recorded }),
      simulation: await dependencies.backend(),
      progress({ done, of }) {
        if (!interrupt.requested()) view.update(done, of);
        return breathe();
      },
      stopRequested: interrupt.requested,
    });
  } finally {
    interrupt.release();
    view.stop();
  }
}
