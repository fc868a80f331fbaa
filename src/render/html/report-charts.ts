/**
 * The charts of one run. A figure that the backend cannot know has no chart and no series: what is drawn is in the
 * Report.
 */
import type { Report } from "../../report/report.js";
import { duration } from "../text/numbers.js";
import type { Chart, Series, Unit } from "./chart.js";

type Column = readonly (number | null)[];
type Names = typeof import("../../report/report.js")["TIMELINE_COLUMNS"][number];

/** The timeline by columns. */
class Timeline {
  readonly seconds: readonly number[];
  private readonly report: Report;

  constructor(report: Report) {
    this.report = report;
    this.seconds = this.column("seconds").map((value) => value ?? 0);
  }

  column(name: Names): Column {
    const { columns, rows } = this.report.timeline;
    const at = columns.indexOf(name);
    return rows.map((row) => row[at] ?? null);
  }

  /** How much was added since the row before, of a column that counts up. */
  added(name: Names): Column {
    const values = this.column(name);
    return values.map((value, at) => {
      const before = at === 0 ? 0 : values[at - 1];
      return value === null || before === null || before === undefined ? null : value - before;
    });
  }

  perSecond(added: Column): Column {
    return added.map((value, at) => {
      const length = at === 0 ? 0 : this.seconds[at]! - this.seconds[at - 1]!;
      return value === null || length <= 0 ? null : value / length;
    });
  }
}

/** `group`: tells the cursor of this run's charts from that of others on the page. */
export function chartsOf(report: Report, group: string): Chart[] {
  const timeline = new Timeline(report);
  const charts = timeline.seconds.length > 1 ? [...chartsOverTime(report, timeline, group)] : [];
  return [...charts, ...latencyChart(report), ...resendChart(report)];
}

function chartsOverTime(report: Report, timeline: Timeline, group: string): Chart[] {
  const x = { label: "seconds from the first packet", unit: "seconds" as Unit, values: timeline.seconds };
  const flushAt = report.flush?.atSeconds ?? null;
  const marks = flushAt === null ? [] : [{ name: `flush at ${duration(flushAt)}`, at: flushAt }];
  const line = (name: string, column: Names, unit: Unit, colour: number, dashed?: true): Series => ({
    name,
    unit,
    values: timeline.column(column),
    draw: "line",
    colour,
    ...(dashed === undefined ? {} : { dashed }),
  });
  const rates = (
    [
      ["delivered", "delivered", 2],
      ["refused", "refused", 3],
      ["resent", "resent", 4],
    ] as const
  ).flatMap(([name, column, colour]): Series[] => {
    const added = timeline.added(column);
    return [
      { name: `${name} per second`, unit: "per second", values: timeline.perSecond(added), draw: "step", colour },
      { name: `${name} in the interval`, unit: "count", values: added, draw: "table", colour },
    ];
  });
  const late = report.scenario.listeners[0]?.smallFrom === "flush" && flushAt !== null;
  const shown = (series: Series): Series =>
    // The first row of the flush still has the peak before it.
    late
      ? { ...series, values: series.values.map((value, at) => (timeline.seconds[at]! > flushAt ? value : null)) }
      : series;
  const charts: Chart[] = [
    {
      title: "Entries",
      about: `Entries in the table, and entries on the dying list that wait for the delivery of their DESTROY.${report.gc === null ? "" : " Expired entries are dead and in the table until a packet or the gc worker meets them."}`,
      group,
      x,
      y: { label: "entries", unit: "count" },
      series: [
        line("active", "active", "count", 1),
        ...(report.gc === null ? [] : [line("of them expired", "expired", "count", 5)]),
        line("dying, most in the interval", "dyingPeak", "count", 3),
        line("dying", "dying", "count", 3, true),
      ],
      limits: [],
      marks,
      shaded: null,
    },
    {
      title: "Receive buffer",
      about: `Bytes that are charged to the socket of the reader, against its limit (rcvbuf).${late ? " Before the flush it has an ample buffer, which is not shown." : ""}`,
      group,
      x,
      y: { label: "bytes", unit: "bytes" },
      series: [
        shown(line("most in the interval", "rmemPeakBytes", "bytes", 1)),
        shown(line("at the moment", "rmemBytes", "bytes", 2, true)),
        { name: "congested", unit: "share", values: congestedShare(timeline), draw: "table", colour: 5 },
      ],
      limits: report.socket.rcvbufBytes === null ? [] : [{ name: "rcvbuf", value: report.socket.rcvbufBytes }],
      marks,
      shaded: congestedSpans(timeline),
    },
    {
      title: "Messages",
      about:
        "Messages that the reader's socket took and attempts that it refused, and attempts that were resends, per second of " +
        "each interval, on a logarithmic scale.",
      group,
      x,
      y: { label: "per second", unit: "per second", logarithmic: true },
      series: rates,
      limits: [],
      marks,
      shaded: null,
    },
  ];
  return charts.map(withoutUnknown).filter(hasLines);
}

