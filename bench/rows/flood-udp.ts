/** One-packet UDP flows, as fast as the simulated machine makes them: each is created, expires and is destroyed. */
import type { Row } from "../row.js";
import { STEADY, throughput } from "../throughput.js";

export const row: Row = {
  title: "flood, one-packet UDP in 262 144 slots",
  measure: async (short) => [
    throughput({
      experiment: "flood",
      overrides: {
        ...STEADY,
        connections: short ? 1_000_000 : 3_000_000,
        protocol: "udp",
        ratePerSecond: 70_000,
        timeoutsSeconds: { udp: 3 },
      },
      unit: "flows",
      perConnection: 1,
      targetMillions: 5,
      repetitions: short ? 3 : 5,
    }),
  ],
};
