/**
 * How much memory a run may need, known before it: what grows with the entries that can be in the table at once. It
 * owns that sum, not what is done about it.
 */
import type { Scenario } from "../scenario/scenario.js";

/** An entry's records (kernel/records.ts), and what a daemon that knows it keeps (daemon/view.ts). */
const ENTRY_BYTES = 60 + 30;
const BUCKET_BYTES = 4;

export function entriesAtOnce({ connections, secondFlood, nfConntrackMax }: Scenario): number {
  const all = connections + (secondFlood?.connections ?? 0);
  return nfConntrackMax > 0 ? Math.min(all, nfConntrackMax) : all;
}

export function memoryBytes(scenario: Scenario): number {
  return entriesAtOnce(scenario) * ENTRY_BYTES + scenario.buckets * BUCKET_BYTES;
}
