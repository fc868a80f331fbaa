/**
 * From what a user said to a whole scenario: the defaults (each said in the table of its parameter) filled in, and the
 * rules between values, each refused with one sentence. It parses no text (units.ts, value.ts) and runs nothing. The
 * defaults are those of the commit's own test: Linux 2.6.31, a buffer of 2048 bytes, NETLINK_BROADCAST_ERROR alone,
 * grace of 15 s.
 */
import { RELEASES, type Release, releaseFor } from "../kernel/release.js";
import { listed, ParameterError, quoted } from "./errors.js";
import type { Described } from "./json-schema.js";
import { DELETE } from "./parameters/delete.js";
import { LISTENER, LISTENER_BESIDE, type ListenerScenario, USUAL_POLL, USUAL_QUEUE } from "./parameters/listener.js";
import { PROTOCOLS } from "./parameters/load.js";
import { type Chosen, standardOf } from "./parameters/parameter.js";
import { presetOf } from "./parameters/preset.js";
import { connectionsUpTo, type RatePoint } from "./parameters/rate-profile.js";
import type { Replay } from "./parameters/replay.js";
import type { GivenTrafficClass } from "./parameters/traffic.js";
import {
  type Costs,
  type DeleteScenario,
  type Experiment,
  type KernelConfig,
  type KernelRules,
  MOST_ENTRIES,
  RANDOM_SEED,
  SCENARIO,
  type Scenario,
  SHORTEST_TCP_PACKETS,
  type TimeoutKey,
  type TrafficClass,
} from "./scenario.js";
import { classesOf, floodSecondsOf, resolveTraffic, trafficOf, withSharedLoad } from "./traffic.js";
import { formatCount, formatDuration, formatRate, formatSize, LONGEST_DURATION, RATES, SECOND } from "./units.js";

/** What a user said, in canonical units; everything else is a default. */
export interface Overrides
  extends Partial<
    Omit<
      Scenario,
      "experiment" | "timeoutsSeconds" | "listeners" | "delete" | "traffic" | "kernelConfig" | "kernelRules" | "costs"
    >
  > {
  durationSeconds?: number;
  timeoutsSeconds?: Partial<Record<TimeoutKey, number>>;
  listeners?: Partial<ListenerScenario>[];
  traffic?: GivenTrafficClass[];
  delete?: Partial<DeleteScenario> | null;
  kernelConfig?: Partial<KernelConfig>;
  kernelRules?: Partial<KernelRules>;
  costs?: Partial<Costs>;
}

/** Jiffies at the first packet lie below this (simulation/kernel.ts). */
const UPTIME_JIFFIES = 2 ** 18;

/**
 * The whole scenario of an experiment.
 * @throws ParameterError when values contradict each other or the kernel is none that is modelled
 */
export function resolveScenario(experiment: Experiment, overrides: Overrides): Scenario {
  const { listeners = [{}] } = overrides;
  const { kernel, machine, protocol, packets, connections, ratePerSecond } = SCENARIO.properties;
  const release = knownRelease(overrides.kernel ?? kernel.standard);
  const chosen: Chosen = {
    experiment,
    release,
    connections: 0,
    ratePerSecond: null,
    machine: "recorded",
    protocol: "udp",
    packets: 1,
    floodSeconds: 0,
    replays: (overrides.replay ?? null) !== null,
  };
  const choose = <T>(given: T | undefined, described: Described<T>): T =>
    given === undefined ? standardOf(described, chosen) : given;
  chosen.machine = choose(overrides.machine, machine);
  chosen.protocol = choose(overrides.protocol, protocol);
  chosen.packets = choose(overrides.packets, packets);
  refuseShortTcp(chosen);
  const base = { connections: standardOf(connections, chosen), ratePerSecond: standardOf(ratePerSecond, chosen) };
  const traffic = resolvedTraffic(overrides, base, choose);
  Object.assign(chosen, resolvedLoad(overrides, base, traffic));
  chosen.floodSeconds ||= chosen.ratePerSecond === null ? 0 : chosen.connections / chosen.ratePerSecond;
  if (overrides.limitSeconds === undefined) refuseEndlessFlood(chosen);
  const given = { ...overrides, connections: chosen.connections, ratePerSecond: chosen.ratePerSecond };
  const scenario = completed(SCENARIO.properties, given, chosen) as unknown as Scenario;
  scenario.listeners = listeners.map((listener, index) => completedListener(listener, index, chosen));
  scenario.traffic = traffic;
  if (overrides.delete) scenario.delete = completedDelete(overrides.delete, scenario, chosen);
  scenario.listeners.forEach((listener, index) => {
    refuseContradictions(listener, index);
    refuseUnknownKinds(listener, index, scenario);
  });
  refuseSmallHeads(scenario, release);
  refuseForeignRules(scenario, release);
  refuseTooManyJiffies(scenario);
  refuseAutodetection(scenario, release);
  refuseSpreadPackets(scenario);
  refuseDrawnSeed(scenario);
  return scenario;
}

