/**
 * One sentence that names the flag that would change the result, with a value and one line of reasoning. A list in the
 * order of what helps most: the first that applies is given. Values are estimates from the figures, rounded to what a
 * person would type; they are meant to be tried, not promised.
 */
import { RELEASES, releaseFor } from "../../kernel/release.js";
import type { Report } from "../../report/report.js";
import { MOST_ENTRIES, type Scenario } from "../../scenario/scenario.js";
import {
  formatCount,
  formatDuration,
  formatRate,
  formatSeconds,
  formatSize,
  HOUR,
  LONGEST_DURATION,
  MICROSECOND,
  SECOND,
} from "../../scenario/units.js";
import {
  firstIsReliable,
  floodPressure,
  floodSeconds,
  readerDrainSeconds,
  readerStopped,
  refusedInAll,
  secondsPerMessage,
  some,
} from "./facts.js";
import { duration, plural } from "./numbers.js";

interface Advice {
  flag: string;
  reason: string;
}

/** net.core.rmem_default and rmem_max of a distribution kernel: what a daemon gets that asks for nothing. */
const DEFAULT_RMEM_BYTES = 212_992;
const SLOW_READER = "200us";
const SOME_CONNECTIONS = 20_000;
/** Of the reader's time, so that it catches up after a burst. */
const COMFORTABLE = 0.8;

type Adviser = (report: Report) => Advice | null;

const ADVISERS: readonly Adviser[] = [
  whenNothingRan,
  whenInterrupted,
  whenTableFull,
  whenReaderStopped,
  whenLimitCameFirst,
  whenNothingDied,
  whenNotReliable,
  whenLostAllTheSame,
  whenReaderIsTheLimit,
  whenFlushOverflows,
  whenGraceIsTheLimit,
  whenWorkerDeliversOne,
  whenWorkerIsTheLimit,
  whenCongested,
  whenFloodIsRefused,
];

export function adviceFor(report: Report): Advice {
  for (const adviser of ADVISERS) {
    const advice = adviser(report);
    if (advice !== null) return advice;
  }
  return { flag: `--reader ${slowerReader(report)}`, reason: slowerReason(report) };
}

function whenNothingRan({ table, scenario }: Report): Advice | null {
  if (table.created > 0) return null;
  return scenario.connections === 0
    ? { flag: `--connections ${formatCount(SOME_CONNECTIONS)}`, reason: "a run without connections raises no event." }
    : longerLimit(scenario, 2 * scenario.limitSeconds, "the run ended before the first packet.");
}

function whenInterrupted({ interrupted, scenario }: Report): Advice | null {
  if (interrupted !== true) return null;
  const fewer = Math.max(1, Math.round(scenario.connections / 10));
  if (fewer >= scenario.connections) return null;
  return { flag: `--connections ${formatCount(fewer)}`, reason: "a tenth of the load shows the same in less time." };
}

/** Dying entries keep their place in the table (nf_conntrack_count), so room for every entry is always enough. */
function whenTableFull({ table, scenario }: Report): Advice | null {
  if (table.drop === 0 || (table.peakCount !== null && table.peakCount < table.max)) return null;
  const entries = scenario.connections + (scenario.secondFlood?.connections ?? 0);
  const max = Math.min(MOST_ENTRIES, Math.max(2 * table.max, powerOfTwoFrom(entries)));
  if (max <= table.max) return null;
  return {
    flag: `--nf-conntrack-max ${formatCount(max)}`,
    reason: "room for every entry of this run, alive or dying.",
  };
}

function whenReaderStopped(report: Report): Advice | null {
  if (readerStopped(report) === null || !firstIsReliable(report) || report.dying.final === 0) return null;
  return {
    flag: "--policy lossy",
    reason: "entries go at once and their events are lost; reliable delivery needs a reader that reads.",
  };
}

