/**
 * The values of flags that are more than one quantity: `burst:50`, `1ms,exponential`, `500ms/10s`, `20k@5s`,
 * `udp=30s`, `buffer=8k,policy=lossy`. Each has a parser and a formatter that are each other's inverse. The quantities
 * inside are those of scenario/units.ts; which flag takes which value is said in flags.ts.
 */
import { listed, quoted, UsageError } from "../scenario/errors.js";
import {
  type Arrivals,
  EVENT_GROUPS,
  type EventGroup,
  type KernelConfig,
  type ListenerScenario,
  MOST_ENTRIES,
  POLICIES,
  type SecondFlood,
  type Stall,
  TIMEOUT_KEYS,
  type TimeoutKey,
} from "../scenario/scenario.js";
import {
  DAY,
  formatCount,
  formatDuration,
  formatSeconds,
  formatSize,
  GIB,
  HOUR,
  LONGEST_DURATION,
  parseCount,
  parseDuration,
  parseSize,
  parseWholeSeconds,
  type Range,
  SECOND,
} from "../scenario/units.js";
import { choice } from "./choice.js";
import { type KeyedItem, keyed } from "./keyed.js";
import { didYouMean } from "./suggest.js";

/** SO_RCVBUF and the sysctls that cap it are ints. */
export const BUFFER_BYTES: Range = { min: 0, max: GIB };
export const CONNECTIONS: Range = { min: 0, max: MOST_ENTRIES };
/** The kernel keeps timeouts as jiffies in an int: this many seconds fit at HZ 1000, the fastest. */
const KERNEL_SECONDS: Range = { min: 1, max: Math.floor((2 ** 31 - 1) / 1000) };
const SERVICE: Range = { min: 0, max: HOUR };

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
  return { arrivals, burstConnections: parseCount(size, { min: 1, max: 1e6 }) };
}

export function formatArrivals({ arrivals, burstConnections }: ArrivalsValue): string {
  return burstConnections === undefined ? arrivals : `${arrivals}:${formatCount(burstConnections)}`;
}

export type ReaderValue = Pick<ListenerScenario, "serviceNanoseconds" | "serviceDistribution">;

const distributionOf = choice<ReaderValue["serviceDistribution"]>(["fixed", "exponential"]);

