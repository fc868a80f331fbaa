/** UDP conversations of ten packets: mostly look-ups of entries that exist. */
import { steadyFlood } from "../throughput.js";

export const row = steadyFlood(
  "flood, UDP of 10 packets",
  { short: 300_000, whole: 1_000_000 },
  { protocol: "udp", packets: 10, ratePerSecond: 8000, timeoutsSeconds: { udp_stream: 30 } },
  { unit: "packets", perConnection: 10, events: 4, resident: 240_000, targetShare: 0.6 },
);
