/** What a load that ended early leaves open, in one or two sentences; whether it did is kernel/steady-load.ts. */
import type { ShortLoad } from "../../kernel/steady-load.js";
import { formatSeconds } from "../../scenario/units.js";
import { count, duration } from "./numbers.js";

export function shortLoadText({
  lastsSeconds,
  steadySeconds,
  steadyEntries,
  gcSeconds,
  nfConntrackMax,
}: ShortLoad): string {
  const bursts = gcSeconds > 0 ? " and larger bursts of DESTROY" : "";
  const entries = Number(steadyEntries.toPrecision(2));
  const full =
    entries > nfConntrackMax ? ` About ${count(entries)} live at once then, more than nf_conntrack_max.` : "";
  return (
    `That is a load of ${duration(lastsSeconds)}; one that goes on has more entries at once${bursts}: ask with ` +
    `--duration ${formatSeconds(steadySeconds)} or more.${full}`
  );
}
