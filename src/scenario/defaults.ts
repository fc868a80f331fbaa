/**
 * From what a user said to a whole scenario: the defaults of each experiment, the values that follow from others, and the
 * rules between values, each refused with one sentence. It parses no text (units.ts, cli/) and runs nothing. The defaults are
 * those of the commit's own test: Linux 2.6.31, a buffer of 2048 bytes, NETLINK_BROADCAST_ERROR alone, grace of 15 s.
 */
import { RELEASES, type Release, releaseFor } from "../kernel/release.js";
import { ParameterError, quoted } from "./errors.js";
import {
  type Arrivals,
  type Costs,
  EVENT_GROUPS,
  type Experiment,
  type Family,
  type KernelConfig,
  type ListenerScenario,
  MOST_ENTRIES,
  type Path,
  type Protocol,
  type Scenario,
  type SecondFlood,
  SHORTEST_TCP_PACKETS,
  type TimeoutKey,
} from "./scenario.js";
import { formatCount, formatDuration, formatRate, formatSize, LONGEST_DURATION, RATES, SECOND } from "./units.js";

/** What a user said, in canonical units; everything else is a default. */
export interface Overrides {
  seed?: string;
  kernel?: string;
  hz?: number;
  cpus?: 1 | 2;
  connections?: number;
  ratePerSecond?: number | null;
  durationSeconds?: number;
  arrivals?: Arrivals;
  burstConnections?: number;
  protocol?: Protocol;
  family?: Family;
  path?: Path;
  tuples?: number | null;
  packets?: number;
  packetGapNanoseconds?: number;
  udpPortOpen?: boolean;
  secondFlood?: SecondFlood;
  flush?: boolean;
  flushDelayNanoseconds?: number;
  graceMaxSeconds?: number;
  nfConntrackMax?: number;
  buckets?: number;
  timeoutsSeconds?: Partial<Record<TimeoutKey, number>>;
  rmemMaxBytes?: number;
  listeners?: Partial<ListenerScenario>[];
  kernelConfig?: Partial<KernelConfig>;
  costs?: Partial<Costs>;
  limitSeconds?: number;
}

const SEED = "1";
const KERNEL = "2.6.31";

/**
 * Measured on the recorded kernels (3.6, one CPU): a one-packet UDP connection takes 12.5 µs with its attempt, a flush 5.8 µs an
 * entry with two attempts and 3.3 µs with one, a recv 1.5 µs, an empty bucket in a search 10 ns. The wake-up of a reader on a CPU
 * of its own was measured on a current machine.
 */
const COSTS: Costs = {
  packetNanoseconds: 10_000,
  flushEntryNanoseconds: 800,
  attemptNanoseconds: 2_500,
  recvNanoseconds: 1_500,
  overshootNanoseconds: 0,
  bucketNanoseconds: 10,
  wakeupNanoseconds: 60_000,
};

/** The defaults in which the experiments differ. */
interface Experimental {
  connections: number;
  ratePerSecond: number | null;
  arrivals: Arrivals;
  protocol: Protocol;
  packetGapNanoseconds: number;
  path: Path;
  flushDelayNanoseconds: number;
  slowFrom: "start" | "flush";
  serviceNanoseconds: number;
}

const EXPERIMENTS: Record<Experiment, Experimental> = {
  // Longer than TIME_WAIT: connections end and expire while the flood goes on, and the flush meets the rest.
  flood: {
    connections: 20_000,
    ratePerSecond: 100,
    arrivals: "poisson",
    protocol: "tcp",
    packetGapNanoseconds: 500_000,
    path: "forward",
    flushDelayNanoseconds: 0,
    slowFrom: "start",
    serviceNanoseconds: 300_000,
  },
  flush: {
    connections: 20_000,
    ratePerSecond: null,
    arrivals: "constant",
    protocol: "udp",
    packetGapNanoseconds: 0,
    path: "loopback",
    flushDelayNanoseconds: 500_000_000,
    slowFrom: "flush",
    serviceNanoseconds: 100_000,
  },
};

/** Packets of a short connection: one request; or handshake, close and the acknowledgement of each FIN. */
const PACKETS: Record<Protocol, number> = { udp: 1, icmp: 1, tcp: 7 };

/** Jiffies at the first packet lie below this (simulation/kernel.ts). */
const UPTIME_JIFFIES = 2 ** 18;

/** How long a run may go on after its flood before it counts as not settling. */
const LIMIT_AFTER_FLOOD_SECONDS = 600;

/**
 * The whole scenario of an experiment.
 * @throws ParameterError when values contradict each other or the kernel is none that is modelled
 */