function resolvedTraffic(
  overrides: Overrides,
  base: Load,
  choose: <T>(given: T | undefined, described: Described<T>) => T,
): TrafficClass[] {
  const { traffic = [], replay = null } = overrides;
  if (replay !== null) return replayedTraffic(replay, overrides);
  if (traffic.length === 0) return [];
  if (overrides.secondFlood !== undefined && overrides.secondFlood !== null) {
    throw new ParameterError(
      "secondFlood",
      "expected a second flood with one kind of flow only, got {traffic} beside it",
    );
  }
  const { family, protocol, arrivals, burstConnections } = SCENARIO.properties;
  const common = {
    family: choose(overrides.family, family),
    protocol: choose(overrides.protocol, protocol),
    arrivals: choose(overrides.arrivals, arrivals),
    burstConnections: choose(overrides.burstConnections, burstConnections),
    connections: overrides.connections ?? base.connections,
    ratePerSecond: overrides.ratePerSecond === undefined ? base.ratePerSecond : overrides.ratePerSecond,
  };
  const shared = withSharedLoad(traffic, () => resolveLoad(overrides, base));
  return resolveTraffic(shared, common, overrides);
}

function resolvedLoad(overrides: Overrides, base: Load, traffic: readonly TrafficClass[]): Partial<Chosen> {
  const { rateProfile = [], replay = null } = overrides;
  if (replay !== null) return { ...loadOf(traffic), floodSeconds: replay.seconds };
  if (rateProfile.length > 0) return loadOfProfile(rateProfile, overrides, traffic);
  return traffic.length === 0 ? resolveLoad(overrides, base) : loadOf(traffic);
}

/** The kinds of flow of a log, which says itself what comes and when. */
function replayedTraffic(replay: Replay, given: Overrides): TrafficClass[] {
  const traffic = trafficOf(replay);
  const { connections } = loadOf(traffic);
  const fed = (field: "traffic" | "connections"): boolean =>
    JSON.stringify(given[field]) === JSON.stringify(field === "traffic" ? traffic : connections);
  const isEmpty = (value: unknown): boolean => value === undefined || value === null || JSON.stringify(value) === "[]";
  for (const field of [
    ...(["connections", "ratePerSecond", "durationSeconds", "traffic"] as const),
    ...(["rateProfile", "tuples", "secondFlood"] as const),
  ]) {
    if (isEmpty(given[field]) || ((field === "traffic" || field === "connections") && fed(field))) continue;
    throw new ParameterError(field, "expected it left out beside {replay}, whose log says what comes and when");
  }
  return traffic;
}

