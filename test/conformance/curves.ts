import { Run } from "../../src/simulation/loop.js";
import type { Machine } from "../../src/simulation/machine.js";
import { calibrate, scenarioOf } from "./recorded-scenario.js";
import type { Recording } from "./recording.js";

export type Point = readonly [seconds: number, count: number];

const COLUMNS = 4;
const WIDTH = 210;
const HEIGHT = 130;
const MARGIN = { left: 40, top: 22, right: 8, bottom: 20 };
const SHOWN_LOOKS = 60;

export function isShown({ tag, setting }: Recording): boolean {
  const flush = tag === "main" && setting.reliable === 1 && setting.bigBufferDuringFlood === 1;
  return flush && setting.flows === 5000 && setting.bufferBytes === 8192 && setting.readerDelayMicroseconds === 1000;
}

/** The table's count after the flush of a simulated run, at these seconds after the flush has ended. */
export function simulatedCurve(recording: Recording, seed: string, looks: readonly number[]): Point[] {
  const points: Point[] = [];
  const sampler = {
    lookNanoseconds: 0,
    due: ({ figures }: Machine): number =>
      figures.flushEndedAt === Number.POSITIVE_INFINITY
        ? Number.POSITIVE_INFINITY
        : figures.flushEndedAt + looks[points.length]! * 1e9,
    sample: (machine: Machine): void => {
      points.push([(machine.clock.now - machine.figures.flushAt) / 1e9, machine.kernel.table.count]);
      machine.over = points.length === looks.length;
    },
  };
  const run = new Run(scenarioOf(recording, seed, calibrate(recording)), sampler);
  while (run.advance(100_000));
  return points;
}

export function recordedCurve({ series }: Recording): Point[] {
  return series!.rows.map(([seconds, count]) => [seconds!, count!]);
}

function panel(recording: Recording, index: number): string {
  const recorded = recordedCurve(recording);
  const seconds = recorded.at(-1)![0];
  const looks = Array.from({ length: SHOWN_LOOKS + 1 }, (_, look) => (look * seconds) / SHOWN_LOOKS);
  const simulated = simulatedCurve(recording, "1", looks);
  const most = Math.max(...recorded.map(([, count]) => count), ...simulated.map(([, count]) => count));
  const x = (value: number): number => MARGIN.left + (value / seconds) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number): number => HEIGHT - MARGIN.bottom - (value / most) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const path = (points: readonly Point[]): string =>
    points.map(([s, c]) => `${x(s).toFixed(1)},${y(c).toFixed(1)}`).join(" ");
  const dots = recorded.map(([s, c]) => `<circle cx="${x(s).toFixed(1)}" cy="${y(c).toFixed(1)}" r="1.6"/>`).join("");
  const [left, top] = [(index % COLUMNS) * WIDTH, Math.floor(index / COLUMNS) * HEIGHT];
  return `<g transform="translate(${left} ${top})">
<text x="${MARGIN.left}" y="14" class="title">${recording.kernel}</text>
<path d="M${MARGIN.left} ${MARGIN.top}V${HEIGHT - MARGIN.bottom}H${WIDTH - MARGIN.right}" class="axis"/>
<text x="${MARGIN.left - 4}" y="${y(most) + 4}" text-anchor="end">${most}</text>
<text x="${MARGIN.left - 4}" y="${y(0)}" text-anchor="end">0</text>
<text x="${WIDTH - MARGIN.right}" y="${HEIGHT - 6}" text-anchor="end">${seconds.toFixed(1)} s</text>
<polyline points="${path(simulated)}" class="simulated"/>
<g class="recorded">${dots}</g>
</g>`;
}

/** An SVG: dots recorded, lines simulated. The first run of each kernel; kernels without that setting have no panel. */
export function curves(recordings: readonly Recording[]): string {
  const kernels = new Map<string, Recording>();
  for (const recording of recordings.filter(isShown)) {
    if (!kernels.has(recording.kernel)) kernels.set(recording.kernel, recording);
  }
  const panels = [...kernels.values()].map(panel);
  const height = Math.ceil(panels.length / COLUMNS) * HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${COLUMNS * WIDTH} ${height}" role="img">
<title>Entries in the table after a flush of 5000 flows, by kernel: dots recorded, lines simulated</title>
<style>text{font:10px sans-serif;fill:#444}.title{font-weight:bold}.axis{fill:none;stroke:#999}.simulated{fill:none;stroke:#2b6cb0;stroke-width:1.5}.recorded{fill:#c05621}</style>
<rect width="100%" height="100%" fill="#fff"/>
${panels.join("\n")}
</svg>
`;
}
