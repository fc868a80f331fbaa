/**
 * The script of the page: draws the charts with uPlot, keeps one cursor for all charts of a group, fills the table
 * behind each. It runs in a browser, from the page alone; all text comes into the page as text, never as markup.
 *
 * A chart is built when it gets a width, so that what lies in a closed part of the page costs nothing, and anew when
 * its colours change: light, dark, print.
 */
import uPlot from "uplot";
import type { Axis, Chart, Series, Unit } from "../chart.js";

const HEIGHT = 240;
/** A quarter of a line, which shows without hiding what is drawn over it. */
const SHADE = "26";
const KIB = 1024;
/** A logarithmic axis has no zero. */
const LEAST_LOGARITHMIC = 1e-7;

const charts: readonly Chart[] = JSON.parse(document.getElementById("charts")?.textContent ?? "[]");

class Figure {
  readonly chart: Chart;
  readonly element: HTMLElement;
  private readonly holder: HTMLElement;
  private readonly values: HTMLElement[];
  plot: uPlot | null = null;

  constructor(chart: Chart, element: HTMLElement) {
    this.chart = chart;
    this.element = element;
    this.holder = element.querySelector<HTMLElement>(".plot")!;
    this.values = [...element.querySelectorAll<HTMLElement>(".legend .value")];
    const details = element.querySelector("details");
    details?.addEventListener("toggle", () => this.fillTable(details));
  }

  draw(): void {
    const width = this.holder.clientWidth;
    if (width === 0) return;
    if (this.plot !== null && this.plot.width === width) return;
    if (this.plot === null) this.build(width);
    else this.plot.setSize({ width, height: HEIGHT });
  }

  redraw(): void {
    this.plot?.destroy();
    this.plot = null;
    this.draw();
  }

  private build(width: number): void {
    const { chart } = this;
    const drawn = chart.series.filter(({ draw }) => draw !== "table");
    const xs = chart.x.logarithmic ? chart.x.values.map((value) => Math.max(value, LEAST_LOGARITHMIC)) : chart.x.values;
    const data = [xs, ...drawn.map(({ values }) => values)] as unknown as uPlot.AlignedData;
    this.plot = new uPlot(optionsOf(this, drawn, width), data, this.holder);
    this.element.dataset.drawn = "true";
  }

  /** What the chart has at a place of its x, or nothing. */
  read(index: number | null): void {
    const { x, series } = this.chart;
    const at = index === null ? undefined : x.values[index];
    this.values[0]!.textContent = at === undefined ? "" : text(at, x.unit);
    series.forEach(({ values, unit }, which) => {
      const value = index === null ? undefined : values[index];
      this.values[which + 1]!.textContent = value === undefined ? "" : value === null ? "–" : text(value, unit);
    });
  }

  /** The cursor of this chart alone, at a place of its x. */
  point(index: number): void {
    const { plot } = this;
    if (plot === null) return;
    const left = plot.valToPos(plot.data[0][index]!, "x");
    plot.setCursor({ left, top: plot.over.clientHeight / 2 }, false);
    this.read(index);
  }

  private fillTable(details: HTMLDetailsElement): void {
    const body = details.querySelector("tbody");
    if (!details.open || body === null || body.rows.length > 0) return;
    const { x, series } = this.chart;
    x.values.forEach((at, index) => {
      const row = body.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = text(at, x.unit);
      row.append(head);
      for (const { values, unit } of series) {
        const value = values[index];
        row.insertCell().textContent = value === null || value === undefined ? "–" : text(value, unit);
      }
    });
  }
}

function optionsOf(figure: Figure, drawn: readonly Series[], width: number): uPlot.Options {
  const { chart } = figure;
  const ink = colour("--ink");
  const grid = { stroke: colour("--line"), width: 1 };
  const axis = { stroke: ink, font: "12px system-ui, sans-serif" };
  const rules = ({ logarithmic }: Axis): Partial<uPlot.Axis> => {
    // Of a logarithmic scale the powers of ten alone.
    const filter = {
      filter: (_: uPlot, splits: number[]) => splits.map((value) => (isPowerOfTen(value) ? value : null)),
    };
    return logarithmic ? { grid: { ...grid, ...filter }, ticks: { ...grid, ...filter } } : { grid, ticks: grid };
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: {
      drag: { x: true, y: false },
      points: { size: 7 },
      ...(chart.group === null ? {} : { sync: { key: chart.group, setSeries: false } }),
    },
    scales: {
      x: { time: false, ...(chart.x.logarithmic ? { distr: 3 as const } : {}), ...rangeOfBars(chart) },
      y: {
        ...(chart.y.logarithmic ? { distr: 4 as const, asinh: 1 } : {}),
        range: (_, __, most) => [0, topOf(chart, most)],
      },
    },
    axes: [
      {
        ...axis,
        label: chart.x.label,
        labelSize: 20,
        ...rules(chart.x),
        ...incrementsOf(chart.x),
        values: (_, splits) => splits.map((value) => tick(value, chart.x.unit)),
      },
      {
        ...axis,
        size: 68,
        ...rules(chart.y),
        ...incrementsOf(chart.y),
        values: (_, splits) => splits.map((value) => tick(value, chart.y.unit)),
      },
    ],
    series: [{}, ...drawn.map(seriesOf)],
    hooks: {
      drawClear: [(plot) => shade(plot, chart)],
      draw: [(plot) => rule(plot, chart, ink)],
      setCursor: [({ cursor }) => figure.read(cursor.idx ?? null)],
    },
  };
}

function isPowerOfTen(value: number): boolean {
  return value === 0 || Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
}

