/**
 * The curves of docs/VALIDATION.md as a page: how the table empties after a flush, for each recorded kernel the band of
 * its recordings with one setting and the median of the simulated runs in it.
 */
import { bandChart } from "../../src/render/html/band.js";
import type { Chart } from "../../src/render/html/chart.js";
import { Charts, renderPage, repeatOf } from "../../src/render/html/page.js";
import { count, plural } from "../../src/render/text/numbers.js";
import { median } from "../../src/report/median.js";
import { isShown, type Point, recordedCurve, simulatedCurve } from "./curves.js";
import type { Recording } from "./recording.js";

const SEEDS = ["1", "2", "3", "4", "5"];
const MOMENTS = 120;

export function curvesPage(recordings: readonly Recording[], command: string): string {
  const drains = recordings.filter(
    ({ tag, setting, result, series }) =>
      tag === "main" &&
      setting.reliable === 1 &&
      setting.bigBufferDuringFlood === 1 &&
      series &&
      result!.countAfterFlush > 0,
  );
  const kernels = grouped(drains, ({ kernel, build }) => `${kernel} (${build})`);
  const charts = new Charts();
  const title = "Recorded kernels and the simulator";
  const body = [
    `<h1>${title}</h1>`,
    '<p class="verdict">How the table empties after a flush ahead of a slow reader, on real kernels and in the simulator.</p>',
    "<p>The band is what real kernels did, from the least to the most of their recordings, which are narrow where a kernel was recorded once or on a virtual clock. The line is the median of five simulated runs with the costs of the machine that recorded. What was compared figure by figure, and what lies outside, is in docs/VALIDATION.md.</p>",
    "<h2>Kernels</h2>",
    charts.figures([...kernels].map(([name, runs]) => kernelChart(name, oneSetting(runs)))),
    repeatOf(command),
  ];
  return renderPage({ title, body: body.join("\n"), charts: charts.all });
}

/** The runs of the setting that the picture of docs/VALIDATION.md has, or of the one that was recorded most often. */
function oneSetting(recordings: readonly Recording[]): readonly Recording[] {
  const settings = [...grouped(recordings, ({ setting }) => JSON.stringify(setting)).values()];
  return (
    settings.find(([first]) => isShown(first!)) ??
    settings.reduce((most, one) => (one.length > most.length ? one : most))
  );
}

function grouped(recordings: readonly Recording[], keyOf: (recording: Recording) => string): Map<string, Recording[]> {
  const groups = new Map<string, Recording[]>();
  for (const recording of recordings) {
    const key = keyOf(recording);
    groups.set(key, [...(groups.get(key) ?? []), recording]);
  }
  return groups;
}

function kernelChart(name: string, recordings: readonly Recording[]): Chart {
  const { flows, bufferBytes, readerDelayMicroseconds } = recordings[0]!.setting;
  const recorded = recordings.map(recordedCurve);
  const end = Math.max(...recorded.map((points) => points.at(-1)![0]));
  const seconds = Array.from({ length: MOMENTS + 1 }, (_, at) => (at * end) / MOMENTS);
  const kernel = recorded.map((points) => heldAt(points, seconds));
  const simulated = SEEDS.map((seed) => heldAt(simulatedCurve(recordings[0]!, seed, seconds), seconds));
  const over = (curves: readonly (readonly (number | null)[])[], of: (known: readonly number[]) => number) =>
    seconds.map((_, at) => {
      const known = curves.flatMap((curve) => curve[at] ?? []);
      return known.length === 0 ? null : of(known);
    });
  return bandChart({
    title: `Linux ${name}`,
    about:
      `${count(flows)} flows, a buffer of ${bufferBytes} bytes, a reader of ${readerDelayMicroseconds} µs: ` +
      `${plural(recordings.length, "recording", "recordings")}, ${SEEDS.length} simulated runs.`,
    seconds,
    label: "entries in the table",
    band: {
      name: "recorded",
      low: over(kernel, (known) => Math.min(...known)),
      high: over(kernel, (known) => Math.max(...known)),
    },
    line: { name: "simulated", values: over(simulated, median) },
  });
}

/** What the last look at or before each moment said; behind the last one what it said. */
function heldAt(points: readonly Point[], seconds: readonly number[]): (number | null)[] {
  let next = 0;
  let known: number | null = null;
  return seconds.map((moment) => {
    while (next < points.length && points[next]![0] <= moment + 1e-9) known = points[next++]![1];
    return known;
  });
}