function whenLimitCameFirst(report: Report): Advice | null {
  const { dying, flush, scenario } = report;
  if (!some(dying.final) || dying.afterFlush === null) return null;
  const drained = dying.afterFlush - dying.final;
  const waited = scenario.limitSeconds - (flush?.atSeconds ?? 0);
  // At the pace so far, and half as long again for the tail; a list that hardly moves needs another reader instead.
  const needed = drained > 0 ? (flush?.atSeconds ?? 0) + (1.5 * waited * dying.afterFlush) / drained : Infinity;
  if (needed <= 10 * scenario.limitSeconds) {
    return longerLimit(scenario, needed, "the list was draining and needed more time.");
  }
  return (
    fasterReader(report, "the list hardly moved, because the reader takes") ??
    longerLimit(scenario, 10 * scenario.limitSeconds, "the list needs far more time to drain.")
  );
}

function whenNothingDied({ events, scenario }: Report): Advice | null {
  if (events.destroy.raised !== 0 || scenario.flush) return null;
  return { flag: "without --no-flush", reason: "a flush makes every entry die at once." };
}

function whenNotReliable(report: Report): Advice | null {
  const { new: created, update, destroy } = report.events;
  if (firstIsReliable(report) || ![created, update, destroy].some(({ lost }) => some(lost))) return null;
  return { flag: "--policy reliable", reason: "the kernel then keeps a refused DESTROY and sends it again." };
}

/** What a reliable listener loses was still on the dying list when its socket closed. */
function whenLostAllTheSame(report: Report): Advice | null {
  if (report.events.destroy.lost === 0) return null;
  return fasterReader(report, "less would be left when the socket closes; the reader takes");
}

/** Without NO_ENOBUFS one refusal shuts the socket until it is empty (NETLINK_CONGESTED). */
function whenCongested({ scenario, socket }: Report): Advice | null {
  if (scenario.listeners[0]?.policy !== "broadcast-error" || socket.congestions === 0) return null;
  return {
    flag: "--policy reliable",
    reason: "without NETLINK_NO_ENOBUFS one refusal shuts the socket until the reader has emptied it.",
  };
}

function whenReaderIsTheLimit(report: Report): Advice | null {
  const empty = report.dying.emptyAfterFlushSeconds;
  const slowDrain = empty !== null && empty > 0 && readerDrainSeconds(report) >= empty / 2;
  if (refusedInAll(report) === 0 || !(slowDrain || floodPressure(report) > 1)) return null;
  return fasterReader(report, "the reader, not the buffer, is the limit here: it takes") ?? slowerFlood(report);
}

/** A quarter of the service time, or less where the flood asks for less; null: service time is not what takes long. */
function fasterReader(report: Report, because: string): Advice | null {
  const { scenario } = report;
  const service = scenario.listeners[0]?.serviceNanoseconds ?? 0;
  const message = secondsPerMessage(scenario) * SECOND;
  const keepsUp =
    (COMFORTABLE * message) / Math.max(COMFORTABLE, floodPressure(report)) - scenario.costs.recvNanoseconds;
  const value = serviceFlag(Math.min(service / 4, keepsUp));
  if (value === null) return null;
  return {
    flag: `--reader ${asReader(value, report)}`,
    reason: `${because} ${duration(message / SECOND)} per message.`,
  };
}

/** The last resort where the reader cannot be faster: its service time is nothing already. */
function slowerFlood(report: Report): Advice | null {
  const seconds = floodSeconds(report);
  if (seconds === null || floodPressure(report) <= 1) return null;
  const perSecond = (COMFORTABLE * report.scenario.connections) / seconds / floodPressure(report);
  if (perSecond < 1) return null;
  return {
    flag: `--rate ${formatRate(roundDown(perSecond))}`,
    reason: "the reader cannot be faster, so the load has to be smaller.",
  };
}

function whenFlushOverflows(report: Report): Advice | null {
  const { flush, socket, scenario, dying } = report;
  if (flush === null || flush.entries === null || !some(dying.afterFlush)) return null;
  // The kernel doubles what is asked for, so half of the burst is enough.
  const asked = powerOfTwoFrom((flush.entries * socket.truesizeBytes) / 2);
  if (asked > scenario.rmemMaxBytes || asked <= socket.requestedBytes) return null;
  return {
    flag: `--buffer ${formatSize(asked)}`,
    reason: `all ${plural(flush.entries, "event", "events")} of the flush would fit.`,
  };
}

