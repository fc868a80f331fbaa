/** Fills the Report from a run that is over. */
import type { Reader } from "../daemon/reader.js";
import { KIND_DESTROY, KIND_NEW, KIND_UPDATE } from "../kernel/events/kinds.js";
import { capacityMessages } from "../kernel/netlink/capacity.js";
import {
  type DaemonReport,
  type EventCounts,
  type Report,
  SCHEMA_VERSION,
  type SocketReport,
  TIMELINE_COLUMNS,
} from "../report/report.js";
import { TOOL_VERSION } from "../report/version.js";
import type { ListenerScenario } from "../scenario/scenario.js";
import { rcvbufOf } from "./kernel.js";
import type { Run } from "./loop.js";

export function reportOf(run: Run, interrupted: boolean): Report<number> {
  const { kernel, machine } = run;
  const { scenario } = machine;
  const { table, ledger, release } = kernel;
  const pending = ledger.pending();
  const events = (kind: 0 | 1 | 2): EventCounts<number> => {
    const { raised, delivered, merged, lost, attempts, refused } = ledger.kinds[kind];
    return { raised, delivered, merged, lost, pending: pending[kind], attempts, refused };
  };
  const latency = ledger.destroyLatency;
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: "ct-reliable", version: TOOL_VERSION },
    backend: "simulation",
    seed: scenario.seed,
    kernel: {
      release: release.version,
      redelivery: release.redelivery,
      hz: scenario.hz,
      admission: release.admission,
    },
    scenario,
    socket: socketReport(run, run.readers[0]!, scenario.listeners[0]!),
    events: { new: events(KIND_NEW), update: events(KIND_UPDATE), destroy: events(KIND_DESTROY) },
    resends: resendReport(ledger.resendCounts()),
    latency: {
      destroy: {
        p50Seconds: latency.quantileSeconds(0.5),
        p90Seconds: latency.quantileSeconds(0.9),
        p99Seconds: latency.quantileSeconds(0.99),
        maxSeconds: latency.maxNanoseconds / 1e9,
      },
    },
    dying: dyingReport(run),
    table: {
      max: table.max,
      buckets: table.buckets,
      peakCount: table.counters.peakCount,
      created: table.counters.created,
      destroyed: table.counters.destroyed,
      active: table.active,
      earlyDrop: table.counters.earlyDrop,
      drop: table.counters.drop,
      insertFailed: table.counters.insertFailed,
    },
    redelivery: kernel.redelivery.runs === null ? null : { ...kernel.redelivery.runs },
    flush:
      scenario.flush && run.figures.flushAt <= kernel.clock.now
        ? {
            atSeconds: run.figures.flushAt / 1e9,
            durationSeconds: (Math.min(run.figures.flushEndedAt, kernel.clock.now) - run.figures.flushAt) / 1e9,
            entries: run.figures.flushEntries,
            attempts: run.figures.flushAttempts,
          }
        : null,
    daemon: daemonReport(run, run.readers[0]!, true),
    otherListeners: run.readers.slice(1).map((reader, index) => ({
      socket: socketReport(run, reader, scenario.listeners[index + 1]!),
      daemon: daemonReport(run, reader, false),
    })),
    timeline: {
      intervalSeconds: run.timeline.intervalNanoseconds / 1e9,
      columns: TIMELINE_COLUMNS,
      rows: run.timeline.rows,
    },
    invariants: { checked: run.invariants.checked, violated: run.invariants.violated },
    expectations: [],
    ...(interrupted ? { interrupted: true } : {}),
  };
}

function socketReport(run: Run, { socket }: Reader, listener: ListenerScenario): SocketReport<number> {
  const { release, ctnetlink } = run.kernel;
  const effective = rcvbufOf(listener, run.machine.scenario, release);
  const truesizeBytes = ctnetlink.truesizeOf(KIND_DESTROY);
  return {
    requestedBytes: listener.bufferBytes,
    rcvbufBytes: effective,
    truesizeBytes,
    capacityMessages: capacityMessages(effective, truesizeBytes, release.admission),
    peakRmemBytes: socket.peakRmem,
    drops: socket.drops,
    enobufs: socket.enobufs,
    congestions: socket.congestions,
  };
}

function daemonReport(run: Run, { socket, view, resyncs }: Reader, observed: boolean): DaemonReport<number> {
  const { ledger, table } = run.kernel;
  // For listeners beside the observed one the oracle is a count only: what they believe alive beyond what is.
  const stale = observed ? ledger.stale : Math.max(0, view.alive - table.active);
  const missing = observed ? ledger.missing : Math.max(0, table.active - view.alive);
  const inSync = stale === 0 && missing === 0;
  const since = (run.figures.inSyncSince - run.figures.flushAt) / 1e9;
  return {
    received: { ...view.received },
    enobufs: socket.enobufs,
    resyncs,
    duplicates: view.duplicates,
    reordered: view.reordered,
    stale,
    missing,
    inSync,
    inSyncAfterFlushSeconds: observed && inSync && run.machine.scenario.flush && since >= 0 ? since : null,
  };
}

function dyingReport(run: Run): Report<number>["dying"] {
  const { table, clock } = run.kernel;
  const flushed = run.figures.flushAt <= clock.now;
  const emptied = flushed && run.machine.scenario.flush && table.dying === 0 && run.figures.flushEndedAt <= clock.now;
  return {
    peakDuringFlood: flushed ? run.figures.dying.peakDuringFlood : run.figures.dying.peak,
    meanDuringFlood: run.figures.dying.meanDuringFlood(Math.min(run.figures.flushAt, clock.now)),
    afterFlush: run.figures.dyingAfterFlush,
    peak: run.figures.dying.peak,
    peakAtSeconds: run.figures.dying.peakAt / 1e9,
    emptyAfterFlushSeconds: emptied ? (run.figures.dying.emptiedAt - run.figures.flushAt) / 1e9 : null,
    final: table.dying,
  };
}

/** `counts`: entries by number of resends. */
function resendReport(counts: readonly number[]): Report<number>["resends"] {
  let entries = 0;
  let total = 0;
  for (let resent = 1; resent < counts.length; resent++) {
    entries += counts[resent] ?? 0;
    total += resent * (counts[resent] ?? 0);
  }
  const quantile = (share: number): number => {
    let seen = 0;
    for (let resent = 1; resent < counts.length; resent++) {
      seen += counts[resent] ?? 0;
      if (seen > 0 && seen >= share * entries) return resent;
    }
    return 0;
  };
  return {
    entries,
    total,
    perEntry: {
      mean: entries > 0 ? total / entries : 0,
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      max: Math.max(0, counts.length - 1),
    },
  };
}
