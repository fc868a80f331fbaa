/**
 * The flags of `flood`, `flush` and `explain`, declared once, as data: name, value, help, parser, canonical form and the override
 * that each sets. Defaults are not repeated here: the help asks the resolved scenario for them. Whether values go
 * together (a rate, a duration and a number of connections, say) is decided where scenarios are resolved.
 */
import { UsageError } from "../scenario/errors.js";
import type { Costs, Family, ListenerScenario, Path, Protocol, Scenario } from "../scenario/scenario.js";
import { MOST_ENTRIES, TIMEOUT_KEYS } from "../scenario/scenario.js";
import {
  formatCount,
  formatDuration,
  formatRate,
  formatSeconds,
  formatSize,
  HOUR,
  LONGEST_DURATION,
  MILLISECOND,
  parseCount,
  parseDuration,
  parseRate,
  parseSize,
  type Range,
  SECOND,
} from "../scenario/units.js";
import { choice, numberChoice } from "./choice.js";
import type { Format } from "./dependencies.js";
import { type Flag, override, type Settings, switched, valued } from "./flag.js";
import {
  BUFFER_BYTES,
  CONNECTIONS,
  formatArrivals,
  formatReader,
  formatSecondFlood,
  formatStall,
  formatTimeout,
  KERNEL_CONFIG,
  LISTENER,
  parseArrivals,
  parseGraceMax,
  parseKernel,
  parsePath,
  parsePolicy,
  parseReader,
  parseSecondFlood,
  parseSeed,
  parseStall,
  parseTimeout,
} from "./values.js";

const LOAD = "Load:";
const READER = "Socket and reader:";
const KERNEL = "Kernel:";
const MACHINE = "Machine:";
const RUN = "Run:";
const OUTPUT = "Output:";

export const RANDOM_SEED = "random";
/** The flag that takes `host`, and `all` where more than one release can be answered for. */
export const KERNEL_FLAG = "kernel";
export const HOST = "host";
export const ALL_KERNELS = "all";
const FORMATS: readonly Format[] = ["text", "json"];

const TABLE_ENTRIES: Range = { min: 1, max: MOST_ENTRIES };
const RUN_TIME: Range = { min: MILLISECOND, max: LONGEST_DURATION };

const asIs = (value: string | number): string => String(value);

const LOAD_FLAGS: readonly Flag[] = [
  override("connections", {
    name: "connections",
    value: "COUNT",
    group: LOAD,
    description: "connections to open",
    parse: (text) => parseCount(text, CONNECTIONS),
    format: formatCount,
    standard: (scenario) => scenario.connections,
  }),
  override("ratePerSecond", {
    name: "rate",
    value: "RATE",
    group: LOAD,
    description: "new connections per second, or max: as fast as the machine makes them",
    parse: parseRate,
    format: formatRate,
    standard: (scenario) => scenario.ratePerSecond,
  }),
  valued({
    name: "duration",
    value: "DURATION",
    group: LOAD,
    description: "how long to open connections: two of --connections, --rate and --duration give the third",
    sets: "durationSeconds",
    parse: (text) => parseDuration(text, RUN_TIME),
    format: formatDuration,
    apply: ({ overrides }, nanoseconds) => {
      overrides.durationSeconds = nanoseconds / SECOND;
    },
  }),
  valued({
    name: "arrivals",
    value: "KIND",
    group: LOAD,
    description: "constant, poisson, burst or burst:N (N connections at one instant, the mean rate stays)",
    sets: "arrivals",
    parse: parseArrivals,
    format: formatArrivals,
    apply: ({ overrides }, value) => Object.assign(overrides, value),
    standard: ({ arrivals, burstConnections }) =>
      arrivals === "burst" ? { arrivals, burstConnections } : { arrivals },
  }),
  override("protocol", {
    name: "protocol",
    value: "NAME",
    group: LOAD,
    description: "udp, tcp or icmp",
    parse: choice<Protocol>(["udp", "tcp", "icmp"]),
    format: asIs,
    standard: (scenario) => scenario.protocol,
  }),
  override("family", {
    name: "family",
    value: "NAME",
    group: LOAD,
    description: "ipv4 or ipv6",
    parse: choice<Family>(["ipv4", "ipv6"]),
    format: asIs,
    standard: (scenario) => scenario.family,
  }),
  override("path", {
    name: "path",
    value: "NAME",
    group: LOAD,
    description: "loopback (a packet passes the confirm hook twice) or forward (once)",
    parse: choice<Path>(["loopback", "forward"]),
    format: asIs,
    standard: (scenario) => scenario.path,
  }),
  override("tuples", {
    name: "tuples",
    value: "COUNT",
    group: LOAD,
    description: "connections use so many tuples in turn; without it every connection has its own",
    parse: (text) => parseCount(text, { min: 1, max: MOST_ENTRIES }),
    format: (tuples) => formatCount(tuples!),
    standard: (scenario) => scenario.tuples ?? undefined,
  }),
  override("packets", {
    name: "packets",
    value: "N",
    group: LOAD,
    description: "packets of one connection",
    parse: (text) => parseCount(text, { min: 1, max: 1e6 }),
    format: formatCount,
    standard: (scenario) => scenario.packets,
  }),
  override("packetGapNanoseconds", {
    name: "packet-gap",
    value: "DURATION",
    group: LOAD,
    description: "time between two packets of one connection; 0: back to back",
    parse: (text) => parseDuration(text, { min: 0, max: HOUR }),
    format: formatDuration,
    standard: (scenario) => scenario.packetGapNanoseconds,
  }),
  override("secondFlood", {
    name: "second-flood",
    value: "COUNT@DURATION",
    group: LOAD,
    description: "that many more connections, that long after the flush begins",
    parse: parseSecondFlood,
    format: formatSecondFlood,
    standard: (scenario) => scenario.secondFlood ?? undefined,
  }),
];

