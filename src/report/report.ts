/**
 * The Report: the one shape that both backends fill and every renderer, expectation and study reads (schemaVersion 1).
 * Counts are integers, times are seconds of run time from the first packet, sizes are bytes. A figure that a backend
 * cannot know is null, never 0. It formats nothing.
 */
import type { Scenario } from "../scenario/scenario.js";

export const SCHEMA_VERSION = 1;

export interface EventCounts {
  raised: number;
  delivered: number;
  merged: number;
  lost: number;
  pending: number;
  attempts: number;
  refused: number;
}

/** Request, buffer and capacity are those of the first request: a buffer that grows after ENOBUFS may reach a higher peak. */
export interface SocketReport {
  requestedBytes: number;
  rcvbufBytes: number;
  truesizeBytes: number;
  capacityMessages: number;
  peakRmemBytes: number;
  drops: number;
  enobufs: number;
  congestions: number;
}

export interface DaemonReport {
  received: { new: number; update: number; destroy: number };
  enobufs: number;
  /** Dumps of the kernel's table. */
  resyncs: number;
  duplicates: number;
  /** A DESTROY after the NEW of a later entry with the same tuple, or what a later event of its own entry overtook. */
  reordered: number;
  stale: number;
  missing: number;
  inSync: boolean;
  /** From the start of the flush to the last moment at which the daemon came into sync; null: it is not in sync, or there was no flush. */
  inSyncAfterFlushSeconds: number | null;
}

/** What came of an expectation. A share is 1 for 100 %; null is a moment that never came. */
export interface Verdict {
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

export interface Report {
  schemaVersion: typeof SCHEMA_VERSION;
  tool: { name: "ct-reliable"; version: string };
  backend: "simulation" | "live";
  seed: string | null;
  kernel: { release: string; redelivery: "timer" | "workqueue" | "evict-list"; hz: number; admission: "old" | "new" };
  scenario: Scenario;
  socket: SocketReport;
  events: { new: EventCounts; update: EventCounts; destroy: EventCounts };
  resends: {
    entries: number;
    total: number;
    perEntry: { mean: number; p50: number; p90: number; p99: number; max: number };
  };
  latency: { destroy: { p50Seconds: number; p90Seconds: number; p99Seconds: number; maxSeconds: number } };
  dying: {
    peakDuringFlood: number;
    meanDuringFlood: number;
    afterFlush: number;
    peak: number;
    peakAtSeconds: number;
    emptyAfterFlushSeconds: number | null;
    final: number;
  };
  table: {
    max: number;
    buckets: number;
    peakCount: number;
    created: number;
    destroyed: number;
    active: number;
    earlyDrop: number;
    drop: number;
    insertFailed: number;
  };
  /** Runs of the redelivery worker, and what they delivered; null where every entry has a timer, or nobody can tell. */
  redelivery: { runs: number; delivered: number; mostInOneRun: number } | null;
  flush: { atSeconds: number; durationSeconds: number; entries: number; attempts: number } | null;
  daemon: DaemonReport;
  /** The listeners after the first, in the order of the scenario. */
  otherListeners: readonly { socket: SocketReport; daemon: DaemonReport }[];
  timeline: {
    intervalSeconds: number;
    columns: readonly string[];
    rows: readonly (readonly number[])[];
  };
  invariants: { checked: number; violated: readonly string[] };
  expectations: readonly Verdict[];
  /** True where the run was ended by Ctrl-C before it settled. Absent otherwise. */
  interrupted?: true;
}
