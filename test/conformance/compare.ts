/**
 * One recording against the model: as many simulated runs as seeds, then one cell per quantity, inside or outside.
 * Plain data in and out, so that it can run in a worker.
 */
import { UsageError } from "../../src/scenario/errors.js";
import { type Interval, predictionInterval } from "./interval.js";
import { recordedQuantities, samplingPeriodSeconds, simulatedQuantities, TIMES } from "./quantities.js";
import { raceOf } from "./races.js";
import { calibrate, scenarioOf } from "./recorded-scenario.js";
import type { Recording } from "./recording.js";
import { drawn, type References, referenceCosts } from "./references.js";
import { isSteady, recordedSteady, simulatedSteady, steadyCosts } from "./steady.js";

/** One period of the evict list's worker: 10 ms, met up to a tick late. */
const RETRY_SECONDS = 0.016;
/** The recording program told a time in thousandths, where the series has ten thousandths. */
const ROUNDED_SECONDS = 0.0005;

export interface Cell {
  quantity: string;
  recorded: number;
  low: number;
  high: number;
  median: number;
  inside: boolean;
  /** Inside also without the room that a real clock gets. */
  insideWithoutRoom: boolean;
}

export interface Comparison {
  place: string;
  kernel: string;
  build: string;
  tag: string;
  title: string;
  cells: Cell[];
  /** Quantities that are not compared, with the reason. */
  notCompared: { quantity: string; reason: string }[];
  /** Why the whole recording cannot be modelled, or null. */
  reason: string | null;
}

/** A race between two CPUs needs more seeds to show its whole range. */
const LEAST_SEEDS_BY_A_REAL_CLOCK = 40;

export function compare(recording: Recording, wantedSeeds: number, references: References): Comparison {
  const wallClock = recording.clock === "wall" && recording.build === "host";
  const seeds = wallClock ? Math.max(wantedSeeds, LEAST_SEEDS_BY_A_REAL_CLOCK) : wantedSeeds;
  const comparison: Comparison = {
    place: recording.place,
    kernel: recording.kernel,
    build: recording.build,
    tag: recording.tag,
    title: titleOf(recording),
    cells: [],
    notCompared: [],
    reason: null,
  };
  const steady = isSteady(recording);
  const recorded = steady ? recordedSteady(recording) : recordedQuantities(recording);
  let simulated: Map<string, number>[];
  try {
    const known = referenceCosts(recording, references);
    const costs = steady ? steadyCosts(recording, known) : calibrate(recording, known);
    const simulate = steady ? simulatedSteady : simulatedQuantities;
    simulated = Array.from({ length: seeds }, (_, seed) =>
      simulate(recording, scenarioOf(recording, String(seed), drawn(recording, costs, references, String(seed)))),
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    comparison.reason = error.message;
    return comparison;
  }
  const period = samplingPeriodSeconds(recording);
  for (const [quantity, value] of recorded) {
    const race = raceOf(recording, quantity);
    if (race !== null) {
      comparison.notCompared.push({ quantity, reason: race });
      continue;
    }
    comparison.cells.push(cellOf(quantity, value, simulated, period, wallClock));
  }
  return comparison;
}

function cellOf(
  quantity: string,
  recorded: number,
  simulated: readonly Map<string, number>[],
  period: number,
  wallClock: boolean,
): Cell {
  const values = simulated.map((run) => run.get(quantity)).filter((value): value is number => value !== undefined);
  if (values.length < 2) {
    const nothing = Number.NaN;
    return {
      quantity,
      recorded,
      low: nothing,
      high: nothing,
      median: nothing,
      inside: false,
      insideWithoutRoom: false,
    };
  }
  const interval = predictionInterval(values, TIMES.has(quantity) ? period + ROUNDED_SECONDS : 0);
  const given = wallClock ? widened(interval, quantity) : interval;
  const lies = ({ low, high }: Interval): boolean => recorded >= low && recorded <= high;
  return { quantity, recorded, ...given, inside: lies(given), insideWithoutRoom: lies(interval) };
}

/**
 * A real clock adds what no model of the kernel knows: the range grows by a tenth, a time by at least one retry period.
 */
function widened({ low, high, median }: Interval, quantity: string): Interval {
  if (low === high) return { low, high, median };
  const least = TIMES.has(quantity) ? RETRY_SECONDS : 0;
  return {
    low: low - Math.max(0.1 * Math.abs(low), least),
    high: high + Math.max(0.1 * Math.abs(high), least),
    median,
  };
}

function titleOf({ tag, setting, hz }: Recording): string {
  const parts = [
    `${tag} ${setting.mode} ${setting.flows} flows`,
    `buffer ${setting.bufferBytes}`,
    `reader ${setting.readerDelayMicroseconds} us`,
    setting.reliable === 1 ? `reliable R=${setting.eventsRetryTimeoutSeconds} s` : "lossy",
  ];
  if (hz !== 250) parts.push(`HZ ${hz}`);
  return parts.join(", ");
}
