/**
 * The flags of `flood`, `flush` and `explain`, declared once, as data: name, value, help, parser, canonical form and the override
 * that each sets. Defaults are not repeated here: the help asks the resolved scenario for them. Whether values go
 * together (a rate, a duration and a number of connections, say) is decided where scenarios are resolved.
 */

import type { Format } from "../render/renderers.js";
import { choice } from "../scenario/choice.js";
import type { Overrides } from "../scenario/defaults.js";
import { listed, UsageError } from "../scenario/errors.js";
import { MOST_SEEDS } from "../scenario/expectation.js";
import type { Plain, Schema } from "../scenario/json-schema.js";
import { type Costs, type ListenerScenario, type Scenario, TIMEOUT_KEYS } from "../scenario/scenario.js";
import { COSTS, DURATION_SECONDS, LISTENER as LISTENER_FIELDS, SCENARIO } from "../scenario/schema.js";
import { formatCount, parseCount } from "../scenario/units.js";
import { formatValue, parseValue } from "../scenario/value.js";
import { type Flag, override, type Settings, switched, valued } from "./flag.js";
import {
  FORMATS,
  formatArrivals,
  formatReader,
  formatSecondFlood,
  formatStall,
  formatTimeout,
  KERNEL_CONFIG,
  LISTENER,
  parseArrivals,
  parseExport,
  parseKernel,
  parsePath,
  parseReader,
  parseSecondFlood,
  parseSeed,
  parseStall,
  parseTimeout,
  type ReaderValue,
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
const EXPLAIN_FORMATS: readonly Format[] = ["text", "json"];

const asIs = (value: string | number): string => String(value);

const LOAD_FLAGS: readonly Flag[] = [
  parameter("connections", "connections", "COUNT", LOAD),
  parameter("ratePerSecond", "rate", "RATE", LOAD),
  valued<Plain>({
    name: "duration",
    value: "DURATION",
    group: LOAD,
    sets: "durationSeconds",
    ...written(DURATION_SECONDS),
    apply: ({ overrides }, seconds) => Object.assign(overrides, { durationSeconds: seconds }),
  }),
  valued({
    name: "arrivals",
    value: "KIND",
    group: LOAD,
    description: "constant, poisson, burst or burst:N (N connections at one instant, the mean rate stays)",
    choices: ["constant", "poisson", "burst"],
    sets: "arrivals",
    parse: parseArrivals,
    format: formatArrivals,
    apply: ({ overrides }, value) => Object.assign(overrides, value),
    standard: ({ arrivals, burstConnections }) =>
      arrivals === "burst" ? { arrivals, burstConnections } : { arrivals },
  }),
  parameter("protocol", "protocol", "NAME", LOAD),
  parameter("family", "family", "NAME", LOAD),
  parameter("path", "path", "NAME", LOAD),
  parameter("tuples", "tuples", "COUNT", LOAD),
  parameter("packets", "packets", "N", LOAD),
  parameter("packetGapNanoseconds", "packet-gap", "DURATION", LOAD),
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
  listenerParameter("bufferBytes", "buffer", "SIZE"),
  valued<ReaderValue>({
    name: "reader",
    value: "DURATION[,exponential]",
    group: READER,
    description: "time that the reader needs for a message, fixed or exponentially distributed",
    sets: "listeners",
    parse: parseReader,
    format: formatReader,
    apply: (settings, reader) => Object.assign(firstListener(settings), reader),
    standard: (scenario) => scenario.listeners[0],
  }),
  listenerParameter("bufferMaxBytes", "buffer-max", "SIZE"),
  listenerParameter("resyncAfterNanoseconds", "resync", "DURATION"),
  listenerParameter("decoders", "decoders", "N"),
  switched({
    name: "stop-at-enobufs",
    group: READER,
    description: "the reader stops for good at its first ENOBUFS",
    sets: "listeners",
    field: "stopsAtEnobufs",
    apply: (settings) => {
      firstListener(settings).stopsAtEnobufs = true;
    },
  }),
  valued({
    name: "reader-stall",
    value: "FOR/EVERY",
    group: READER,
    description: "the reader stops that long in every such period, as in 500ms/10s",
    sets: "listeners",
    field: "stall",
    parse: parseStall,
    format: formatStall,
    apply: (settings, stall) => Object.assign(firstListener(settings), { stall }),
    standard: (scenario) => scenario.listeners[0]?.stall ?? undefined,
  }),
  listenerParameter("policy", "policy", "NAME"),
  valued({
    name: "listeners",
    value: "SPEC",
    group: READER,
    description:
      "one more listener, as in buffer=8k,reader=1ms,policy=lossy, with stall=500ms/10s, groups=new+destroy, " +
      "buffer-max, resync, decoders and stop-at-enobufs=on where wanted (may be repeated; --buffer, --reader and --policy " +
      "describe the first)",
    sets: "listeners",
    repeatable: true,
    parse: LISTENER.parse,
    format: LISTENER.format,
    apply: (settings, listener) => {
      firstListener(settings);
      settings.overrides.listeners?.push(listener);
    },
  }),
  parameter("rmemMaxBytes", "rmem-max", "SIZE", READER),
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
  parameter("hz", "hz", "N", KERNEL),
  parameter("graceMaxSeconds", "grace-max", "DURATION", KERNEL),
  parameter("nfConntrackMax", "nf-conntrack-max", "COUNT", KERNEL),
  parameter("buckets", "buckets", "COUNT", KERNEL),
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
  parameter("cpus", "cpus", "N", MACHINE),
  cost("cost-packet", "packetNanoseconds"),
  cost("cost-flush-entry", "flushEntryNanoseconds"),
  cost("cost-attempt", "attemptNanoseconds"),
  cost("cost-recv", "recvNanoseconds"),
  cost("cost-wakeup", "wakeupNanoseconds"),
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
  parameter("limitSeconds", "limit", "DURATION", RUN),
  override("seed", {
    name: "seed",
    value: "TEXT",
    group: RUN,
    description: `${SCENARIO.properties.seed.description}; ${RANDOM_SEED} draws one and prints it`,
    parse: parseSeed,
    format: asIs,
    standard: (scenario) => scenario.seed,
  }),
];

const LIVE = switched({
  name: "live",
  group: RUN,
  description: "run it on the running kernel, in a network namespace made for it, in real time",
  sets: "live",
  apply: (settings) => {
    settings.live = true;
  },
});

const DAEMON = valued<string>({
  name: "daemon",
  value: "NAME",
  group: RUN,
  description: "with --live: conntrackd, the real one, reads in the place of the first listener",
  choices: ["conntrackd"],
  sets: "conntrackd",
  parse: choice(["conntrackd"]),
  format: asIs,
  apply: (settings) => {
    settings.conntrackd = true;
  },
});

const EXPECT = valued<string>({
  name: "expect",
  value: "EXPRESSION",
  group: RUN,
  description:
    "what must hold, as in 'destroy.delivered == 100%' or 'drain <= 20s' (may be repeated); exit code 1 if it does " +
    "not; the command metrics lists what can be asked",
  sets: "expectations",
  repeatable: true,
  parse: (text) => text,
  format: asIs,
  apply: (settings, expression) => {
    settings.expectations = [...settings.expectations, expression];
  },
});

const SUITE = "Scenarios:";

const SUITE_FLAGS: readonly Flag[] = [
  valued<string>({
    name: "only",
    value: "PATTERN",
    group: SUITE,
    description: "run only scenarios whose name contains PATTERN, or matches it where it has a *",
    sets: null,
    parse: (text) => text,
    format: asIs,
    apply: (settings, only) => {
      settings.only = only;
    },
  }),
  runsFlag("run every scenario with that many seeds; every expectation must hold in each"),
  switched({
    name: "bail",
    group: SUITE,
    description: "stop after the first scenario that fails",
    sets: null,
    apply: (settings) => {
      settings.bail = true;
    },
  }),
];

function runsFlag(description: string): Flag {
  return valued<number>({
    name: "runs",
    value: "N",
    group: SUITE,
    description,
    sets: "runs",
    parse: (text) => parseCount(text, { min: 1, max: MOST_SEEDS }),
    format: formatCount,
    apply: (settings, runs) => {
      settings.runs = runs;
    },
  });
}

function formatFlag(formats: readonly Format[]): Flag {
  return valued<Format>({
    name: "format",
    value: "NAME",
    group: OUTPUT,
    description: `${listed(formats)} (default: text)`,
    choices: formats,
    sets: null,
    parse: choice(formats),
    format: asIs,
    apply: (settings, format) => {
      settings.format = format;
    },
  });
}

const OUTPUT_FLAGS: readonly Flag[] = [
  formatFlag(FORMATS),
  valued({
    name: "output",
    value: "FILE",
    group: OUTPUT,
    description: "write the report to FILE instead of standard output",
    file: true,
    sets: null,
    parse: parsePath,
    format: (path) => path,
    apply: (settings, path) => {
      settings.output = path;
    },
  }),
  valued({
    name: "export",
    value: "FORMAT=FILE",
    group: OUTPUT,
    description: "write the report in another format to FILE as well (may be repeated)",
    sets: null,
    repeatable: true,
    parse: parseExport,
    format: ({ format, path }) => `${format}=${path}`,
    apply: (settings, value) => {
      settings.exports = [...settings.exports, value];
    },
  }),
  switched({
    name: "timeline",
    group: OUTPUT,
    description: "csv: a row for each moment of the timeline in the place of one for each run",
    sets: null,
    apply: (settings) => {
      settings.timeline = true;
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
    description: "print the resolved scenario as a scenario file and run nothing (YAML, or JSON with --format json)",
    sets: null,
    apply: (settings) => {
      settings.printConfig = true;
    },
  }),
];

/** Every parameter of a run. */
const PARAMETER_FLAGS: readonly Flag[] = [
  ...LOAD_FLAGS,
  ...READER_FLAGS,
  ...KERNEL_FLAGS,
  ...MACHINE_FLAGS,
  ...RUN_FLAGS,
];

export const FLOOD_FLAGS: readonly Flag[] = [...PARAMETER_FLAGS, LIVE, DAEMON, EXPECT, ...OUTPUT_FLAGS];

/** What a file says, a flag says louder. */
export const RUN_COMMAND_FLAGS: readonly Flag[] = [...SUITE_FLAGS, ...PARAMETER_FLAGS, LIVE, DAEMON, ...OUTPUT_FLAGS];

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
  formatFlag(EXPLAIN_FORMATS),
  named("no-color"),
];

export const METRICS_FLAGS: readonly Flag[] = [formatFlag(EXPLAIN_FORMATS), named("no-color")];

export const PARITY_FLAGS: readonly Flag[] = [
  ...SUITE_FLAGS.filter(({ name }) => name === "only"),
  runsFlag("live runs of every scenario (default: 5)"),
  valued<string>({
    name: "record",
    value: "FILE",
    group: OUTPUT,
    description: "write the live runs as recordings, which the model can be checked against on any machine",
    file: true,
    sets: null,
    parse: parsePath,
    format: asIs,
    apply: (settings, path) => {
      settings.record = path;
    },
  }),
  formatFlag(["text", "json", "markdown"]),
  named("output"),
  named("quiet"),
  named("no-color"),
];

/** How a person on the command line names a parameter: `--rate` for ratePerSecond. */
export function flagOf(parameter: string): string {
  const [key] = parameter.split(".");
  const flag =
    PARAMETER_FLAGS.find(({ field }) => parameter === `listeners.0.${field}`) ??
    (key === "listeners" ? LISTENERS : PARAMETER_FLAGS.find(({ sets }) => sets === parameter));
  return flag === undefined ? parameter : `--${flag.name}`;
}

const LISTENERS = named("listeners");

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

function firstListener({ overrides }: Settings): Partial<ListenerScenario> {
  overrides.listeners ??= [{}];
  return overrides.listeners[0]!;
}

function cost(name: string, key: keyof Costs): Flag {
  return valued<Plain>({
    name,
    value: "DURATION",
    group: MACHINE,
    sets: "costs",
    ...written(COSTS.properties[key]),
    apply: ({ overrides }, nanoseconds) => {
      overrides.costs = { ...overrides.costs, [key]: nanoseconds };
    },
    standard: (scenario) => scenario.costs[key],
  });
}

/** A flag that gives one parameter its value, all of it as the parameter's description says. */
function parameter(key: keyof Scenario & keyof Overrides, name: string, value: string, group: string): Flag {
  return valued<Plain>({
    name,
    value,
    group,
    sets: key,
    ...written(SCENARIO.properties[key]),
    apply: ({ overrides }, given) => Object.assign(overrides, { [key]: given }),
    standard: (scenario) => {
      const standard = scenario[key] as Plain;
      // No rate is a rate, max; of the others null is "none".
      return standard === null && key !== "ratePerSecond" ? undefined : standard;
    },
  });
}

/** The same for a parameter of the first listener. */
function listenerParameter(key: keyof ListenerScenario, name: string, value: string): Flag {
  return valued<Plain>({
    name,
    value,
    group: READER,
    sets: "listeners",
    field: key,
    ...written(LISTENER_FIELDS.properties[key]),
    apply: (settings, given) => Object.assign(firstListener(settings), { [key]: given }),
    standard: (scenario) => (scenario.listeners[0]?.[key] as Plain) ?? undefined,
  });
}

/** As files and flags write a value of this description. */
function written(schema: Schema): {
  description: string;
  choices: readonly string[];
  parse(text: string): Plain;
  format(value: Plain): string;
} {
  return {
    description: schema.description,
    choices: (schema.enum ?? []).map(String),
    parse: (text) => parseValue(schema, text),
    format: (value) => formatValue(schema, value),
  };
}