const READER_FLAGS: readonly Flag[] = [
  ofFirstListener({
    name: "buffer",
    value: "SIZE",
    description: "what the listener asks SO_RCVBUF for, in bytes, k or MiB",
    parse: (text) => ({ bufferBytes: parseSize(text, BUFFER_BYTES) }),
    format: ({ bufferBytes }) => formatSize(bufferBytes),
  }),
  ofFirstListener({
    name: "reader",
    value: "DURATION[,exponential]",
    description: "time that the reader needs for a message, fixed or exponentially distributed",
    parse: parseReader,
    format: formatReader,
  }),
  valued({
    name: "reader-stall",
    value: "FOR/EVERY",
    group: READER,
    description: "the reader stops that long in every such period, as in 500ms/10s",
    sets: "listeners",
    parse: parseStall,
    format: formatStall,
    apply: (settings, stall) => Object.assign(firstListener(settings), { stall }),
    standard: (scenario) => scenario.listeners[0]?.stall ?? undefined,
  }),
  ofFirstListener({
    name: "policy",
    value: "NAME",
    description:
      "reliable (broadcast errors, no ENOBUFS), broadcast-error (the first alone), no-enobufs (the second alone) or lossy",
    parse: (text) => ({ policy: parsePolicy(text) }),
    format: ({ policy }) => policy,
  }),
  valued({
    name: "listeners",
    value: "SPEC",
    group: READER,
    description:
      "one more listener, as in buffer=8k,reader=1ms,policy=lossy, with stall=500ms/10s and groups=new+destroy " +
      "where wanted (may be repeated; --buffer, --reader and --policy describe the first)",
    sets: "listeners",
    repeatable: true,
    parse: LISTENER.parse,
    format: LISTENER.format,
    apply: (settings, listener) => {
      firstListener(settings);
      settings.overrides.listeners?.push(listener);
    },
  }),
  override("rmemMaxBytes", {
    name: "rmem-max",
    value: "SIZE",
    group: READER,
    description: "the sysctl net.core.rmem_max, which caps what SO_RCVBUF asks for",
    parse: (text) => parseSize(text, BUFFER_BYTES),
    format: formatSize,
    standard: (scenario) => scenario.rmemMaxBytes,
  }),
];

