/**
 * From what was said of the kinds of flow to whole ones: what a script needs, how connections are shared out, and the
 * rules between values, each refused with one sentence.
 */

import type { Overrides } from "./defaults.js";
import { ParameterError } from "./errors.js";
import { formatShare } from "./parameters/codec.js";
import { MOST_ENTRIES, type Protocol, SHORTEST_TCP_PACKETS } from "./parameters/load.js";
import type { Replay } from "./parameters/replay.js";
import type { GivenTrafficClass, ScriptName, TrafficClass } from "./parameters/traffic.js";
import type { Scenario } from "./scenario.js";
import { formatCount, formatDuration, formatRate, LONGEST_DURATION, RATES, SECOND } from "./units.js";

/** What the flags of a single kind say: the defaults of each. */
export type Common = Pick<
  TrafficClass,
  "family" | "protocol" | "arrivals" | "burstConnections" | "connections" | "ratePerSecond"
>;

/** Which protocols a script can have, the first one by itself. */
const PROTOCOLS: Record<ScriptName, readonly Protocol[]> = {
  short: ["tcp", "udp", "icmp"],
  "request-reply": ["udp", "tcp", "icmp"],
  "one-packet": ["udp", "icmp"],
  "syn-only": ["tcp"],
  "half-open": ["tcp"],
  reset: ["tcp"],
  "long-lived": ["tcp", "udp", "icmp"],
  stream: ["udp", "tcp"],
};

/** Packets of the scripts that have a number of their own. */
const FIXED: Partial<Record<ScriptName, number>> = { "one-packet": 1, "syn-only": 1, "half-open": 2 };
/** Handshake, close with an acknowledgement of each FIN, and a question and its answer between them. */
const TCP_REQUEST_REPLY = 9;
const TCP_SHORT = 7;
/** Handshake, a question, its answer, the RST. */
const TCP_RESET = 6;
const GAP_NANOSECONDS = 500_000;
const LIFETIME_NANOSECONDS = 60 * SECOND;
const PACKETS_PER_SECOND = 1;

const lives = (script: ScriptName): boolean => script === "long-lived" || script === "stream";

/** Of 70 % and 30 % as they are added up in binary. */
const ROUNDING = 1e-9;

/**
 * The kinds with the connections and the rate that their shares make of the run's; as they are where none has a share.
 * @throws ParameterError
 */
export function withSharedLoad(
  given: readonly GivenTrafficClass[],
  load: () => Pick<TrafficClass, "connections" | "ratePerSecond">,
): readonly Partial<TrafficClass>[] {
  if (given.every(({ share }) => share === undefined)) return given;
  const shares = given.map(shareOf);
  // Connections are cut where the shares up to there end, so that none is left over.
  const ends = shares.map((_, index) => shares.slice(0, index + 1).reduce((sum, share) => sum + share, 0));
  const all = ends.at(-1)!;
  if (Math.abs(all - 1) > ROUNDING) {
    throw new ParameterError("traffic", `expected shares that add up to 100%, got ${formatShare(all)}`);
  }
  const { connections, ratePerSecond } = load();
  const upTo = (end: number | undefined): number => Math.round(Number(((end ?? 0) * connections).toPrecision(12)));
  return given.map(({ share: _, ...one }, index) => ({
    ...one,
    connections: upTo(ends[index]) - upTo(ends[index - 1]),
    ratePerSecond: ratePerSecond === null ? null : sharedRate(shares[index]!, ratePerSecond, index),
  }));
}

function shareOf({ share, script, ...one }: GivenTrafficClass, index: number): number {
  const kind = script ?? "this kind";
  if (share === undefined) {
    throw new ParameterError(
      `traffic.${index}`,
      `expected a share of each kind of flow or of none, got ${kind} without`,
    );
  }
  for (const field of ["ratePerSecond", "connections"] as const) {
    if (one[field] === undefined) continue;
    const own = field === "connections" ? "connections" : "a rate";
    throw new ParameterError(`traffic.${index}.${field}`, `expected a share or ${own} of ${kind}, got both`);
  }
  if (share > 0) return share;
  throw new ParameterError(`traffic.${index}.share`, `expected a share above 0% of ${kind}, got ${formatShare(share)}`);
}

