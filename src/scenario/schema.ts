/**
 * What every parameter of a scenario is: its meaning, its range, the unit in which it may be written. One description for flags,
 * scenario files, the environment, the published JSON Schema and the list of metrics. It holds no default (defaults.ts)
 * and no rule between two parameters (defaults.ts, too); the types are scenario.ts.
 */
import {
  choiceOf,
  flag,
  list,
  nullable,
  type ObjectSchema,
  object,
  quantity,
  type Schema,
  text,
} from "./json-schema.js";
import {
  type Costs,
  EVENT_GROUPS,
  type KernelConfig,
  type ListenerScenario,
  MOST_DECODERS,
  MOST_ENTRIES,
  POLICIES,
  type Scenario,
  type SecondFlood,
  type Stall,
  TIMEOUT_KEYS,
  type TimeoutKey,
} from "./scenario.js";
import { DAY, GIB, HOUR, LONGEST_DURATION, MILLISECOND, RATES, type Range, SECOND } from "./units.js";

/** SO_RCVBUF and the sysctls that cap it are ints. */
const BUFFER_BYTES: Range = { min: 0, max: GIB };
const CONNECTIONS: Range = { min: 0, max: MOST_ENTRIES };
const TABLE_ENTRIES: Range = { min: 1, max: MOST_ENTRIES };
const RUN_TIME_SECONDS: Range = { min: MILLISECOND / SECOND, max: LONGEST_DURATION / SECOND };
/** The kernel keeps timeouts as jiffies in an int: this many seconds fit at HZ 1000, the fastest. */
const KERNEL_SECONDS: Range = { min: 1, max: Math.floor((2 ** 31 - 1) / 1000) };
const COST: Range = { min: 0, max: SECOND };
/** Of struct sk_buff or a slab cache: far above any build, and far below what a message may be charged. */
const OBJECT_BYTES: Range = { min: 0, max: 4096 };
const STALL_TIME: Range = { min: 1, max: DAY };
const AFTER_FLUSH: Range = { min: 0, max: LONGEST_DURATION };

/** What uname -r may say: numbers, and whatever a distribution appends. */
const KERNEL_VERSION = "^\\d{1,3}\\.\\d{1,3}(\\.\\d{1,4}){0,2}([-+.~_][\\w.+~-]{0,48})?$";
const SEED_CHARACTERS = 100;
/** One line without control characters and without spaces at its ends. */
export const PRINTABLE = "^[^\\p{C}\\p{Z}]([^\\p{C}\\p{Zl}\\p{Zp}]*[^\\p{C}\\p{Z}])?$";

/** An object of which a file cannot give a part. */
function whole<T>(description: string, properties: ObjectSchema<T>["properties"]): ObjectSchema<T> {
  return { ...object(description, properties), needed: Object.keys(properties) };
}

const startOrFlush = (description: string): Schema => choiceOf(["start", "flush"], description);

export const STALL: ObjectSchema<Stall> = whole("pauses of the reader; null: none", {
  everyNanoseconds: quantity("duration", STALL_TIME, "the period of the pauses, from the first packet on"),
  forNanoseconds: quantity("duration", STALL_TIME, "how long the reader stops in every period after the first"),
});

