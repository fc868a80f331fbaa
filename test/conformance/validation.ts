/**
 * `npm run validation [-- RESULTS… [--note TEXT]]`: compares the project's recordings with the model and writes
 * docs/VALIDATION.md from the result, or from results that `npm run conformance -- --first-draws --json FILE` wrote;
 * the note then says how. What the page says about the method is here, every figure on it comes from the runs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { releaseFor } from "../../src/kernel/release.js";
import type { Comparison } from "./compare.js";
import { compareAll, OWN_RECORDINGS, recordingsOf, withoutSecondDraws } from "./corpus.js";
import { curves } from "./curves.js";
import type { Recording } from "./recording.js";
import { percent, summarize } from "./summary.js";

/**
 * Where a run is long, fewer seeds: flushes of 20,000 entries, and minutes of steady load. Retry timers have random
 * delays by the thousand, and some that hardly ever come: one that fires within a flush of a few jiffies. Few seeds
 * would not show that it may.
 */
const SEEDS = { usual: 8, large: 4, steady: 4, timer: 12, shortTimer: 30 };
const LARGE_FLOWS = 5_000;
const SHORT_FLOWS = 1_000;

function seedsOf({ kernel, tag, setting }: Recording): number {
  if (releaseFor(kernel)?.redelivery === "timer") {
    return setting.flows > SHORT_FLOWS ? SEEDS.timer : SEEDS.shortTimer;
  }
  if (tag === "steady") return SEEDS.steady;
  return setting.flows > LARGE_FLOWS ? SEEDS.large : SEEDS.usual;
}

/** JSON has no NaN: what could not be simulated at all is null there. */
function nothingAsNaN(key: string, value: unknown): unknown {
  return value === null && ["low", "high", "median"].includes(key) ? Number.NaN : value;
}

/** Written by `ct-reliable parity --format markdown --output FILE` on a quiet machine. */
const PARITY = new URL("parity-6.18.44.md", import.meta.url);
const PICTURE = fileURLToPath(new URL("../../docs/images/validation-curves.svg", import.meta.url));
const PAGE = fileURLToPath(new URL("../../docs/VALIDATION.md", import.meta.url));

/** Beside what every run is fed: the speed of flood and flush, and the cap of a buffer. */
function fedTo(kernel: string): string {
  if (kernel.includes("(deb-")) return "costs by the scheduler's accounts; first pass of gc";
  if (kernel.includes("(openwrt-")) return "costs, estimated; first pass of gc";
  if (kernel.includes("(k54)")) return "costs, estimated; first pass of gc";
  if (kernel.includes("(host)")) return "cost of a recv with overshoot; first pass of gc";
  if (kernel.includes("(k36smp)")) return "–";
  return "cost of a sleep after a recv";
}

function kernelTable(comparisons: readonly Comparison[]): string {
  const rows = summarize(comparisons).map((kernel) => {
    const error = (name: string): string => {
      const value = kernel.errors[name];
      return value === null || value === undefined ? "–" : `${(100 * value).toFixed(2)} %`;
    };
    return `| ${kernel.kernel} | ${kernel.recordings} | ${kernel.cells} | ${kernel.zeros} | ${kernel.inside} | ${percent(kernel.inside, kernel.cells)} | ${percent(kernel.insideWithoutRoom, kernel.cells)} | ${kernel.notCompared} | ${error("drops")} | ${error("failed attempts")} | ${error("drain time")} | ${fedTo(kernel.kernel)} | ${kernel.cells - kernel.inside} |`;
  });
  return [
    "| kernel (build) | recordings | cells | of them 0 = 0 | inside | share | without room | not compared | error of drops | of failed attempts | of drain time | fed | not explained |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|---:|",
    ...rows,
  ].join("\n");
}

