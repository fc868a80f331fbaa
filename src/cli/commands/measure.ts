/**
 * The command `measure`: what a message costs a program of the user, on the running kernel. It starts the program as it
 * stands behind `--`, without a shell, and prints what floods of a rising rate and a flush made of it.
 */
import type { Measurement } from "../../report/measurement.js";
import { UsageError } from "../../scenario/errors.js";
import { NO_COLOR } from "../colour.js";
import type { Call, Command } from "../command.js";
import { formatFlag, mainSink, OUTPUT_FILE, placeOf, QUIET } from "../destinations.js";
import { EXIT } from "../exit-codes.js";
import { readFlags, valued } from "../flag.js";
import { breathing, interruptedBy, stopOnInterrupt } from "../interrupt.js";
import { requireLive } from "../live.js";
import { countView } from "../progress.js";
import { SUMMARIES } from "../summaries.js";
import { fileOutput, parsePath } from "../written-file.js";

const LOG = valued({
  name: "log",
  value: "FILE",
  heading: "Run:",
  description: "write what the program prints to FILE",
  file: true,
  parse: parsePath,
});
const FORMAT = formatFlag(["text", "json"]);
const FLAGS = [LOG, FORMAT, OUTPUT_FILE, QUIET, NO_COLOR];

export const measure: Command = {
  name: "measure",
  summary: SUMMARIES.measure,
  operands: "-- COMMAND [ARGUMENT...]",
  examples: [
    ["measure -- conntrack -E -e NEW,DESTROY", "microseconds per message, and the rate that it sustains"],
    ["measure -- ulogd -c /etc/ulogd.conf", "a collector with its own configuration"],
    ["measure --format json -- ./collector", "all figures"],
  ],
  flags: FLAGS,
  defaults: null,
  run: runMeasure,
};

async function runMeasure({ given, operands, io, dependencies }: Call): Promise<number> {
  const flags = readFlags(FLAGS, given);
  if (operands.length === 0)
    throw new UsageError("expected a command behind --, as in measure -- conntrack -E, got none");
  const live = await requireLive(dependencies);
  const resolve = await dependencies.resolve();
  const scenario = resolve("flood", live.liveOverrides(live.liveHost()));
  const logFile = flags.of(LOG);
  if (logFile !== null) fileOutput(logFile, `--${LOG.name}`, io);
  const sink = mainSink(flags, io);
  const view = await countView(io, { quiet: flags.has(QUIET), noun: "stages" });
  const breathe = breathing();
  const interrupt = stopOnInterrupt(io, view);
  let measurement: Measurement;
  try {
    measurement = await live.measuredProgram(
      scenario,
      { text: operands.join(" "), argv: operands, logFile },
      {
        progress(done, of) {
          if (!interrupt.requested()) view.update(done, of);
          return breathe();
        },
        stopRequested: interrupt.requested,
      },
    );
  } finally {
    interrupt.release();
    view.stop();
  }
  const { measurementRenderers } = await dependencies.measurements();
  sink.write(measurementRenderers[flags.of(FORMAT) ?? "text"](measurement, placeOf(flags, io)));
  return measurement.interrupted ? interruptedBy(io.signals) : EXIT.ok;
}
