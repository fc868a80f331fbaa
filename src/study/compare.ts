/**
 * Two or more variants of one study, run by run with the same seeds: the difference of each measure between the first
 * variant and every other, its 95 % interval, and one plain sentence. A difference is seen where its interval leaves
 * out 0; what is not seen may be there and be smaller than these runs can tell.
 */
import type { Backend, Observer } from "../report/backend.js";
import type { Report } from "../report/report.js";
import { scenarioAt } from "./grid.js";
import { type Measure, measureNamed } from "./measure.js";
import type { Runs } from "./runs.js";
import { pairedDifference, pairedRatio, type Summary, summaryOf } from "./statistics.js";
import { figuresOf, type SweepReport, sweepReport } from "./sweep.js";

export interface Difference {
  measure: string;
  /** Of the variant less the first, run by run. */
  difference: Summary;
  /** Of the variant as a multiple of the first, over the runs in which the first is not 0. */
  ratio: Summary;
  /** Null: fewer than two runs tell nothing. */
  seen: boolean | null;
}

export interface Comparison {
  /** The names of the first variant and of the one that is compared with it. */
  from: string;
  to: string;
  sentence: string;
  differences: readonly Difference[];
}

/** What `compare --format json` prints: what `sweep` prints of the same runs, and the differences. */
export interface CompareReport extends SweepReport {
  comparisons: readonly Comparison[];
}

/** `runs`: of a study with one axis, whose values are the variants. */
export function compareReport(runs: Runs, tool: SweepReport["tool"]): CompareReport {
  const report = sweepReport(runs, tool);
  const names = runs.study.axes[0]!.values.map(({ text }) => text);
  const others = names.map((to, cell) => ({ to, cell })).slice(1);
  return {
    ...report,
    comparisons: others
      .filter(({ cell }) => runs.whole(0) && runs.whole(cell))
      .map(({ to, cell }) => comparison(runs, { from: names[0]!, to, cell })),
  };
}

/** A run of a variant. */
export interface NamedRun {
  name: string;
  report: Report;
}

/**
 * Of each variant the run with the first seed, made again: a study keeps figures and no reports. None where it was
 * interrupted.
 */
export async function firstRuns(
  runs: Runs,
  backend: Backend,
  observer: Pick<Observer, "progress">,
): Promise<NamedRun[]> {
  const { study } = runs;
  if (runs.finished < runs.count) return [];
  const names = study.axes[0]!.values.map(({ text }) => text);
  const watch = { ...observer, stopRequested: () => false };
  const made: NamedRun[] = [];
  for (const [cell, name] of names.entries()) {
    made.push({ name, report: await backend.run(scenarioAt(study, cell), watch) });
  }
  return made;
}

function comparison(runs: Runs, { from, to, cell }: { from: string; to: string; cell: number }): Comparison {
  const { measures } = runs.study;
  const columns = measures.map((name, column) => ({
    measure: measureNamed(name),
    before: figuresOf(runs, { cell: 0, column, scenario: scenarioAt(runs.study, 0) }),
    after: figuresOf(runs, { cell, column, scenario: scenarioAt(runs.study, cell) }),
  }));
  const compared = columns.map((column) => ({ ...column, difference: differenceOf(column) }));
  const first = compared.find(({ difference }) => difference.seen === true);
  const count = runs.study.runs;
  const none =
    count < 2
      ? `One run of each tells no difference from chance: --runs 20 does.`
      : `No difference seen between ${from} and ${to} in ${count} runs of each.`;
  return {
    from,
    to,
    sentence: first === undefined ? none : sentenceOf(first, { from, to }),
    differences: compared.map(({ difference }) => difference),
  };
}

interface Column {
  measure: Measure;
  before: readonly (number | null)[];
  after: readonly (number | null)[];
}