export const LISTENER: ObjectSchema<ListenerScenario> = object("a listener: its socket and its reader", {
  bufferBytes: quantity("size", BUFFER_BYTES, "what the listener asks SO_RCVBUF for, in bytes, k or MiB"),
  bufferMaxBytes: nullable(
    quantity(
      "size",
      BUFFER_BYTES,
      "after each ENOBUFS the daemon asks for twice the buffer, up to this (conntrackd's NetlinkBufferSizeMaxGrowth)",
    ),
  ),
  policy: choiceOf(
    POLICIES,
    "reliable (broadcast errors, no ENOBUFS), broadcast-error (the first alone), no-enobufs (the second alone) or lossy",
  ),
  serviceNanoseconds: quantity("duration", { min: 0, max: HOUR }, "time that the reader needs for a message"),
  serviceDistribution: choiceOf(["fixed", "exponential"], "whether that time is always the same or exponential"),
  stall: nullable(STALL),
  decoders: quantity(
    "count",
    { min: 1, max: MOST_DECODERS },
    "decoders that take messages in turn; with more than one they may finish out of order",
  ),
  resyncAfterNanoseconds: nullable(
    quantity(
      "duration",
      AFTER_FLUSH,
      "so long after an ENOBUFS the daemon dumps the kernel's table (conntrackd's NetlinkOverrunResync)",
    ),
  ),
  stopsAtEnobufs: flag("whether the reader stops for good at its first ENOBUFS"),
  groups: {
    ...list(choiceOf(EVENT_GROUPS, "an event group"), "the event groups that it joined"),
    minItems: 1,
    uniqueItems: true,
  },
  slowFrom: startOrFlush("flush: until the flush the reader needs no time for a message, so that it is caught up"),
  smallFrom: startOrFlush("flush: until the flush the socket has a large buffer"),
  joins: startOrFlush("flush: the socket is opened right before the flush and heard nothing of the flood"),
  heldAfterFlushNanoseconds: nullable(
    quantity("duration", AFTER_FLUSH, "how long the reader sleeps from the start of the flush; null: for ever"),
  ),
  closesAfterFlushNanoseconds: nullable(
    quantity("duration", AFTER_FLUSH, "how long after the start of the flush the socket is closed; null: never"),
  ),
});

export const SECOND_FLOOD: ObjectSchema<SecondFlood> = whole("more connections after the flush; null: none", {
  connections: quantity("count", { ...CONNECTIONS, min: 1 }, "connections to open in the second flood"),
  afterFlushSeconds: quantity(
    "seconds",
    { min: 0, max: LONGEST_DURATION / SECOND },
    "when they begin, from the start of the flush",
  ),
});

const timeout = (key: TimeoutKey): Schema =>
  quantity("whole seconds", KERNEL_SECONDS, `the timeout ${key} of conntrack, in whole seconds`);

export const TIMEOUTS: ObjectSchema<Record<TimeoutKey, number>> = object(
  "the timeouts of conntrack",
  Object.fromEntries(TIMEOUT_KEYS.map((key) => [key, timeout(key)])) as Record<TimeoutKey, Schema>,
);

export const KERNEL_CONFIG: ObjectSchema<KernelConfig> = object(
  "how the kernel was built, as far as it changes what an event is charged",
  {
    acct: flag("whether flows have counters (nf_conntrack_acct)"),
    nat: flag("whether the kernel has NAT"),
    mark: flag("whether flows have a mark"),
    secmark: flag("whether flows have a security mark"),
    timestamp: flag("whether flows have time stamps (nf_conntrack_timestamp)"),
    skBuffBytes: quantity("size", { ...OBJECT_BYTES, min: 1 }, "the size of struct sk_buff"),
    nlaPolicyLenCounts: flag("whether nla_policy_len() counts every attribute of a policy (2.6.39 on)"),
    smallHeadBytes: quantity("size", OBJECT_BYTES, "the size of the cache of small heads; 0: the kernel has none"),
  },
);

export const COSTS: ObjectSchema<Costs> = object("what things cost on the simulated machine, in CPU time", {
  packetNanoseconds: quantity("duration", COST, "CPU time of one packet, without the events that it raises"),
  flushEntryNanoseconds: quantity("duration", COST, "CPU time of one entry of a flush, without delivery attempts"),
  attemptNanoseconds: quantity("duration", COST, "CPU time of one attempt to deliver one event"),
  recvNanoseconds: quantity("duration", COST, "CPU time of one recv of the reader, without what --reader adds"),
  bucketNanoseconds: quantity(
    "duration",
    COST,
    "CPU time of one hash bucket of a search by early_drop or the gc worker",
  ),
  overshootNanoseconds: quantity("duration", COST, "how late a reader that sleeps between messages wakes at most"),
  wakeupNanoseconds: quantity(
    "duration",
    COST,
    "from a message in an empty queue to the reader running, with --cpus 2",
  ),
});

