/**
 * The scenario: one experiment with every parameter, in canonical units. This is the table of the parameters, in the
 * order in which a Report echoes them, and the types that follow from it. A resolved scenario is what a backend runs,
 * what the Report echoes and what `--print-config` prints; feeding it back repeats the run. Names are the kernel's for
 * things of the kernel; units stand at the end.
 */
import { choiceOf, type Described, list, quantity, shape, text, type ValueOf, flag as yesOrNo } from "./json-schema.js";
import { sets } from "./parameters/codec.js";
import { COSTS, MACHINES, standardCosts } from "./parameters/costs.js";
import { DELETES } from "./parameters/delete.js";
import {
  addTimeouts,
  KERNEL_CONFIG,
  KERNEL_SECONDS,
  kernelConfigCodec,
  TIMEOUT_KEYS,
  TIMEOUTS,
  timeoutCodec,
} from "./parameters/kernel.js";
import { KERNEL_RULES } from "./parameters/kernel-rules.js";
import { AFTER_FLUSH, BUFFER_BYTES, LISTENER, listenersCodec } from "./parameters/listener.js";
import { LOAD_PARAMETERS, MOST_ENTRIES, RUN_TIME_SECONDS } from "./parameters/load.js";
import { type Chosen, each, flag, parameter } from "./parameters/parameter.js";
import { RATE_PROFILE } from "./parameters/rate-profile.js";
import { REPLAY } from "./parameters/replay.js";
import { TRAFFIC } from "./parameters/traffic.js";
import type { Range } from "./units.js";

export type { Costs } from "./parameters/costs.js";
export type { DeleteScenario } from "./parameters/delete.js";
export type { KernelConfig, TimeoutKey } from "./parameters/kernel.js";
export type { GC_WORKERS, KernelRules } from "./parameters/kernel-rules.js";
export {
  EVENT_GROUPS,
  type EventGroup,
  type ListenerScenario,
  POLICIES,
  POLICY,
  type Policy,
} from "./parameters/listener.js";
export {
  type Arrivals,
  type Family,
  MOST_ENTRIES,
  type Path,
  type Protocol,
  SHORTEST_TCP_PACKETS,
} from "./parameters/load.js";
export type { ScriptName, TrafficClass } from "./parameters/traffic.js";

const KERNEL = "Kernel:";
const RUN = "Run:";

const TABLE_ENTRIES: Range = { min: 1, max: MOST_ENTRIES };
/** What uname -r may say: numbers, and whatever a distribution appends. */
const KERNEL_VERSION = "^\\d{1,3}\\.\\d{1,3}(\\.\\d{1,4}){0,2}([-+~_][\\w.+~-]{0,48}|\\.[\\w+~-][\\w.+~-]{0,47})?$";
const SEED_CHARACTERS = 100;
const PACKET_CPUS: Range = { min: 1, max: 256 };
/** One line without control characters and without spaces at its ends. */
export const PRINTABLE = "^[^\\p{C}\\p{Z}]([^\\p{C}\\p{Zl}\\p{Zp}]*[^\\p{C}\\p{Z}])?$";
/** How long a run may go on after its flood before it counts as not settling. */
const LIMIT_AFTER_FLOOD_SECONDS = 600;

/** The command line draws a seed for this word. */
export const RANDOM_SEED = "random";
/** And takes the running kernel's version for this one. */
export const HOST = "host";

const SEED = "the seed of everything random";
const RELEASE = "release of the kernel, in any form that uname -r has";

/** What the sysctl nf_conntrack_events is by itself. */
const EVENTS_SYSCTL = { off: 0, on: 1, auto: 2 } as const;

export const EXPERIMENTS = ["flood", "flush"] as const;
export type Experiment = (typeof EXPERIMENTS)[number];

const TICKS: Described<number> = choiceOf([100, 250, 300, 1000], "ticks per second: 100, 250, 300 or 1000");

