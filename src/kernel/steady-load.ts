/**
 * Whether a load lasts until the table is what it stays: until as many entries end as begin. An entry is there for its
 * connection and the timeout after it, and where no timer ends it the gc worker finds it in its next pass. A shorter
 * load has fewer entries at once and smaller bursts of DESTROY than the same rate has day in, day out.
 */
import type { Scenario, TimeoutKey, TrafficClass } from "../scenario/scenario.js";
import { classesOf, connectionSecondsOf } from "../scenario/traffic.js";
import { effectiveRelease } from "./effective-release.js";
import type { Release } from "./release.js";

export interface ShortLoad {
  lastsSeconds: number;
  /** From which duration on the figures are those of a load without end. */
  steadySeconds: number;
  /** Entries that such a load has at once, without the expired ones that the gc has not met. */
  steadyEntries: number;
  /** The longest time between two looks of the gc at an entry; 0: entries have timers, and end one by one. */
  gcSeconds: number;
  /** The most that the table takes. */
  nfConntrackMax: number;
}

/** The longest time from one look at an entry to the next, in seconds (gc/). */
const GC_PERIOD: Readonly<Record<Release["gc"], number>> = {
  none: 0,
  "fraction-64": 128,
  "fraction-128": 16,
  "pass-120s": 120,
  "pass-halving": 60,
  "pass-mean": 60,
};
/** What one pass finds depends on when the last one was. */
const PASSES = 2;
/** A stream from its third packet on. */
const STREAM_PACKETS = 3;

/**
 * Null: it lasts, or it has no rate that could go on (as fast as it goes, a profile, a log, deletes, a flush at its
 * end).
 */
export function shortLoad(scenario: Scenario): ShortLoad | null {
  const { flush, replay, rateProfile, delete: deletes, kernelRules } = scenario;
  const release = effectiveRelease(scenario);
  const classes = classesOf(scenario);
  if (flush || replay !== null || deletes !== null || rateProfile.length > 0 || release === null) return null;
  if (classes.some(({ ratePerSecond, connections }) => ratePerSecond === null || connections === 0)) return null;
  const gcSeconds = release.gc.startsWith("pass")
    ? (kernelRules.gcIntervalSeconds ?? GC_PERIOD[release.gc])
    : GC_PERIOD[release.gc];
  const lives = classes.map((one) => connectionSecondsOf(one) + scenario.timeoutsSeconds[lastTimeoutOf(one)]);
  const lastsSeconds = Math.max(...classes.map(({ connections, ratePerSecond }) => connections / ratePerSecond!));
  const steadySeconds = Math.round(Math.max(...lives) + PASSES * gcSeconds);
  if (lastsSeconds >= steadySeconds) return null;
  const steadyEntries = classes.reduce((sum, { ratePerSecond }, index) => sum + ratePerSecond! * lives[index]!, 0);
  return { lastsSeconds, steadySeconds, steadyEntries, gcSeconds, nfConntrackMax: scenario.nfConntrackMax };
}

/** The timeout that its last packet leaves. */
function lastTimeoutOf({ protocol, family, script, packets }: TrafficClass): TimeoutKey {
  if (protocol === "tcp") {
    if (script === "syn-only") return "tcp_syn_sent";
    if (script === "half-open") return "tcp_syn_recv";
    return script === "reset" ? "tcp_close" : "tcp_time_wait";
  }
  if (protocol === "udp") return packets >= STREAM_PACKETS ? "udp_stream" : "udp";
  return family === "ipv6" ? "icmpv6" : "icmp";
}
