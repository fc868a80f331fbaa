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

/** Rows down and columns to the right, by key. */
const STEPS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
};

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
    this.values[0]!.textContent = at === undefined ? "" : nameOf(x, index!);
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
    x.values.forEach((_, index) => {
      const row = body.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = nameOf(x, index);
      row.append(head);
      for (const { values, unit } of series) {
        const value = values[index];
        row.insertCell().textContent = value === null || value === undefined ? "–" : text(value, unit);
      }
    });
  }
}

/** A place on the horizontal axis, as a person calls it. */
function nameOf({ names, values, unit }: Chart["x"], index: number): string {
  return names?.[index] ?? text(values[index]!, unit);
}

function optionsOf(figure: Figure, drawn: readonly Series[], width: number): uPlot.Options {
  const { chart } = figure;
  const ink = colour("--ink");
  const grid = { stroke: colour("--line"), width: 1 };
  const axis = { stroke: ink, font: "12px system-ui, sans-serif" };
  const rules = ({ logarithmic, unit }: Axis): Partial<uPlot.Axis> => {
    // Of a logarithmic scale the powers of ten alone; of one of bytes every other power of two.
    const filter = {
      filter: (_: uPlot, splits: number[]) => splits.map((value) => (isPowerOfTen(value) ? value : null)),
    };
    if (!logarithmic) return { grid, ticks: grid };
    return unit === "bytes"
      ? { grid, ticks: grid, filter: everyOther }
      : { grid: { ...grid, ...filter }, ticks: { ...grid, ...filter } };
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
      x: { time: false, ...(chart.x.logarithmic ? logarithmicScale(chart.x.unit) : {}), ...rangeOfPlaces(chart) },
      y: verticalScale(chart, drawn),
    },
    axes: [
      {
        ...axis,
        label: chart.x.label,
        labelSize: 20,
        ...rules(chart.x),
        ...incrementsOf(chart.x),
        values: (_, splits) => splits.map((value) => placeTick(value, chart.x)),
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
    bands: bandOf(chart, drawn),
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

/** Of powers of two some six: a mark for each would be too many. */
function everyOther(_: uPlot, splits: readonly number[]): (number | null)[] {
  const step = Math.max(1, Math.ceil(splits.length / 6));
  return splits.map((value) => (Math.round(Math.log2(value)) % step === 0 ? value : null));
}

function logarithmicScale(unit: Unit): Partial<uPlot.Scale> {
  return { distr: 3, log: unit === "bytes" ? 2 : 10 };
}

/** Room at both ends of bars, of points, and of places with a name. */
function rangeOfPlaces({ x, series }: Chart): Partial<uPlot.Scale> {
  const [first, last] = [x.values[0]!, x.values.at(-1)!];
  const points = series.some(({ draw }) => draw === "points");
  if (x.logarithmic) return points ? { range: logarithmicRange(first, last, x.unit) } : {};
  if (points || x.names !== undefined) return { range: [first - 0.5, last + 0.5] };
  return series.some(({ draw }) => draw === "bars") ? { range: [first - 1, last + 1] } : {};
}

/** With room at both ends; of bytes between powers of two, which are its marks. */
function logarithmicRange(least: number, most: number, unit: Unit): [number, number] {
  if (unit !== "bytes") return [least / 1.5, most * 1.5];
  return [2 ** Math.floor(Math.log2(least / 1.5)), 2 ** Math.ceil(Math.log2(most * 1.5))];
}

function verticalScale(chart: Chart, drawn: readonly Series[]): uPlot.Scale {
  const hasZero = drawn.some(({ values }) => values.some((value) => value !== null && value <= 0));
  if (!chart.y.logarithmic) return { range: (_, __, most) => [0, topOf(chart, most)] };
  if (hasZero) return { distr: 4, asinh: 1, range: (_, __, most) => [0, topOf(chart, most)] };
  return { ...logarithmicScale(chart.y.unit), range: (_, least, most) => logarithmicRange(least, most, chart.y.unit) };
}

/** What is drawn and, where that is not far above, the limits. */
function topOf({ y, limits }: Chart, most: number | null): number {
  const drawn = most ?? 0;
  // Of a share all of it, where most of it is needed.
  if (y.unit === "share" && drawn > 0.5 && drawn <= 1) return 1;
  const top = limits.reduce((high, { value }) => Math.max(high, value), drawn);
  return (top > 0 ? top : 1) * 1.05;
}

function bandOf({ band, series }: Chart, drawn: readonly Series[]): uPlot.Band[] {
  if (band === undefined) return [];
  const [low, high] = [series[band.low]!, series[band.high]!];
  return [{ series: [drawn.indexOf(high) + 1, drawn.indexOf(low) + 1], fill: `${colour(`--s${high.colour}`)}40` }];
}

function seriesOf({ name, draw, colour: index, dashed }: Series): uPlot.Series {
  const stroke = colour(`--s${index}`);
  return {
    label: name,
    stroke,
    // A band that has no width is still seen.
    width: draw === "edge" ? 0.75 : 1.75,
    points: { show: false },
    spanGaps: false,
    ...(draw === "points" ? { paths: () => null, points: { show: true, size: 9, fill: stroke } } : {}),
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
    const below = y + 20 * ratio < bbox.top + bbox.height;
    ctx.fillText(name, bbox.left + bbox.width - 4 * ratio, y + (below ? 14 : -5) * ratio);
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

/** Of an axis of names those that stand at a mark. */
function placeTick(value: number | null, { names, logarithmic, unit }: Chart["x"]): string {
  if (names === undefined || logarithmic || value === null) return tick(value, unit);
  return names[value] ?? "";
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
  const x = group[0]?.chart.x;
  slider.max = String(Math.max(0, (x?.values.length ?? 0) - 1));
  const output = slider.parentElement?.querySelector("output");
  const announce = () => {
    const moment = x === undefined ? "" : nameOf(x, slider.valueAsNumber);
    slider.setAttribute("aria-valuetext", moment);
    if (output) output.textContent = moment;
  };
  announce();
  slider.addEventListener("input", () => {
    for (const figure of group) figure.point(slider.valueAsNumber);
    announce();
  });
}

/** A map is walked with the arrow keys, as a grid is; what a cell says stands below it. */
for (const map of document.querySelectorAll<HTMLElement>("figure[data-map]")) {
  const rows = [...map.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll<HTMLElement>("td")]);
  const cells = rows.flat();
  const output = map.querySelector("output");
  const say = (target: EventTarget | null) => {
    const cell = cells.find((one) => one === target);
    if (cell && output) output.textContent = cell.dataset.says ?? "";
    return cell;
  };
  map.addEventListener("mouseover", ({ target }) => say(target));
  map.addEventListener("focusin", ({ target }) => {
    const cell = say(target);
    for (const one of cells) one.tabIndex = one === cell ? 0 : -1;
  });
  map.addEventListener("keydown", (event) => {
    const row = rows.findIndex((one) => one.includes(event.target as HTMLElement));
    const [down, right] = STEPS[event.key] ?? [0, 0];
    if (row < 0 || (down === 0 && right === 0)) return;
    const column = rows[row]!.indexOf(event.target as HTMLElement);
    rows[row + down]?.[column + right]?.focus();
    event.preventDefault();
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
