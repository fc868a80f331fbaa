/**
 * The values of flags that are more than one quantity: `burst:50`, `1ms,exponential`, `500ms/10s`, `20k@5s`,
 * `udp=30s`, `buffer=8k,policy=lossy`. Each has a parser and a formatter that are each other's inverse. The quantities
 * inside are those of scenario/units.ts; which flag takes which value is said in flags.ts.
 */
import type { Format } from "../render/renderers.js";
import { choice } from "../scenario/choice.js";
import { listed, quoted, UsageError } from "../scenario/errors.js";
import type { Plain, Schema } from "../scenario/json-schema.js";
import {
  type Arrivals,
  EVENT_GROUPS,
  type EventGroup,
  type KernelConfig,
  type ListenerScenario,
  type SecondFlood,
  type Stall,
  TIMEOUT_KEYS,
  type TimeoutKey,
} from "../scenario/scenario.js";
import {
  KERNEL_CONFIG as KERNEL_CONFIG_FIELDS,
  LISTENER as LISTENER_FIELDS,
  SCENARIO,
  SECOND_FLOOD,
  STALL,
  TIMEOUTS,
} from "../scenario/schema.js";
import { didYouMean } from "../scenario/suggest.js";
import { formatCount, formatDuration, formatSeconds, formatSize } from "../scenario/units.js";
import { fitsText, formatValue, parseValue } from "../scenario/value.js";
import { type KeyedItem, keyed } from "./keyed.js";

/** Here and not beside the renderers, so that help does not load them. */
export const FORMATS: readonly Format[] = ["text", "json", "csv", "markdown", "junit"];

const FIELDS = LISTENER_FIELDS.properties;

export interface ArrivalsValue {
  arrivals: Arrivals;
  /** Absent: not given. */
  burstConnections?: number;
}

const arrivalsOf = choice<Arrivals>(["constant", "poisson", "burst"]);

/** `constant`, `poisson`, `burst` or `burst:N`. */
export function parseArrivals(text: string): ArrivalsValue {
  const [word = "", size] = split(text, ":");
  const arrivals = arrivalsOf(word);
  if (size === undefined) return { arrivals };
  if (arrivals !== "burst") throw new UsageError(`expected a size only for burst, as in burst:50, got ${quoted(text)}`);
  return { arrivals, burstConnections: parseNumber(SCENARIO.properties.burstConnections, size) };
}

export function formatArrivals({ arrivals, burstConnections }: ArrivalsValue): string {
  return burstConnections === undefined ? arrivals : `${arrivals}:${formatCount(burstConnections)}`;
}

export type ReaderValue = Pick<ListenerScenario, "serviceNanoseconds" | "serviceDistribution">;

const distributionOf = choice(FIELDS.serviceDistribution.enum as readonly ReaderValue["serviceDistribution"][]);

/** `1ms`, `1ms,fixed` or `1ms,exponential`. */
export function parseReader(text: string): ReaderValue {
  const [duration = "", distribution = "fixed"] = split(text, ",");
  return {
    serviceNanoseconds: parseNumber(FIELDS.serviceNanoseconds, duration),
    serviceDistribution: distributionOf(distribution),
  };
}

export function formatReader({ serviceNanoseconds, serviceDistribution }: ReaderValue): string {
  const duration = formatDuration(serviceNanoseconds);
  return serviceDistribution === "fixed" ? duration : `${duration},${serviceDistribution}`;
}

/** `500ms/10s`: stopped for the first in every second. */
export function parseStall(text: string): Stall {
  const [pause = "", period] = split(text, "/");
  if (period === undefined) throw new UsageError(`expected FOR/EVERY such as 500ms/10s, got ${quoted(text)}`);
  return {
    everyNanoseconds: parseNumber(STALL.properties.everyNanoseconds, period),
    forNanoseconds: parseNumber(STALL.properties.forNanoseconds, pause),
  };
}

export function formatStall(stall: Stall): string {
  return `${formatDuration(stall.forNanoseconds)}/${formatDuration(stall.everyNanoseconds)}`;
}

/** `20k@5s`: that many connections, that long after the flush begins. */
export function parseSecondFlood(text: string): SecondFlood {
  const [count = "", delay] = split(text, "@");
  if (delay === undefined) throw new UsageError(`expected COUNT@DURATION such as 20k@5s, got ${quoted(text)}`);
  return {
    connections: parseNumber(SECOND_FLOOD.properties.connections, count),
    afterFlushSeconds: parseNumber(SECOND_FLOOD.properties.afterFlushSeconds, delay),
  };
}

export function formatSecondFlood({ connections, afterFlushSeconds }: SecondFlood): string {
  return `${formatCount(connections)}@${formatValue(SECOND_FLOOD.properties.afterFlushSeconds, afterFlushSeconds)}`;
}

export interface TimeoutValue {
  key: TimeoutKey;
  seconds: number;
}

const timeoutKeyOf = choice(TIMEOUT_KEYS);