/** `1ms`, `1ms,fixed` or `1ms,exponential`. */
export function parseReader(text: string): ReaderValue {
  const [duration = "", distribution = "fixed"] = split(text, ",");
  return {
    serviceNanoseconds: parseDuration(duration, SERVICE),
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
  const range: Range = { min: 1, max: DAY };
  const forNanoseconds = parseDuration(pause, range);
  const everyNanoseconds = parseDuration(period, range);
  if (forNanoseconds < everyNanoseconds) return { everyNanoseconds, forNanoseconds };
  throw new UsageError(`expected a stall shorter than its period, such as 500ms/10s, got ${quoted(text)}`);
}

export function formatStall(stall: Stall): string {
  return `${formatDuration(stall.forNanoseconds)}/${formatDuration(stall.everyNanoseconds)}`;
}

/** `20k@5s`: that many connections, that long after the flush begins. */
export function parseSecondFlood(text: string): SecondFlood {
  const [count = "", delay] = split(text, "@");
  if (delay === undefined) throw new UsageError(`expected COUNT@DURATION such as 20k@5s, got ${quoted(text)}`);
  return {
    connections: parseCount(count, { ...CONNECTIONS, min: 1 }),
    afterFlushSeconds: parseDuration(delay, { min: 0, max: LONGEST_DURATION }) / SECOND,
  };
}

export function formatSecondFlood({ connections, afterFlushSeconds }: SecondFlood): string {
  return `${formatCount(connections)}@${formatDuration(Math.round(afterFlushSeconds * SECOND))}`;
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
  return { key: timeoutKeyOf(key), seconds: parseWholeSeconds(duration, KERNEL_SECONDS) };
}

export function formatTimeout({ key, seconds }: TimeoutValue): string {
  return `${key}=${formatSeconds(seconds)}`;
}

/** Zero has a sentence of its own, because the kernel accepts it and does not survive it. */
export function parseGraceMax(text: string): number {
  const seconds = parseWholeSeconds(text, { ...KERNEL_SECONDS, min: 0 });
  if (seconds >= KERNEL_SECONDS.min) return seconds;
  throw new UsageError(
    "expected at least 1s (the kernel draws a delay modulo nf_conntrack_events_retry_timeout " +
      `and would divide by zero), got ${quoted(text)}`,
  );
}

/** What uname -r may say: numbers, and whatever a distribution appends. */
const KERNEL_VERSION = /^\d{1,3}\.\d{1,3}(\.\d{1,4}){0,2}([-+.~_][\w.+~-]{0,48})?$/;

/** The shape of a version, or what stands for one. Which releases the model knows is another question (kernel/release.ts). */
export function parseKernel(words: readonly string[]): (text: string) => string {
  return (text) => {
    if (KERNEL_VERSION.test(text) || words.includes(text)) return text;
    throw new UsageError(
      `expected a kernel release such as 3.6 or 6.18.44, or ${listed(words)}, got ${quoted(text)}${didYouMean(text, words)}`,
    );
  };
}

const SEED_CHARACTERS = 100;

/** Any printable text. It seeds every random stream, so that spaces at its ends would be a trap. */
export function parseSeed(text: string): string {
  const printable = /^[^\p{C}\p{Z}]([^\p{C}\p{Zl}\p{Zp}]*[^\p{C}\p{Z}])?$/u.test(text);
  if (printable && text.length <= SEED_CHARACTERS) return text;
  throw new UsageError(`expected 1 to ${SEED_CHARACTERS} printable characters or random, got ${quoted(text)}`);
}

/** An empty path and `-` would both surprise: the report goes to standard output when no file is named. */
export function parsePath(text: string): string {
  if (text !== "" && text !== "-" && !text.includes("\0")) return text;
  throw new UsageError(`expected the path of a file, got ${quoted(text)}`);
}

export const parsePolicy = choice(POLICIES);

/** `new+destroy`: in the order of the event types, whatever the order in which they were given. */
function parseGroups(text: string): EventGroup[] {
  const groups = text.split("+").map(choice(EVENT_GROUPS));
  if (new Set(groups).size === groups.length) return EVENT_GROUPS.filter((group) => groups.includes(group));
  throw new UsageError(`expected each group once, got ${quoted(text)}`);
}

/** What one item of a listener's description sets, and how it is written again. */
export const LISTENER = keyed<ListenerScenario>(
  {
    buffer: {
      parse: (text) => ({ bufferBytes: parseSize(text, BUFFER_BYTES) }),
      format: ({ bufferBytes }) => (bufferBytes === undefined ? null : formatSize(bufferBytes)),
    },
    reader: {
      parse: parseReader,
      format: ({ serviceNanoseconds, serviceDistribution = "fixed" }) =>
        serviceNanoseconds === undefined ? null : formatReader({ serviceNanoseconds, serviceDistribution }),
    },
    policy: {
      parse: (text) => ({ policy: parsePolicy(text) }),
      format: ({ policy }) => policy ?? null,
    },
    stall: {
      parse: (text) => ({ stall: parseStall(text) }),
      format: ({ stall }) => (stall ? formatStall(stall) : null),
    },
    groups: {
      parse: (text) => ({ groups: parseGroups(text) }),
      format: ({ groups }) => groups?.join("+") ?? null,
    },
  },
  "buffer=8k,reader=1ms,policy=lossy",
);

type Switch = "acct" | "nat" | "mark" | "secmark" | "timestamp" | "nlaPolicyLenCounts";
type Size = "skBuffBytes" | "smallHeadBytes";

/** Of struct sk_buff or a slab cache: far above any build, and far below what a message may be charged. */
const OBJECT_BYTES: Range = { min: 0, max: 4096 };

/** The build of a kernel, in words that its configuration or its slab caches have. */
export const KERNEL_CONFIG = keyed<KernelConfig>(
  {
    acct: switchItem("acct"),
    nat: switchItem("nat"),
    mark: switchItem("mark"),
    secmark: switchItem("secmark"),
    timestamp: switchItem("timestamp"),
    "nla-policy-len": switchItem("nlaPolicyLenCounts"),
    "sk-buff": sizeItem("skBuffBytes", { ...OBJECT_BYTES, min: 1 }),
    "small-head": sizeItem("smallHeadBytes", OBJECT_BYTES),
  },
  "acct=off,sk-buff=208",
);

function switchItem(key: Switch): KeyedItem<KernelConfig> {
  const onOrOff = choice(["on", "off"]);
  return {
    parse: (text) => ({ [key]: onOrOff(text) === "on" }),
    format: ({ [key]: on }) => (on === undefined ? null : on ? "on" : "off"),
  };
}

function sizeItem(key: Size, range: Range): KeyedItem<KernelConfig> {
  return {
    parse: (text) => ({ [key]: parseSize(text, range) }),
    format: ({ [key]: bytes }) => (bytes === undefined ? null : formatSize(bytes)),
  };
}

/** At the first separator: what stands before it, and what stands after it if it is there. */
function split(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