function whenGraceIsTheLimit(report: Report): Advice | null {
  const { kernel, dying, flush, scenario } = report;
  if (kernel.redelivery !== "timer" || flush === null || dying.afterFlush === 0) return null;
  // Twice the reader's own time keeps the socket half empty, so that few resends are refused again.
  const grace = Math.max(1, Math.ceil(2 * readerDrainSeconds(report)));
  if (grace >= scenario.graceMaxSeconds) return null;
  return {
    flag: `--grace-max ${formatSeconds(grace)}`,
    reason: `resends are spread over ${duration(scenario.graceMaxSeconds)}, but the reader needs only ${duration(readerDrainSeconds(report))} for them.`,
  };
}

/** 5.19 to 6.18.39: with its deadline tested the wrong way round, no buffer and no reader makes the worker faster. */
function whenWorkerDeliversOne({ kernel, dying }: Report): Advice | null {
  if (dying.peak === 0 || releaseFor(kernel.release)?.invertedDeadline !== true) return null;
  const mended = RELEASES.findLast(({ invertedDeadline }) => !invertedDeadline)!;
  return {
    flag: `--kernel ${mended.version}`,
    reason: "the worker of this release ends each of its runs after one entry, whatever buffer and reader do.",
  };
}

function whenWorkerIsTheLimit(report: Report): Advice | null {
  if (report.kernel.redelivery === "timer" || !some(report.dying.peak)) return null;
  return biggerBuffer(
    report,
    "the worker stops at the first refusal, so each of its runs delivers one buffer at most.",
  );
}

function whenFloodIsRefused(report: Report): Advice | null {
  if (refusedInAll(report) === 0) return null;
  return biggerBuffer(report, "on average the reader keeps up, so a bigger buffer only has to outlast the bursts.");
}

function biggerBuffer({ socket, scenario }: Report, reason: string): Advice | null {
  const asked = Math.min(scenario.rmemMaxBytes, Math.max(DEFAULT_RMEM_BYTES, 4 * socket.requestedBytes));
  return asked > socket.requestedBytes ? { flag: `--buffer ${formatSize(asked)}`, reason } : null;
}

function slowerReader(report: Report): string {
  const service = report.scenario.listeners[0]?.serviceNanoseconds ?? 0;
  const slower = 10 * service < HOUR ? serviceFlag(10 * service) : formatDuration(HOUR);
  return asReader(service === 0 ? SLOW_READER : (slower ?? SLOW_READER), report);
}

/** The flag says the distribution, too: without it an exponential reader would become a fixed one. */
function asReader(service: string, { scenario }: Report): string {
  return scenario.listeners[0]?.serviceDistribution === "exponential" ? `${service},exponential` : service;
}

function slowerReason(report: Report): string {
  const refused = refusedInAll(report);
  if (refused === 0) return "nothing was refused, so a slower reader shows where it begins to hurt.";
  return `${plural(refused, "attempt was", "attempts were")} refused, and a slower reader shows how that grows.`;
}

/** 1, 2 or 5 times a power of ten, at most the value. Without Math.log10, whose last bit is not the same everywhere. */
function roundDown(value: number): number {
  let power = 1;
  while (power * 10 <= value) power *= 10;
  const digit = [5, 2, 1].find((candidate) => candidate * power <= value) ?? 1;
  return digit * power;
}

/** As `--reader` takes it; null below a microsecond, where the reader is no longer what costs time. */
function serviceFlag(nanoseconds: number): string | null {
  if (nanoseconds < MICROSECOND) return null;
  return formatDuration(roundDown(nanoseconds / MICROSECOND) * MICROSECOND);
}

/** Null where virtual time has no more. */
function longerLimit({ limitSeconds }: Scenario, seconds: number, reason: string): Advice | null {
  const rounded = Math.min(Math.ceil(seconds / 10) * 10, LONGEST_DURATION / SECOND);
  return rounded > limitSeconds ? { flag: `--limit ${formatSeconds(rounded)}`, reason } : null;
}

function powerOfTwoFrom(value: number): number {
  let power = 1;
  while (power < value) power *= 2;
  return power;
}
