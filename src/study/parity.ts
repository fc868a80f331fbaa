/**
 * The running kernel and the simulator side by side: each scenario some times live and under many seeds simulated, and
 * then per figure of the Report whether the kernel is where the simulator expects it. It gets both backends and runs
 * them one after another, since a live run wants the machine for itself. It renders nothing.
 */
import type { Backend, Progress } from "../report/backend.js";
import { median } from "../report/median.js";
import { figureOf } from "../report/metrics.js";
import type { Report } from "../report/report.js";
import type { Costs, Scenario } from "../scenario/scenario.js";
import { SECOND } from "../scenario/units.js";
import { CENTRAL_95, type Interval, predictionInterval } from "./interval.js";

export interface ParityCase {
  name: string;
  /** As the machine is: its release and its limits. Seed and costs are the study's. */
  scenario: Scenario;
}

export interface ParityOptions {
  cases: readonly ParityCase[];
  /** What things cost on this machine, measured some times: each seed takes the next of them. */
  costs: readonly Partial<Costs>[];
  /** Live runs of each case. */
  runs: number;
  live: Backend;
  simulation: Backend;
  /** Called before each live run and with its progress. */
  progress?(at: ParityProgress): Promise<void> | void;
  stopRequested?(): boolean;
}

interface ParityProgress {
  name: string;
  /** Live runs that are done, of all. */
  done: number;
  of: number;
  run: Progress | null;
}

export interface ParityMetric {
  metric: string;
  live: { min: number; median: number; max: number };
  /** Null: the simulator never gave a figure where the kernel did. */
  simulated: Interval | null;
  /** What the median of the live runs is held against: `simulated` with room for the real clock. Null with it. */
  tested: Bounds | null;
  /** The median of the live runs lies in `tested`. */
  inside: boolean;
  /** It also lies in `simulated`, without any room. */
  insideWithoutRoom: boolean;
  /** Every seed gave the same figure and no race decides it: the kernel has to be equal. */
  equality: boolean;
  /** Why it is outside, as far as the figures tell; null where it is inside. */
  cause: string | null;
}

/** The dying list from the flush on, at the same moments in every run. */
export interface DyingCurve {
  /** Since the flush began. */
  seconds: readonly number[];
  /** Of the live runs the least and the most, of the simulated ones the median; null: nobody knows it then. */
  live: { min: readonly (number | null)[]; max: readonly (number | null)[] };
  simulated: readonly (number | null)[];
}

export interface ParityOfCase {
  name: string;
  scenario: Scenario;
  metrics: ParityMetric[];
  /** Null: no flush, or the list is never known. */
  dyingCurve: DyingCurve | null;
}

export interface Parity {
  kernel: string;
  runs: number;
  seeds: number;
  costs: readonly Partial<Costs>[];
  cases: ParityOfCase[];
  compared: number;
  inside: number;
  /** Figures that are equalities: how many, how many of those are 0 on both sides, how many are equal. */
  equalities: { compared: number; zero: number; inside: number };
  /** The others, which could have differed. */
  others: { compared: number; inside: number; insideWithoutRoom: number };
  interrupted: boolean;
}

/** Fewer say little about a tail, and a simulated run takes milliseconds. */
const LEAST_SEEDS = 40;

/** Figures that both backends know, by their path in the Report. What was measured to calibrate is not among them. */
const METRICS = [
  "socket.rcvbufBytes",
  "socket.truesizeBytes",
  "socket.capacityMessages",
  "socket.drops",
  "socket.enobufs",
  "events.new.delivered",
  "events.update.delivered",
  "events.destroy.delivered",
  "events.destroy.lost",
  "dying.afterFlush",
  "dying.emptyAfterFlushSeconds",
  "deletes.entries",
  "deletes.dyingAfter",
  "flush.entries",
  "table.created",
  "table.drop",
  "table.earlyDrop",
  "daemon.duplicates",
  "daemon.stale",
  "daemon.dumps.goneListed",
  "daemon.dumps.goneUnlisted",
  "otherListeners.0.daemon.received.destroy",
  "otherListeners.0.daemon.duplicates",
  "otherListeners.0.socket.drops",
] as const;

