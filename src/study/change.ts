/**
 * What can be changed about a run, one setting at a time, with values that follow from its report: a bigger buffer (and
 * the rmem_max that it needs), a faster reader, another policy, a resync, a bigger table, a shorter grace window, a
 * longer limit, another kernel. It promises nothing: what a change is worth is found out by running it (what-if.ts).
 * Values are rounded to what a person types.
 */
import { effectiveRelease } from "../kernel/effective-release.js";
import { RELEASES } from "../kernel/release.js";
import type { Report } from "../report/report.js";
import type { Overrides } from "../scenario/defaults.js";
import { MOST_DECODERS, MOST_QUEUED } from "../scenario/parameters/listener.js";
import { type ListenerScenario, MOST_ENTRIES, POLICIES, POLICY, type Scenario } from "../scenario/scenario.js";
import {
  formatCount,
  formatDuration,
  formatSeconds,
  formatSize,
  GIB,
  LONGEST_DURATION,
  MICROSECOND,
  SECOND,
} from "../scenario/units.js";
import { endedByLimit, harmsOf } from "./harm.js";

type Knob =
  | "limit"
  | "nf-conntrack-max"
  | "buffer"
  | "policy"
  | "groups"
  | "reader"
  | "resync"
  | "queue"
  | "decoders"
  | "poll"
  | "gc-interval"
  | "grace-max"
  | "kernel"
  | "admission"
  | "gc"
  | "retry"
  | "chain-events";

export interface Change {
  knob: Knob;
  /** As a person sets it on the command line: `--buffer 8MiB --rmem-max 8MiB`. */
  flags: string;
  overrides: Overrides;
}

/** net.core.rmem_default and rmem_max of a distribution kernel: what a daemon gets that asks for nothing. */
const DEFAULT_RMEM_BYTES = 212_992;
/** NetlinkOverrunResync of conntrackd's example configuration. */
const RESYNC_NANOSECONDS = 30 * SECOND;
const LIMIT_AFTER_FLOOD_SECONDS = 600;

interface Subject {
  scenario: Scenario;
  report: Report;
  listener: ListenerScenario;
}

/**
 * What may be worth advice, the most promising first: as many of them as the budget allows are tried. Never the kernel.
 */
export function promisingChanges(report: Report): Change[] {
  const subject = subjectOf(report);
  const { listener } = subject;
  if (report.interrupted === true || report.table.created === 0) return [];
  const limits = endedByLimit(report) ? limitChanges(subject) : [];
  // What a flood that was cut short would have lost is not known yet.
  if (limits.length > 0 && floodWasCut(report)) return limits;
  const dropped = harmsOf(report).packetsDropped === 0 ? [] : [...tableChanges(subject), ...gcChanges(subject)];
  // Nothing of an event socket changes what a poll is told.
  if (listener.poll?.withEvents === false) return distinct([...limits, ...dropped, ...pollChanges(subject)]);
  const { destroyNotArrived, newNotArrived, updateNotArrived, stale } = harmsOf(report);
  const loses = [destroyNotArrived, newNotArrived, updateNotArrived].some((lost) => (lost ?? 0) > 0);
  const resends = POLICY[listener.policy].broadcastError;
  const policies = listener.policy === "reliable" ? [] : policyChanges(subject, ["reliable"]);
  const grace = graceChanges(subject, [4, 2]);
  return distinct([
    ...limits,
    ...dropped,
    ...queueChanges(subject),
    ...(loses && listener.stopsAtEnobufs ? policyChanges(subject, ["no-enobufs"]) : []),
    ...(loses ? [] : grace),
    ...(resends ? [] : policies),
    ...bufferChanges(subject),
    ...(resends ? policies : []),
    ...groupChanges(subject),
    ...readerChanges(subject, [2, 10]),
    ...decoderChanges(subject),
    ...(stale === null || stale === 0 ? [] : resyncChanges(subject)),
    ...(loses ? grace : []),
  ]);
}