function sharedRate(share: number, ratePerSecond: number, index: number): number {
  const rate = Number((share * ratePerSecond).toPrecision(12));
  if (rate >= RATES.min) return rate;
  throw new ParameterError(
    `traffic.${index}.share`,
    `expected a share that makes at least ${formatRate(RATES.min)} of {ratePerSecond} ${formatRate(ratePerSecond)}, got ${formatShare(share)}`,
  );
}

/** @throws ParameterError */
export function resolveTraffic(
  given: readonly Partial<TrafficClass>[],
  common: Common,
  { protocol, durationSeconds, connections }: Overrides,
): TrafficClass[] {
  const classes = given.map((one, index) => wholeClass(one, index, common, protocol));
  const names = classes.map(({ name }) => name);
  shareConnections(given, classes, connections ?? common.connections, durationSeconds);
  return classes.map((one, index) => ({ ...one, name: uniqueName(names, index) }));
}

/** The kinds of flow of a scenario: those that it lists, or the one that its other parameters describe. */
export function classesOf(scenario: Scenario): readonly TrafficClass[] {
  if (scenario.traffic.length > 0) return scenario.traffic;
  const { protocol, family, connections, ratePerSecond, arrivals, burstConnections } = scenario;
  const { packets, packetGapNanoseconds } = scenario;
  return [
    {
      name: protocol,
      script: "short",
      protocol,
      family,
      connections,
      ratePerSecond,
      arrivals,
      burstConnections,
      packets,
      packetGapNanoseconds,
      lifetimeNanoseconds: null,
      packetsPerSecond: null,
    },
  ];
}

/** The kinds of flow of a log that is replayed; its packets and their times are the log's. */
export function trafficOf({ kinds }: Replay): TrafficClass[] {
  const protocols = kinds.map(({ protocol }) => protocol as string);
  return kinds.map(({ protocol, family, connections }, index) => ({
    name: uniqueName(protocols, index),
    script: "short",
    protocol,
    family,
    connections,
    ratePerSecond: null,
    arrivals: "constant",
    burstConnections: 1,
    packets: 1,
    packetGapNanoseconds: 0,
    lifetimeNanoseconds: null,
    packetsPerSecond: null,
  }));
}

/** How long the flood of a kind takes, in seconds, the script of its last connection included. */
export function floodSecondsOf(one: TrafficClass): number {
  const { connections, ratePerSecond } = one;
  return (ratePerSecond === null ? 0 : connections / ratePerSecond) + connectionSecondsOf(one);
}

/** From the first packet of a connection of a kind to its last, in seconds. */
export function connectionSecondsOf({ lifetimeNanoseconds, packets, packetGapNanoseconds }: TrafficClass): number {
  return (lifetimeNanoseconds ?? (packets - 1) * packetGapNanoseconds) / SECOND;
}

function wholeClass(
  one: Partial<TrafficClass>,
  index: number,
  common: Common,
  givenProtocol: Protocol | undefined,
): TrafficClass {
  const named = (field: keyof TrafficClass): string => `traffic.${index}.${field}`;
  const { script } = one;
  if (script === undefined) throw new ParameterError(`traffic.${index}`, "expected a script, got none");
  const able = PROTOCOLS[script];
  const fallback = givenProtocol !== undefined && able.includes(givenProtocol) ? givenProtocol : able[0]!;
  const protocol = one.protocol ?? fallback;
  if (!able.includes(protocol)) {
    throw new ParameterError(
      named("protocol"),
      `expected ${able.join(" or ")} with the script ${script}, got ${protocol}`,
    );
  }
  const whole: TrafficClass = {
    name: one.name ?? script,
    script,
    protocol,
    family: one.family ?? common.family,
    connections: one.connections ?? 0,
    ratePerSecond: one.ratePerSecond === undefined ? common.ratePerSecond : one.ratePerSecond,
    arrivals: one.arrivals ?? common.arrivals,
    burstConnections: one.burstConnections ?? common.burstConnections,
    packets: 1,
    packetGapNanoseconds: 0,
    lifetimeNanoseconds: null,
    packetsPerSecond: null,
  };
  return lives(script) ? withLifetime(whole, one, named) : withPackets(whole, one, named);
}

