/** Ten million flows resident: the rate, the memory, and that time is linear in their number. */
import { Run, resolveScenario } from "../built.js";
import type { Figure, Row } from "../row.js";
import { READS_EVERYTHING, throughput } from "../throughput.js";

const MOST = 10_000_000;
/** The flood takes two minutes of the simulated machine; nothing may expire meanwhile. */
const TIMEOUTS = { udp: 3600 };

const flushOf = (connections: number, repetitions: number): readonly Figure[] =>
  throughput({
    experiment: "flush",
    overrides: { connections, timeoutsSeconds: TIMEOUTS, listeners: READS_EVERYTHING! },
    unit: "flows",
    perConnection: 1,
    events: 2,
    resident: connections,
    targetShare: 0.7,
    repetitions,
  });

/** Bytes of all arrays of the simulated table by flow, buckets left out: what the records cost. */
function tableBytesPerFlow(connections: number): number {
  const before = process.memoryUsage().arrayBuffers;
  const run = new Run(resolveScenario("flush", { connections, buckets: 1, listeners: READS_EVERYTHING! }));
  return (process.memoryUsage().arrayBuffers - before) / (run.seconds === 0 ? connections : Number.NaN);
}

export const row: Row = {
  title: "flush, 10 000 000 flows resident",
  async measure(short) {
    if (short) return [];
    const figure = { better: "less", scales: false, spread: 0 } as const;
    const bytes = tableBytesPerFlow(1_000_000);
    const [few] = flushOf(MOST / 100, 5);
    const [many, share] = flushOf(MOST, 3);
    return [
      many!,
      share!,
      { ...figure, name: "table", value: bytes, unit: "bytes/flow", target: 64 },
      { ...figure, name: "resident", value: process.resourceUsage().maxRSS / 1e6, unit: "GB", target: 1.2 },
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