/** Of an event socket, which a poll in place of events has not. */
const OF_EVENT_SOCKET: ReadonlySet<Knob> = new Set(["buffer", "policy", "groups", "resync"]);

/** Every setting by itself, the kernel too: information, not advice. */
export function allChanges(report: Report): Change[] {
  const subject = subjectOf(report);
  const hasEvents = subject.listener.poll?.withEvents !== false;
  const changes = distinct([
    ...(endedByLimit(report) ? limitChanges(subject) : []),
    ...bufferChanges(subject),
    ...doubledBuffer(subject),
    ...readerChanges(subject, [2, 10]),
    ...groupChanges(subject),
    ...policyChanges(
      subject,
      POLICIES.filter((policy) => policy !== subject.listener.policy),
    ),
    ...tableChanges(subject),
    ...resyncChanges(subject),
    ...queueChanges(subject),
    ...decoderChanges(subject),
    ...pollChanges(subject),
    ...gcChanges(subject),
    ...graceChanges(subject, [2]),
    ...kernelChanges(subject),
  ]);
  return hasEvents ? changes : changes.filter(({ knob }) => !OF_EVENT_SOCKET.has(knob));
}

function subjectOf(report: Report): Subject {
  const { scenario } = report;
  return { scenario, report, listener: scenario.listeners[0]! };
}

function distinct(changes: readonly Change[]): Change[] {
  return [...new Map(changes.map((change) => [change.flags, change])).values()];
}

function floodWasCut({ load }: Report): boolean {
  return load.openedConnections < load.askedConnections;
}

function limitChanges({ scenario }: Subject): Change[] {
  const { limitSeconds, connections, ratePerSecond } = scenario;
  const floodSeconds = ratePerSecond === null ? 0 : connections / ratePerSecond;
  const wanted = Math.max(10 * limitSeconds, floodSeconds + LIMIT_AFTER_FLOOD_SECONDS);
  const seconds = Math.min(10 * Math.ceil(wanted / 10), LONGEST_DURATION / SECOND);
  if (seconds <= limitSeconds) return [];
  return [{ knob: "limit", flags: `--limit ${formatSeconds(seconds)}`, overrides: { limitSeconds: seconds } }];
}

/** Dying entries keep their place in the table (nf_conntrack_count), so room for every entry is always enough. */
function tableChanges({ scenario }: Subject): Change[] {
  const { nfConntrackMax, connections, secondFlood } = scenario;
  const everything = powerOfTwoFrom(connections + (secondFlood?.connections ?? 0));
  return [2 * nfConntrackMax, everything]
    .filter((entries) => entries > nfConntrackMax && entries <= MOST_ENTRIES)
    .sort((a, b) => a - b)
    .map((entries) => ({
      knob: "nf-conntrack-max",
      flags: `--nf-conntrack-max ${formatCount(entries)}`,
      overrides: { nfConntrackMax: entries },
    }));
}

/**
 * What a distribution gives, what rmem_max allows, what holds every entry that was flushed or died, what holds all that
 * was lost.
 */
function bufferChanges({ scenario, report, listener }: Subject): Change[] {
  const { rmemMaxBytes } = scenario;
  const { bufferBytes, bufferMaxBytes } = listener;
  const { destroyNotArrived, newNotArrived, updateNotArrived } = harmsOf(report);
  const burst = Math.max(report.flush?.entries ?? 0, report.dying.peak ?? 0);
  const lost = (destroyNotArrived ?? 0) + (newNotArrived ?? 0) + (updateNotArrived ?? 0);
  // The kernel doubles what it is asked for, so half of what the messages are charged is enough.
  const [burstBytes, lostBytes] = [burst, lost].map((messages) =>
    powerOfTwoFrom((messages * report.socket.truesizeBytes) / 2),
  ) as [number, number];
  const usual = Math.max(DEFAULT_RMEM_BYTES, 4 * bufferBytes);
  if (bufferMaxBytes !== null) {
    // A daemon that lets its buffer grow forces it: rmem_max caps nothing.
    const sizes = [4 * bufferMaxBytes, burstBytes, lostBytes].filter((bytes) => bytes > bufferMaxBytes && bytes <= GIB);
    return sizes.map((bytes) => ({
      knob: "buffer",
      flags: `--buffer-max ${formatSize(bytes)}`,
      overrides: { listeners: [{ bufferMaxBytes: bytes }] },
    }));
  }
  // SO_RCVBUFFORCE knows no cap.
  const cap = listener.force ? GIB : rmemMaxBytes;
  const inForce = Math.min(bufferBytes, cap);
  return [Math.min(usual, rmemMaxBytes), rmemMaxBytes, burstBytes, lostBytes]
    .filter((bytes) => bytes > inForce && bytes <= GIB)
    .map((bytes) => bufferOf(bytes, cap));
}

