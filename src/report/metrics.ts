/**
 * What can be asked of a Report: every number and every truth in it, by name, with unit, meaning and natural whole. All
 * of it follows from the description of the Report (schema.ts).
 */
import { quoted, UsageError } from "../scenario/errors.js";
import type { Need, Schema } from "../scenario/json-schema.js";
import { didYouMean } from "../scenario/suggest.js";
import type { QuantityKind } from "../scenario/units.js";
import type { Report } from "./report.js";
import { REPORT } from "./schema.js";

export interface Metric {
  /** Its place in the Report, such as `events.destroy.delivered`; `[N]` is the place in a list, counted from 0. */
  name: string;
  /** A shorter name that stands for it. */
  alias: string | null;
  unit: string;
  meaning: string;
  /** The metric that is 100 %. */
  whole: string | null;
  /** Null is a moment that never came. */
  never: boolean;
  /** What a run must have so that it has the figure. */
  needs: Need | null;
  /** Only a simulation can know it. */
  simulated: boolean;
}

export type MetricValue = number | boolean | null;

/** What is in a Report for other reasons than to be compared. */
const NO_METRICS = new Set([
  "schemaVersion",
  "expectations",
  "interrupted",
  "advice",
  "untried",
  "whatIf",
  "hiddenRules",
  "program",
  "timeline.rows",
  // May be absent.
  "timeline.drainIntervalSeconds",
  "resends.histogram",
  // Watched of the first listener alone: null is not never there.
  "otherListeners[N].daemon.inSyncAfterFlushSeconds",
  "otherListeners[N].daemon.newAfterDestroy",
  // Of the first listener it is known beforehand whether it has them.
  "otherListeners[N].daemon.queue",
  "otherListeners[N].daemon.dumps",
]);

const FIGURES: ReadonlySet<Schema["type"]> = new Set(["integer", "number", "boolean"]);

const UNITS: Readonly<Partial<Record<QuantityKind, string>>> = {
  size: "bytes",
  duration: "nanoseconds",
  seconds: "seconds",
  "whole seconds": "seconds",
  rate: "per second",
};

const ALIASES: ReadonlyMap<string, string> = new Map([["dying.emptyAfterFlushSeconds", "drain"]]);

export const METRICS: readonly Metric[] = metricsIn(REPORT, "", {});

/** `above`: what holds of all that is in the same part of the Report. */
function metricsIn(schema: Schema, name: string, above: Pick<Schema, "needs" | "simulated">): Metric[] {
  if (NO_METRICS.has(name) || name.endsWith(".conntrackd") || name.endsWith(".curve")) return [];
  const { needs = above.needs, simulated = above.simulated } = schema;
  const notes = { ...(needs === undefined ? {} : { needs }), ...(simulated === undefined ? {} : { simulated }) };
  if (schema.items !== undefined) return metricsIn(schema.items, `${name}[N]`, notes);
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([key, child]) =>
      metricsIn(child, name === "" ? key : `${name}.${key}`, notes),
    );
  }
  return FIGURES.has(schema.type) ? [metricOf({ ...schema, ...notes }, name)] : [];
}

function metricOf(schema: Schema, name: string): Metric {
  const { type, quantity, unit, description, whole = null, never = false, needs = null, simulated = false } = schema;
  return {
    name,
    alias: ALIASES.get(name) ?? (name.startsWith("events.") ? name.slice("events.".length) : null),
    unit: type === "boolean" ? "true or false" : (unit ?? (quantity && UNITS[quantity]) ?? ""),
    meaning: description,
    whole,
    never,
    needs,
    simulated,
  };
}

/** A metric by its name or alias, with the place in a list filled in. Throws UsageError. */
export function metricNamed(written: string): Metric {
  const place = /\[(0|[1-9]\d*)\]/.exec(written)?.[1];
  const general = written.replace(/\[\d+\]/, "[N]");
  const metric = METRICS.find(({ name, alias }) => name === general || alias === general);
  if (metric === undefined || (place === undefined && metric.name.includes("[N]"))) throw unknownMetric(written);
  const placed = (name: string): string => name.replace("[N]", `[${place}]`);
  return { ...metric, name: placed(metric.name), whole: metric.whole && placed(metric.whole) };
}

function unknownMetric(written: string): UsageError {
  const names = METRICS.flatMap(({ name, alias }) => (alias === null ? [name] : [name, alias]));
  const last = (name: string) => name.split(".").at(-1)!;
  const near = didYouMean(written, names);
  const elsewhere = names.filter((name) => last(name) === last(written));
  const hint = near !== "" || elsewhere.length === 0 ? near : `, did you mean ${quoted(elsewhere[0]!)}?`;
  return new UsageError(`expected a metric (ct-reliable metrics lists them), got ${quoted(written)}${hint}`);
}

/** Its figure in a report; undefined where the report has no such place, null where the figure did not come. */
export function figureOf(report: Report, { name }: Pick<Metric, "name">): MetricValue | undefined {
  let value: unknown = report;
  for (const step of name.split(/[.[\]]+/)) {
    if (step === "") continue;
    if (value === null) return null;
    value = (value as Record<string, unknown> | undefined)?.[step];
  }
  return value as MetricValue | undefined;
}

/** Those of which the name or the alias contains a part. Throws UsageError where there is none. */
export function metricsNamedLike(part: string): readonly Metric[] {
  const found = METRICS.filter(({ name, alias }) => name.includes(part) || alias?.includes(part) === true);
  if (found.length === 0) throw unknownMetric(part);
  return found;
}
