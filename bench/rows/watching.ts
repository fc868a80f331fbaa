/** What it costs to watch a run: timeline, invariants and progress together, against the same run without them. */
import { Run, resolveScenario, simulation } from "../built.js";
import type { Row } from "../row.js";
import { STEADY } from "../throughput.js";

const SLICE_ACTIONS = 50_000;

export const row: Row = {
  title: "invariants, timeline and progress",
  async measure(short) {
    const scenario = resolveScenario("flood", {
      ...STEADY,
      connections: 300_000,
      protocol: "tcp",
      ratePerSecond: 10_000,
      timeoutsSeconds: { tcp_time_wait: 20 },
    });
    const cpu = (): number => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    };
    let looks = 0;
    const observer = {
      progress: async (): Promise<void> => {
        looks++;
      },
      stopRequested: () => false,
    };
    const watched: number[] = [];
    const unwatched: number[] = [];
    for (let i = 0; i < (short ? 3 : 9); i++) {
      const start = cpu();
      const run = new Run(scenario, { lookNanoseconds: 0, due: () => Number.POSITIVE_INFINITY, sample: () => {} });
      while (run.advance(SLICE_ACTIONS));
      const between = cpu();
      await simulation.run(scenario, observer);
      watched.push(cpu() - between);
      unwatched.push(between - start);
    }
    if (looks === 0) throw new Error("expected the observer to be called, got no call");
    for (const times of [watched, unwatched]) times.sort((a, b) => a - b);
    return [
      {
        name: "cost",
        value: 100 * (watched[0]! / unwatched[0]! - 1),
        unit: "%",
        target: 15,
        better: "less",
        scales: false,
        spread: watched[watched.length >> 1]! / watched[0]! - 1,
      },
    ];
  },
};