/** Of bytes the marks are powers of two, of counts whole numbers. */
function incrementsOf({ unit, logarithmic }: Axis): Partial<uPlot.Axis> {
  if (logarithmic || (unit !== "bytes" && unit !== "count")) return {};
  const steps = unit === "bytes" ? [1, 2, 4, 8] : [1, 2, 5];
  const base = unit === "bytes" ? 16 : 10;
  return { incrs: Array.from({ length: 12 }, (_, power) => steps.map((step) => step * base ** power)).flat() };
}

/** Half a bar of room at both ends. */
function rangeOfBars({ x, series }: Chart): Partial<uPlot.Scale> {
  if (!series.some(({ draw }) => draw === "bars")) return {};
  return { range: [x.values[0]! - 1, x.values.at(-1)! + 1] };
}

/** What is drawn and, where that is not far above, the limits. */
function topOf({ y, limits }: Chart, most: number | null): number {
  if (y.unit === "share") return 1;
  const drawn = most ?? 0;
  const top = limits.reduce((high, { value }) => Math.max(high, value), drawn);
  return (top > 0 ? top : 1) * 1.05;
}

function seriesOf({ name, draw, colour: index, dashed }: Series): uPlot.Series {
  const stroke = colour(`--s${index}`);
  return {
    label: name,
    stroke,
    width: 1.75,
    points: { show: false },
    spanGaps: false,
    ...(dashed ? { dash: [4, 4], width: 1 } : {}),
    ...(draw === "step" ? { paths: uPlot.paths.stepped!({ align: -1 }) } : {}),
    ...(draw === "bars" ? { paths: uPlot.paths.bars!({ size: [0.7, 60] }), fill: `${stroke}88` } : {}),
  };
}

function shade(plot: uPlot, { shaded }: Chart): void {
  if (shaded === null) return;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = `${colour("--s5")}${SHADE}`;
  for (const [from, to] of shaded.spans) {
    const left = Math.max(bbox.left, plot.valToPos(from, "x", true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(to, "x", true));
    // What is narrower than a dot is one dot wide: no episode vanishes.
    if (right >= bbox.left && left <= bbox.left + bbox.width) {
      ctx.fillRect(left, bbox.top, Math.max(1, right - left), bbox.height);
    }
  }
  ctx.restore();
}

/** The limits and the moments, with their names. */
function rule(plot: uPlot, { limits, marks }: Chart, ink: string): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ink;
  ctx.fillStyle = ink;
  ctx.lineWidth = ratio;
  ctx.setLineDash([6 * ratio, 4 * ratio]);
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  for (const { name, value } of limits) {
    const y = plot.valToPos(value, "y", true);
    if (y < bbox.top) continue;
    line(ctx, bbox.left, y, bbox.left + bbox.width, y);
    ctx.textAlign = "right";
    ctx.fillText(name, bbox.left + bbox.width - 4 * ratio, y + 14 * ratio);
  }
  for (const { name, at } of marks) {
    const x = plot.valToPos(at, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    line(ctx, x, bbox.top, x, bbox.top + bbox.height);
    const onTheRight = x + ctx.measureText(name).width + 6 * ratio < bbox.left + bbox.width;
    ctx.textAlign = onTheRight ? "left" : "right";
    ctx.fillText(name, x + (onTheRight ? 4 : -4) * ratio, bbox.top + 12 * ratio);
  }
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A figure as the report has it. */
function text(value: number, unit: Unit): string {
  switch (unit) {
    case "seconds":
      return `${plain(value)} s`;
    case "bytes":
      return `${grouped(Math.round(value))} B`;
    case "share":
      return `${plain(100 * value)} %`;
    case "per second":
      return `${value < 100 ? plain(value) : grouped(Math.round(value))}/s`;
    case "count":
      return Number.isInteger(value) ? grouped(value) : plain(value);
  }
}

function plain(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** Short, for an axis. */
function tick(value: number | null, unit: Unit): string {
  if (value === null) return "";
  if (unit === "share") return `${plain(100 * value)} %`;
  if (unit === "bytes") {
    if (value >= KIB * KIB) return `${plain(value / KIB / KIB)} MiB`;
    return value >= 10 * KIB ? `${plain(value / KIB)} KiB` : `${plain(value)} B`;
  }
  if (value >= 1e6) return `${plain(value / 1e6)}M`;
  return value >= 1e4 ? `${plain(value / 1e3)}k` : plain(value);
}

function grouped(integer: number): string {
  return integer.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
}

const figures = [...document.querySelectorAll<HTMLElement>("figure[data-chart]")].map(
  (element) => new Figure(charts[Number(element.dataset.chart)]!, element),
);

const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) figures.find(({ element }) => element.contains(target))?.draw();
});
for (const { element } of figures) widths.observe(element.querySelector(".plot")!);

/** A slider moves the cursor of its group: the charts without a mouse. */
for (const slider of document.querySelectorAll<HTMLInputElement>("input[data-group]")) {
  const group = figures.filter(({ chart }) => chart.group === slider.dataset.group);
  const xs = group[0]?.chart.x.values ?? [];
  slider.max = String(Math.max(0, xs.length - 1));
  const output = slider.parentElement?.querySelector("output");
  const announce = () => {
    const moment = text(xs[slider.valueAsNumber] ?? 0, "seconds");
    slider.setAttribute("aria-valuetext", moment);
    if (output) output.textContent = moment;
  };
  announce();
  slider.addEventListener("input", () => {
    for (const figure of group) figure.point(slider.valueAsNumber);
    announce();
  });
}

const redraw = () => {
  for (const figure of figures) figure.redraw();
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
addEventListener("beforeprint", () => {
  document.documentElement.classList.add("paper");
  redraw();
});
addEventListener("afterprint", () => {
  document.documentElement.classList.remove("paper");
  redraw();
});