function doubledBuffer({ scenario: { rmemMaxBytes }, listener }: Subject): Change[] {
  const { bufferBytes, bufferMaxBytes, force } = listener;
  const bytes = 2 * bufferBytes;
  return bufferMaxBytes !== null || bytes > GIB || bytes === 0 ? [] : [bufferOf(bytes, force ? GIB : rmemMaxBytes)];
}

function bufferOf(bytes: number, rmemMaxBytes: number): Change {
  const size = formatSize(bytes);
  const capped = bytes > rmemMaxBytes;
  return {
    knob: "buffer",
    flags: capped ? `--buffer ${size} --rmem-max ${size}` : `--buffer ${size}`,
    overrides: { listeners: [{ bufferBytes: bytes }], ...(capped ? { rmemMaxBytes: bytes } : {}) },
  };
}

/** Most of all events are UPDATEs, and a daemon that follows flows from NEW to DESTROY can do without them. */
function groupChanges({ listener: { groups } }: Subject): Change[] {
  const fewer = groups.filter((group) => group !== "update");
  if (fewer.length === groups.length || fewer.length === 0) return [];
  return [{ knob: "groups", flags: `--groups ${fewer.join("+")}`, overrides: { listeners: [{ groups: fewer }] } }];
}

function policyChanges(_: Subject, policies: readonly ListenerScenario["policy"][]): Change[] {
  return policies.map((policy) => ({
    knob: "policy",
    flags: `--policy ${policy}`,
    overrides: { listeners: [{ policy }] },
  }));
}

function readerChanges({ listener }: Subject, divisors: readonly number[]): Change[] {
  const { serviceNanoseconds, serviceDistribution, portidServiceNanoseconds } = listener;
  // What a program asked for takes as long then as any message.
  const apart = portidServiceNanoseconds !== null;
  return divisors
    .map((divisor) => twoDigits(Math.floor(serviceNanoseconds / divisor / MICROSECOND)) * MICROSECOND)
    .filter((nanoseconds) => nanoseconds > 0)
    .map((nanoseconds) => {
      // The flag says the distribution, too: without it an exponential reader would become a fixed one.
      const suffix = serviceDistribution === "fixed" ? "" : `,${serviceDistribution}`;
      const duration = formatDuration(nanoseconds);
      const portid = apart ? { portidServiceNanoseconds: nanoseconds } : {};
      return {
        knob: "reader",
        flags: `--reader ${duration}${suffix}${apart ? ` --reader-portid ${duration}` : ""}`,
        overrides: { listeners: [{ serviceNanoseconds: nanoseconds, serviceDistribution, ...portid }] },
      };
    });
}

function resyncChanges({ listener }: Subject): Change[] {
  const { resyncAfterNanoseconds: after, stopsAtEnobufs } = listener;
  if (stopsAtEnobufs) return [];
  const nanoseconds = after === null ? RESYNC_NANOSECONDS : Math.floor(after / 2 / SECOND) * SECOND;
  if (nanoseconds === 0) return [];
  return [
    {
      knob: "resync",
      flags: `--resync ${formatDuration(nanoseconds)}`,
      overrides: { listeners: [{ resyncAfterNanoseconds: nanoseconds }] },
    },
  ];
}