export const SCENARIO = shape("an experiment with every parameter", {
  experiment: parameter(
    choiceOf(
      EXPERIMENTS,
      "flood: short connections at a rate, a flush at the end; flush: many entries with the reader caught up, then the flush",
    ),
    ({ experiment }) => experiment,
  ),
  seed: parameter(
    text(SEED, `1 to ${SEED_CHARACTERS} printable characters`, {
      minLength: 1,
      maxLength: SEED_CHARACTERS,
      pattern: PRINTABLE,
    }),
    "1",
    flag(RUN, "seed TEXT", { description: `${SEED}; ${RANDOM_SEED} draws one and prints it`, words: [RANDOM_SEED] }),
  ),
  kernel: parameter(
    text(RELEASE, "a kernel release such as 3.6 or 6.18.44", { pattern: KERNEL_VERSION }),
    "2.6.31",
    flag(KERNEL, "kernel VERSION|host", { description: `${RELEASE}; ${HOST}: of this machine's`, words: [HOST] }),
  ),
  hz: parameter(TICKS, 250, flag(KERNEL, "hz N")),
  cpus: parameter(
    choiceOf([1, 2], "1: the reader runs only while the kernel does not hold the CPU; 2: it has a CPU of its own"),
    2,
    flag("Machine:", "cpus N"),
  ),
  /** Receive packet steering: each packet is taken by the CPU that is free first. */
  packetCpus: parameter(
    quantity("count", PACKET_CPUS, "CPUs that packets are spread over; timers, workers and a flush stay on the first"),
    1,
    flag("Machine:", "packet-cpus N"),
  ),
  machine: parameter(
    choiceOf(
      MACHINES,
      "whose costs hold where none are given: recorded (the emulator of the recordings) or present (a server of today)",
    ),
    "recorded",
    flag("Machine:", "machine NAME"),
  ),
  ...LOAD_PARAMETERS,
  traffic: TRAFFIC,
  rateProfile: RATE_PROFILE,
  delete: DELETES,
  replay: REPLAY,
  flush: parameter(
    yesOrNo("whether the table is flushed after the flood"),
    ({ experiment, replays }) => experiment === "flush" || !replays,
    flag(RUN, "no-flush", { description: "do not flush the table after the flood", codec: sets({ flush: false }) }),
  ),
  /** Pause between the last packet of the flood and the flush (or the start of the watch, without one). */
  flushDelayNanoseconds: parameter(
    quantity("duration", AFTER_FLUSH, "time between the last packet of the flood and the flush"),
    each({ flood: 0, flush: 500_000_000 }),
  ),
  graceMaxSeconds: parameter(
    {
      ...quantity(
        "whole seconds",
        KERNEL_SECONDS,
        "the sysctl nf_conntrack_events_retry_timeout, in whole seconds: a resend waits a random time below it (until 3.16)",
      ),
      zero: "the kernel draws a delay modulo nf_conntrack_events_retry_timeout and would divide by zero",
    },
    15,
    flag(KERNEL, "grace-max DURATION"),
  ),
  nfConntrackMax: parameter(
    quantity("count", TABLE_ENTRIES, "entries that fit into the table, active and dying together"),
    roomFor,
    flag(KERNEL, "nf-conntrack-max COUNT"),
  ),
  buckets: parameter(
    quantity("count", TABLE_ENTRIES, "buckets of the hash table"),
    (chosen) => (roomFor(chosen) === chosen.release.nfConntrackMax ? chosen.release.buckets : roomFor(chosen)),
    flag(KERNEL, "buckets COUNT"),
  ),
  nfConntrackEvents: parameter(
    choiceOf(
      [0, 1, 2],
      "the sysctl nf_conntrack_events: 0: no event of any flow; 1: events of all; 2: of flows that are made while a process listens (5.19 on)",
    ),
    ({ release }): 0 | 1 | 2 => EVENTS_SYSCTL[release.events],
    flag(KERNEL, "nf-conntrack-events N"),
  ),
  timeoutsSeconds: parameter(
    TIMEOUTS,
    ({ release }) => release.timeoutsSeconds,
    flag(KERNEL, "timeout KEY=DURATION", {
      description: `a timeout of conntrack in whole seconds (may be repeated); KEY is ${TIMEOUT_KEYS.join(", ")}, or its sysctl's name, with seconds`,
      codec: timeoutCodec,
      add: addTimeouts,
      quiet: true,
    }),
  ),
  rmemMaxBytes: parameter(
    quantity("size", BUFFER_BYTES, "the sysctl net.core.rmem_max, which caps what SO_RCVBUF asks for"),
    ({ release }) => release.rmemMaxBytes,
    flag("Socket and reader:", "rmem-max SIZE"),
  ),
  listeners: parameter(
    { ...list(LISTENER, "the listeners; the first is the daemon that the report is about"), minItems: 1 },
    [],
    flag("Socket and reader:", "listeners SPEC", {
      description:
        "one more listener, as in buffer=8k,reader=1ms,policy=lossy, with stall=500ms/10s, groups=new+destroy, " +
        "buffer-max, resync, decoders and stop-at-enobufs=on where wanted (may be repeated; --buffer, --reader and --policy " +
        "describe the first)",
      codec: listenersCodec,
      add: (given: Given, later: Given) => ({ listeners: [...(given.listeners ?? [{}]), ...(later.listeners ?? [])] }),
      quiet: true,
    }),
  ),
  kernelConfig: parameter(
    KERNEL_CONFIG,
    ({ release }) => release.config,
    flag(KERNEL, "kernel-config KEY=VALUE,...", {
      description:
        "how the kernel was built, as far as it changes what an event is charged: acct, nat, mark, secmark, timestamp and " +
        "nla-policy-len (whether it counts, 2.6.39 on) are on or off, sk-buff and small-head are sizes in bytes; chain-events " +
        "is on in OpenWrt's builds; what is not given is as distributions build the release",
      codec: kernelConfigCodec,
      quiet: true,
    }),
  ),
  kernelRules: KERNEL_RULES,
  costs: parameter(COSTS, standardCosts),
  limitSeconds: parameter(
    quantity(
      "seconds",
      RUN_TIME_SECONDS,
      "end the run at the latest this long after the first packet, in virtual time",
    ),
    ({ floodSeconds }) => Math.ceil(floodSeconds) + LIMIT_AFTER_FLOOD_SECONDS,
    flag(RUN, "limit DURATION"),
  ),
});

export interface Scenario extends ValueOf<typeof SCENARIO> {}

interface Given {
  listeners?: readonly object[];
}

/**
 * A flush needs all its connections in the table, so there the limit grows with them; a flood meets the release's own.
 */
function roomFor({ experiment, connections, release }: Chosen): number {
  let entries = release.nfConntrackMax;
  while (experiment === "flush" && entries < connections) entries *= 2;
  return entries;
}
