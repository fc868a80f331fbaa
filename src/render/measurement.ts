/**
 * What a measurement of a program said, as text and JSON: a row for each flood and the flush, then what a message
 * costs, how far that varied, and the command that goes on from there with a simulation.
 */
import type { BacklogPace, Measurement, MeasurementStage } from "../report/measurement.js";
import { formatDuration, formatSize } from "../scenario/units.js";
import { type Cell, GAP, lay } from "./text/columns.js";
import { count, duration, percent } from "./text/numbers.js";
import { field, legibleWidth, wrap } from "./text/paragraph.js";
import { groupFlags, programFactsOf, readerFlags } from "./text/program.js";
import { themeOf } from "./text/theme.js";

interface MeasurementRenderOptions {
  colour: boolean;
  /** Columns of the terminal. */
  width: number;
}

type MeasurementRenderer = (measurement: Measurement, options: MeasurementRenderOptions) => string;

export const measurementRenderers: { readonly text: MeasurementRenderer; readonly json: MeasurementRenderer } = {
  text,
  json: (measurement) => `${JSON.stringify(measurement, null, 2)}\n`,
};

const HEAD = ["load", "per second", "offered", "read", "lost", "", "CPU"];

function text(measurement: Measurement, { colour, width }: MeasurementRenderOptions): string {
  const theme = themeOf(colour);
  const columns = legibleWidth(width);
  const { program, kernel, stages, interrupted } = measurement;
  const title = `\`${program.command}\` on Linux ${kernel.release}, live on this machine`;
  const blocks = [
    ...(interrupted ? [[theme.warning("interrupted — the summary so far")]] : []),
    wrap(title, columns).map((line) => theme.heading(line)),
    tableOf(stages),
    programFactsOf(program).flatMap(([label, fact]) => field(label, fact, columns, theme)),
    wrap(costOf(measurement), columns).map((line) => theme.heading(line)),
    [theme.aside("Go on with"), ...commandsOf(measurement)],
  ];
  return `${blocks.map((block) => block.join("\n")).join("\n\n")}\n`;
}

function tableOf(stages: readonly MeasurementStage[]): string[] {
  const rows = [
    HEAD,
    ...stages.map((stage) => [
      loadOf(stage),
      count(Math.round(stage.achievedPerSecond)),
      count(stage.offered),
      count(stage.read),
      count(stage.lost),
      percent(stage.lost, stage.offered),
      percent(Math.round(1000 * stage.cpuShare), 1000),
    ]),
  ];
  return lay(
    rows.map((row) => row.map((text, column): Cell => (column === 0 ? { text, left: true } : { text }))),
    GAP,
  );
}

function loadOf({ kind, askedPerSecond }: MeasurementStage): string {
  if (kind === "flush") return "flush";
  return askedPerSecond === null ? "as fast as it goes" : `${count(askedPerSecond)}/s`;
}

/** From here on what a program waits for a CPU is worth a sentence. */
const BUSY_MACHINE = 1.2;

function costOf({ program, listener, backlog }: Measurement): string {
  const { new: ofPackets, destroy } = backlog;
  if (ofPackets !== null) {
    const flush = destroy === null ? "" : `, one of a flush, which names who asked for it, ${rangeOf(destroy)}`;
    return (
      `A message takes ${rangeOf(ofPackets)}${flush} (a queue read in one go, the median of ${ofPackets.rounds} times, and ` +
      `between what nine tenths of them were): ${readerFlags(listener).join(" ")}.`
    );
  }
  const pace = program.sockets[0]?.pace ?? null;
  if (pace === null) {
    const cpu = program.cpuMicrosecondsPerMessage;
    if (cpu === null) return "It read too few messages to tell what one costs.";
    return (
      `A message takes ${duration(cpu / 1e6)} of the processor; messages never waited long enough to tell more, ` +
      "so that this is the least that one costs."
    );
  }
  const { fastMicroseconds, slowMicroseconds, microsecondsPerMessage, messagesPerSecond, messages } = pace;
  const { clockMicrosecondsPerMessage } = pace;
  const spread =
    fastMicroseconds === null || slowMicroseconds === null
      ? ""
      : `, nine tenths of the time between ${duration(fastMicroseconds / 1e6)} and ${duration(slowMicroseconds / 1e6)}`;
  return (
    `A message takes ${duration(microsecondsPerMessage / 1e6)}${spread}, taken from ${count(messages)} messages: it sustains ` +
    `${count(Math.round(messagesPerSecond))} per second (--reader ${formatDuration(listener.serviceNanoseconds)}).${
      clockMicrosecondsPerMessage > BUSY_MACHINE * microsecondsPerMessage
        ? ` By the clock it was ${duration(clockMicrosecondsPerMessage / 1e6)}: others had the CPU meanwhile, and on a machine ` +
          "as busy as this one it is as slow as that."
        : ""
    }`
  );
}

function rangeOf({ microsecondsPerMessage, fastMicroseconds, slowMicroseconds }: BacklogPace): string {
  const [middle, fast, slow] = [microsecondsPerMessage, fastMicroseconds, slowMicroseconds].map((each) =>
    duration(each / 1e6),
  );
  return `${middle} (${fast} to ${slow})`;
}

const COST_FLAGS = [
  ["cost-packet", "packetNanoseconds"],
  ["cost-flush-entry", "flushEntryNanoseconds"],
  ["cost-attempt", "attemptNanoseconds"],
  ["cost-recv", "recvNanoseconds"],
  ["cost-wakeup", "wakeupNanoseconds"],
] as const;

/** What a simulation of this reader on this machine is called with. */
function commandsOf({ listener, kernel, costs }: Measurement): string[] {
  const reader = [
    `--kernel ${kernel.release}`,
    ...readerFlags(listener),
    `--policy ${listener.policy}`,
    ...groupFlags(listener),
    ...COST_FLAGS.map(([flag, key]) => `--${flag} ${formatDuration(Number(costs[key].toPrecision(2)))}`),
  ].join(" ");
  return [
    `ct-reliable flush ${reader} --buffer ${formatSize(listener.bufferBytes)} --connections 20k`,
    `ct-reliable size flush --find buffer --expect 'destroy.lost == 0' ${reader} --connections 20k`,
  ];
}
