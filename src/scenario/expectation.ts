/**
 * An expectation as a person writes it: `metric op value [unit]`, `mean(metric) op value over N seeds`. It owns the
 * grammar and nothing else: which metrics there are, what their units are and whether one holds is report/verdict.ts.
 *
 *     destroy.delivered == 100%            a share of the metric's natural whole
 *     dying.peak >= 95% of table.max       a share of another metric
 *     drain <= 20s                         a value with the unit of the metric, or `never`
 *     drain > 2 * drain in default-rmem    the same metric, or another, in another variant of the file
 *     p90(drain) <= 20s over 20 seeds      mean, min, max, median or a quantile of many runs
 *     drain <= 20s over 20 seeds           in each of them
 */
import { quoted, UsageError } from "./errors.js";

export type Operator = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** How one figure is made of those of many runs. */
export type Aggregate = { kind: "mean" } | { kind: "quantile"; share: number };

type Limit =
  | { kind: "value"; text: string }
  | { kind: "share"; share: number; of: string | null }
  | { kind: "metric"; factor: number; metric: string; variant: string | null };

export interface Expectation {
  /** As it was written, with single spaces. */
  expression: string;
  metric: string;
  aggregate: Aggregate | null;
  operator: Operator;
  limit: Limit;
  /** Null: it is about every run by itself. */
  seeds: number | null;
}

export const MOST_SEEDS = 10_000;

const METRIC = "[A-Za-z][\\w.[\\]]*";
const WHOLE = new RegExp(
  `^(?:(?<aggregate>[a-z]\\w*(?:\\.\\d+)?)\\(\\s*(?<inner>${METRIC})\\s*\\)|(?<metric>${METRIC}))\\s*` +
    "(?<operator>==|!=|<=|>=|<|>)\\s*(?<limit>[^<>=!]+?)(?:\\s+over\\s+(?<seeds>\\S+)\\s+seeds?)?$",
);
const SHARE = new RegExp(`^(?<percent>\\d+(?:\\.\\d+)?)\\s*%(?:\\s+of\\s+(?<of>${METRIC}))?$`);
const COMPARED = new RegExp(
  `^(?:(?<factor>\\d+(?:\\.\\d+)?)\\s*\\*\\s*)?(?<metric>${METRIC})(?:\\s+in\\s+(?<variant>\\S+))?$`,
);
const WORDS = ["true", "false", "never"];

/** Throws UsageError. */
export function parseExpectation(written: string): Expectation {
  const expression = written.trim().replaceAll(/\s+/g, " ");
  const parts = WHOLE.exec(expression)?.groups;
  if (parts === undefined) {
    throw new UsageError(
      `expected METRIC OPERATOR VALUE such as destroy.delivered == 100% or drain <= 20s over 20 seeds, got ${quoted(written)}`,
    );
  }
  const seeds = parts.seeds === undefined ? null : seedsOf(parts.seeds);
  const aggregate = parts.aggregate === undefined ? null : aggregateOf(parts.aggregate);
  if (aggregate !== null && seeds === null) {
    throw new UsageError(
      `expected "over N seeds" behind ${parts.aggregate}(${parts.inner}), got ${quoted(expression)}`,
    );
  }
  return {
    expression,
    metric: (parts.inner ?? parts.metric)!,
    aggregate,
    operator: parts.operator as Operator,
    limit: limitOf(parts.limit!),
    seeds,
  };
}

function seedsOf(written: string): number {
  const seeds = /^[1-9]\d*$/.test(written) ? Number(written) : 0;
  if (seeds >= 1 && seeds <= MOST_SEEDS) return seeds;
  throw new UsageError(`expected over 1 to ${MOST_SEEDS} seeds, got ${quoted(written)}`);
}

function aggregateOf(word: string): Aggregate {
  if (word === "mean") return { kind: "mean" };
  if (word === "min") return { kind: "quantile", share: 0 };
  if (word === "median") return { kind: "quantile", share: 0.5 };
  if (word === "max") return { kind: "quantile", share: 1 };
  const percent = /^p(\d{1,2}(?:\.\d+)?)$/.exec(word)?.[1];
  if (percent !== undefined) return { kind: "quantile", share: shareOf(percent) };
  throw new UsageError(`expected mean, min, max, median or a quantile such as p90, got ${quoted(word)}`);
}

function limitOf(written: string): Limit {
  const share = SHARE.exec(written)?.groups;
  if (share !== undefined) return { kind: "share", share: shareOf(share.percent!), of: share.of ?? null };
  const compared = WORDS.includes(written) ? undefined : COMPARED.exec(written)?.groups;
  if (compared !== undefined) {
    const { factor = "1", metric, variant = null } = compared;
    return { kind: "metric", factor: Number(factor), metric: metric!, variant };
  }
  return { kind: "value", text: written.replace(/(?<=\d) (?=\D)/, "") };
}

/** Not divided by 100: 0.7 / 100 is not 0.007. */
function shareOf(percent: string): number {
  return Number(`${percent}e-2`);
}