/**
 * Figures that a race between two CPUs decides to a message or so, by a real clock: not even where every seed agrees
 * has the kernel to agree to the last one. The others are promises: where every seed agrees, the kernel must.
 */
const RACES: ReadonlySet<string> = new Set([
  "socket.drops",
  "socket.enobufs",
  "dying.afterFlush",
  "dying.emptyAfterFlushSeconds",
  "deletes.dyingAfter",
  "otherListeners.0.socket.drops",
  "otherListeners.0.daemon.duplicates",
] satisfies (typeof METRICS)[number][]);

/**
 * A real clock adds what no model of the kernel knows: an interval grows by a tenth, a single value of a race by a
 * fiftieth.
 */
const CLOCK_SHARE = 0.1;
const RACE_SHARE = 0.02;
/** But at least by one message, and a time by one period of the worker. */
const ONE_MESSAGE = 1;
const WORKER_PERIOD_SECONDS = 0.016;

export async function parity(options: ParityOptions): Promise<Parity> {
  const { cases, costs, runs, simulation } = options;
  const seeds = Math.max(runs, LEAST_SEEDS);
  const compared: ParityOfCase[] = [];
  let done = 0;
  let interrupted = false;
  for (const { name, scenario } of cases) {
    const live: Report[] = [];
    while (live.length < runs && !interrupted) {
      const at = { name, done, of: cases.length * runs };
      await options.progress?.({ ...at, run: null });
      const report = await options.live.run(scenario, {
        progress: (run) => options.progress?.({ ...at, run }),
        stopRequested: () => options.stopRequested?.() ?? false,
      });
      interrupted = report.interrupted === true || (options.stopRequested?.() ?? false);
      if (report.interrupted !== true) live.push(report);
      done++;
    }
    if (live.length === 0) break;
    const simulated: Report[] = [];
    for (let index = 0; index < seeds; index++) {
      simulated.push(await simulation.run(simulatedAs(scenario, { index, of: seeds, costs })));
    }
    compared.push({ name, scenario, metrics: metricsOf(live, simulated), dyingCurve: dyingCurve(live, simulated) });
    if (interrupted) break;
  }
  const metrics = compared.flatMap((each) => each.metrics);
  const equalities = metrics.filter(({ equality }) => equality);
  const others = metrics.filter(({ equality }) => !equality);
  return {
    kernel: cases[0]?.scenario.kernel ?? "",
    runs,
    seeds,
    costs,
    cases: compared,
    compared: metrics.length,
    inside: insideOf(metrics),
    equalities: {
      compared: equalities.length,
      zero: equalities.filter(({ live, simulated }) => live.median === 0 && simulated?.median === 0).length,
      inside: insideOf(equalities),
    },
    others: {
      compared: others.length,
      inside: insideOf(others),
      insideWithoutRoom: others.filter(({ insideWithoutRoom }) => insideWithoutRoom).length,
    },
    interrupted,
  };
}

function insideOf(metrics: readonly ParityMetric[]): number {
  return metrics.filter(({ inside }) => inside).length;
}

interface Repetition {
  index: number;
  of: number;
  costs: readonly Partial<Costs>[];
}

/** What differs between live runs differs between seeds too: what things cost, and where in a tick the flush begins. */
function simulatedAs(scenario: Scenario, { index, of, costs }: Repetition): Scenario {
  const tickNanoseconds = SECOND / scenario.hz;
  return {
    ...scenario,
    seed: String(index + 1),
    costs: { ...scenario.costs, ...costs[index % costs.length] },
    flushDelayNanoseconds: scenario.flushDelayNanoseconds + Math.round((tickNanoseconds * index) / of),
  };
}

/** Every figure that the kernel told in each of its runs. */
function metricsOf(live: readonly Report[], simulated: readonly Report[]): ParityMetric[] {
  return METRICS.flatMap((metric) => {
    const told = figures(live, metric);
    if (told.length < live.length || told.length === 0) return [];
    return [compare(metric, told, figures(simulated, metric))];
  });
}

