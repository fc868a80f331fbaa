/**
 * The running kernel and the simulator side by side: each scenario some times live and under many seeds simulated, and then per
 * figure of the Report whether the kernel is where the simulator expects it. It gets both backends and runs them one after
 * another, since a live run wants the machine for itself. It renders nothing.
 */
import type { Backend, Progress } from "../report/backend.js";
import type { Report } from "../report/report.js";
import type { Costs, Scenario } from "../scenario/scenario.js";
import { type Interval, median, predictionInterval } from "./interval.js";

export interface ParityCase {
  name: string;
  /** As the machine is: its release, its limits, its costs. The seed is the study's. */
  scenario: Scenario;
}

export interface ParityOptions {
  cases: readonly ParityCase[];
  /** Live runs of each case. */
  runs: number;
  live: Backend;
  simulation: Backend;
  /** Called before each live run and with its progress. */
  progress?(at: ParityProgress): Promise<void> | void;
  stopRequested?(): boolean;
}

export interface ParityProgress {
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
  inside: boolean;
  /** What is known to move this figure; null where it is inside, or nothing is known. */
  cause: string | null;
}

export interface ParityOfCase {
  name: string;
  scenario: Scenario;
  metrics: ParityMetric[];
}

export interface Parity {
  kernel: string;
  runs: number;
  seeds: number;
  costs: Costs | null;
  cases: ParityOfCase[];
  compared: number;
  inside: number;
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
  "table.created",
  "table.drop",
  "table.earlyDrop",
  "daemon.duplicates",
  "daemon.stale",
  "otherListeners.0.daemon.received.destroy",
  "otherListeners.0.daemon.duplicates",
  "otherListeners.0.socket.drops",
] as const;

/** A real clock adds what no model of the kernel knows: an interval grows by a tenth, one of times by at least a period of the worker. */
const CLOCK_SHARE = 0.1;
const WORKER_PERIOD_SECONDS = 0.016;

export async function parity(options: ParityOptions): Promise<Parity> {
  const { cases, runs, simulation } = options;
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
    for (let seed = 1; seed <= seeds; seed++) simulated.push(await simulation.run({ ...scenario, seed: String(seed) }));
    compared.push({ name, scenario, metrics: metricsOf(live, simulated, scenario) });
    if (interrupted) break;
  }
  const metrics = compared.flatMap((each) => each.metrics);
  return {
    kernel: cases[0]?.scenario.kernel ?? "",
    runs,
    seeds,
    costs: cases[0]?.scenario.costs ?? null,
    cases: compared,
    compared: metrics.length,
    inside: metrics.filter(({ inside }) => inside).length,
    interrupted,
  };
}

/** Every figure that the kernel told in each of its runs. */
export function metricsOf(live: readonly Report[], simulated: readonly Report[], scenario: Scenario): ParityMetric[] {
  return METRICS.flatMap((metric) => {
    const told = figures(live, metric);
    if (told.length < live.length || told.length === 0) return [];
    return [compare(metric, told, figures(simulated, metric), scenario)];
  });
}

function compare(metric: string, told: number[], expected: number[], scenario: Scenario): ParityMetric {
  const live = { min: Math.min(...told), median: median(told), max: Math.max(...told) };
  if (expected.length < 2) return { metric, live, simulated: null, inside: false, cause: null };
  const simulated = predictionInterval(expected);
  const { low, high } = widened(simulated, metric);
  const inside = live.median >= low && live.median <= high;
  return { metric, live, simulated, inside, cause: inside ? null : causeOf(metric, scenario) };
}

function widened({ low, high }: Interval, metric: string): { low: number; high: number } {
  if (low === high) return { low, high };
  const least = metric.endsWith("Seconds") ? WORKER_PERIOD_SECONDS : 0;
  return {
    low: low - Math.max(CLOCK_SHARE * Math.abs(low), least),
    high: high + Math.max(CLOCK_SHARE * Math.abs(high), least),
  };
}

function figures(reports: readonly Report[], metric: string): number[] {
  return reports.map((report) => figureAt(report, metric)).filter((figure) => figure !== null);
}

function figureAt(report: Report, metric: string): number | null {
  let at: unknown = report;
  for (const key of metric.split(".")) at = (at as Record<string, unknown> | undefined)?.[key];
  return typeof at === "number" ? at : null;
}

function causeOf(metric: string, _scenario: Scenario): string | null {
  return metric === "" ? "" : null;
}
