/**
 * Rows that are a rate: so many flows or packets of one scenario in a second of CPU time. The reader of these scenarios
 * is fast and its buffer large, so that every event is built, queued, read and booked: nothing is skipped.
 */
import type { Overrides } from "../src/index.js";
import { prepareEngine, resolveScenario, simulate } from "./built.js";
import { limitFlowsPerSecond } from "./limit.js";
import type { Figure, Row } from "./row.js";
import { best, cpuSeconds } from "./timing.js";

/** A reader that keeps up. */
export const READS_EVERYTHING: Overrides["listeners"] = [{ bufferBytes: 212_992, serviceNanoseconds: 0 }];

/** A flood that goes on long after its first flows are gone, in a table of 262 144 slots that its load nearly fills. */
export const STEADY: Overrides = {
  arrivals: "constant",
  packetGapNanoseconds: 0,
  flush: false,
  nfConntrackMax: 262_144,
  buckets: 262_144,
  listeners: READS_EVERYTHING!,
};

/** A row of one steady flood. */
export function steadyFlood(
  title: string,
  connections: { short: number; whole: number },
  flood: Overrides,
  rate: Pick<Throughput, "unit" | "perConnection" | "events" | "resident" | "targetShare">,
): Row {
  return {
    title,
    measure: async (short) =>
      throughput({
        experiment: "flood",
        overrides: { ...STEADY, ...flood, connections: short ? connections.short : connections.whole },
        repetitions: short ? 3 : 5,
        ...rate,
      }),
  };
}

interface Throughput {
  experiment: "flood" | "flush";
  overrides: Overrides & { connections: number };
  /** What is counted, and how many of it a connection has. */
  unit: "flows" | "packets";
  perConnection: number;
  /** Of a connection, and how many connections are in the table at once: for the limit of this machine (limit.ts). */
  events: number;
  resident: number;
  /** The least share of that limit. */
  targetShare: number;
  repetitions: number;
}

export function throughput(work: Throughput): readonly Figure[] {
  const { experiment, overrides, unit, perConnection, events: eventsOf, resident, targetShare, repetitions } = work;
  const scenario = resolveScenario(experiment, overrides);
  // As the command does.
  prepareEngine(scenario);
  const fastest = best(repetitions, () =>
    cpuSeconds(() => {
      const { events, invariants, table } = simulate(scenario);
      if (experiment === "flush" && table.peakCount !== overrides.connections) {
        throw new Error(`expected ${overrides.connections} flows resident, got ${table.peakCount}`);
      }
      const { raised, delivered, lost } = events.destroy;
      if (invariants.violated.length > 0 || lost > 0 || delivered < raised) {
        throw new Error(`expected every DESTROY delivered, got ${delivered} of ${raised}; ${invariants.violated}`);
      }
    }),
  );
  const connectionsPerSecond = overrides.connections / fastest.value;
  const { buckets } = scenario;
  const most = limitFlowsPerSecond(
    {
      flows: overrides.connections,
      resident,
      buckets: 2 ** Math.round(Math.log2(buckets)),
      packets: perConnection,
      events: eventsOf,
    },
    repetitions,
  );
  return [
    {
      name: unit === "flows" ? "flows" : "packets",
      value: (connectionsPerSecond * perConnection) / 1e6,
      unit: `M ${unit}/s`,
      target: null,
      better: "more",
      scales: true,
      spread: fastest.spread,
    },
    {
      name: "share of what this machine can do",
      value: connectionsPerSecond / most,
      unit: "",
      target: targetShare,
      better: "more",
      scales: false,
      spread: fastest.spread,
    },
  ];
}
