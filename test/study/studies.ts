/** Small studies for tests, and runs of them in this thread. It tests nothing itself. */
import type { Overrides } from "../../src/scenario/defaults.js";
import { simulation } from "../../src/simulation/simulation.js";
import type { Axis, Study } from "../../src/study/grid.js";
import { pool } from "../../src/study/pool.js";
import { Runs } from "../../src/study/runs.js";
import type { Shard } from "../../src/study/shard.js";
import { type SweepWatch, sweep } from "../../src/study/sweep.js";

export const here = pool(1, simulation, () => {});
export const NEVER = new AbortController().signal;

export const buffers: Axis = {
  name: "buffer",
  values: [2048, 8192, 65_536].map((bytes) => ({
    text: String(bytes),
    overrides: { listeners: [{ bufferBytes: bytes }] },
  })),
};

export const readers: Axis = {
  name: "reader",
  values: [100_000, 1_000_000].map((nanoseconds) => ({
    text: `${nanoseconds / 1000}us`,
    overrides: { listeners: [{ serviceNanoseconds: nanoseconds }] },
  })),
};

export function study(fields: Partial<Study> = {}): Study {
  const overrides: Overrides = { connections: 60 };
  return {
    kind: "sweep",
    of: "flush",
    experiment: "flush",
    overrides,
    axes: [buffers, readers],
    runs: 3,
    measures: ["destroy.lost%", "drain", "dying.peak"],
    command: "ct-reliable sweep flush",
    ...fields,
  };
}

export async function swept(
  of: Study,
  { shard = null, runs = new Runs(of), ...watch }: Partial<SweepWatch> & { shard?: Shard | null; runs?: Runs } = {},
): Promise<Runs> {
  await sweep(runs, shard, here, { progress() {}, signal: NEVER, ...watch });
  return runs;
}
