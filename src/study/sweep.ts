/**
 * Runs a study, or the part of it that is this machine's, and sums it up. It owns the order of the work: which runs are still to do, that
 * each is kept where it belongs when it is done, and that the summary depends on the figures alone and not on who made them when.
 */
import { cellsOf, runName, type Study, scenarioMaker, valuesAt } from "./grid.js";
import { measureNamed } from "./measure.js";
import type { RunAll } from "./pool.js";
import type { Runs } from "./runs.js";
import { inShard, type Shard } from "./shard.js";
import { type Summary, summaryOf } from "./statistics.js";

export interface SweepWatch {
  /** How many runs of this part are done. */
  progress(done: number, of: number): void;
  /** Keeps a run that is done, before the next one begins in its place. */
  keep?(run: number, figures: readonly (number | null)[]): Promise<void> | void;
  /** Aborted: it ends with what is done by then. */
  signal: AbortSignal;
}

/** Thrown where an invariant broke: a bug of the model, which makes every figure doubtful. */
export class BrokenInvariantError extends Error {
  override readonly name = "BrokenInvariantError";
}

/** The runs that are still to do, of all or of a part. */
function remaining(runs: Runs, shard: Shard | null): number[] {
  const numbers: number[] = [];
  for (let run = 0; run < runs.count; run++) {
    if (!runs.has(run) && (shard === null || inShard(shard, run))) numbers.push(run);
  }
  return numbers;
}

/** Fills in what is missing. Throws BrokenInvariantError, and what the pool throws. */
export async function sweep(runs: Runs, shard: Shard | null, runAll: RunAll, watch: SweepWatch): Promise<void> {
  const { study } = runs;
  const todo = Int32Array.from(remaining(runs, shard));
  const scenarioOf = scenarioMaker(study);
  let done = 0;
  await runAll(
    {
      count: todo.length,
      scenario: (index) => scenarioOf(todo[index]!),
      name: (index) => runName(study, todo[index]!),
      keep: study.measures,
    },
    {
      async done(index, { figures, violated }) {
        const run = todo[index]!;
        if (violated.length > 0) {
          throw new BrokenInvariantError(
            `${runName(study, run)}: expected every invariant to hold, got ${violated.join("; ")}`,
          );
        }
        runs.set(run, figures);
        await watch.keep?.(run, figures);
        watch.progress(++done, todo.length);
      },
      signal: watch.signal,
    },
  );
}

interface MeasureHead {
  name: string;
  /** `share` where 1 is 100 %. */
  unit: string;
  meaning: string;
}

interface Cell {
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
  measures: readonly MeasureHead[];
  cells: readonly Cell[];
  /** True where not every cell has all its runs: those that have are there. Absent otherwise. */
  interrupted?: true;
}

export function sweepReport(runs: Runs, tool: SweepReport["tool"]): SweepReport {
  const { study } = runs;
  const whole = Array.from({ length: cellsOf(study) }, (_, cell) => cell).filter((cell) => runs.whole(cell));
  return {
    schemaVersion: 1,
    tool,
    study: study.kind,
    of: study.of,
    axes: study.axes.map(({ name, values }) => ({ name, values: values.map(({ text }) => text) })),
    runsPerCell: study.runs,
    measures: study.measures.map(headOf),
    cells: whole.map((cell) => ({ at: placeOf(study, cell), figures: summariesOf(runs, cell) })),
    ...(whole.length < cellsOf(study) ? { interrupted: true } : {}),
  };
}

function headOf(name: string): MeasureHead {
  const { unit, metric, whole } = measureNamed(name);
  return { name, unit, meaning: whole === null ? metric.meaning : `${metric.meaning}, as a share of ${whole.name}` };
}

function placeOf(study: Study, cell: number): Record<string, string> {
  const values = valuesAt(study, cell);
  return Object.fromEntries(study.axes.map(({ name }, index) => [name, values[index]!.text]));
}

function summariesOf(runs: Runs, cell: number): Record<string, Summary> {
  return Object.fromEntries(runs.study.measures.map((name, column) => [name, summaryOf(runs.column(cell, column))]));
}
