/** Ten million flows resident: the rate, the memory, and that time is linear in their number. */
import type { Overrides } from "../../src/index.js";
import { Run, resolveScenario, simulate } from "../built.js";
import type { Figure, Row } from "../row.js";
import { READS_EVERYTHING, throughput } from "../throughput.js";

const MOST = 10_000_000;
/** The flood takes two minutes of the simulated machine; nothing may expire meanwhile. */
const TIMEOUTS = { udp: 3600 };

const scenarioOf = (connections: number): Overrides & { connections: number } => ({
  connections,
  timeoutsSeconds: TIMEOUTS,
  listeners: READS_EVERYTHING!,
});

const flushOf = (connections: number, repetitions: number): readonly Figure[] =>
  throughput({
    experiment: "flush",
    overrides: scenarioOf(connections),
    unit: "flows",
    perConnection: 1,
    events: 2,
    resident: connections,
    targetShare: 0.7,
    repetitions,
  });

/** Bytes of the records of the simulated table by flow, buckets left out. */
function tableBytesPerFlow(connections: number): number {
  const { words, heads, extensions } = new Run(resolveScenario("flush", scenarioOf(connections))).kernel.table.records;
  return (words.byteLength - heads.byteLength + extensions.byteLength) / connections;
}

/** The most memory of this process while it simulates them; to be asked for before anything else needs as much. */
function residentGigabytes(connections: number): number {
  simulate(resolveScenario("flush", scenarioOf(connections)));
  return process.resourceUsage().maxRSS / 1e6;
}

export const row: Row = {
  title: "flush, 10 000 000 flows resident",
  async measure(short) {
    if (short) return [];
    const figure = { better: "less", scales: false, spread: 0 } as const;
    const resident = residentGigabytes(MOST);
    const bytes = tableBytesPerFlow(1_000_000);
    const [few] = flushOf(MOST / 100, 5);
    const [many, share] = flushOf(MOST, 3);
    return [
      many!,
      share!,
      { ...figure, name: "table", value: bytes, unit: "bytes/flow", target: 64 },
      { ...figure, name: "resident", value: resident, unit: "GB", target: 1.2 },
      {
        ...figure,
        name: "exponent from 1e5 to 1e7",
        value: 1 + Math.log10(few!.value / many!.value) / 2,
        unit: "",
        target: 1.05,
        spread: many!.spread,
      },
    ];
  },
};