/** What a rate over time makes: its connections, its mean rate, its length. */
function loadOfProfile(
  points: readonly RatePoint[],
  given: Overrides,
  traffic: readonly TrafficClass[],
): Load & { floodSeconds: number } {
  if (traffic.length > 0) throw new ParameterError("rateProfile", "expected one kind of flow beside it, got {traffic}");
  if (points[0]!.seconds !== 0 || points.length < 2) {
    throw new ParameterError(
      "rateProfile",
      `expected at least two points, the first at 0 seconds, got ${points.length}`,
    );
  }
  points.slice(1).forEach(({ seconds }, index) => {
    if (seconds >= points[index]!.seconds) return;
    throw new ParameterError(
      `rateProfile.${index + 1}.seconds`,
      `expected at least ${points[index]!.seconds}, got ${seconds}`,
    );
  });
  const floodSeconds = points.at(-1)!.seconds;
  const connections = Math.round(connectionsUpTo(points).at(-1)!);
  if (connections < 1 || connections > MOST_ENTRIES) {
    throw new ParameterError(
      "rateProfile",
      `expected 1 to ${formatCount(MOST_ENTRIES)} connections of it, got ${connections}`,
    );
  }
  const load = { connections, ratePerSecond: connections / floodSeconds };
  for (const field of ["connections", "ratePerSecond"] as const) {
    if (given[field] === undefined || given[field] === load[field]) continue;
    throw new ParameterError(
      field,
      `expected it left out beside {rateProfile}, which makes ${load[field]}, got ${given[field]}`,
    );
  }
  if (given.durationSeconds !== undefined) {
    throw new ParameterError("durationSeconds", "expected it left out beside {rateProfile}, which has a length");
  }
  return { ...load, floodSeconds };
}

/** All kinds of flow together. */
function loadOf(traffic: readonly TrafficClass[]): Load & { floodSeconds: number } {
  const rates = traffic.map(({ ratePerSecond }) => ratePerSecond);
  return {
    connections: traffic.reduce((sum, { connections }) => sum + connections, 0),
    ratePerSecond: rates.some((rate) => rate === null) ? null : rates.reduce<number>((sum, rate) => sum + rate!, 0),
    floodSeconds: Math.max(...traffic.map(floodSecondsOf)),
  };
}

/** Every property, given or by default; of one with parts that is given in part, the rest is the default. */
function completed(
  properties: Readonly<Record<string, Described<unknown>>>,
  given: Readonly<Record<string, unknown>>,
  chosen: Chosen,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, described]) => {
      const own = given[key];
      if (own === undefined) return [key, standardOf(described, chosen)];
      const parts = described.type === "object" && own !== null ? standardOf(described, chosen) : null;
      return [key, parts === null ? own : { ...parts, ...own }];
    }),
  );
}

function completedListener(given: Partial<ListenerScenario>, index: number, chosen: Chosen): ListenerScenario {
  const properties = index === 0 ? LISTENER.properties : LISTENER_BESIDE;
  const preset = given.preset ? presetOf(given.preset).sets : {};
  const listener = completed(properties, { ...preset, ...given }, chosen) as unknown as ListenerScenario;
  const { queue, poll } = listener;
  if (queue !== null) listener.queue = { ...USUAL_QUEUE, ...queue };
  if (poll !== null) listener.poll = { ...USUAL_POLL, ...poll };
  return listener;
}

function completedDelete(given: Partial<DeleteScenario>, scenario: Scenario, chosen: Chosen): DeleteScenario {
  if (given.atSeconds === undefined && (given.perSecond ?? null) === null) {
    throw new ParameterError("delete", "expected a time (atSeconds) or a pace (perSecond), got neither");
  }
  const whole = completed(DELETE.properties, { ...given }, chosen) as unknown as DeleteScenario;
  const names = classesOf(scenario).map(({ name }) => name);
  if (whole.class === null || names.includes(whole.class)) return whole;
  throw new ParameterError(
    "delete",
    `expected a kind of flow that there is, ${listed(names)}, got ${quoted(whole.class)}`,
  );
}

function refuseShortTcp({ protocol, packets }: Chosen): void {
  if (protocol !== "tcp" || packets >= SHORTEST_TCP_PACKETS) return;
  throw new ParameterError(
    "packets",
    `expected at least ${SHORTEST_TCP_PACKETS} with {protocol} tcp (handshake and close), got ${packets}`,
  );
}

function refuseSmallHeads({ kernel, kernelConfig }: Scenario, release: Release): void {
  if (kernelConfig.smallHeadBytes === 0 || release.config.smallHeadBytes > 0) return;
  throw new ParameterError(
    "kernelConfig",
    `expected small-head only with a kernel that has a cache of small heads (6.3 on), got it with ${kernel}`,
  );
}

