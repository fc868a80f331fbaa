/**
 * A chart as data: what the page's script draws and the table behind it shows. It knows neither reports nor pixels.
 *
 * `values` are columns beside the one of `x`; null where a figure is not known. Charts of one `group` have one cursor.
 */
export type Unit = "count" | "bytes" | "seconds" | "per second" | "share";

/** How many colours of lines a page has. */
export const COLOURS = 5;

export interface Axis {
  label: string;
  unit: Unit;
  /** An axis of figures of which some are 0 is linear below 1. */
  logarithmic?: true;
}

export interface Series {
  name: string;
  unit: Unit;
  values: readonly (number | null)[];
  /** `step`: of the interval that ends at its x. `edge`: an end of the band. `table`: only the cursor and the table. */
  draw: "line" | "step" | "bars" | "points" | "edge" | "table";
  /** Which of the page's colours, from 1. */
  colour: number;
  dashed?: true;
}

export interface Chart {
  title: string;
  /** What it shows and how to read it, in a sentence or two. */
  about: string;
  group: string | null;
  /** `names`: what its values are to a person; of an axis that is not logarithmic its values are their places then. */
  x: Axis & { values: readonly number[]; names?: readonly string[] };
  y: Axis;
  series: readonly Series[];
  /** A background between two series, by their places. */
  band?: { name: string; low: number; high: number };
  /** Horizontal lines. */
  limits: readonly { name: string; value: number }[];
  /** Moments. */
  marks: readonly { name: string; at: number }[];
  /** Spans of x with a background. */
  shaded: { name: string; spans: readonly (readonly [number, number])[] } | null;
}
