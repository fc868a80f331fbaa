/**
 * A chart as data: what the page's script draws and the table behind it shows. It knows neither reports nor pixels.
 *
 * `values` are columns beside the one of `x`; null where a figure is not known. Charts of one `group` have one cursor.
 */
export type Unit = "count" | "bytes" | "seconds" | "per second" | "share";

export interface Axis {
  label: string;
  unit: Unit;
  /** An axis of figures is linear below 1, so that it has a zero. */
  logarithmic?: true;
}

export interface Series {
  name: string;
  unit: Unit;
  values: readonly (number | null)[];
  /** `step`: of the interval that ends at its x. `table`: shown by the cursor and in the table only. */
  draw: "line" | "step" | "bars" | "table";
  /** Which of the page's colours, from 1. */
  colour: number;
  dashed?: true;
}

export interface Chart {
  title: string;
  /** What it shows and how to read it, in a sentence or two. */
  about: string;
  group: string | null;
  x: Axis & { values: readonly number[] };
  y: Axis;
  series: readonly Series[];
  /** Horizontal lines. */
  limits: readonly { name: string; value: number }[];
  /** Moments. */
  marks: readonly { name: string; at: number }[];
  /** Spans of x with a background. */
  shaded: { name: string; spans: readonly (readonly [number, number])[] } | null;
}