function withLifetime(
  whole: TrafficClass,
  one: Partial<TrafficClass>,
  named: (f: keyof TrafficClass) => string,
): TrafficClass {
  const lifetimeNanoseconds = one.lifetimeNanoseconds ?? LIFETIME_NANOSECONDS;
  const packetsPerSecond = one.packetsPerSecond ?? PACKETS_PER_SECOND;
  const packetGapNanoseconds = Math.round(SECOND / packetsPerSecond);
  const least = whole.protocol === "tcp" ? SHORTEST_TCP_PACKETS + 1 : 1;
  const packets = Math.max(least, 1 + Math.round(lifetimeNanoseconds / packetGapNanoseconds));
  refuseOther(one, { packets, packetGapNanoseconds }, named, "lifetimeNanoseconds and packetsPerSecond");
  return { ...whole, lifetimeNanoseconds, packetsPerSecond, packets, packetGapNanoseconds };
}

function withPackets(
  whole: TrafficClass,
  one: Partial<TrafficClass>,
  named: (f: keyof TrafficClass) => string,
): TrafficClass {
  const { script, protocol } = whole;
  for (const field of ["lifetimeNanoseconds", "packetsPerSecond"] as const) {
    if (one[field] === undefined || one[field] === null) continue;
    throw new ParameterError(
      named(field),
      `expected ${field} with the scripts long-lived and stream only, got it with ${script}`,
    );
  }
  const fixed = FIXED[script];
  if (fixed !== undefined) refuseOther(one, { packets: fixed }, named, `the script ${script}`);
  const packets = fixed ?? one.packets ?? standardPackets(script, protocol);
  const least = protocol !== "tcp" ? 1 : script === "reset" ? 4 : (fixed ?? SHORTEST_TCP_PACKETS);
  if (packets < least) {
    throw new ParameterError(
      named("packets"),
      `expected at least ${least} with the script ${script} over ${protocol}, got ${packets}`,
    );
  }
  const packetGapNanoseconds = one.packetGapNanoseconds ?? (packets > 1 ? GAP_NANOSECONDS : 0);
  return { ...whole, packets, packetGapNanoseconds };
}

function standardPackets(script: ScriptName, protocol: Protocol): number {
  if (script === "request-reply") return protocol === "tcp" ? TCP_REQUEST_REPLY : 2;
  if (script === "reset") return TCP_RESET;
  return protocol === "tcp" ? TCP_SHORT : 1;
}

/** What was given as well must be what the rest makes of it: a resolved scenario, fed back, has both. */
function refuseOther(
  one: Partial<TrafficClass>,
  made: Partial<TrafficClass>,
  named: (field: keyof TrafficClass) => string,
  maker: string,
): void {
  for (const [field, value] of Object.entries(made) as [keyof TrafficClass, number][]) {
    if (one[field] === undefined || one[field] === value) continue;
    throw new ParameterError(named(field), `expected what ${maker} make of it (${value}), got ${one[field]}`);
  }
}

/** Those without a number of their own get what the duration and their rate make, or their part of all, by rate. */
function shareConnections(
  given: readonly Partial<TrafficClass>[],
  classes: readonly TrafficClass[],
  total: number,
  durationSeconds: number | undefined,
): void {
  const open = classes.filter((_, index) => given[index]!.connections === undefined);
  const rates = open.map(({ ratePerSecond }) => ratePerSecond ?? 0);
  const sum = rates.reduce((all, rate) => all + rate, 0);
  const left = total - classes.reduce((all, { connections }) => all + connections, 0);
  open.forEach((one, index) => {
    const rate = one.ratePerSecond;
    if (durationSeconds !== undefined && rate !== null) one.connections = Math.round(rate * durationSeconds);
    else one.connections = Math.round(sum > 0 ? (left * rates[index]!) / sum : left / open.length);
  });
  for (const [index, one] of classes.entries()) {
    if (one.connections < 1) {
      throw new ParameterError(
        `traffic.${index}.connections`,
        `expected at least one connection for it, got ${one.connections}`,
      );
    }
    if (connectionSecondsOf(one) * SECOND > LONGEST_DURATION) {
      throw new ParameterError(
        `traffic.${index}.packets`,
        `expected a connection of at most ${formatDuration(LONGEST_DURATION)}`,
      );
    }
  }
  const all = classes.reduce((count, { connections }) => count + connections, 0);
  if (all <= MOST_ENTRIES) return;
  throw new ParameterError(
    "traffic",
    `expected at most ${formatCount(MOST_ENTRIES)} connections of all kinds, got ${formatCount(all)}`,
  );
}

/** Two kinds of one name are told apart by a number. */
function uniqueName(names: readonly string[], index: number): string {
  const same = names.slice(0, index).filter((name) => name === names[index]).length;
  return same === 0 ? names[index]! : `${names[index]}-${same + 1}`;
}
