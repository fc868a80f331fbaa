/**
 * Several runs over time in one chart, a line for each: what compare's page shows of its variants. Runs have rows at
 * different moments, so that all lines are brought to the same ones: those of all runs together, thinned to a bounded
 * number. A peak between two of them is kept, and what counts up has its last value.
 */
import type { Report, TIMELINE_COLUMNS } from "../../report/report.js";
import type { NamedRun } from "../../study/compare.js";
import { type Chart, COLOURS, type Unit } from "./chart.js";

type Column = (typeof TIMELINE_COLUMNS)[number];

/** One line: `peaks` the most in the interval that ends at a row, `levels` the value at the row. */
interface Figures {
  title: string;
  about: string;
  label: string;
  unit: Unit;
  peaks: Column | null;
  levels: Column;
  /** Of a value of its run; null: not shown there. */
  shown?(value: number, run: Report, seconds: number): number | null;
}

const MOST_MOMENTS = 400;

const DYING: Figures = {
  title: "Dying entries",
  about: "Entries on the dying list, the most in each interval. They wait for the delivery of their DESTROY.",
  label: "entries",
  unit: "count",
  peaks: "dyingPeak",
  levels: "dying",
};
const ACTIVE: Figures = {
  title: "Active entries",
  about: "Entries in the table, expired ones included where the release has a gc worker that finds them.",
  label: "entries",
  unit: "count",
  peaks: null,
  levels: "active",
};
const BUFFER: Figures = {
  title: "Receive buffer",
  about: "The part of its receive buffer (rcvbuf) that is in use, the most in each interval.",
  label: "share of rcvbuf",
  unit: "share",
  peaks: "rmemPeakBytes",
  levels: "rmemBytes",
  shown(bytes, { socket: { rcvbufBytes }, scenario, flush }, seconds) {
    if (rcvbufBytes === null) return null;
    const ample = scenario.listeners[0]?.smallFrom === "flush" && flush !== null && seconds <= flush.atSeconds;
    return ample ? null : bytes / rcvbufBytes;
  },
};
const DELIVERED: Figures = {
  title: "Messages taken",
  about: "Messages that the reader's socket took since the first packet.",
  label: "messages",
  unit: "count",
  peaks: null,
  levels: "delivered",
};
const REFUSED: Figures = {
  title: "Messages refused",
  about: "Attempts to deliver that found no room in the socket, since the first packet.",
  label: "attempts",
  unit: "count",
  peaks: null,
  levels: "refused",
};

/** Of runs that all flush their table from the flush on, and of floods from the first packet on as well. */
export function overlaidCharts(runs: readonly NamedRun[]): Chart[] {
  const flushes = runs.every(({ report }) => report.flush !== null);
  const floods = runs.some(({ report }) => report.scenario.experiment === "flood");
  return [
    ...(floods || !flushes
      ? [DYING, ACTIVE, BUFFER, DELIVERED, REFUSED].flatMap((figures) => overlaid(runs, figures, "run"))
      : []),
    ...(flushes
      ? [DYING, BUFFER, DELIVERED, REFUSED].flatMap((figures) =>
          overlaid(runs, floods ? { ...figures, title: `${figures.title} from the flush on` } : figures, "flush"),
        )
      : []),
  ];
}

/** None where no run has a figure, or all of all are 0. */
function overlaid(runs: readonly NamedRun[], figures: Figures, group: "flush" | "run"): Chart[] {
  const origins = runs.map(({ report }) => (group === "flush" ? report.flush!.atSeconds : 0));
  const moments = momentsOf(runs, origins);
  const columns = runs.map(({ report }, which) => columnAt(report, figures, moments, origins[which]!));
  if (moments.length < 2 || !columns.some((column) => column.some((value) => value !== null && value > 0))) return [];
  return [
    {
      title: figures.title,
      about: figures.about,
      group,
      x: {
        label: group === "flush" ? "seconds from the flush" : "seconds from the first packet",
        unit: "seconds",
        values: moments,
      },
      y: { label: figures.label, unit: figures.unit },
      series: runs.map(({ name }, which) => ({
        name,
        unit: figures.unit,
        values: columns[which]!,
        draw: "line",
        colour: 1 + (which % COLOURS),
        ...(which < COLOURS ? {} : { dashed: true }),
      })),
      limits: [],
      marks: [],
      shaded: null,
    },
  ];
}

/** The moments of all rows that are not before their origin, from it on. */
function momentsOf(runs: readonly NamedRun[], origins: readonly number[]): number[] {
  const all = runs.flatMap(({ report: { timeline } }, which) => {
    const at = timeline.columns.indexOf("seconds");
    return timeline.rows.map((row) => row[at]! - origins[which]!).filter((seconds) => seconds >= 0);
  });
  const moments = [...new Set(all)].sort((a, b) => a - b);
  const every = Math.ceil(moments.length / MOST_MOMENTS);
  return moments.filter((_, index) => index % every === 0 || index === moments.length - 1);
}

/** Null before its first row and behind its last. */
function columnAt(report: Report, figures: Figures, moments: readonly number[], origin: number): (number | null)[] {
  const { columns, rows } = report.timeline;
  const [times, levels] = [columns.indexOf("seconds"), columns.indexOf(figures.levels)];
  const peaks = figures.peaks === null ? levels : columns.indexOf(figures.peaks);
  const { shown = (value: number) => value } = figures;
  let next = 0;
  let level: number | null = null;
  return moments.map((moment) => {
    let most: number | null = null;
    while (next < rows.length && rows[next]![times]! - origin <= moment) {
      const row = rows[next++]!;
      level = row[levels] ?? null;
      // The interval that ends at the origin is not a part of what is shown.
      if (row[times]! > origin || origin === 0) most = higher(most, row[peaks]);
    }
    if (next === rows.length && (rows.at(-1)?.[times] ?? 0) - origin < moment) return null;
    // A moment between two rows lies in the interval that ends at the second one.
    const value = figures.peaks === null ? level : (higher(most, rows[next]?.[peaks]) ?? level);
    return value === null ? null : shown(value, report, moment + origin);
  });
}

function higher(most: number | null, other: number | null | undefined): number | null {
  return other === null || other === undefined ? most : Math.max(most ?? 0, other);
}