function differenceOf({ measure, before, after }: Column): Difference {
  // Where one of the two has no such figure there are no pairs.
  const [from, to] = before.length === after.length ? [before, after] : [[], []];
  const difference = pairedDifference(from, to);
  return {
    measure: measure.name,
    difference,
    ratio: pairedRatio(from, to),
    seen: isSeen(difference, before, after),
  };
}

/**
 * Discordant pairs of one kind, and none of the other, that chance makes in fewer than 5 % of cases (sign test: 2 ·
 * 0.5⁶).
 */
const DISCORDANT = 6;

/**
 * Null: fewer than two runs tell nothing. What never comes in one variant and comes in the other is a difference
 * without a figure.
 */
function isSeen({ mean, half }: Summary, before: Column["before"], after: Column["after"]): boolean | null {
  // Where one of the two has no such figure there is nothing to compare.
  if (before.length === 0 || after.length === 0) return false;
  if (before.length < 2) return null;
  if (neverDiffers(before, after)) return true;
  return half !== null && Math.abs(mean!) > half;
}

function neverDiffers(before: Column["before"], after: Column["after"]): boolean {
  const onlyBefore = before.filter((figure, seed) => figure === null && after[seed] !== null).length;
  const onlyAfter = after.filter((figure, seed) => figure === null && before[seed] !== null).length;
  const most = Math.max(onlyBefore, onlyAfter);
  return Math.min(onlyBefore, onlyAfter) === 0 && (most >= DISCORDANT || (most > 1 && most === before.length));
}

function neverIn(column: Column["before"]): number {
  return column.filter((figure) => figure === null).length;
}

/** Of a difference that is seen. */
function sentenceOf(
  { measure, before, after, difference: { difference, ratio } }: Column & { difference: Difference },
  names: { from: string; to: string },
): string {
  const { from, to } = names;
  const runs = `(${before.length} runs of each)`;
  if (neverDiffers(before, after)) {
    const inRuns = (column: Column["before"]): string => `in ${neverIn(column)} of ${column.length} runs`;
    return `${measure.name} never comes ${inRuns(after)} with ${to}, and ${inRuns(before)} with ${from}.`;
  }
  const more = difference.mean! > 0;
  const [before1, after1] = [summaryOf(before).mean!, summaryOf(after).mean!];
  const change = `${figureText(before1, measure)} → ${figureText(after1, measure)}`;
  if (measure.unit !== "share" && ratio.never === 0) {
    // Of the slower by the faster, so that the factor is above 1 whichever way it goes.
    const factor = more ? ratio : pairedRatio(after, before);
    if (factor.never === 0 && factor.mean! >= FACTOR) {
      const times = `${digits(factor.mean!)}${plusMinus(factor.half)} times`;
      return measure.name === "drain"
        ? `${to} drains ${times} ${more ? "slower" : "faster"} than ${from}: ${change} ${runs}.`
        : `${measure.name} is ${times} ${more ? "higher" : "lower"} with ${to} than with ${from}: ${change} ${runs}.`;
    }
  }
  const size = Math.abs(difference.mean!);
  const amount =
    measure.unit === "share"
      ? `${digits(100 * size)}${plusMinus(difference.half, 100)} percentage points`
      : `${digits(size)}${plusMinus(difference.half)}${measure.unit === "" ? "" : ` ${measure.unit}`}`;
  return `${measure.name} is ${amount} ${more ? "higher" : "lower"} with ${to} than with ${from}: ${change} ${runs}.`;
}

/** Below it a difference is easier to read than a factor. */
const FACTOR = 1.1;

function plusMinus(half: number | null, scale = 1): string {
  return half === null || half === 0 ? "" : ` ± ${Number((scale * half).toPrecision(2))}`;
}

function figureText(figure: number, { unit }: Measure): string {
  if (unit === "share") return `${digits(100 * figure)} %`;
  return unit === "seconds" ? `${digits(figure)} s` : digits(figure);
}

/** Three digits that count, without an exponent. */
function digits(value: number): string {
  if (Math.abs(value) >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
