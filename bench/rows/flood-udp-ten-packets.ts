/** UDP conversations of ten packets: mostly look-ups of entries that exist. */
import type { Row } from "../row.js";
import { STEADY, throughput } from "../throughput.js";

const PACKETS = 10;

export const row: Row = {
  title: "flood, UDP of 10 packets",
  measure: async (short) => [
    throughput({
      experiment: "flood",
      overrides: {
        ...STEADY,
        connections: short ? 300_000 : 1_000_000,
        protocol: "udp",
        packets: PACKETS,
        ratePerSecond: 8000,
        timeoutsSeconds: { udp_stream: 30 },
      },
      unit: "packets",
      perConnection: PACKETS,
      targetMillions: 20,
      repetitions: short ? 3 : 5,
    }),
  ],
};
