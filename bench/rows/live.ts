/** The simulator against the kernel that it models: 200 000 UDP flows, every event read, then a flush. */
import type { SkippedRow } from "../row.js";

export const row: SkippedRow = {
  title: "simulated against live, 200 000 UDP flows",
  skipped: "needs a kernel that grants a network namespace, and is not wired to the live backend yet.",
};
