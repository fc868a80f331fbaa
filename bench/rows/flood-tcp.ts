/** Short TCP connections: handshake and close in seven packets, eight events each. */
import type { Row } from "../row.js";
import { STEADY, throughput } from "../throughput.js";

const PACKETS = 7;

export const row: Row = {
  title: "flood, TCP of 7 packets and 8 events",
  measure: async (short) => [
    throughput({
      experiment: "flood",
      overrides: {
        ...STEADY,
        connections: short ? 300_000 : 1_000_000,
        protocol: "tcp",
        packets: PACKETS,
        ratePerSecond: 10_000,
        timeoutsSeconds: { tcp_time_wait: 20 },
      },
      unit: "packets",
      perConnection: PACKETS,
      targetMillions: 12,
      repetitions: short ? 3 : 5,
    }),
  ],
};