/** A worker and a timer per entry exclude each other: the kernel has the memory and the code of one of them. */
function refuseForeignRules({ kernel, kernelRules: { gc, retry } }: Scenario, release: Release): void {
  if (gc !== "own" && release.gc === "none") {
    throw new ParameterError(
      "kernelRules.gc",
      `expected no gc worker with ${kernel}, whose entries have a timer each (until 4.8), got ${gc}`,
    );
  }
  if (retry === "timer" && release.gc !== "none") {
    throw new ParameterError(
      "kernelRules.retry",
      `expected workqueue, evict-list or evict-list-inverted with ${kernel}, which has no timer per entry, got timer`,
    );
  }
}

/** Timers count in 32-bit jiffies; some minutes of uptime and the longest timeout come on top of the run itself. */
function refuseTooManyJiffies({ hz, limitSeconds, timeoutsSeconds }: Scenario): void {
  const longestTimeout = Math.max(...Object.values(timeoutsSeconds));
  const most = Math.floor((2 ** 31 - UPTIME_JIFFIES) / hz - longestTimeout);
  if (limitSeconds <= most) return;
  throw new ParameterError(
    "limitSeconds",
    `expected at most ${formatDuration(Math.max(0, most) * SECOND)} with {hz} ${hz} and these timeouts, ` +
      `because timers count in 31 bits of jiffies, got ${inWords(limitSeconds)}`,
  );
}

/** Before, any value but 0 meant the same. */
function refuseAutodetection({ kernel, nfConntrackEvents }: Scenario, { events }: Release): void {
  if (nfConntrackEvents !== 2 || events === "auto") return;
  throw new ParameterError(
    "nfConntrackEvents",
    `expected 0 or 1 with a kernel that does not look who listens (5.19 on), got 2 with ${kernel}`,
  );
}

/** With one CPU there is no other to spread packets over. */
function refuseSpreadPackets({ cpus, packetCpus }: Scenario): void {
  if (cpus === 2 || packetCpus === 1) return;
  throw new ParameterError("packetCpus", `expected 1 with {cpus} 1, got ${packetCpus}`);
}

/** The command line draws a seed for this word; whoever resolves it would get the same run each time. */
function refuseDrawnSeed({ seed }: Scenario): void {
  if (seed === RANDOM_SEED)
    throw new ParameterError("seed", `expected a seed that repeats the run, got ${RANDOM_SEED}`);
}

function knownRelease(kernel: string): Release {
  const release = releaseFor(kernel);
  if (release !== null) return release;
  throw new ParameterError(
    "kernel",
    `expected a Linux version from ${RELEASES[0]!.version} to ${RELEASES.at(-1)!.version}, such as 5.4 or 6.18.44, got ${quoted(kernel)}`,
  );
}

/** Virtual time counts nanoseconds in a double, so that a run cannot wait for every flood. */
function refuseEndlessFlood(chosen: Chosen): void {
  if (standardOf(SCENARIO.properties.limitSeconds, chosen) * SECOND <= LONGEST_DURATION) return;
  const { connections, ratePerSecond } = chosen;
  throw new ParameterError(
    "ratePerSecond",
    `expected a flood that is over in ${formatDuration(LONGEST_DURATION)}, or {limitSeconds} to end it before, ` +
      `got ${formatCount(connections)} connections at ${formatRate(ratePerSecond)}`,
  );
}

interface Load {
  connections: number;
  ratePerSecond: number | null;
}

/** Connections, rate and duration: any two give the third. */
function resolveLoad(overrides: Overrides, base: Load): Load {
  const { durationSeconds } = overrides;
  const ratePerSecond = overrides.ratePerSecond === undefined ? base.ratePerSecond : overrides.ratePerSecond;
  if (durationSeconds === undefined) return { connections: overrides.connections ?? base.connections, ratePerSecond };
  if (overrides.connections === undefined) {
    if (ratePerSecond === null) {
      throw new ParameterError("durationSeconds", "expected {ratePerSecond} or {connections} beside it, got neither");
    }
    return { connections: madeConnections(ratePerSecond, durationSeconds), ratePerSecond };
  }
  if (overrides.ratePerSecond === undefined) {
    return {
      connections: overrides.connections,
      ratePerSecond: madeRate(overrides.connections, durationSeconds),
    };
  }
  if (ratePerSecond === null || Math.abs(ratePerSecond * durationSeconds - overrides.connections) > 1) {
    const made = ratePerSecond === null ? "no fixed number of" : String(Math.round(ratePerSecond * durationSeconds));
    throw new ParameterError(
      "connections",
      `expected what {ratePerSecond} and {durationSeconds} make (${made} connections), got ${overrides.connections}; leave one of the three out`,
    );
  }
  return { connections: overrides.connections, ratePerSecond };
}

