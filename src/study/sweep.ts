/**
 * Runs a study, or the part of it that is this machine's, and sums it up. It owns the order of the work: which runs are
 * still to do, that each is kept where it belongs when it is done, and that the summary depends on the figures alone
 * and not on who made them when.
 */
import { type ShortLoad, shortLoad } from "../kernel/steady-load.js";
import type { Scenario } from "../scenario/scenario.js";
import { WorkDone } from "./actions.js";
import { cellOf, cellsOf, runName, type Study, scenarioAt, scenarioMaker, valuesAt } from "./grid.js";
import { measureNamed, whyUnmeasured } from "./measure.js";
import type { RunAll } from "./pool.js";
import type { Runs } from "./runs.js";
import { inShard, type Shard } from "./shard.js";
import { type Summary, summaryOf } from "./statistics.js";

export interface SweepWatch {
  /** How many runs of this part are done, and which share of its work that is. */
  progress(done: number, of: number, share: number): void;
  /** Keeps a run that is done, before the next one begins in its place. */
  keep?(run: number, figures: readonly (number | null)[]): Promise<void> | void;
  /** For a person who waits: which worker has ended, and what becomes of its run. */
  note?: (sentence: string) => void;
  /** Aborted: it ends with what is done by then. */
  signal: AbortSignal;
}

/** Thrown where an invariant broke: a bug of the model, which makes every figure doubtful. */
export class BrokenInvariantError extends Error {
  override readonly name = "BrokenInvariantError";
}

/**
 * The runs that are still to do, of all or of a part, spread over the whole grid: cells differ in what they cost, and
 * of runs in this order the first tenth takes about a tenth of the time, so that the time that is left can be told.
 */
function remaining(runs: Runs, shard: Shard | null): Int32Array {
  const numbers: number[] = [];
  for (let run = 0; run < runs.count; run++) {
    if (!runs.has(run) && (shard === null || inShard(shard, run))) numbers.push(run);
  }
  return Int32Array.from(spread(numbers.length), (place) => numbers[place]!);
}

