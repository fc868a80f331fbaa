/**
 * The grid of a study: a base and axes, each a list of values of one setting; a cell is one value of each, and has so
 * many runs with different seeds. The first axis turns slowest. Runs are numbered through, cell by cell, so that a
 * number names a run on every machine; the same seeds are used in every cell (common random numbers), so that a
 * difference between two cells is less chance. Nothing of a cell is kept: its scenario is made when its turn comes.
 */
import { type Overrides, resolveScenario } from "../scenario/defaults.js";
import { ParameterError, UsageError } from "../scenario/errors.js";
import { mergeParameters } from "../scenario/merge.js";
import type { Experiment, Scenario } from "../scenario/scenario.js";
import { formatCount, formatMebibytes } from "../scenario/units.js";
import { type Measure, measureNamed, USUAL_MEASURES, whyUnmeasured } from "./measure.js";
import { seedOf } from "./suite.js";

export interface Value {
  /** As a person wrote it, in canonical form: `8k`, or the name of a variant. */
  text: string;
  overrides: Overrides;
  /** Of a variant that is another experiment. */
  experiment?: Experiment;
}

export interface Axis {
  /** `buffer`, or `variant`. */
  name: string;
  values: readonly Value[];
}

/** Everything that decides the figures of a study. It is plain data: a file of runs begins with it. */
export interface Study {
  kind: "sweep" | "compare";
  /** What it is a study of: an experiment, or the name of a scenario file. */
  of: string;
  experiment: Experiment;
  overrides: Overrides;
  axes: readonly Axis[];
  /** Of each cell. */
  runs: number;
  /** Names of measures. */
  measures: readonly string[];
  /** The command line that repeats it, on one machine. */
  command: string;
}

export function cellsOf({ axes }: Pick<Study, "axes">): number {
  return axes.reduce((cells, { values }) => cells * values.length, 1);
}

export function runsOf(study: Study): number {
  return cellsOf(study) * study.runs;
}

/** One value of each axis. */
export function valuesAt({ axes }: Pick<Study, "axes">, cell: number): Value[] {
  const values: Value[] = [];
  let rest = cell;
  for (const axis of [...axes].reverse()) {
    values.unshift(axis.values[rest % axis.values.length]!);
    rest = Math.floor(rest / axis.values.length);
  }
  return values;
}

/** `buffer=8k reader=1ms`. */
export function cellName(study: Pick<Study, "axes">, cell: number): string {
  const values = valuesAt(study, cell);
  return study.axes.map(({ name }, index) => `${name}=${values[index]!.text}`).join(" ");
}

/** The scenario of a cell with the first seed. Throws UsageError with the cell in front. */
export function scenarioAt(study: Omit<Study, "measures">, cell: number): Scenario {
  const values = valuesAt(study, cell);
  const experiment = values.find((value) => value.experiment !== undefined)?.experiment ?? study.experiment;
  const overrides = [study.overrides, ...values.map((value) => value.overrides)].reduce(mergeParameters, {});
  try {
    return resolveScenario(experiment, overrides);
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    throw error.in(cellName(study, cell) || study.of);
  }
}

/**
 * The measures that were named, or the usual ones of which some run has a figure. Throws UsageError where no run can
 * have one that was named.
 */
export function measuresFor(study: Omit<Study, "measures">, written: readonly string[]): string[] {
  const cells = cellsOf(study);
  const known = (measure: Measure): string | null => {
    let reason: string | null = null;
    for (let cell = 0; cell < cells; cell++) {
      reason = whyUnmeasured(measure, scenarioAt(study, cell));
      if (reason === null) return null;
    }
    return reason;
  };
  if (written.length === 0) return USUAL_MEASURES.filter((name) => known(measureNamed(name)) === null);
  return [...new Set(written)].map((text) => {
    const measure = measureNamed(text);
    const reason = known(measure);
    if (reason === null) return measure.name;
    throw new UsageError(`expected a metric that some run has, got ${measure.name} (${reason})`);
  });
}

export function cellOf({ runs }: Pick<Study, "runs">, run: number): number {
  return Math.floor(run / runs);
}

/** Of the run's number. */
function runAt(study: Study, run: number): { cell: number; seed: number } {
  return { cell: cellOf(study, run), seed: run % study.runs };
}

export function runName(study: Study, run: number): string {
  const { cell, seed } = runAt(study, run);
  const at = cellName(study, cell);
  return `run ${run + 1} of ${runsOf(study)} (${at === "" ? "" : `${at}, `}seed ${seedOf(scenarioAt(study, cell).seed, seed)})`;
}

/** Scenarios of runs by number; the cell of the last one is remembered, since its neighbours come next. */
export function scenarioMaker(study: Study): (run: number) => Scenario {
  let last: { cell: number; scenario: Scenario } | null = null;
  return (run) => {
    const { cell, seed } = runAt(study, run);
    if (last?.cell !== cell) last = { cell, scenario: scenarioAt(study, cell) };
    return { ...last.scenario, seed: seedOf(last.scenario.seed, seed) };
  };
}

/** A figure in memory. */
const FIGURE_BYTES = 8;
/** What a measure of a cell becomes for the one who reads it: a summary, and its text in the largest format. */
const SUMMARY_BYTES = 600;

/** What the figures of a study and its summary take, near enough. */
export function memoryBytes(study: Study): number {
  const { length } = study.measures;
  return runsOf(study) * (length * FIGURE_BYTES + 1) + cellsOf(study) * length * SUMMARY_BYTES;
}

/** Before anything runs: every cell has a scenario, and all figures have room. Throws UsageError. */
export function checkStudy(study: Study, availableBytes: number): void {
  const needed = memoryBytes(study);
  if (needed > availableBytes) {
    throw new UsageError(
      `expected a study that fits into ${formatMebibytes(availableBytes)} of memory, got ${formatCount(cellsOf(study))} cells of ` +
        `${formatCount(study.runs)} runs, which would need ${formatMebibytes(needed)}; fewer values, runs or measures need less`,
    );
  }
  for (let cell = 0; cell < cellsOf(study); cell++) scenarioAt(study, cell);
}