export function resolveScenario(experiment: Experiment, overrides: Overrides): Scenario {
  const base = EXPERIMENTS[experiment];
  const kernel = overrides.kernel ?? KERNEL;
  const release = knownRelease(kernel);
  const protocol = overrides.protocol ?? base.protocol;
  const packets = overrides.packets ?? PACKETS[protocol];
  if (protocol === "tcp" && packets < SHORTEST_TCP_PACKETS) {
    throw new ParameterError(
      "packets",
      `expected at least ${SHORTEST_TCP_PACKETS} with {protocol} tcp (handshake and close), got ${packets}`,
    );
  }
  const load = resolveLoad(overrides, base);
  const size = tableSize(experiment, overrides, release, load.connections);
  const listeners = resolveListeners(overrides.listeners ?? [{}], base);
  const kernelConfig = { ...release.config, ...overrides.kernelConfig };
  if (kernelConfig.smallHeadBytes > 0 && release.config.smallHeadBytes === 0) {
    throw new ParameterError(
      "kernelConfig",
      `expected small-head only with a kernel that has a cache of small heads (6.3 on), got it with ${kernel}`,
    );
  }
  const scenario: Scenario = {
    experiment,
    seed: overrides.seed ?? SEED,
    kernel,
    hz: overrides.hz ?? 250,
    cpus: overrides.cpus ?? 2,
    connections: load.connections,
    ratePerSecond: load.ratePerSecond,
    arrivals: overrides.arrivals ?? base.arrivals,
    burstConnections: overrides.burstConnections ?? 10,
    protocol,
    family: overrides.family ?? "ipv4",
    path: overrides.path ?? base.path,
    tuples: overrides.tuples ?? null,
    packets,
    packetGapNanoseconds: overrides.packetGapNanoseconds ?? (packets > 1 ? base.packetGapNanoseconds : 0),
    udpPortOpen: overrides.udpPortOpen ?? true,
    secondFlood: overrides.secondFlood ?? null,
    flush: overrides.flush ?? true,
    flushDelayNanoseconds: overrides.flushDelayNanoseconds ?? base.flushDelayNanoseconds,
    graceMaxSeconds: overrides.graceMaxSeconds ?? 15,
    nfConntrackMax: size.nfConntrackMax,
    buckets: size.buckets,
    timeoutsSeconds: { ...release.timeoutsSeconds, ...overrides.timeoutsSeconds },
    rmemMaxBytes: overrides.rmemMaxBytes ?? release.rmemMaxBytes,
    listeners,
    kernelConfig,
    costs: { ...COSTS, ...overrides.costs },
    limitSeconds: overrides.limitSeconds ?? limitAfter(load),
  };
  refuseTooManyJiffies(scenario);
  refuseDrawnSeed(scenario);
  return scenario;
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

/** The command line draws a seed for this word; whoever resolves it would get the same run each time. */
function refuseDrawnSeed({ seed }: Scenario): void {
  if (seed === "random") throw new ParameterError("seed", "expected a seed that repeats the run, got random");
}

function knownRelease(kernel: string): Release {
  const release = releaseFor(kernel);
  if (release !== null) return release;
  throw new ParameterError(
    "kernel",
    `expected a Linux version from ${RELEASES[0]!.version} to 6.18, such as 5.4 or 6.18.44, got ${quoted(kernel)}`,
  );
}

/** Virtual time counts nanoseconds in a double, so that a run cannot wait for every flood. */
function limitAfter({ connections, ratePerSecond }: Load): number {
  const floodSeconds = ratePerSecond === null ? 0 : connections / ratePerSecond;
  const limit = Math.ceil(floodSeconds) + LIMIT_AFTER_FLOOD_SECONDS;
  if (limit * SECOND <= LONGEST_DURATION) return limit;
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

/** A flush needs all its connections in the table, so there the limit grows with them; a flood meets the release's own. */
function tableSize(
  experiment: Experiment,
  overrides: Overrides,
  release: Release,
  connections: number,
): { nfConntrackMax: number; buckets: number } {
  let { nfConntrackMax, buckets } = release;
  if (experiment === "flush") {
    while (nfConntrackMax < connections) {
      nfConntrackMax *= 2;
      buckets = nfConntrackMax;
    }
  }
  return { nfConntrackMax: overrides.nfConntrackMax ?? nfConntrackMax, buckets: overrides.buckets ?? buckets };
}

/** The first listener is the daemon under test; those beside it are lossy observers with the usual buffer unless said otherwise. */
function resolveListeners(
  given: readonly Partial<ListenerScenario>[],
  { slowFrom, serviceNanoseconds }: Experimental,
): readonly ListenerScenario[] {
  const first: ListenerScenario = {
    bufferBytes: 2048,
    bufferMaxBytes: null,
    policy: "broadcast-error",
    serviceNanoseconds,
    serviceDistribution: "fixed",
    stall: null,
    decoders: 1,
    resyncAfterNanoseconds: null,
    stopsAtEnobufs: false,
    groups: EVENT_GROUPS,
    slowFrom,
    smallFrom: slowFrom,
    joins: "start",
    heldAfterFlushNanoseconds: 0,
    closesAfterFlushNanoseconds: null,
  };
  const beside: ListenerScenario = {
    ...first,
    bufferBytes: 212_992,
    policy: "lossy",
    serviceNanoseconds: 0,
    slowFrom: "start",
    smallFrom: "start",
  };
  const listeners = given.map((listener, index) => ({ ...(index === 0 ? first : beside), ...listener }));
  listeners.forEach(refuseContradictions);
  return listeners;
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
  if (!stopsAtEnobufs || (bufferMaxBytes === null && resyncAfterNanoseconds === null)) return;
  const beside = resyncAfterNanoseconds === null ? "bufferMaxBytes" : "resyncAfterNanoseconds";
  throw new ParameterError(
    named("stopsAtEnobufs"),
    `expected a reader that does nothing after its first ENOBUFS, got {${named(beside)}} beside it`,
  );
}
