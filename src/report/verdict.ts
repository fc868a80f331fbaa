/**
 * Whether an expectation holds. An expectation is bound to its metrics before anything runs, so that an unknown metric,
 * a wrong unit or a figure that this run cannot have is a mistake of the user and never a silent pass; later it is
 * judged by reports.
 */
import { quoted, UsageError } from "../scenario/errors.js";
import type { Aggregate, Expectation, Operator } from "../scenario/expectation.js";
import { didYouMean } from "../scenario/suggest.js";
import { QUANTITIES } from "../scenario/units.js";
import { figureOf, type Metric, type MetricValue, metricNamed } from "./metrics.js";
import type { ExpectationResult, Report } from "./report.js";

/** One run, and the runs of the other variants with the same seed. */
export interface RunReports {
  report: Report;
  variants: ReadonlyMap<string, Report>;
}

export interface Bound {
  expression: string;
  /** Null: every run by itself. */
  seeds: number | null;
  /** The other variant whose reports it needs. */
  variant: string | null;
  /** Over all runs that it is about: the figure made of them, or, of each run by itself, the worst. */
  judge(runs: readonly RunReports[]): ExpectationResult;
}

/** What decides which figures a run can have. */
export interface Knowledge {
  backend: Report["backend"];
  flush: boolean;
  /** Whether a worker resends, and not a timer of every entry. */
  worker: boolean;
  /** Of the first listener: a queue of its own, and dumps that the report tells of. */
  queue: boolean;
  dumps: boolean;
  otherListeners: number;
  /** Kinds of flow, and those that the scenario lists: none where it has one kind that its flags describe. */
  classes: number;
  listedTraffic: number;
}

/** `variants`: what the runs of the other variants can know. Throws UsageError. */
export function bindExpectation(
  expectation: Expectation,
  knowledge: Knowledge,
  variants: ReadonlyMap<string, Knowledge> = new Map(),
): Bound {
  const { expression, operator, aggregate, seeds, limit } = expectation;
  const metric = knownMetric(expectation.metric, knowledge);
  const sides = sidesOf(expectation, metric, { knowledge, variants });
  if (metric.unit === "true or false" && operator !== "==" && operator !== "!=") {
    throw new UsageError(`expected == or != for ${metric.name}, which is true or false, got ${operator}`);
  }
  return {
    expression,
    seeds,
    variant: limit.kind === "metric" ? limit.variant : null,
    judge(runs) {
      const pairs = runs
        .slice(0, seeds ?? runs.length)
        .map((run) => ({ actual: sides.actual(run), limit: sides.limit(run) }));
      const verdictOn = (pair: Pair): ExpectationResult => ({
        expression,
        ...pair,
        unit: sides.unit,
        ok: holds(pair.actual, operator, pair.limit, sides.never),
      });
      if (aggregate === null) return worstOf(pairs.map(verdictOn), operator);
      const made = (side: keyof Pair): MetricValue =>
        aggregated(
          pairs.map((pair) => pair[side]),
          aggregate,
          sides.never,
        );
      return verdictOn({ actual: made("actual"), limit: made("limit") });
    },
  };
}

const NEEDS = {
  flush: "there is no flush in this run",
  worker: "every entry has a timer of its own in this kernel",
  queue: "its reader has no queue of its own (--queue)",
  dumps: "its reader polls no table (--poll) and dumps none on the socket of its events",
} as const;

/** A metric that the run has. Throws UsageError. */
function knownMetric(written: string, knowledge: Knowledge): Metric {
  const metric = metricNamed(written);
  const reason = whyUnknown(metric, knowledge);
  if (reason === null) return metric;
  throw new UsageError(`expected a metric that this run has, got ${metric.name} (${reason})`);
}

/** Why a run does not have a metric; null: it has it. */
export function whyUnknown({ name, needs, simulated }: Metric, knowledge: Knowledge): string | null {
  const [, list, place] = /^(\w+(?:\.\w+)?)\[(\d+)\]/.exec(name) ?? [];
  const lengths: Readonly<Record<string, number>> = {
    otherListeners: knowledge.otherListeners,
    "scenario.listeners": knowledge.otherListeners + 1,
    classes: knowledge.classes,
    "scenario.traffic": knowledge.listedTraffic,
  };
  const length = lengths[list ?? ""] ?? 0;
  if (needs !== null && !knowledge[needs]) return NEEDS[needs];
  if (simulated && knowledge.backend === "live") return "a running kernel does not tell it";
  return place !== undefined && Number(place) >= length ? `the run has ${length} of them, counted from 0` : null;
}

interface Sides {
  unit: string;
  /** Whether null is a moment that never came; otherwise it is an unknown figure. */
  never: boolean;
  actual(run: RunReports): MetricValue;
  limit(run: RunReports): MetricValue;
}