/** Experiments of a kernel with cells outside: nobody has explained them yet. */
function notExplained(comparisons: readonly Comparison[]): string {
  const rows = new Map<string, { outside: number; cells: number; quantities: Set<string> }>();
  for (const { kernel, build, tag, cells } of comparisons) {
    const key = `${kernel} (${build}) | \`${tag}\``;
    const row = rows.get(key) ?? { outside: 0, cells: 0, quantities: new Set<string>() };
    row.cells += cells.length;
    for (const { inside, quantity } of cells) {
      if (inside) continue;
      row.outside++;
      row.quantities.add(quantity.replace(/\[.*/, ""));
    }
    rows.set(key, row);
  }
  return [
    "| kernel | experiment | outside | of | quantities |",
    "|---|---|---:|---:|---|",
    ...[...rows]
      .filter(([, { outside }]) => outside > 0)
      .map(
        ([key, { outside, cells, quantities }]) => `| ${key} | ${outside} | ${cells} | ${[...quantities].join(", ")} |`,
      ),
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
  steady: "`steady`: flows come for minutes while the gc works",
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

/** A line per recording: every quantity outside with the expected range and what was recorded. */
function outsideTable(comparisons: readonly Comparison[]): string {
  const shown = (value: number): string => (Number.isNaN(value) ? "nothing" : String(Math.round(value * 100) / 100));
  return comparisons
    .filter(({ cells }) => cells.some(({ inside }) => !inside))
    .map(({ place, title, cells }) => {
      const outside = cells
        .filter(({ inside }) => !inside)
        .map(({ quantity, low, high, recorded }) => `${quantity} ${shown(recorded)} (${shown(low)} … ${shown(high)})`);
      return `| ${place.split("/").at(-1)!.replace(".jsonl", "")} | ${title} | ${outside.join("; ")} |`;
    })
    .join("\n");
}

const recordings = withoutSecondDraws(recordingsOf([OWN_RECORDINGS]));
const { positionals: earlier, values } = parseArgs({ allowPositionals: true, options: { note: { type: "string" } } });
const comparisons =
  earlier.length > 0
    ? earlier.flatMap((path) => JSON.parse(readFileSync(path, "utf8"), nothingAsNaN) as Comparison[])
    : await compareAll(recordings, seedsOf);
writeFileSync(PICTURE, curves(recordings));
const cells = comparisons.flatMap((comparison) => comparison.cells);
const inside = cells.filter((cell) => cell.inside).length;

writeFileSync(
  PAGE,
  `# Validation

*Written by \`npm run validation\`; every figure comes from that run. Do not edit.*

${values.note === undefined ? "" : `> ${values.note}\n\n`}The model is compared with ${comparisons.filter(({ tag }) => tag !== "medians").length} recorded runs of real kernels (\`test/conformance/recordings/\`). **${inside} of ${cells.length} cells
(${percent(inside, cells.length)}) lie where the model expects them.** A cell is one quantity of one recorded run: a count of drops,
a number of delivered events, a drain time, the table's count a quarter, half and three quarters of the way.

## Method

For each recorded run the scenario is built from the setting and the build options of the kernel, and runs with
${SEEDS.usual} seeds; ${SEEDS.large} for flushes of more than ${LARGE_FLOWS} entries and for steady load, ${SEEDS.timer} for kernels with retry timers, ${SEEDS.shortTimer} for their flushes of at most ${SHORT_FLOWS} entries, 40 for 6.18.44. Fewer seeds
make a rougher interval. What the recording feeds beside them is the speed of that machine and where it was when the run began:

| fed | to | from |
|---|---|---|
| cost of a packet, and of an entry of the flush | every run | how long its flood and its flush took |
| the same costs | runs without a flush, floods with pauses | a flush of the same kernel, give or take 9 %, and, give or take 3 %, its flood past a buffer of the same kind that is nearest in the file |
| cost of a packet | steady load, whose program sleeps between bursts of connections | how long its flood took beyond its sleeps and its waits for a SYN |
| what a connect takes beside its packets | TCP on one CPU, Debian's builds from 6.1 on | traces of 5.10.262, 6.1.170 and 6.12.107 in such an emulator |
| what a packet takes less that finds no room | floods into a full table, 4.8 on | how long that flood took |
| cost of a bucket of a search by early_drop | runs with a second flood, up to 4.7 | how long that flood took: the program looks before it and after it |
| that the client's ports began anew during the flood | TCP runs of 5.10 on that show tuples twice | the recording itself; when and where is drawn |
| the cap of a buffer (\`rmem_max\`) | every run | what getsockopt reported |
| cost of a recv, of a recv with the sleep after it, of a bucket | builds of distributions, 5.4.124 | ranges over all recordings of that emulated machine; each seed draws from them |
| cost of a switch of tasks, which is half of what a recv with the sleep after it takes beyond the recv | kernels with retry timers | ranges over when their readers of 10 ms read of which each was busy for a minute; each seed draws from them |
| cost of a wait, of a switch of tasks, of an attempt, of a delivery, of fresh memory, of a dispatch of the worker | Debian's builds | runs of 5.10.262, 6.1.170 and 6.12.107 in such an emulator, by the scheduler's own accounts. Sums were measured; how a sum is split between two of them is an estimate, and the ranges of a delivery and of a dispatch were widened while cells were looked at |
| cost of fresh memory | Debian's 7.x | a worker of 7.3.4 that fills a buffer in such an emulator, and recorded flushes that fill one against others |
| cost of a wait, and of waking who waits | Debian's builds from 6.12 on | 24 flushes of 6.12.107 in such an emulator, by the scheduler's accounts and the number of turns, and traces of what of a reader's account is the flush's work. The sums were measured; the split between the two was chosen again after a first look at cells |
| cost of an entry of the flush | flushes from 6.12 on that a reader without delay follows | another flush, as for 5.10 |
| the same | OpenWrt's builds, 5.4.124 | estimates that were narrowed while cells were looked at |
| cost of a bucket of the gc | Debian's builds | passes of 5.10.262, 6.1.170, 6.12.107, 6.18.15 and 7.3.4 over an empty table in such an emulator |
| cost of an empty bucket of a flush, of a delivery | OpenWrt's builds; of the bucket also 5.4.124 | their own recordings: flushes of 1,000 and 5,000 entries, of few and of many deliveries |
| that a SYN was sent again during the flood | TCP runs whose flood took a second longer than its packets | the recording itself; whose SYN is drawn |
| that connections ended with an RST | lossy TCP runs of kernels with a timer per entry, where some stay for CLOSE | the recording itself; which is drawn |
| what a reader that waits for every message is charged for each, and a delivery | runs of 5.10 and 6.1 | the scheduler's own accounts in such an emulator, and by how much longer a flush that is followed was recorded to take than one that is refused |
| cost of an entry of the flush | flushes of 5.10 and 6.1 that a reader without delay follows | another flush: how long these take hangs on what is lost |
| cost of a tick | Debian's builds from 6.12 on | a trace of 6.12.107 in such an emulator: turns with a tick in them against turns without |
| cost of a look of the recording program | runs on one CPU | runs of 6.1.170 with a slow reader, which hang on it |
| that the program looked while it waited between flood and flush | runs on one CPU | concluded from runs of 4.9.171 and 4.19.108 whose reader had much to read until then |
| when the reader ended after the last look | runs that did not drain | what readers of 100 us and 1 ms still read after a run of the worker that the series shows |
| cost of a recv with timer overshoot | 6.18.44, by a real clock | the stretches of a run in which the reader was busy: each seed draws between the least and the most; where a run has fewer than two, the range over all |
| when the gc made its first pass | steady load, and runs in which entries expire or the table is full, of kernels whose gc makes passes | the recording itself: between two of its looks |

No rule of a kernel is fed or fitted. That RCU's thread makes tasks give way at ticks, and whose time a wait is, was seen in traces of\nDebian's 5.10.262, 6.1.170 and 6.12.107; who pays for what, how lag comes and goes, and the timer of requests in traces of 6.12.107, 6.18.15 and\n7.3.4. The other kernels were not looked at for it. That the thread which accepts runs when connect returns, so that\nthe server closes first, was seen in traces of 5.10.262, 6.1.170 and 6.12.107. Readers of recorded runs of 6.18 whose\nbuffer shrinks before a flush begin it without lag; in a trace of 6.18.15 with another program they keep it, so it is taken for\nsomething that the recording program does.

* A quantity that is the same for every seed has no chance in it: the recorded value must be equal.
* Otherwise the recorded value must lie in the interval in which one further run would lie with 99 % probability (Student's prediction
  interval, never narrower than the range of the seeds), times widened by one sampling period of the recording and
  by half of the millisecond to which it is told.
* *0 = 0* counts the cells in which nothing was recorded and nothing can happen in the model: they are inside, and say little.
* For 6.18.44, recorded with a real clock on two CPUs, there is room: the interval grows by 10 %, a time by at least one retry period (16
  ms). It was added when results were at hand; the column *without room* judges without it. The median of the repetitions of a
  setting must lie within 10 % or 1 s of the simulated median.
* By a virtual clock two recordings of one setting are nearly the same run and no independent tests: only the first is compared.

The last three columns are the mean of |median of the seeds − recorded| / recorded.

![Entries in the table after a flush, by kernel: dots recorded, lines simulated](images/validation-curves.svg)

*5000 flows, a buffer of 8192 bytes, a reader of 1 ms, reliable: entries in the table after the flush, dots recorded, lines one
simulated run.*

## By kernel

${kernelTable(comparisons)}

## By experiment

${tagTable(comparisons)}

## What is not compared, and why

| cells | reason |
|---:|---|
${counted(comparisons.flatMap(({ notCompared }) => notCompared.map(({ reason }) => reason)))}

## Not explained

Cells outside, by kernel and experiment. Where a reason were known, the model would have it.

${notExplained(comparisons)}

## On the running kernel

\`ct-reliable parity\` runs the same scenarios on the kernel of a machine and in the model; [LIVE.md](LIVE.md#how-to-read-parity) says how
to read it. This is the built-in set on a machine with Linux 6.18.44, five live runs of each scenario:

${readFileSync(PARITY, "utf8").trim()}

## Every cell outside

Recorded, and in brackets expected.

| recording:line | run | outside |
|---|---|---|
${outsideTable(comparisons)}
`,
);
console.log(`${inside} of ${cells.length} cells inside (${percent(inside, cells.length)}); wrote ${PAGE}`);