export const SCENARIO: ObjectSchema<Scenario> = object("an experiment with every parameter", {
  experiment: choiceOf(
    ["flood", "flush"],
    "flood: short connections at a rate, a flush at the end; flush: many entries with the reader caught up, then the flush",
  ),
  seed: text("the seed of everything random", `1 to ${SEED_CHARACTERS} printable characters`, {
    minLength: 1,
    maxLength: SEED_CHARACTERS,
    pattern: PRINTABLE,
  }),
  kernel: text("release of the kernel, in any form that uname -r has", "a kernel release such as 3.6 or 6.18.44", {
    pattern: KERNEL_VERSION,
  }),
  hz: choiceOf([100, 250, 300, 1000], "ticks per second: 100, 250, 300 or 1000"),
  cpus: choiceOf([1, 2], "1: the reader runs only while the kernel does not hold the CPU; 2: it has a CPU of its own"),
  connections: quantity("count", CONNECTIONS, "connections to open"),
  ratePerSecond: nullable(
    quantity("rate", RATES, "new connections per second, or max: as fast as the machine makes them"),
  ),
  arrivals: choiceOf(
    ["constant", "poisson", "burst"],
    "constant, poisson or burst (burstConnections at one instant, the mean rate stays)",
  ),
  burstConnections: quantity("count", { min: 1, max: 1e6 }, "connections that arrive at one instant with burst"),
  protocol: choiceOf(["udp", "tcp", "icmp"], "udp, tcp or icmp"),
  family: choiceOf(["ipv4", "ipv6"], "ipv4 or ipv6"),
  path: choiceOf(["loopback", "forward"], "loopback (a packet passes the confirm hook twice) or forward (once)"),
  tuples: nullable(
    quantity(
      "count",
      { min: 1, max: MOST_ENTRIES },
      "connections use so many tuples in turn; without it every connection has its own",
    ),
  ),
  packets: quantity("count", { min: 1, max: 1e6 }, "packets of one connection"),
  packetGapNanoseconds: quantity(
    "duration",
    { min: 0, max: HOUR },
    "time between two packets of one connection; 0: back to back",
  ),
  udpPortOpen: flag("whether the UDP port of the receiver is open; a closed one answers with ICMP errors"),
  secondFlood: nullable(SECOND_FLOOD),
  flush: flag("whether the table is flushed after the flood"),
  flushDelayNanoseconds: quantity("duration", AFTER_FLUSH, "time between the last packet of the flood and the flush"),
  graceMaxSeconds: {
    ...quantity(
      "whole seconds",
      KERNEL_SECONDS,
      "the sysctl nf_conntrack_events_retry_timeout, in whole seconds: a resend waits a random time below it (until 3.16)",
    ),
    zero: "the kernel draws a delay modulo nf_conntrack_events_retry_timeout and would divide by zero",
  },
  nfConntrackMax: quantity("count", TABLE_ENTRIES, "entries that fit into the table, active and dying together"),
  buckets: quantity("count", TABLE_ENTRIES, "buckets of the hash table"),
  timeoutsSeconds: TIMEOUTS,
  rmemMaxBytes: quantity("size", BUFFER_BYTES, "the sysctl net.core.rmem_max, which caps what SO_RCVBUF asks for"),
  listeners: {
    ...list(LISTENER, "the listeners; the first is the daemon that the report is about"),
    minItems: 1,
  },
  kernelConfig: KERNEL_CONFIG,
  costs: COSTS,
  limitSeconds: quantity(
    "seconds",
    RUN_TIME_SECONDS,
    "end the run at the latest this long after the first packet, in virtual time",
  ),
});

/** Given beside or in the place of one of connections and ratePerSecond; a resolved scenario has no such field. */
export const DURATION_SECONDS: Schema = quantity(
  "seconds",
  RUN_TIME_SECONDS,
  "how long to open connections: two of connections, rate and duration give the third",
);
