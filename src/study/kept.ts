/**
 * What is kept of a run: its whole report, the part of it that some metrics are in, or the figures of some measures. It
 * is asked for as plain data, because it is taken where the run was, which may be another thread: a report is a hundred
 * times as large as what is asked of most of many runs.
 */
import { figureOf } from "../report/metrics.js";
import type { Report } from "../report/report.js";
import { actionsOf } from "./actions.js";
import { measured, measureNamed } from "./measure.js";

/** The whole; a report of which only these metrics are there; or the names of measures. */
export type Keep = "report" | { metrics: readonly string[] } | readonly string[];

interface Figures {
  /** In the order of the measures; null where the run has no such figure. */
  figures: readonly (number | null)[];
  /** Invariants that broke. */
  violated: readonly string[];
  /** What the run had to do, by which its time is told. */
  actions: number;
}

export type Kept<K extends Keep> = K extends readonly string[] ? Figures : Report;

export function keptOf<K extends Keep>(report: Report, keep: K): Kept<K> {
  return takenOf(report, keep) as Kept<K>;
}

function takenOf(report: Report, keep: Keep): Report | Figures {
  if (keep === "report") return report;
  return "metrics" in keep ? partOf(report, keep.metrics) : figuresOf(report, keep);
}

function figuresOf(report: Report, names: readonly string[]): Figures {
  return {
    figures: names.map((name) => measured(report, measureNamed(name))),
    violated: report.invariants.violated,
    actions: actionsOf(report),
  };
}

/** A report that answers for these metrics as the whole does, for its invariants, and for what ended it. */
function partOf(report: Report, metrics: readonly string[]): Report {
  const { backend, seed, ended, endedDuring, invariants } = report;
  const part: Record<string, unknown> = { backend, seed, ended, endedDuring, invariants };
  for (const name of metrics) {
    const figure = figureOf(report, { name });
    if (figure !== undefined) place(part, name.split(/[.[\]]+/).filter(Boolean), figure);
  }
  return part as unknown as Report;
}

function place(into: Record<string, unknown>, [step = "", ...rest]: readonly string[], figure: unknown): void {
  if (rest.length === 0) {
    into[step] = figure;
    return;
  }
  into[step] ??= {};
  place(into[step] as Record<string, unknown>, rest, figure);
}
