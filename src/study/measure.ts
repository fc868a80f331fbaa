/**
 * What a study takes from each run: one number per measure, so that ten thousand runs are ten thousand rows of a few
 * numbers and not ten thousand reports. A measure is a metric by its name, or with % behind it the share of its natural
 * whole: `drain`, `destroy.lost%`.
 */
import { figureOf, type Metric, metricNamed } from "../report/metrics.js";
import type { Report } from "../report/report.js";
import { whyUnknown } from "../report/verdict.js";
import { quoted, UsageError } from "../scenario/errors.js";
import type { Scenario } from "../scenario/scenario.js";
import { knowledgeOf } from "./suite.js";

export interface Measure {
  /** As it is written: the alias of the metric where it has one. */
  name: string;
  metric: Metric;
  /** The metric that is 100 %; null: the figure itself. */
  whole: Metric | null;
  /** Of the figure: `share`, or the unit of the metric. */
  unit: string;
}

/**
 * The questions that most studies ask, where their runs have the figure, the gravest first: what is lost, what is
 * dropped, how long and how many entries wait.
 */
export const USUAL_MEASURES = ["destroy.lost%", "table.drop", "new.lost%", "drain", "dying.peak", "update.lost%"];

/** Throws UsageError. */
export function measureNamed(written: string): Measure {
  const share = written.endsWith("%");
  const metric = metricNamed(share ? written.slice(0, -1) : written);
  if (!share) return { name: metric.alias ?? metric.name, metric, whole: null, unit: metric.unit };
  if (metric.whole === null) {
    throw new UsageError(`expected a metric that is a part of something before %, got ${quoted(written)}`);
  }
  return { name: `${metric.alias ?? metric.name}%`, metric, whole: metricNamed(metric.whole), unit: "share" };
}

/** Why runs of a scenario have no such figure; null: they have it, or it may never come. */
export function whyUnmeasured({ metric }: Measure, scenario: Scenario): string | null {
  return whyUnknown(metric, knowledgeOf(scenario, "simulation"));
}

/**
 * Null: what should have come never came, nobody knows it, or this run has no such figure. True is 1. Of nothing no
 * share is taken.
 */
export function measured(report: Report, { metric, whole }: Measure): number | null {
  const figure = figureOf(report, metric) ?? null;
  if (figure === null) return null;
  if (whole === null) return Number(figure);
  const all = Number(figureOf(report, whole) ?? 0);
  return all === 0 ? null : Number(figure) / all;
}
