/**
 * What a scenario asks for and the running kernel cannot give, refused with one sentence before anything starts. A pure function
 * of the scenario and the facts of the machine, in the words of the flags.
 */
import { releaseFor } from "../kernel/release.js";
import { quoted, UsageError } from "../scenario/errors.js";
import type { Scenario, TimeoutKey } from "../scenario/scenario.js";
import { formatCount, formatSeconds, formatSize } from "../scenario/units.js";
import type { LiveHost } from "./host.js";
import { timeoutSysctl } from "./kernel-files.js";
import { MOST_TUPLES } from "./loopback-address.js";

/** Real time is not to be had faster, so a run of an hour belongs to the simulator. */
const LONGEST_RUN_SECONDS = 900;

const ARCHITECTURES = ["x64", "arm64", "riscv64", "loong64"];

type Rule = (scenario: Scenario, host: LiveHost) => string | null;

const RULES: readonly Rule[] = [
  (_, { system, architecture }) =>
    system === "Linux" && ARCHITECTURES.includes(architecture)
      ? null
      : `--live: expected 64-bit Linux, got ${system} on ${architecture}`,

  ({ kernel }, { release }) => {
    const row = releaseFor(kernel);
    if (row !== null && row === releaseFor(release)) return null;
    return `--kernel: expected the running kernel, ${quoted(release)}, with --live, got ${quoted(kernel)}; without --live it is simulated`;
  },

  ({ hz }, host) =>
    host.hz === null || host.hz === hz
      ? null
      : `--hz: expected ${host.hz}, as this kernel was built, with --live, got ${hz}`,

  ({ cpus }, host) =>
    cpus <= host.cpus ? null : `--cpus: expected 1 with --live on a machine of one CPU, got ${cpus}`,

  ({ path }) =>
    path === "loopback"
      ? null
      : "--path: expected loopback with --live, where every packet passes the confirm hook twice, got forward",

  ({ protocol }) => (protocol === "icmp" ? "--protocol: expected udp or tcp with --live, got icmp" : null),

  ({ family }) =>
    family === "ipv4"
      ? null
      : "--family: expected ipv4 with --live, since the loopback of IPv6 has a single address, got ipv6",

  ({ tuples }) =>
    tuples === null
      ? null
      : `--tuples: expected none with --live, since the kernel does not tell which packets made an entry, got ${tuples}`,

  (scenario) => {
    const wanted = scenario.connections + (scenario.secondFlood?.connections ?? 0);
    return wanted <= MOST_TUPLES
      ? null
      : `--connections: expected at most ${formatCount(MOST_TUPLES)} with --live, the addresses of 127.0.0.0/8, got ${formatCount(wanted)}`;
  },

  ({ udpPortOpen, protocol, packets }) =>
    udpPortOpen || protocol !== "udp" || packets === 1
      ? null
      : `--packets: expected 1 with --live and a closed port, where nobody replies, got ${packets}`,

  ({ rmemMaxBytes }, host) =>
    host.rmemMaxBytes === null || host.rmemMaxBytes === rmemMaxBytes
      ? null
      : `--rmem-max: expected ${formatSize(host.rmemMaxBytes)}, net.core.rmem_max of this machine, with --live, got ${formatSize(rmemMaxBytes)}`,

  ({ nfConntrackMax }, host) =>
    host.nfConntrackMax === null || nfConntrackMax <= host.nfConntrackMax
      ? null
      : `--nf-conntrack-max: expected at most ${formatCount(host.nfConntrackMax)}, the limit of this machine, with --live, got ${formatCount(nfConntrackMax)}`,

  ({ buckets }, host) =>
    host.buckets === null || host.buckets === buckets
      ? null
      : `--buckets: expected ${formatCount(host.buckets)}, as this machine has, with --live, got ${formatCount(buckets)}`,

  ({ timeoutsSeconds, kernel }) => {
    const defaults = releaseFor(kernel)?.timeoutsSeconds;
    const fixed = (Object.keys(timeoutsSeconds) as TimeoutKey[]).find(
      (key) => timeoutSysctl(key) === null && timeoutsSeconds[key] !== defaults?.[key],
    );
    return fixed === undefined
      ? null
      : `--timeout: expected ${fixed}=${defaults?.[fixed]} with --live, since the kernel has no sysctl for it, got ${timeoutsSeconds[fixed]}`;
  },

  ({ limitSeconds }) =>
    limitSeconds <= LONGEST_RUN_SECONDS
      ? null
      : `--limit: expected at most ${formatSeconds(LONGEST_RUN_SECONDS)} with --live, where time is real, got ${formatSeconds(limitSeconds)}`,
];

/** @throws UsageError when the running kernel cannot run the scenario */
export function refuseUnlive(scenario: Scenario, host: LiveHost): void {
  for (const rule of RULES) {
    const sentence = rule(scenario, host);
    if (sentence !== null) throw new UsageError(sentence);
  }
}