/** `udp_stream=30s`. */
export function parseTimeout(text: string): TimeoutValue {
  const [key = "", duration] = split(text, "=");
  if (duration === undefined) throw new UsageError(`expected KEY=DURATION such as udp=30s, got ${quoted(text)}`);
  const known = timeoutKeyOf(key);
  return { key: known, seconds: parseNumber(TIMEOUTS.properties[known], duration) };
}

export function formatTimeout({ key, seconds }: TimeoutValue): string {
  return `${key}=${formatSeconds(seconds)}`;
}

/** The shape of a version, or what stands for one. Which releases the model knows is another question (kernel/release.ts). */
export function parseKernel(words: readonly string[]): (text: string) => string {
  return (text) => {
    if (fitsText(SCENARIO.properties.kernel, text) || words.includes(text)) return text;
    throw new UsageError(
      `expected ${SCENARIO.properties.kernel.textual}, or ${listed(words)}, got ${quoted(text)}${didYouMean(text, words)}`,
    );
  };
}

/** It seeds every random stream, so that spaces at its ends would be a trap. */
export function parseSeed(text: string): string {
  if (fitsText(SCENARIO.properties.seed, text)) return text;
  throw new UsageError(`expected ${SCENARIO.properties.seed.textual} or random, got ${quoted(text)}`);
}

/** An empty path and `-` would both surprise: the report goes to standard output when no file is named. */
export function parsePath(text: string): string {
  if (text !== "" && text !== "-" && !text.includes("\0")) return text;
  throw new UsageError(`expected the path of a file, got ${quoted(text)}`);
}

/** `json=report.json`: a format, and the file that gets it. */
export function parseExport(text: string): { format: Format; path: string } {
  const [name = "", path] = split(text, "=");
  if (path === undefined) throw new UsageError(`expected FORMAT=FILE such as junit=report.xml, got ${quoted(text)}`);
  return { format: choice(FORMATS)(name), path: parsePath(path) };
}

/** `new+destroy`: in the order of the event types, whatever the order in which they were given. */
function parseGroups(text: string): EventGroup[] {
  const groups = text.split("+").map(choice(EVENT_GROUPS));
  if (new Set(groups).size === groups.length) return EVENT_GROUPS.filter((group) => groups.includes(group));
  throw new UsageError(`expected each group once, got ${quoted(text)}`);
}

/** What one item of a listener's description sets, and how it is written again. */
export const LISTENER = keyed<ListenerScenario>(
  {
    buffer: fieldItem("bufferBytes"),
    reader: {
      parse: parseReader,
      format: ({ serviceNanoseconds, serviceDistribution = "fixed" }) =>
        serviceNanoseconds === undefined ? null : formatReader({ serviceNanoseconds, serviceDistribution }),
    },
    policy: fieldItem("policy"),
    stall: {
      parse: (text) => ({ stall: parseStall(text) }),
      format: ({ stall }) => (stall ? formatStall(stall) : null),
    },
    groups: {
      parse: (text) => ({ groups: parseGroups(text) }),
      format: ({ groups }) => groups?.join("+") ?? null,
    },
    "buffer-max": fieldItem("bufferMaxBytes"),
    resync: fieldItem("resyncAfterNanoseconds"),
    decoders: fieldItem("decoders"),
    "stop-at-enobufs": switchItem("stopsAtEnobufs"),
  },
  "buffer=8k,reader=1ms,policy=lossy",
);

type Size = "skBuffBytes" | "smallHeadBytes";

/** The build of a kernel, in words that its configuration or its slab caches have. */
export const KERNEL_CONFIG = keyed<KernelConfig>(
  {
    acct: switchItem("acct"),
    nat: switchItem("nat"),
    mark: switchItem("mark"),
    secmark: switchItem("secmark"),
    timestamp: switchItem("timestamp"),
    "nla-policy-len": switchItem("nlaPolicyLenCounts"),
    "sk-buff": sizeItem("skBuffBytes"),
    "small-head": sizeItem("smallHeadBytes"),
  },
  "acct=off,sk-buff=208",
);

function switchItem<T, K extends keyof T & string>(key: K): KeyedItem<T> {
  const onOrOff = choice(["on", "off"]);
  return {
    parse: (text) => ({ [key]: onOrOff(text) === "on" }) as Partial<T>,
    format: ({ [key]: on }) => (on === undefined ? null : on ? "on" : "off"),
  };
}

function fieldItem(key: keyof ListenerScenario): KeyedItem<ListenerScenario> {
  return {
    parse: (text) => ({ [key]: parseValue(FIELDS[key], text) }),
    format: ({ [key]: value }) =>
      value === undefined || value === null ? null : formatValue(FIELDS[key], value as Plain),
  };
}

function sizeItem(key: Size): KeyedItem<KernelConfig> {
  return {
    parse: (text) => ({ [key]: parseNumber(KERNEL_CONFIG_FIELDS.properties[key], text) }),
    format: ({ [key]: bytes }) => (bytes === undefined ? null : formatSize(bytes)),
  };
}

function parseNumber(schema: Schema, text: string): number {
  return parseValue(schema, text) as number;
}

/** At the first separator: what stands before it, and what stands after it if it is there. */
function split(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
