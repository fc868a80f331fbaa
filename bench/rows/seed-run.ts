/** The default flush: 20 000 connections, a slow reader, drained to the last retry. */
import { resolveScenario, simulate } from "../built.js";
import type { Row } from "../row.js";
import { best, cpuSeconds } from "../timing.js";

const WARM_UP_RUNS = 10;

export const row: Row = {
  title: "the default flush, 20 000 connections",
  async measure(short) {
    const scenario = resolveScenario("flush", {});
    const once = (): number => cpuSeconds(() => simulate(scenario));
    for (let i = 0; i < WARM_UP_RUNS; i++) once();
    const { value, spread } = best(short ? 10 : 30, once);
    return [
      { name: "after warm-up", value: value * 1000, unit: "ms", target: 60, better: "less", scales: true, spread },
    ];
  },
};