function sidesOf(
  { expression, limit, metric: written }: Expectation,
  metric: Metric,
  { knowledge, variants }: { knowledge: Knowledge; variants: ReadonlyMap<string, Knowledge> },
): Sides {
  const { unit, never } = metric;
  const own = (run: RunReports) => figureIn(run.report, metric);
  switch (limit.kind) {
    case "value": {
      const value = limitValue(metric, limit.text);
      return { unit, never, actual: own, limit: () => value };
    }
    case "share": {
      const name = limit.of ?? metric.whole;
      if (name === null) {
        throw new UsageError(
          `expected a value${unit === "" ? "" : ` in ${unit}`}, or a share "of" another metric, because ` +
            `${written} is no part of anything, got ${quoted(expression)}`,
        );
      }
      const whole = knownMetric(name, knowledge);
      if (whole.unit !== metric.unit && limit.of !== null && !isCount(whole, metric)) throw unlike(metric, whole);
      return {
        unit: "share",
        never: false,
        actual: (run) => shareOf(own(run), figureIn(run.report, whole)),
        limit: () => limit.share,
      };
    }
    case "metric": {
      const other = knownMetric(
        limit.metric,
        limit.variant === null ? knowledge : variantNamed(limit.variant, variants),
      );
      if (other.unit !== unit && !isCount(other, metric)) throw unlike(metric, other);
      return {
        unit,
        never: never || other.never,
        actual: own,
        limit(run) {
          const report = limit.variant === null ? run.report : run.variants.get(limit.variant)!;
          const figure = figureIn(report, other);
          return typeof figure === "number" ? limit.factor * figure : figure;
        },
      };
    }
  }
}

function variantNamed(name: string, variants: ReadonlyMap<string, Knowledge>): Knowledge {
  const knowledge = variants.get(name);
  if (knowledge !== undefined) return knowledge;
  const typo = didYouMean(name, [...variants.keys()]);
  throw new UsageError(`expected another variant of the file, got ${quoted(name)}${typo}`);
}

const MEASURES = new Set(["seconds", "bytes", "nanoseconds", "per second", "true or false"]);

/** Counts of different things (entries of connections, say) may be compared; seconds with bytes may not. */
function isCount(...metrics: readonly Metric[]): boolean {
  return metrics.every(({ unit }) => !MEASURES.has(unit));
}

function unlike(metric: Metric, other: Metric): UsageError {
  return new UsageError(
    `expected a metric in ${metric.unit} to compare ${metric.name} with, got ${other.name} in ${other.unit}`,
  );
}

/** Metrics without a place in this report were refused before the run: one that is missed here is a bug. */
function figureIn(report: Report, metric: Metric): MetricValue {
  const figure = figureOf(report, metric);
  if (figure === undefined) throw new Error(`the report has no ${metric.name}`);
  if (figure !== null || metric.never || report.backend === "simulation") return figure;
  throw new UsageError(`expected a metric that the kernel told in this run, got ${metric.name}, which is unknown`);
}

function limitValue(metric: Metric, written: string): MetricValue {
  if (metric.unit === "true or false") {
    if (written === "true" || written === "false") return written === "true";
    throw new UsageError(`expected true or false for ${metric.name}, got ${quoted(written)}`);
  }
  if (metric.never && written === "never") return null;
  const range = { min: 0, max: Number.MAX_SAFE_INTEGER };
  if (metric.unit === "seconds") return QUANTITIES.seconds.parse(written, { min: 0, max: 1e7 });
  if (metric.unit === "bytes") return QUANTITIES.size.parse(written, range);
  if (metric.unit === "nanoseconds") return QUANTITIES.duration.parse(written, range);
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([kKM]?)$/.exec(written) ?? [];
  if (digits !== undefined) return Number(`${digits}e${unit === "M" ? 6 : unit === "" ? 0 : 3}`);
  const share = metric.whole === null ? "" : " or 5%";
  throw new UsageError(`expected a number such as 4, 20k${share} for ${metric.name}, got ${quoted(written)}`);
}

/** Of nothing there is no share: neither all nor none of it. */
function shareOf(part: MetricValue, whole: MetricValue): MetricValue {
  if (typeof part !== "number" || typeof whole !== "number" || whole === 0) return null;
  return part / whole;
}

/** What never came is later than every moment, and equal to never alone. */
function holds(actual: MetricValue, operator: Operator, limit: MetricValue, never: boolean): boolean {
  if (typeof actual === "boolean" || typeof limit === "boolean") return (actual === limit) === (operator === "==");
  if ((actual === null || limit === null) && !never) return false;
  const [left, right] = [actual ?? Number.POSITIVE_INFINITY, limit ?? Number.POSITIVE_INFINITY];
  switch (operator) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
  }
}

interface Pair {
  actual: MetricValue;
  limit: MetricValue;
}

/** Of the runs in which it does not hold, or of all, the one that is furthest on the wrong side. */
function worstOf(verdicts: readonly ExpectationResult[], operator: Operator): ExpectationResult {
  const excess = ({ actual, limit }: Pair): number => {
    const [left, right] = [actual, limit].map((figure) => (figure === null ? Number.MAX_VALUE : Number(figure)));
    if (operator === "==") return Math.abs(left! - right!);
    if (operator === "!=") return -Math.abs(left! - right!);
    return operator.startsWith("<") ? left! - right! : right! - left!;
  };
  const failed = verdicts.filter(({ ok }) => !ok);
  return (failed.length > 0 ? failed : verdicts).reduce((worst, verdict) =>
    excess(verdict) > excess(worst) ? verdict : worst,
  );
}

/** One unknown figure makes that of all runs unknown. */
function aggregated(figures: readonly MetricValue[], aggregate: Aggregate, never: boolean): MetricValue {
  if (!never && figures.includes(null)) return null;
  // True is 1 and false is 0: the mean is the share of runs in which it holds.
  const numbers = figures.map((figure) => (figure === null ? Number.POSITIVE_INFINITY : Number(figure)));
  const made = aggregate.kind === "mean" ? meanOf(numbers) : quantileOf(numbers, aggregate.share);
  return Number.isFinite(made) ? made : null;
}

function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** The smallest of the figures that at least that share of them does not exceed. */
function quantileOf(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  // 0.55 of 100 is 55 and not a little more, as the product is.
  return sorted[Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1)]!;
}