function madeConnections(ratePerSecond: number, durationSeconds: number): number {
  const connections = Math.round(ratePerSecond * durationSeconds);
  if (connections >= 1 && connections <= MOST_ENTRIES) return connections;
  throw new ParameterError(
    "durationSeconds",
    `expected 1 to ${formatCount(MOST_ENTRIES)} connections from {ratePerSecond} and {durationSeconds}, got ${connections} ` +
      `(${formatRate(ratePerSecond)} for ${inWords(durationSeconds)})`,
  );
}

function madeRate(connections: number, durationSeconds: number): number {
  const ratePerSecond = connections / durationSeconds;
  if (ratePerSecond >= RATES.min && ratePerSecond <= RATES.max) return ratePerSecond;
  throw new ParameterError(
    "durationSeconds",
    `expected a rate from ${formatRate(RATES.min)} to ${formatRate(RATES.max)} from {connections} and ` +
      `{durationSeconds}, got ${formatRate(ratePerSecond)} (${connections} in ${inWords(durationSeconds)})`,
  );
}

function inWords(seconds: number): string {
  return formatDuration(Math.round(seconds * SECOND));
}

function refuseContradictions(listener: ListenerScenario, index: number): void {
  const { bufferBytes, bufferMaxBytes, resyncAfterNanoseconds, stall, stopsAtEnobufs } = listener;
  const named = (field: keyof ListenerScenario): string => `listeners.${index}.${field}`;
  if (stall !== null && stall.forNanoseconds >= stall.everyNanoseconds) {
    const [pause, period] = [formatDuration(stall.forNanoseconds), formatDuration(stall.everyNanoseconds)];
    throw new ParameterError(
      named("stall"),
      `expected a stall shorter than its period, such as 500ms/10s, got ${pause}/${period}`,
    );
  }
  if (bufferMaxBytes !== null && bufferMaxBytes < bufferBytes) {
    throw new ParameterError(
      named("bufferMaxBytes"),
      `expected at least {${named("bufferBytes")}} (${formatSize(bufferBytes)}), got ${formatSize(bufferMaxBytes)}`,
    );
  }
  const { poll, dumpsOnEventSocket } = listener;
  if (poll !== null && !poll.withEvents && dumpsOnEventSocket) {
    throw new ParameterError(
      named("dumpsOnEventSocket"),
      `expected dumps beside the events ({${named("poll")}} ${formatDuration(poll.everyNanoseconds)},events), got a poll in place of them, ` +
        "which has no event socket",
    );
  }
  if (!stopsAtEnobufs || (bufferMaxBytes === null && resyncAfterNanoseconds === null)) return;
  const beside = resyncAfterNanoseconds === null ? "bufferMaxBytes" : "resyncAfterNanoseconds";
  throw new ParameterError(
    named("stopsAtEnobufs"),
    `expected a reader that does nothing after its first ENOBUFS, got {${named(beside)}} beside it`,
  );
}

/** What a socket filter names has to be there: a typo would let nothing pass. */
function refuseUnknownKinds({ filter }: ListenerScenario, index: number, scenario: Scenario): void {
  if (filter === null) return;
  const kinds = classesOf(scenario);
  const known = [...new Set([...PROTOCOLS, ...kinds.map(({ name }) => name)])];
  const unknown = filter.find((word) => !known.includes(word));
  if (unknown === undefined) return;
  throw new ParameterError(
    `listeners.${index}.filter`,
    `expected a protocol or a kind of flow that there is, ${listed(known)}, got ${quoted(unknown)}`,
  );
}