const KERNEL_FLAGS: readonly Flag[] = [
  kernelFlag("VERSION|host", "release of the kernel, in any form that uname -r has; host: of this machine's", [HOST]),
  override("kernelConfig", {
    name: "kernel-config",
    value: "KEY=VALUE,...",
    group: KERNEL,
    description:
      "how the kernel was built, as far as it changes what an event is charged: acct, nat, mark, secmark, timestamp and " +
      "nla-policy-len (whether it counts, 2.6.39 on) are on or off, sk-buff and small-head are sizes in bytes; what is " +
      "not given is as distributions build the release",
    parse: KERNEL_CONFIG.parse,
    format: KERNEL_CONFIG.format,
  }),
  override("hz", {
    name: "hz",
    value: "N",
    group: KERNEL,
    description: "ticks per second: 100, 250, 300 or 1000",
    parse: numberChoice([100, 250, 300, 1000]),
    format: asIs,
    standard: (scenario) => scenario.hz,
  }),
  override("graceMaxSeconds", {
    name: "grace-max",
    value: "DURATION",
    group: KERNEL,
    description:
      "the sysctl nf_conntrack_events_retry_timeout, in whole seconds: a resend waits a random time below it (until 3.16)",
    parse: parseGraceMax,
    format: formatSeconds,
    standard: (scenario) => scenario.graceMaxSeconds,
  }),
  override("nfConntrackMax", {
    name: "nf-conntrack-max",
    value: "COUNT",
    group: KERNEL,
    description: "entries that fit into the table, active and dying together",
    parse: (text) => parseCount(text, TABLE_ENTRIES),
    format: formatCount,
    standard: (scenario) => scenario.nfConntrackMax,
  }),
  override("buckets", {
    name: "buckets",
    value: "COUNT",
    group: KERNEL,
    description: "buckets of the hash table",
    parse: (text) => parseCount(text, TABLE_ENTRIES),
    format: formatCount,
    standard: (scenario) => scenario.buckets,
  }),
  valued({
    name: "timeout",
    value: "KEY=DURATION",
    group: KERNEL,
    description: `a timeout of conntrack in whole seconds (may be repeated); KEY is ${TIMEOUT_KEYS.join(", ")}`,
    sets: "timeoutsSeconds",
    repeatable: true,
    parse: parseTimeout,
    format: formatTimeout,
    apply: ({ overrides }, { key, seconds }) => {
      overrides.timeoutsSeconds ??= {};
      if (key in overrides.timeoutsSeconds) throw new UsageError(`expected each key once, got ${key} again`);
      overrides.timeoutsSeconds[key] = seconds;
    },
  }),
];

const MACHINE_FLAGS: readonly Flag[] = [
  override("cpus", {
    name: "cpus",
    value: "N",
    group: MACHINE,
    description: "1: the reader runs only while the kernel does not hold the CPU; 2: it has a CPU of its own",
    parse: numberChoice([1, 2]),
    format: asIs,
    standard: (scenario) => scenario.cpus,
  }),
  cost("cost-packet", "packetNanoseconds", "CPU time of one packet, without the events that it raises"),
  cost("cost-flush-entry", "flushEntryNanoseconds", "CPU time of one entry of a flush, without delivery attempts"),
  cost("cost-attempt", "attemptNanoseconds", "CPU time of one attempt to deliver one event"),
  cost("cost-recv", "recvNanoseconds", "CPU time of one recv of the reader, without what --reader adds"),
  cost("cost-wakeup", "wakeupNanoseconds", "from a message in an empty queue to the reader running, with --cpus 2"),
];

const RUN_FLAGS: readonly Flag[] = [
  switched({
    name: "no-flush",
    group: RUN,
    description: "do not flush the table after the flood",
    sets: "flush",
    apply: ({ overrides }) => {
      overrides.flush = false;
    },
  }),
  valued({
    name: "limit",
    value: "DURATION",
    group: RUN,
    description: "end the run at the latest this long after the first packet, in virtual time",
    sets: "limitSeconds",
    parse: (text) => parseDuration(text, RUN_TIME),
    format: formatDuration,
    apply: ({ overrides }, nanoseconds) => {
      overrides.limitSeconds = nanoseconds / SECOND;
    },
    standard: (scenario) => Math.round(scenario.limitSeconds * SECOND),
  }),
  override("seed", {
    name: "seed",
    value: "TEXT",
    group: RUN,
    description: `the seed of everything random; ${RANDOM_SEED} draws one and prints it`,
    parse: parseSeed,
    format: asIs,
    standard: (scenario) => scenario.seed,
  }),
];

