/** What a real kernel did as a band, and what the simulator says as a line in it. */
import type { Chart } from "./chart.js";

type Values = readonly (number | null)[];

export interface BandOf {
  title: string;
  about: string;
  /** From the flush. */
  seconds: readonly number[];
  label: string;
  band: { name: string; low: Values; high: Values };
  line: { name: string; values: Values };
}

export function bandChart({ title, about, seconds, label, band, line }: BandOf): Chart {
  return {
    title,
    about,
    group: null,
    x: { label: "seconds from the flush", unit: "seconds", values: seconds },
    y: { label, unit: "count" },
    series: [
      { name: line.name, unit: "count", values: line.values, draw: "line", colour: 1 },
      { name: `${band.name}, least`, unit: "count", values: band.low, draw: "edge", colour: 3 },
      { name: `${band.name}, most`, unit: "count", values: band.high, draw: "edge", colour: 3 },
    ],
    band: { name: band.name, low: 1, high: 2 },
    limits: [],
    marks: [],
    shaded: null,
  };
}
