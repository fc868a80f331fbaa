/**
 * The Report: the one shape that both backends fill and every renderer, expectation and study reads (schemaVersion 1).
 * Counts are integers, times are seconds of run time from the first packet, sizes are bytes. A figure that a backend
 * cannot know is null, never 0: the simulator knows every one, a running kernel does not.
 */
import type { Scenario } from "../scenario/scenario.js";

export const SCHEMA_VERSION = 1;

/** What the kernel knows and need not tell: a number where every figure is known. */
export type Figure = number | null;

export interface EventCounts<F extends Figure = Figure> {
  raised: F;
  delivered: number;
  merged: F;
  lost: F;
  pending: F;
  attempts: F;
  refused: F;
}

/**
 * Request, buffer and capacity are those of the first request: a buffer that grows after ENOBUFS may reach a higher
 * peak.
 */
export interface SocketReport<F extends Figure = Figure> {
  requestedBytes: number;
  rcvbufBytes: number;
  truesizeBytes: number;
  capacityMessages: number;
  peakRmemBytes: F;
  drops: number;
  enobufs: number;
  congestions: F;
}

/** What conntrackd says of itself (`conntrackd -s`): entries of its cache, events of its socket. */
export interface ConntrackdStatistics {
  active: number;
  created: number;
  updated: number;
  destroyed: number;
  eventsReceived: number;
  overruns: number;
  resyncs: number;
  bufferBytes: number;
}

export interface DaemonReport<F extends Figure = Figure> {
  received: { new: number; update: number; destroy: number };
  enobufs: number;
  /** Dumps of the kernel's table. */
  resyncs: number;
  duplicates: F;
  /** A DESTROY after the NEW of a later entry with the same tuple, or what a later event of its own entry overtook. */
  reordered: F;
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

/** Columns of a timeline row, in order. */
export const TIMELINE_COLUMNS = ["seconds", "active", "dying", "rmemBytes", "delivered", "refused"] as const;

export interface Report<F extends Figure = Figure> {
  schemaVersion: typeof SCHEMA_VERSION;
  tool: { name: "ct-reliable"; version: string };
  backend: "simulation" | "live";
  seed: string | null;
  kernel: { release: string; redelivery: "timer" | "workqueue" | "evict-list"; hz: number; admission: "old" | "new" };
  scenario: Scenario;
  socket: SocketReport<F>;
  events: { new: EventCounts<F>; update: EventCounts<F>; destroy: EventCounts<F> };
  resends: {
    entries: F;
    total: F;
    perEntry: { mean: F; p50: F; p90: F; p99: F; max: F };
  };
  latency: { destroy: { p50Seconds: F; p90Seconds: F; p99Seconds: F; maxSeconds: F } };
  dying: {
    peakDuringFlood: F;
    meanDuringFlood: F;
    afterFlush: F;
    peak: F;
    peakAtSeconds: F;
    emptyAfterFlushSeconds: number | null;
    final: F;
  };
  table: {
    max: number;
    buckets: number;
    peakCount: F;
    created: number;
    destroyed: F;
    active: F;
    earlyDrop: number;
    drop: number;
    insertFailed: number;
  };
  /** Runs of the redelivery worker, and what they delivered; null where every entry has a timer, or where it cannot be known. */
  redelivery: { runs: number; delivered: number; mostInOneRun: number } | null;
  flush: { atSeconds: number; durationSeconds: number; entries: F; attempts: F } | null;
  daemon: DaemonReport<F>;
  /** The listeners after the first, in the order of the scenario. */
  otherListeners: readonly { socket: SocketReport<F>; daemon: DaemonReport<F> }[];
  timeline: {
    intervalSeconds: number;
    columns: readonly string[];
    rows: readonly (readonly F[])[];
  };
  invariants: { checked: number; violated: readonly string[] };
  expectations: readonly ExpectationResult[];
  /** True where the run was ended by Ctrl-C before it settled. Absent otherwise. */
  interrupted?: true;
}
