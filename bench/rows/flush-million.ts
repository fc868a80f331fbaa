/** A million flows resident at once, then flushed, all delivered. */
import type { Row } from "../row.js";
import { READS_EVERYTHING, throughput } from "../throughput.js";

export const row: Row = {
  title: "flush, 1 000 000 flows resident",
  measure: async (short) =>
    throughput({
      experiment: "flush",
      overrides: { connections: 1_000_000, listeners: READS_EVERYTHING! },
      unit: "flows",
      perConnection: 1,
      events: 2,
      resident: 1_000_000,
      targetShare: 0.7,
      repetitions: short ? 3 : 5,
    }),
};
