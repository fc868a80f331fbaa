/**
 * The command `parity`: is the simulator right about this machine's kernel? It runs scenarios live and simulated and prints both side by
 * side. What is compared is study/parity.ts; how a kernel is driven is live/.
 */
import { LiveImpossibleError } from "../../live/host/impossible.js";
import type { LiveRecording } from "../../live/run/recording.js";
import { quoted, UsageError } from "../../scenario/errors.js";
import { didYouMean } from "../../scenario/suggest.js";
import type { Parity, ParityCase } from "../../study/parity.js";
import { hasColour } from "../colour.js";
import type { CommandAction } from "../command.js";
import type { Dependencies, Live, Parities } from "../dependencies.js";
import { EXIT } from "../exit-codes.js";
import { note } from "../failure.js";
import { type Given, readFlags, type Settings } from "../flag.js";
import { flagOf, PARITY_FLAGS } from "../flags.js";
import { breathing, listenForInterrupt } from "../interrupt.js";
import { DEFAULT_COLUMNS, type Io, widthOf } from "../io.js";
import { fileOutput } from "../output.js";
import { mainSink } from "../outputs.js";
import { countView } from "../progress.js";
import { scenarioFiles } from "../scenario-files.js";

const USUAL_RUNS = 5;

export const parity: CommandAction = {
  flags: PARITY_FLAGS,
  defaults: null,
  run: runParity,
};

async function runParity(
  given: readonly Given[],
  io: Io,
  dependencies: Dependencies,
  operands: readonly string[],
): Promise<number> {
  const { settings } = readFlags(PARITY_FLAGS, given);
  const live = await dependencies.live();
  const reason = await live.whyNotLive();
  if (reason !== null) throw new LiveImpossibleError(reason);
  const parities = await dependencies.parities();
  const cases = await casesOf(operands, settings, { live, parities, dependencies });
  const sink = mainSink(settings, io);
  const record = settings.record === null ? null : fileOutput(settings.record, "--record");
  const recordings: LiveRecording[] = [];
  const result = await compared(cases, settings, {
    io,
    dependencies,
    live,
    parities,
    recorded: (recording) => recordings.push(recording),
  });
  const toTerminal = settings.output === null;
  sink.write(
    parities.parityRenderers[settings.format as keyof Parities["parityRenderers"]](result, {
      colour: toTerminal && hasColour(io.stdout, io.env, settings.colour),
      width: toTerminal ? widthOf(io.stdout) : DEFAULT_COLUMNS,
    }),
  );
  record?.write(recordings.map((recording) => `${JSON.stringify(recording)}\n`).join(""));
  return result.interrupted ? EXIT.interrupted : EXIT.ok;
}

/** Of the files that were named, or the built-in ones. Throws UsageError. */
async function casesOf(
  operands: readonly string[],
  { only }: Settings,
  { live, parities, dependencies }: { live: Live; parities: Parities; dependencies: Dependencies },
): Promise<readonly ParityCase[]> {
  const host = live.liveHost();
  const machine = live.liveOverrides(host);
  if (operands.length === 0) return chosen(parities.paritySet(machine), only);
  const suites = await dependencies.suites();
  const plans = suites.planSuite(scenarioFiles(operands, suites), {
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
  settings: Settings,
  { io, dependencies, live, parities, recorded }: Surroundings,
): Promise<Parity> {
  const view = await countView(io, { quiet: settings.quiet, noun: "live runs" });
  const breathe = breathing();
  const interrupt = listenForInterrupt(io.signals, () => {
    view.stop();
    note(io, "stopping; Ctrl-C again ends at once");
  });
  try {
    return await parities.parity({
      cases,
      costs: await live.measuredCosts(cases[0]!.scenario),
      runs: settings.runs ?? USUAL_RUNS,
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