function compare(metric: string, told: readonly number[], expected: readonly number[]): ParityMetric {
  const live = { min: Math.min(...told), median: median(told), max: Math.max(...told) };
  if (expected.length < 2) {
    return {
      metric,
      live,
      simulated: null,
      tested: null,
      inside: false,
      insideWithoutRoom: false,
      equality: false,
      cause: "the simulator has no figure where the kernel has one",
    };
  }
  const interval = predictionInterval(expected, CENTRAL_95);
  // No figure of a Report is below zero, whatever the deviation says.
  const simulated = { ...interval, low: Math.max(0, interval.low) };
  const equality = simulated.low === simulated.high && !RACES.has(metric);
  const tested = equality ? { low: simulated.low, high: simulated.high } : widened(simulated, metric);
  const inside = lies(live.median, tested);
  return {
    metric,
    live,
    simulated,
    tested,
    inside,
    insideWithoutRoom: lies(live.median, simulated),
    equality,
    cause: inside ? null : causeOf(live, tested),
  };
}

function lies(figure: number, { low, high }: Bounds): boolean {
  return figure >= low && figure <= high;
}

interface Bounds {
  low: number;
  high: number;
}

function widened({ low, high }: Interval, metric: string): Bounds {
  const share = low === high ? RACE_SHARE : CLOCK_SHARE;
  const least = metric.endsWith("Seconds") ? WORKER_PERIOD_SECONDS : ONE_MESSAGE;
  return {
    // No figure of a Report is below zero.
    low: Math.max(0, low - Math.max(share * Math.abs(low), least)),
    high: high + Math.max(share * Math.abs(high), least),
  };
}

function figures(reports: readonly Report[], metric: string): number[] {
  return reports.map((report) => figureOf(report, { name: metric })).filter((figure) => typeof figure === "number");
}

const MOMENTS = 120;

function dyingCurve(live: readonly Report[], simulated: readonly Report[]): DyingCurve | null {
  const ends = live.map(({ timeline, flush }) => lastSeconds(timeline) - (flush?.atSeconds ?? Number.NaN));
  const end = Math.max(...ends);
  if (!(end > 0)) return null;
  const seconds = Array.from({ length: MOMENTS + 1 }, (_, at) => (at * end) / MOMENTS);
  const kernels = live.map((report) => dyingAt(report, seconds));
  const ours = simulated.map((report) => dyingAt(report, seconds));
  const over = (runs: readonly (readonly (number | null)[])[], of: (known: readonly number[]) => number) =>
    seconds.map((_, at) => {
      const known = runs.flatMap((run) => run[at] ?? []);
      return known.length === 0 ? null : of(known);
    });
  const curve = {
    seconds,
    live: { min: over(kernels, (known) => Math.min(...known)), max: over(kernels, (known) => Math.max(...known)) },
    simulated: over(ours, median),
  };
  return curve.live.max.some((most) => most !== null && most > 0) ? curve : null;
}

function lastSeconds({ columns, rows }: Report["timeline"]): number {
  return rows.at(-1)?.[columns.indexOf("seconds")] ?? Number.NaN;
}

/** At each moment what the last row said; behind the end of a run what its last row says, because it is over. */
function dyingAt({ timeline: { columns, rows }, flush }: Report, seconds: readonly number[]): (number | null)[] {
  const [time, dying] = [columns.indexOf("seconds"), columns.indexOf("dying")];
  const origin = flush?.atSeconds ?? 0;
  let next = rows.findIndex((row) => row[time]! >= origin);
  if (next < 0) return seconds.map(() => null);
  let known: number | null = null;
  return seconds.map((moment) => {
    while (next < rows.length && rows[next]![time]! - origin <= moment) known = rows[next++]![dying] ?? null;
    return known;
  });
}

/** What moves a figure out of its interval, as far as the figures themselves tell. */
function causeOf({ min, max }: ParityMetric["live"], { low, high }: Bounds): string {
  if (min <= high && max >= low)
    return "not explained: some of the runs are inside, so more runs would tell chance from a mistake";
  return "not explained: a machine that was busy meanwhile, or a mistake of the model, which a recording would help to find";
}
