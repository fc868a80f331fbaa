/** One-packet UDP flows, as fast as the simulated machine makes them: each is created, expires and is destroyed. */
import { steadyFlood } from "../throughput.js";

export const row = steadyFlood(
  "flood, one-packet UDP in 262 144 slots",
  { short: 1_000_000, whole: 3_000_000 },
  { protocol: "udp", ratePerSecond: 70_000, timeoutsSeconds: { udp: 3 } },
  { unit: "flows", perConnection: 1, events: 2, resident: 210_000, targetShare: 0.7 },
);