/** Every number below `count` once, none near the one before it: steps of the golden section. */
export function spread(count: number): number[] {
  let step = Math.max(1, Math.round(count * 0.6180339887498949));
  while (commonDivisor(step, count) > 1) step++;
  return Array.from({ length: count }, (_, index) => (index * step) % count);
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Places in `todo`. */
function firstOfEachCell(study: Study, todo: Int32Array): number[] {
  const first = new Map<number, number>();
  for (const [index, run] of todo.entries()) {
    const cell = cellOf(study, run);
    if (!first.has(cell)) first.set(cell, index);
  }
  return [...first.values()];
}

/** Fills in what is not there, but for what ends its workers. Throws BrokenInvariantError, and what the pool throws. */
export async function sweep(runs: Runs, shard: Shard | null, runAll: RunAll, watch: SweepWatch): Promise<void> {
  const { study } = runs;
  const todo = remaining(runs, shard);
  const scenarioOf = scenarioMaker(study);
  const left = new Int32Array(cellsOf(study));
  for (const run of todo) left[cellOf(study, run)]!++;
  const work = new WorkDone(left);
  let done = 0;
  await runAll(
    {
      count: todo.length,
      scenario: (index) => scenarioOf(todo[index]!),
      name: (index) => runName(study, todo[index]!),
      keep: study.measures,
      different: firstOfEachCell(study, todo),
    },
    {
      async done(index, { figures, violated, actions }) {
        const run = todo[index]!;
        if (violated.length > 0) {
          throw new BrokenInvariantError(
            `${runName(study, run)}: expected every invariant to hold, got ${violated.join("; ")}`,
          );
        }
        runs.set(run, figures);
        await watch.keep?.(run, figures);
        watch.progress(++done, todo.length, work.add(cellOf(study, run), actions));
      },
      missing: (index, why) => runs.miss(todo[index]!, why),
      note: (sentence) => watch.note?.(sentence),
      signal: watch.signal,
    },
  );
}

export const FLUSHES = ["every run", "some runs", "no run"] as const;
export type Flushes = (typeof FLUSHES)[number];

export interface MeasureHead {
  name: string;
  /** `share` where 1 is 100 %. */
  unit: string;
  meaning: string;
}

export interface Cell {
  /** One value of each axis, in canonical form. */
  at: Readonly<Record<string, string>>;
  /** By the name of the measure. */
  figures: Readonly<Record<string, Summary>>;
}

/** What `sweep --format json` prints. */
export interface SweepReport {
  schemaVersion: 1;
  tool: { name: "ct-reliable"; version: string };
  study: "sweep" | "compare";
  of: string;
  axes: readonly { name: string; values: readonly string[] }[];
  runsPerCell: number;
  /** Which runs end with a flush of the table, whose events the figures count as well. */
  flushes: Flushes;
  /** Of loads that end before the table is what it stays: the one that would have to last longest. Null: none. */
  shortLoad: ShortLoad | null;
  measures: readonly MeasureHead[];
  cells: readonly Cell[];
  /** True where not all runs are done: cells of which none is are missing. Absent otherwise. */
  interrupted?: true;
  /** The runs that no figure counts, because workers ended in them, and why. Absent where there are none. */
  missing?: readonly string[];
}

export function sweepReport(runs: Runs, tool: SweepReport["tool"]): SweepReport {
  const { study } = runs;
  const begun = Array.from({ length: cellsOf(study) }, (_, cell) => cell).filter((cell) => runs.begun(cell));
  const scenarios = begun.map((cell) => scenarioAt(study, cell));
  const missing = runs.missed();
  return {
    schemaVersion: 1,
    tool,
    study: study.kind,
    of: study.of,
    axes: study.axes.map(({ name, values }) => ({ name, values: values.map(({ text }) => text) })),
    runsPerCell: study.runs,
    flushes: flushesIn(scenarios),
    shortLoad: shortestOf(scenarios),
    measures: study.measures.map(headOf),
    cells: begun.map((cell, index) => ({
      at: placeOf(study, cell),
      figures: summariesOf(runs, cell, scenarios[index]!),
    })),
    ...(runs.finished + missing.length < runs.count ? { interrupted: true } : {}),
    ...(missing.length > 0 ? { missing } : {}),
  };
}

function flushesIn(scenarios: readonly Scenario[]): Flushes {
  if (scenarios.every(({ flush }) => flush)) return "every run";
  return scenarios.some(({ flush }) => flush) ? "some runs" : "no run";
}

function shortestOf(scenarios: readonly Scenario[]): ShortLoad | null {
  let shortest: ShortLoad | null = null;
  for (const scenario of scenarios) {
    const short = shortLoad(scenario);
    if (short !== null && short.steadySeconds > (shortest?.steadySeconds ?? 0)) shortest = short;
  }
  return shortest;
}

function headOf(name: string): MeasureHead {
  const { unit, metric, whole } = measureNamed(name);
  return { name, unit, meaning: whole === null ? metric.meaning : `${metric.meaning}, as a share of ${whole.name}` };
}

function placeOf(study: Study, cell: number): Record<string, string> {
  const values = valuesAt(study, cell);
  return Object.fromEntries(study.axes.map(({ name }, index) => [name, values[index]!.text]));
}

function summariesOf(runs: Runs, cell: number, scenario: Scenario): Record<string, Summary> {
  const { measures } = runs.study;
  return Object.fromEntries(
    measures.map((name, column) => [name, summaryOf(figuresOf(runs, { cell, column, scenario }))]),
  );
}

/** Of a measure in a cell, by seed; none where runs of this cell cannot have it. */
export function figuresOf(
  runs: Runs,
  { cell, column, scenario }: { cell: number; column: number; scenario: Scenario },
): (number | null)[] {
  const measure = measureNamed(runs.study.measures[column]!);
  return whyUnmeasured(measure, scenario) === null ? runs.column(cell, column) : [];
}
