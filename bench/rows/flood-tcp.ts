/** Short TCP connections: handshake and close in seven packets, eight events each. */
import { steadyFlood } from "../throughput.js";

export const row = steadyFlood(
  "flood, TCP of 7 packets and 8 events",
  { short: 300_000, whole: 1_000_000 },
  { protocol: "tcp", packets: 7, ratePerSecond: 10_000, timeoutsSeconds: { tcp_time_wait: 20 } },
  { unit: "packets", perConnection: 7, events: 8, resident: 220_000, targetShare: 0.6 },
);
