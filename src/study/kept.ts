/**
 * What is kept of a run: its whole report, or the figures of some measures. It is asked for as plain data, because it is taken where the
 * run was, which may be another thread: a report is a thousand times as large as the figures that a study needs.
 */
import type { Report } from "../report/report.js";
import { measured, measureNamed } from "./measure.js";

/** `report`, or the names of measures. */
export type Keep = "report" | readonly string[];

interface Figures {
  /** In the order of the measures; null where the run has no such figure. */
  figures: readonly (number | null)[];
  /** Invariants that broke. */
  violated: readonly string[];
}

export type Kept<K extends Keep> = K extends "report" ? Report : Figures;

export function keptOf<K extends Keep>(report: Report, keep: K): Kept<K> {
  return (keep === "report" ? report : figuresOf(report, keep as readonly string[])) as Kept<K>;
}

function figuresOf(report: Report, names: readonly string[]): Figures {
  return {
    figures: names.map((name) => measured(report, measureNamed(name))),
    violated: report.invariants.violated,
  };
}
