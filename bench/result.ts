/**
 * Results of benchmarks and what can be said of them: whether a figure meets its target, and whether it moved against
 * an earlier result. Figures that scale with the machine are brought to the machine that the targets were set on, by
 * the ratio of the calibration loops.
 */
import { REFERENCE_STEPS_PER_SECOND } from "./calibration.js";
import type { Figure } from "./row.js";

export interface Measured {
  row: string;
  title: string;
  /** Steps per second of the calibration loop beside this row. */
  calibration: number;
  figures: readonly Figure[];
  /** Why there are no figures. */
  skipped: string | null;
}

/** What moves by less than this is noise, however close the repetitions were. */
const LEAST_NOISE = 0.05;

/** How far a figure is ahead of its target: 1 is met, 0.5 is half as good. Null without a target. */
export function ahead(figure: Figure, calibration: number): number | null {
  if (figure.target === null) return null;
  const value = onReference(figure, calibration);
  return figure.better === "more" ? value / figure.target : figure.target / Math.max(value, Number.EPSILON);
}

/** How much better a figure is than an earlier one, as a factor; null when that is noise. */
export function moved(now: Figure, nowCalibration: number, then: Figure, thenCalibration: number): number | null {
  const ratio = onReference(now, nowCalibration) / onReference(then, thenCalibration);
  const factor = now.better === "more" ? ratio : 1 / ratio;
  return Math.abs(Math.log(factor)) > LEAST_NOISE + now.spread + then.spread ? factor : null;
}

function onReference({ value, better, scales }: Figure, calibration: number): number {
  if (!scales) return value;
  const speed = calibration / REFERENCE_STEPS_PER_SECOND;
  return better === "more" ? value / speed : value * speed;
}