/** The part of each interval in which the socket refused everything until its queue would be empty. */
function congestedShare(timeline: Timeline): Column {
  return timeline.perSecond(timeline.added("congestedSeconds"));
}

/** Intervals in which the socket was congested, those side by side as one. */
function congestedSpans(timeline: Timeline): Chart["shaded"] {
  const { seconds } = timeline;
  const spans: [number, number][] = [];
  timeline.added("congestedSeconds").forEach((added, at) => {
    if (added === null || added <= 0 || at === 0) return;
    const last = spans.at(-1);
    if (last !== undefined && last[1] === seconds[at - 1]) last[1] = seconds[at]!;
    else spans.push([seconds[at - 1]!, seconds[at]!]);
  });
  return spans.length === 0 ? null : { name: "congested in the interval", spans };
}

const EVENT_COLOURS = { new: 1, update: 2, destroy: 3 } as const;

function latencyChart({ latency }: Report): Chart[] {
  const curves = Object.entries(latency).flatMap(([event, { curve }]) => {
    const colour = EVENT_COLOURS[event as keyof typeof EVENT_COLOURS];
    return curve === undefined || curve.length === 0 ? [] : [{ event, colour, curve, total: curve.at(-1)![1] }];
  });
  if (curves.length === 0) return [];
  const seconds = [...new Set(curves.flatMap(({ curve }) => curve.map(([at]) => at)))].sort((a, b) => a - b);
  return [
    {
      title: "Latency",
      about: "The share of the delivered events that had been read no later than so long after they were raised.",
      group: null,
      x: { label: "seconds from raised to read", unit: "seconds", logarithmic: true, values: seconds },
      y: { label: "share of events", unit: "share" },
      series: curves.map(({ event, colour, curve, total }) => ({
        name: event.toUpperCase(),
        unit: "share",
        values: seconds.map((at) => eventsWithin(curve, at) / total),
        draw: "line",
        colour,
      })),
      limits: [],
      marks: [],
      shaded: null,
    },
  ];
}

function eventsWithin(curve: readonly (readonly [number, number])[], seconds: number): number {
  return curve.findLast(([at]) => at <= seconds)?.[1] ?? 0;
}

function resendChart({ resends }: Report): Chart[] {
  const bins = resends.histogram ?? [];
  if (bins.length === 0) return [];
  return [
    {
      title: "Resends per entry",
      about: "How many entries needed so many resends of their DESTROY. Entries without a resend are not counted.",
      group: null,
      x: { label: "resends", unit: "count", values: bins.map(([resends]) => resends) },
      y: { label: "entries", unit: "count" },
      series: [{ name: "entries", unit: "count", values: bins.map(([, entries]) => entries), draw: "bars", colour: 3 }],
      limits: [],
      marks: [],
      shaded: null,
    },
  ];
}

function withoutUnknown(chart: Chart): Chart {
  return { ...chart, series: chart.series.filter(({ values }) => values.some((value) => value !== null)) };
}

function hasLines({ series }: Chart): boolean {
  return series.some(({ draw }) => draw !== "table");
}
