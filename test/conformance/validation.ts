/**
 * `npm run validation`: compares the project's recordings with the model and writes docs/VALIDATION.md from the result.
 * What the page says about the method is here, every figure on it comes from the run.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Comparison } from "./compare.js";
import { compareAll, OWN_RECORDINGS, recordingsOf } from "./corpus.js";
import { percent, summarize } from "./summary.js";

const SEEDS = 40;
/** Written by `ct-reliable parity --format markdown --output FILE` on a quiet machine. */
const PARITY = new URL("parity-6.18.44.md", import.meta.url);
const PAGE = fileURLToPath(new URL("../../docs/VALIDATION.md", import.meta.url));

function kernelTable(comparisons: readonly Comparison[]): string {
  const rows = summarize(comparisons).map((kernel) => {
    const error = (name: string): string => {
      const value = kernel.errors[name];
      return value === null || value === undefined ? "–" : `${(100 * value).toFixed(2)} %`;
    };
    return `| ${kernel.kernel} | ${kernel.recordings} | ${kernel.cells} | ${kernel.inside} | ${percent(kernel.inside, kernel.cells)} | ${kernel.notCompared} | ${error("drops")} | ${error("failed attempts")} | ${error("drain time")} |`;
  });
  return [
    "| kernel (build) | recordings | cells | inside | share | not compared | error of drops | of failed attempts | of drain time |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ...rows,
  ].join("\n");
}

/** Which tags a kernel was recorded with, and how each fared. */
function tagTable(comparisons: readonly Comparison[]): string {
  const tags = new Map<string, { recordings: number; cells: number; inside: number }>();
  for (const { tag, cells } of comparisons) {
    const row = tags.get(tag) ?? { recordings: 0, cells: 0, inside: 0 };
    row.recordings++;
    row.cells += cells.length;
    row.inside += cells.filter(({ inside }) => inside).length;
    tags.set(tag, row);
  }
  return [
    "| experiment | recordings | cells | inside |",
    "|---|---:|---:|---:|",
    ...[...tags].map(
      ([tag, row]) =>
        `| ${EXPERIMENTS[tag] ?? tag} | ${row.recordings} | ${row.cells} | ${percent(row.inside, Math.max(1, row.cells))} |`,
    ),
  ].join("\n");
}

const EXPERIMENTS: Record<string, string> = {
  cap: "`cap`: capacity of a buffer, event by event",
  cap_ts: "`cap_ts`: the same with timestamps in DESTROY",
  paused: "`paused`: the reader never reads after the flush",
  paused_tick: "`paused_tick`: the same, looked at every tick",
  hold_release: "`hold_release`: the reader sleeps 10 s from the flush on",
  full: "`full`: flush and drain",
  main: "`main`: flush and drain, flows × buffer × reader × policy",
  expire: "`expire`: entries expire instead of being flushed",
  tcp: "`tcp`: TCP connections that end and expire",
  tcp_small_from_start: "`tcp_small_from_start`: the same, the buffer small from the start",
  small_from_start: "`small_from_start`: the buffer small during the flood too",
  tablefull: "`tablefull`: a second flood into a table full of dying entries",
  earlydrop: "`earlydrop`: a flood into a full table",
  earlydrop_paced: "`earlydrop_paced`: the same with pauses",
  two: "`two`: two listeners",
  smp: "`smp`: two emulated CPUs",
  noenobufs: "`noenobufs`: NETLINK_NO_ENOBUFS",
  close: "`close`: the listener closes",
  tcpflush: "`tcpflush`: flush of TCP connections",
  medians: "medians of repeated settings (6.18)",
  big: "`big`: 20 000 entries, a reader of no delay",
};

function counted(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `| ${count} | ${reason} |`)
    .join("\n");
}

function outsideTable(comparisons: readonly Comparison[]): string {
  const shown = (value: number | null): string =>
    value === null || Number.isNaN(value) ? "nothing" : String(Math.round(value * 100) / 100);
  return comparisons
    .flatMap((comparison) =>
      comparison.cells
        .filter(({ inside }) => !inside)
        .map((cell) => {
          const place = comparison.place.split("/").at(-1)!.replace(".jsonl", "");
          return `| ${place} | ${comparison.title} | ${cell.quantity} | ${shown(cell.low)} … ${shown(cell.high)} | ${shown(cell.recorded)} |`;
        }),
    )
    .join("\n");
}

const comparisons = await compareAll(recordingsOf([OWN_RECORDINGS]), SEEDS);
const cells = comparisons.flatMap((comparison) => comparison.cells);
const inside = cells.filter((cell) => cell.inside).length;

writeFileSync(
  PAGE,
  `# Validation

*Written by \`npm run validation\`; every figure comes from that run. Do not edit.*

The model is compared with ${comparisons.filter(({ tag }) => tag !== "medians").length} recorded runs of real kernels (\`test/conformance/recordings/\`). **${inside} of ${cells.length} cells
(${percent(inside, cells.length)}) lie where the model expects them.** A cell is one quantity of one recorded run: a count of drops,
a number of delivered events, a drain time, the table's count a quarter, half and three quarters of the way.

## Method

For each recorded run the scenario is built from its *inputs*: the setting, the build options of the kernel, what getsockopt reported,
and the speed of the machine (how long flood and flush took, how late a sleeping reader woke). What the kernel did is never an input. The scenario
then runs with ${SEEDS} seeds.

* A quantity that is the same for every seed has no chance in it: the recorded value must be equal.
* Otherwise the recorded value must lie in the interval in which one further run would lie with 99 % probability (Student's prediction
  interval, never narrower than the range of the seeds), times widened by one sampling period of the recording.
* For 6.18, recorded with a real clock on two CPUs, the interval grows by 10 %, a time by at least one retry period (16 ms); and the
  median of the repetitions of a setting must lie within 10 % or 1 s of the simulated median.

The last three columns are the mean of |median of the seeds − recorded| / recorded.

## By kernel

${kernelTable(comparisons)}

## By experiment

${tagTable(comparisons)}

## What is not compared, and why

| cells | reason |
|---:|---|
${counted(comparisons.flatMap(({ notCompared }) => notCompared.map(({ reason }) => reason)))}

## Cells outside, by reason

| cells | reason |
|---:|---|
${counted(cells.filter((cell) => !cell.inside).map((cell) => cell.why ?? "the simulated runs do not have this quantity"))}

## On the running kernel

\`ct-reliable parity\` runs the same scenarios on the kernel of a machine and in the model; [LIVE.md](LIVE.md#how-to-read-parity) says how
to read it. This is the built-in set on a machine with Linux 6.18.44, five live runs of each scenario:

${readFileSync(PARITY, "utf8").trim()}

## Every cell outside

| recording:line | run | quantity | expected | recorded |
|---|---|---|---|---|
${outsideTable(comparisons)}
`,
);
console.log(`${inside} of ${cells.length} cells inside (${percent(inside, cells.length)}); wrote ${PAGE}`);
