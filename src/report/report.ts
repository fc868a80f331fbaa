/**
 * The Report: the one shape that both backends fill and every renderer, expectation and study reads (schemaVersion 2).
 * Counts are integers, times are seconds of run time from the first packet, sizes are bytes. A figure that a backend
 * cannot know is null, never 0: the simulator knows every one, a running kernel does not.
 */
import type { Family, Protocol, Scenario } from "../scenario/scenario.js";
import type { ProgramReport } from "./program.js";

export const SCHEMA_VERSION = 2;

/** What the kernel knows and need not tell: a number where every figure is known. */
export type Figure = number | null;

/** raised = delivered + unread + merged + lost + pending. */
export interface EventCounts<F extends Figure = Figure> {
  /** For the observed listener: events of groups that it joined. */
  raised: F;
  /** Read by the daemon, and no longer in the hands of one of its decoders. */
  delivered: F;
  /** Admitted to the socket and not read: when the run ended, or when the socket was closed. */
  unread: F;
  merged: F;
  lost: F;
  pending: F;
  /** Events of a group that the observed listener did not join. They are in no other count of events. */
  notSubscribed: F;
  attempts: F;
  refused: F;
}

export interface EventsReport<F extends Figure = Figure> {
  new: EventCounts<F>;
  update: EventCounts<F>;
  destroy: EventCounts<F>;
}

/** From raising to reading. Of a NEW or an UPDATE: from the packet that sent it, a resend's included. */
export interface LatencyReport<F extends Figure = Figure> {
  p50Seconds: F;
  p90Seconds: F;
  p99Seconds: F;
  maxSeconds: F;
  /** Pairs of seconds and the events that took no longer, at most 130. Absent where it cannot be known. */
  curve?: readonly (readonly [seconds: number, events: number])[];
}

/** What ended a part of the experiment. */
export type PartEnd = "done" | "limit" | "interrupted";

/** The flood that was asked for, and the one that the machine made. */
export interface LoadReport {
  /** Null: as fast as the machine makes them, or several kinds of flow, each at its own. */
  askedRatePerSecond: number | null;
  /** Null: too few connections, or no time, to tell, or several kinds of flow. */
  achievedRatePerSecond: number | null;
  askedConnections: number;
  /** Those whose first packet was sent. */
  openedConnections: number;
  ended: PartEnd;
  secondFlood: { askedConnections: number; openedConnections: number; ended: PartEnd } | null;
}

/** A kind of flow, and what became of its connections and events. */
export interface ClassReport<F extends Figure = Figure> {
  name: string;
  protocol: Protocol;
  family: Family;
  askedConnections: number;
  openedConnections: number;
  /** Null where the books do not tell the kinds apart. */
  events: EventsReport<F> | null;
}

/** The table at its first refusal for want of room. */
export interface FullTable {
  atSeconds: number;
  alive: number;
  /** Dead, and not yet met by whoever removes them. */
  expired: number;
  dying: number;
}

export interface DeletesReport<F extends Figure = Figure> {
  /** When the first dump began. */
  atSeconds: number;
  durationSeconds: number;
  dumps: number;
  entries: F;
  /** Deletes that came too late: ENOENT. */
  absent: F;
  attempts: F;
  /** By the delete itself; what the redelivery worker delivers meanwhile is not in it. */
  deliveredAtOnce: F;
  /** Null: they were not over. */
  dyingAfter: Figure;
  ended: PartEnd;
}

export interface TableReport<F extends Figure = Figure> {
  max: number;
  buckets: number;
  peakCount: F;
  created: number;
  destroyed: F;
  active: F;
  /** Of the active: dead and still counted. */
  expired: { peak: Figure; final: Figure };
  /** The kernel's counters (`conntrack -S`). */
  earlyDrop: number;
  drop: number;
  insertFailed: number;
  invalid: Figure;
  clash: Figure;
  /** Packets of the load that were dropped, by reason. */
  dropped: { full: F; reopening: F; insertion: F };
  /** Null: there was always room, or the kernel does not tell. */
  full: FullTable | null;
}

