/** How the charts of many runs show the figures of a measure. */
import type { MeasureHead } from "../../study/sweep.js";
import type { Unit } from "./chart.js";

export interface Shown {
  unit: Unit;
  label: string;
  /** The figure in that unit. */
  of(figure: number | null): number | null;
}

export function shownAs({ name, unit }: MeasureHead): Shown {
  const same = (figure: number | null): number | null => figure;
  if (unit === "nanoseconds") {
    return { unit: "seconds", label: `${name}, seconds`, of: (figure) => (figure === null ? null : figure / 1e9) };
  }
  if (unit === "seconds" || unit === "bytes" || unit === "share") {
    return { unit, label: unit === "share" ? name : `${name}, ${unit}`, of: same };
  }
  return { unit: "count", label: unit === "" ? name : `${name}, ${unit}`, of: same };
}
