/**
 * What a scenario asks for and the running kernel cannot give, refused with one sentence before anything starts. A pure
 * function of the scenario and the facts of the machine, in the words of the flags.
 */
import { releaseFor } from "../../kernel/release.js";
import { sysctlOf } from "../../scenario/configurations/sysctl.js";
import { ParameterError, quoted } from "../../scenario/errors.js";
import type { Scenario, TimeoutKey } from "../../scenario/scenario.js";
import { classesOf } from "../../scenario/traffic.js";
import { formatCount, formatSeconds, formatSize } from "../../scenario/units.js";
import type { LiveHost } from "./host.js";
import { LiveImpossibleError } from "./impossible.js";
import { MOST_TUPLES } from "./loopback-address.js";

/** Time is real: a run of an hour belongs into the simulator, which does it in seconds. */
const LONGEST_RUN_SECONDS = 900;

const ARCHITECTURES = ["x64", "arm64", "riscv64", "loong64"];

interface Rule {
  /** What is refused. */
  parameter: keyof Scenario;
  /** The sentence; null: it can be live. */
  refusal(scenario: Scenario, host: LiveHost): string | null;
}

const RULES: readonly Rule[] = [
  {
    parameter: "kernel",
    refusal: ({ kernel }, { release }) => {
      const row = releaseFor(kernel);
      if (row !== null && row === releaseFor(release)) return null;
      return `expected the running kernel, ${quoted(release)}, with --live, got ${quoted(kernel)}; without --live it is simulated`;
    },
  },
  {
    parameter: "hz",
    refusal: ({ hz }, host) =>
      host.hz === null || host.hz === hz
        ? null
        : `expected ${host.hz}, as this kernel was built, with --live, got ${hz}`,
  },
  {
    parameter: "cpus",
    refusal: ({ cpus }, host) =>
      cpus <= host.cpus ? null : `expected 1 with --live on a machine of one CPU, got ${cpus}`,
  },
  {
    parameter: "path",
    refusal: ({ path }) =>
      path === "loopback"
        ? null
        : "expected loopback with --live, where every packet passes the confirm hook twice, got forward",
  },
  {
    parameter: "packetCpus",
    refusal: ({ packetCpus }) =>
      packetCpus === 1
        ? null
        : `expected 1 with --live, where one process sends and its CPU does the rest, got ${packetCpus}; without --live they are simulated`,
  },
  {
    parameter: "replay",
    refusal: ({ replay }) =>
      replay === null
        ? null
        : "expected none with --live, where a log's entries cannot be ended at its times; without --live it is simulated",
  },
  {
    parameter: "tuples",
    refusal: ({ tuples }) =>
      tuples === null
        ? null
        : `expected none with --live, since the kernel does not tell which packets made an entry, got ${tuples}`,
  },
  {
    parameter: "family",
    refusal: (scenario, { ipv6 }) =>
      ipv6 || classesOf(scenario).every(({ family }) => family === "ipv4")
        ? null
        : "expected ipv4 with --live on a machine whose kernel has no IPv6, got ipv6",
  },
  {
    parameter: "connections",
    refusal: (scenario) => {
      const first = classesOf(scenario).reduce((sum, { connections }) => sum + connections, 0);
      const wanted = first + (scenario.secondFlood?.connections ?? 0);
      return wanted <= MOST_TUPLES
        ? null
        : `expected at most ${formatCount(MOST_TUPLES)} with --live, the addresses of 127.0.0.0/8, got ${formatCount(wanted)}`;
    },
  },
  {
    parameter: "packets",
    refusal: (scenario) => {
      const replied = classesOf(scenario).find(({ protocol, packets }) => protocol === "udp" && packets > 1);
      return scenario.udpPortOpen || replied === undefined
        ? null
        : `expected 1 with --live and a closed port, where nobody replies, got ${replied.packets}`;
    },
  },
  {
    parameter: "rmemMaxBytes",
    refusal: ({ rmemMaxBytes }, host) =>
      host.rmemMaxBytes === null || host.rmemMaxBytes === rmemMaxBytes
        ? null
        : `expected ${formatSize(host.rmemMaxBytes)}, net.core.rmem_max of this machine, with --live, got ${formatSize(rmemMaxBytes)}`,
  },
  {
    parameter: "nfConntrackMax",
    refusal: ({ nfConntrackMax }, host) =>
      host.nfConntrackMax === null || nfConntrackMax <= host.nfConntrackMax
        ? null
        : `expected at most ${formatCount(host.nfConntrackMax)}, the limit of this machine, with --live, got ${formatCount(nfConntrackMax)}`,
  },
  {
    parameter: "buckets",
    refusal: ({ buckets }, host) =>
      host.buckets === null || host.buckets === buckets
        ? null
        : `expected ${formatCount(host.buckets)}, as this machine has, with --live, got ${formatCount(buckets)}`,
  },
  {
    parameter: "timeoutsSeconds",
    refusal: ({ timeoutsSeconds, kernel }) => {
      const defaults = releaseFor(kernel)?.timeoutsSeconds;
      const fixed = (Object.keys(timeoutsSeconds) as TimeoutKey[]).find(
        (key) => sysctlOf(key) === null && timeoutsSeconds[key] !== defaults?.[key],
      );
      return fixed === undefined
        ? null
        : `expected ${fixed}=${defaults?.[fixed]} with --live, since the kernel has no sysctl for it, got ${timeoutsSeconds[fixed]}`;
    },
  },
  {
    parameter: "limitSeconds",
    refusal: ({ limitSeconds }) =>
      limitSeconds <= LONGEST_RUN_SECONDS
        ? null
        : `expected at most ${formatSeconds(LONGEST_RUN_SECONDS)} with --live, where time is real, got ${formatSeconds(limitSeconds)}`,
  },
];

/** The readers of live mode; conntrackd grows and resyncs by itself. */
const PLAIN = {
  decoders: 1,
  force: false,
  stopsAtEnobufs: false,
  bufferMaxBytes: null,
  resyncAfterNanoseconds: null,
  filter: null,
  queue: null,
  dumpsOnEventSocket: false,
} as const;
const POLICIES = Object.keys(PLAIN) as (keyof typeof PLAIN)[];

/**
 * `conntrackd`: it is the first listener.
 * @throws ParameterError when the running kernel cannot run the scenario, LiveImpossibleError when it can run none
 */
export function refuseUnlive(scenario: Scenario, host: LiveHost, conntrackd = false): void {
  const { system, architecture } = host;
  if (system !== "Linux" || !ARCHITECTURES.includes(architecture)) {
    throw new LiveImpossibleError(`it needs 64-bit Linux, this is ${system} on ${architecture}`);
  }
  for (const { parameter, refusal } of RULES) {
    const sentence = refusal(scenario, host);
    if (sentence !== null) throw new ParameterError(parameter, sentence);
  }
  scenario.listeners.forEach((listener, index) => {
    if (conntrackd && index === 0) return;
    const policy = POLICIES.find((key) => listener[key] !== PLAIN[key]);
    if (policy === undefined) return;
    throw new ParameterError(
      `listeners.${index}.${policy}`,
      `expected ${PLAIN[policy]} with --live, whose readers are plain, got ${wordOf(listener[policy])}`,
    );
  });
}

function wordOf(value: unknown): string {
  return typeof value === "object" ? "one" : String(value);
}