const OUTPUT_FLAGS: readonly Flag[] = [
  valued({
    name: "format",
    value: "NAME",
    group: OUTPUT,
    description: "text or json (default: text)",
    sets: null,
    parse: choice<Format>(FORMATS),
    format: (name) => name,
    apply: (settings, format) => {
      settings.format = format;
    },
  }),
  valued({
    name: "output",
    value: "FILE",
    group: OUTPUT,
    description: "write the report to FILE instead of standard output",
    sets: null,
    parse: parsePath,
    format: (path) => path,
    apply: (settings, path) => {
      settings.output = path;
    },
  }),
  switched({
    name: "quiet",
    group: OUTPUT,
    description: "print the verdict only, and no progress",
    sets: null,
    apply: (settings) => {
      settings.quiet = true;
    },
  }),
  switched({
    name: "no-color",
    group: OUTPUT,
    description: "no colours, whatever the terminal and FORCE_COLOR say",
    sets: null,
    apply: (settings) => {
      settings.colour = false;
    },
  }),
  switched({
    name: "print-config",
    group: OUTPUT,
    description: "print the resolved scenario as JSON and run nothing",
    sets: null,
    apply: (settings) => {
      settings.printConfig = true;
    },
  }),
];

export const FLOOD_FLAGS: readonly Flag[] = [
  ...LOAD_FLAGS,
  ...READER_FLAGS,
  ...KERNEL_FLAGS,
  ...MACHINE_FLAGS,
  ...RUN_FLAGS,
  ...OUTPUT_FLAGS,
];

/** `flush` without its flush would be nothing. */
export const FLUSH_FLAGS: readonly Flag[] = FLOOD_FLAGS.filter((flag) => flag.name !== "no-flush");

/** What a buffer holds depends on these alone. */
export const EXPLAIN_FLAGS: readonly Flag[] = [
  kernelFlag(
    "VERSION|all|host",
    "release of the kernel, in any form that uname -r has; all: a table of all releases; host: of this machine's",
    [ALL_KERNELS, HOST],
  ),
  named("kernel-config"),
  named("rmem-max"),
  switched({
    name: "force",
    group: READER,
    description: "ask with SO_RCVBUFFORCE, which needs CAP_NET_ADMIN and knows no cap",
    sets: null,
    apply: (settings) => {
      settings.force = true;
    },
  }),
  named("protocol"),
  named("family"),
  named("format"),
  named("no-color"),
];

function named(name: string): Flag {
  return FLOOD_FLAGS.find((flag) => flag.name === name)!;
}

/** `words` stand for a version, or for more than one. */
function kernelFlag(value: string, description: string, words: readonly string[]): Flag {
  return override("kernel", {
    name: KERNEL_FLAG,
    value,
    group: KERNEL,
    description,
    parse: parseKernel(words),
    format: asIs,
    standard: (scenario) => scenario.kernel,
  });
}

/** A flag that sets some fields of the first listener, which every run has. */
function ofFirstListener<K extends keyof ListenerScenario>(flag: {
  name: string;
  value: string;
  description: string;
  parse(text: string): Pick<ListenerScenario, K>;
  format(fields: Pick<ListenerScenario, K>): string;
}): Flag {
  return valued({
    ...flag,
    group: READER,
    sets: "listeners",
    apply: (settings, fields) => Object.assign(firstListener(settings), fields),
    standard: (scenario: Scenario): Pick<ListenerScenario, K> | undefined => scenario.listeners[0],
  });
}

function firstListener({ overrides }: Settings): Partial<ListenerScenario> {
  overrides.listeners ??= [{}];
  return overrides.listeners[0]!;
}

function cost(name: string, key: keyof Costs, description: string): Flag {
  return valued({
    name,
    value: "DURATION",
    group: MACHINE,
    description,
    sets: "costs",
    parse: (text) => parseDuration(text, { min: 0, max: SECOND }),
    format: formatDuration,
    apply: ({ overrides }, nanoseconds) => {
      overrides.costs = { ...overrides.costs, [key]: nanoseconds };
    },
    standard: (scenario) => scenario.costs[key],
  });
}