/** What goes wrong, less of which is better, in the order of weight: to lose an event is worse than to wait for it. */
export const HARMS = [
  "cut",
  "destroyNotArrived",
  "newNotArrived",
  "packetsDropped",
  "updateNotArrived",
  "goneUnlisted",
  "stale",
  "drainSeconds",
  "peakDying",
] as const;
/** No harm by themselves: attempts that the observed socket refused, events that went inside a later message. */
export const COSTS_OF_ADVICE = ["refused", "merged"] as const;
/** What advice changes. */
export const ADVICE_FIGURES = [...HARMS, ...COSTS_OF_ADVICE] as const;
export type AdviceFigure = (typeof ADVICE_FIGURES)[number];

/** Null: it never came, or there is none. */
export interface AdviceEffect {
  figure: AdviceFigure;
  before: number | null;
  after: number | null;
}

/** A run that was made with other flags, and what they changed. */
export interface Advice {
  flags: string;
  /** The same in the words of the program as which the listener is set up; null: it has none. */
  setting: string | null;
  improves: readonly AdviceEffect[];
  /** What grows with it, and does no harm yet. */
  costs: readonly AdviceEffect[];
}

/** A setting that was changed by itself, and what the same run with it made of what went wrong. */
export interface Tried {
  flags: string;
  /** It improves something and worsens nothing. */
  helps: boolean;
  /** The gravest first. */
  better: readonly AdviceEffect[];
  worse: readonly AdviceEffect[];
}

/** What each setting would have made of a run, what helps most first. */
export interface WhatIf {
  tried: readonly Tried[];
  /** The flags of changes whose runs took far longer, or were stopped: nothing is known of them. */
  unfinished: readonly string[];
}

/**
 * Request, buffer and capacity are those of the first request: a buffer that grows after ENOBUFS may reach a higher
 * peak.
 */
export interface SocketReport<F extends Figure = Figure> {
  requestedBytes: F;
  rcvbufBytes: F;
  truesizeBytes: number;
  capacityMessages: F;
  peakRmemBytes: F;
  drops: number;
  enobufs: F;
  congestions: F;
}

/** What conntrackd says of itself (`conntrackd -s`): entries of its cache, events of its socket. */
export interface ConntrackdStatistics {
  active: Figure;
  created: Figure;
  updated: Figure;
  destroyed: Figure;
  eventsReceived: Figure;
  overruns: Figure;
  resyncs: Figure;
  bufferBytes: Figure;
}

/** The program's own queue between its receiver and its workers. */
export interface QueueReport {
  peakMessages: number;
  /** Messages that were read and found it full. Their events count as lost. */
  dropped: number;
  fullSeconds: number;
}

/** Dumps in parts: of a poll, or on the socket of the events. */
export interface DumpsReport {
  begun: number;
  completed: number;
  /** Requests for which the socket of the events had no room. */
  refused: number;
  parts: number;
  entries: number;
  longestSeconds: number;
  /** Of the walks, and of what the program does with each entry. */
  cpuSeconds: number;
  /** Of the entries that are gone: those that a dump had listed, and those that none ever did. Null: not observed. */
  goneListed: Figure;
  goneUnlisted: Figure;
  /** From the last listing of such an entry to its end, on average; null: none is gone. */
  meanUntoldSeconds: Figure;
}

export interface DaemonReport<F extends Figure = Figure> {
  received: { new: F; update: F; destroy: F };
  enobufs: F;
  /** Dumps of the kernel's table. */
  resyncs: F;
  duplicates: F;
  /** A DESTROY after the NEW of a later entry with the same tuple, or what a later event of its own entry overtook. */
  reordered: F;
  /** NEW that were read when the DESTROY of their entry had already been raised. */
  newAfterDestroy: Figure;
  /** Null: it has none, or it cannot be known. */
  queue: QueueReport | null;
  /** Null: it asks for none, or on a socket of its own after an ENOBUFS. */
  dumps: DumpsReport | null;
  stale: F;
  missing: F;
  /** Null where stale or missing is. */
  inSync: F extends number ? boolean : boolean | null;
  /**
   * From the start of the flush to the last moment at which the daemon came into sync; null: it is not in sync, or
   * there was no flush.
   */
  inSyncAfterFlushSeconds: number | null;
  /** Where the real conntrackd was the daemon. Absent otherwise. */
  conntrackd?: ConntrackdStatistics;
}