/** A queue of its own that was full: a longer one, and more workers behind it. */
function queueChanges({ listener: { queue }, report: { daemon } }: Subject): Change[] {
  if (queue === null || daemon.queue === null || daemon.queue.fullSeconds === 0) return [];
  const { whenFull, receiveNanoseconds } = queue;
  const messages = 4 * queue.messages;
  if (messages > MOST_QUEUED) return [];
  const receive = receiveNanoseconds > 0 ? `,${formatDuration(receiveNanoseconds)}` : "";
  const full = whenFull === "drop" || receive !== "" ? `,${whenFull}` : "";
  return [
    {
      knob: "queue",
      flags: `--queue ${messages}${full}${receive}`,
      overrides: { listeners: [{ queue: { ...queue, messages } }] },
    },
  ];
}

/** Behind a queue more workers finish in the wrong order at most; decoders at the socket are the same. */
function decoderChanges({ listener: { decoders, queue } }: Subject): Change[] {
  const more = Math.min(4 * decoders, MOST_DECODERS);
  if (queue === null || more === decoders) return [];
  return [{ knob: "decoders", flags: `--decoders ${more}`, overrides: { listeners: [{ decoders: more }] } }];
}

function pollChanges({ listener: { poll } }: Subject): Change[] {
  if (poll === null) return [];
  return [2, 10]
    .map((divisor) => Math.floor(poll.everyNanoseconds / divisor / SECOND) * SECOND)
    .filter((everyNanoseconds) => everyNanoseconds > 0)
    .map((everyNanoseconds) => ({
      knob: "poll",
      flags: `--poll ${formatDuration(everyNanoseconds)}${poll.withEvents ? ",events" : ""}`,
      overrides: { listeners: [{ poll: { ...poll, everyNanoseconds } }] },
    }));
}

/** Of a full table as much as this was dead and not yet met by the gc worker: it is a cause of its own. */
const EXPIRED_SHARE = 0.25;
const GC_INTERVAL_SECONDS = 10;

/** Where whole passes are made, and where the kernel lets their pause be set. */
function gcChanges({ report, scenario }: Subject): Change[] {
  const { full } = report.table;
  const inPasses = effectiveRelease(scenario)?.gc.startsWith("pass") === true;
  if (!inPasses || full === null || full.expired < EXPIRED_SHARE * report.table.max) return [];
  return [
    {
      knob: "gc-interval",
      flags: `--gc-interval ${formatSeconds(GC_INTERVAL_SECONDS)}`,
      overrides: { kernelRules: { gcIntervalSeconds: GC_INTERVAL_SECONDS } },
    },
  ];
}

/** The sysctl is of the kernels in which every dying entry has a timer. */
function graceChanges({ scenario, report }: Subject, divisors: readonly number[]): Change[] {
  if (report.kernel.redelivery !== "timer") return [];
  return divisors
    .map((divisor) => Math.ceil(scenario.graceMaxSeconds / divisor))
    .filter((seconds) => seconds < scenario.graceMaxSeconds)
    .map((seconds) => ({
      knob: "grace-max",
      flags: `--grace-max ${formatSeconds(seconds)}`,
      overrides: { graceMaxSeconds: seconds },
    }));
}

/** The newest release of each of the other ways to resend, and the newest of all. */
function kernelChanges({ report }: Subject): Change[] {
  const ways = [...new Set(RELEASES.map(({ redelivery }) => redelivery))];
  return ways
    .map((way) => RELEASES.findLast(({ redelivery }) => redelivery === way)!.version)
    .filter((version) => version !== report.kernel.release)
    .map((version) => ({ knob: "kernel", flags: `--kernel ${version}`, overrides: { kernel: version } }));
}

function powerOfTwoFrom(value: number): number {
  let power = 1;
  while (power < value) power *= 2;
  return power;
}

/** Rounded down to two digits that count. */
function twoDigits(value: number): number {
  let power = 1;
  while (value >= 100 * power) power *= 10;
  return Math.floor(value / power) * power;
}