/** What came of an expectation. A share is 1 for 100 %; null is a moment that never came. */
export interface ExpectationResult {
  expression: string;
  actual: number | boolean | null;
  /** What `actual` was compared with, in the same unit. */
  limit: number | boolean | null;
  /** Of both: `share`, or the unit of the metric. */
  unit: string;
  ok: boolean;
}

/**
 * Columns of a timeline row, in order. What counts up (delivered, refused, resent, congestedSeconds) does so from the
 * first packet on; a peak is that of the interval which ends at the row; `active` counts expired entries too.
 */
export const TIMELINE_COLUMNS = [
  ...["seconds", "active", "dying", "rmemBytes", "delivered", "refused"],
  ...["resent", "dyingPeak", "rmemPeakBytes", "congestedSeconds", "expired"],
] as const;

export interface Report<F extends Figure = Figure> {
  schemaVersion: typeof SCHEMA_VERSION;
  tool: { name: "ct-reliable"; version: string };
  backend: "simulation" | "live";
  seed: string | null;
  kernel: { release: string; redelivery: "timer" | "workqueue" | "evict-list"; hz: number; admission: "old" | "new" };
  scenario: Scenario;
  /** Why the run is over: nothing was left to do, its time was up, or a signal. */
  ended: "settled" | "limit" | "interrupted";
  endedDuring: "flood" | "pause" | "flush" | "drain" | "second flood";
  endedAtSeconds: number;
  load: LoadReport;
  socket: SocketReport<F>;
  events: EventsReport<F>;
  /** Kinds of flow, in the order of the scenario; their sums are `events`. */
  classes: readonly ClassReport<F>[];
  resends: {
    entries: F;
    total: F;
    perEntry: { mean: F; p50: F; p90: F; p99: F; max: F };
    /**
     * Pairs of a number of resends and the entries that needed so many, at most 64. Absent where it cannot be known.
     */
    histogram?: readonly (readonly [resends: number, entries: number])[];
  };
  latency: { new: LatencyReport<F>; update: LatencyReport<F>; destroy: LatencyReport<F> };
  dying: {
    peakDuringFlood: F;
    meanDuringFlood: F;
    /** Null also where the flush did not return. */
    afterFlush: Figure;
    peak: F;
    peakAtSeconds: F;
    emptyAfterFlushSeconds: number | null;
    final: F;
  };
  table: TableReport<F>;
  /** Null where entries have timers, or where it cannot be known. */
  gc: { runs: number; longestPauseSeconds: number | null } | null;
  /**
   * Runs of the redelivery worker, and what they delivered; null where every entry has a timer, or where it cannot be
   * known.
   */
  redelivery: { runs: number; delivered: number; mostInOneRun: number } | null;
  /** Deletes by system calls of their own; null: there were none, or the run was over before. */
  deletes: DeletesReport<F> | null;
  flush: { atSeconds: number; durationSeconds: number; entries: F; attempts: F; ended: PartEnd } | null;
  daemon: DaemonReport<F>;
  /** The foreign program that read in the place of the first listener; null: none did. */
  program: ProgramReport | null;
  /** The listeners after the first, in the order of the scenario. */
  otherListeners: readonly { socket: SocketReport<F>; daemon: DaemonReport<F> }[];
  timeline: {
    /** Between two rows before the flush. */
    intervalSeconds: number;
    /** From the flush on. Absent where there was none. */
    drainIntervalSeconds?: number;
    columns: readonly string[];
    rows: readonly (readonly F[])[];
  };
  invariants: { checked: number; violated: readonly string[] };
  expectations: readonly ExpectationResult[];
  /**
   * The best of what was tried; empty: nothing was wrong, or nothing that was tried helped. Null: nothing was tried.
   */
  advice: readonly Advice[] | null;
  /** Flags of what was not tried because it takes longer than advice may; absent where something helps, or all was. */
  untried?: readonly string[];
  /** Absent where it was not asked for. */
  whatIf?: WhatIf;
  /**
   * What each rule that the kernel's name does not tell would have made of it, the largest change first. Absent where
   * the name tells all that can be set, or nothing was tried.
   */
  hiddenRules?: WhatIf;
  /** True where a signal ended the run before it settled. Absent otherwise. */
  interrupted?: true;
}
