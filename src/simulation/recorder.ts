/** Fills the Report from a run that is over. */
import { QueuedReader } from "../daemon/queued-reader.js";
import type { Reader } from "../daemon/reader.js";
import { ACTIVE } from "../kernel/conntrack/table.js";
import { KIND_DESTROY, KIND_NEW, KIND_UPDATE, type MessageKind } from "../kernel/events/kinds.js";
import { capacityMessages } from "../kernel/netlink/capacity.js";
import { DumpingSocket } from "../kernel/netlink/dumping-socket.js";
import {
  type ClassReport,
  type DaemonReport,
  type DumpsReport,
  type EventCounts,
  type EventsReport,
  type LatencyReport,
  type LoadReport,
  type QueueReport,
  type Report,
  SCHEMA_VERSION,
  type SocketReport,
  type TableReport,
  TIMELINE_COLUMNS,
} from "../report/report.js";
import { TOOL_VERSION } from "../report/version.js";
import type { ListenerScenario } from "../scenario/scenario.js";
import { classesOf } from "../scenario/traffic.js";
import type { Figures } from "./figures.js";
import { rcvbufOf, type SimulatedKernel } from "./kernel.js";
import type { LatencyHistogram } from "./latency-histogram.js";
import { ListingLedger } from "./listing-ledger.js";
import type { Run } from "./loop.js";

export function reportOf(run: Run, interrupted: boolean): Report<number> {
  const { kernel, machine, figures } = run;
  const { scenario } = machine;
  const { ledger, release } = kernel;
  const events = eventsReport(run);
  const load = loadReport(run, interrupted);
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
    ended: figures.settled ? "settled" : interrupted ? "interrupted" : "limit",
    endedDuring: run.phases.part,
    endedAtSeconds: kernel.clock.now / 1e9,
    load,
    socket: socketReport(run, run.readers[0]!, scenario.listeners[0]!),
    events,
    classes: classReports(run, events),
    resends: resendReport(ledger.resendCounts()),
    latency: {
      new: latencyReport(ledger.latencies[KIND_NEW]),
      update: latencyReport(ledger.latencies[KIND_UPDATE]),
      destroy: latencyReport(ledger.latencies[KIND_DESTROY]),
    },
    dying: dyingReport(run),
    table: tableReport(kernel),
    gc:
      kernel.gc === null
        ? null
        : {
            runs: kernel.gc.runs,
            longestPauseSeconds: kernel.gc.runs > 1 ? kernel.gc.longestPauseNanoseconds / 1e9 : null,
          },
    redelivery: kernel.redelivery.runs === null ? null : { ...kernel.redelivery.runs },
    deletes: deletesReport(run, interrupted),
    flush: flushReport(run, interrupted),
    daemon: daemonReport(run, run.readers[0]!, true),
    program: null,
    otherListeners: run.readers.slice(1).map((reader, index) => ({
      socket: socketReport(run, reader, scenario.listeners[index + 1]!),
      daemon: daemonReport(run, reader, false),
    })),
    timeline: {
      ...run.timeline.intervals,
      columns: TIMELINE_COLUMNS,
      rows: run.timeline.rows,
    },
    invariants: { checked: run.invariants.checked, violated: run.invariants.violated },
    expectations: [],
    advice: null,
    ...(interrupted ? { interrupted: true } : {}),
  };
}

/** Of all kinds of flow, or of one. */
function eventsReport({ kernel: { ledger } }: Run, flowClass: number | null = null): EventsReport<number> {
  const pending = ledger.pending(flowClass);
  const kinds = flowClass === null ? ledger.kinds : ledger.classes[flowClass]!;
  const counts = (kind: MessageKind): EventCounts<number> => {
    const { raised, admitted, delivered, merged, lost, dropped, notSubscribed, attempts, refused } = kinds[kind];
    const unread = admitted - delivered - merged - dropped;
    return {
      raised,
      delivered,
      unread,
      merged,
      lost: lost + dropped,
      pending: pending[kind],
      notSubscribed,
      attempts,
      refused,
    };
  };
  return { new: counts(KIND_NEW), update: counts(KIND_UPDATE), destroy: counts(KIND_DESTROY) };
}

function classReports(run: Run, events: EventsReport<number>): ClassReport<number>[] {
  const { scenario } = run.machine;
  const { first, second } = run.phases.opened;
  const classes = classesOf(scenario);
  return classes.map(({ name, protocol, family, connections }, index) => ({
    name,
    protocol,
    family,
    askedConnections: connections + (scenario.secondFlood?.connections ?? 0),
    openedConnections: first[index]! + second,
    events: classes.length === 1 ? events : eventsReport(run, index),
  }));
}

function loadReport(run: Run, interrupted: boolean): LoadReport {
  const { figures, machine, kernel } = run;
  const { secondFlood } = machine.scenario;
  const classes = classesOf(machine.scenario);
  const opened = run.phases.opened;
  const first = sumOf(opened.first);
  const cut = interrupted ? "interrupted" : "limit";
  // Several kinds have no one rate: each goes on for its own time.
  const [only, ...others] = classes;
  const ratePerSecond = others.length > 0 ? null : only!.ratePerSecond;
  const burstConnections = only!.arrivals === "burst" ? only!.burstConnections : 1;
  const profileSeconds = machine.scenario.rateProfile.at(-1)?.seconds ?? null;
  const seconds =
    others.length > 0
      ? 0
      : profileSeconds !== null
        ? Math.max(profileSeconds, figures.lastOpenedAt / 1e9)
        : floodSeconds(figures, kernel.clock.now, first, { ratePerSecond, burstConnections });
  return {
    askedRatePerSecond: ratePerSecond,
    achievedRatePerSecond: seconds > 0 && first > 0 ? first / seconds : null,
    askedConnections: sumOf(classes.map(({ connections }) => connections)),
    openedConnections: first,
    ended: figures.floodEndedAt <= kernel.clock.now ? "done" : cut,
    secondFlood:
      secondFlood === null
        ? null
        : {
            askedConnections: secondFlood.connections,
            openedConnections: opened.second,
            ended: opened.second === secondFlood.connections && run.phases.over ? "done" : cut,
          },
  };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/**
 * What the connections of the flood took: up to the last one that began and, at a rate, the time that stands for it and
 * for those that arrived with it.
 */
function floodSeconds(
  { lastOpenedAt, floodEndedAt }: Figures,
  now: number,
  opened: number,
  { ratePerSecond, burstConnections }: { ratePerSecond: number | null; burstConnections: number },
): number {
  if (ratePerSecond === null) return Math.min(floodEndedAt, now) / 1e9;
  const together = opened % burstConnections === 0 ? burstConnections : opened % burstConnections;
  return lastOpenedAt / 1e9 + together / ratePerSecond;
}

function latencyReport(latency: LatencyHistogram): LatencyReport<number> {
  return {
    p50Seconds: latency.quantileSeconds(0.5),
    p90Seconds: latency.quantileSeconds(0.9),
    p99Seconds: latency.quantileSeconds(0.99),
    maxSeconds: latency.maxNanoseconds / 1e9,
    curve: latency.curve(),
  };
}

function tableReport({ table, expired, full, expiry }: SimulatedKernel): TableReport<number> {
  const { peakCount, created, destroyed, earlyDrop, drop, insertFailed, invalid, reopening } = table.counters;
  return {
    max: table.max,
    buckets: table.buckets,
    peakCount,
    created,
    destroyed,
    active: table.active,
    expired: { peak: Math.max(expiry.expiredPeak(), expired), final: expired },
    earlyDrop,
    drop,
    insertFailed,
    invalid,
    // One packet at a time is inserted.
    clash: 0,
    dropped: { full: table.counters.full, reopening, insertion: insertFailed },
    full,
  };
}

function flushReport(run: Run, interrupted: boolean): Report<number>["flush"] {
  const { figures, machine, kernel } = run;
  const { flushAt, flushEndedAt, flushAttempts } = figures;
  const { now } = kernel.clock;
  if (!machine.scenario.flush || flushAt > now) return null;
  return {
    atSeconds: flushAt / 1e9,
    durationSeconds: (Math.min(flushEndedAt, now) - flushAt) / 1e9,
    entries: run.phases.flushedEntries,
    attempts: flushAttempts,
    ended: flushEndedAt <= now ? "done" : interrupted ? "interrupted" : "limit",
  };
}

function deletesReport({ phases, kernel }: Run, interrupted: boolean): Report<number>["deletes"] {
  const { deletes } = phases;
  const { now } = kernel.clock;
  if (deletes === null || deletes.beganAt > now) return null;
  const { dumps, entries, absent, attempts, deliveredAtOnce, dyingAfter, beganAt, endedAt } = deletes;
  return {
    atSeconds: beganAt / 1e9,
    durationSeconds: (Math.min(endedAt, now) - beganAt) / 1e9,
    dumps,
    entries,
    absent,
    attempts,
    deliveredAtOnce,
    dyingAfter,
    ended: endedAt <= now ? "done" : interrupted ? "interrupted" : "limit",
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

function daemonReport(run: Run, reader: Reader, observed: boolean): DaemonReport<number> {
  const { socket, view, resyncs } = reader;
  const { ledger } = run.kernel;
  // For listeners beside the observed one the oracle is a count only: what they believe alive beyond what is.
  const active = observed ? 0 : activeFor(run, run.readers.indexOf(reader));
  const stale = observed ? ledger.stale : Math.max(0, view.alive - active);
  const missing = observed ? ledger.missing : Math.max(0, active - view.alive);
  const inSync = stale === 0 && missing === 0;
  const since = (run.figures.inSyncSince - run.figures.flushAt) / 1e9;
  return {
    received: { ...view.received },
    enobufs: socket.enobufs,
    resyncs,
    duplicates: view.duplicates,
    reordered: view.reordered,
    newAfterDestroy: observed ? ledger.newAfterDestroy : null,
    queue: reader instanceof QueuedReader ? queueReport(reader, run.kernel.clock.now) : null,
    dumps: dumpsReport(run, reader, observed),
    stale,
    missing,
    inSync,
    inSyncAfterFlushSeconds: observed && inSync && run.machine.scenario.flush && since >= 0 ? since : null,
  };
}

/** Active entries that a listener's filter lets it hear of. */
function activeFor({ kernel: { table, passes } }: Run, listener: number): number {
  const own = passes[listener]!;
  if (own === null) return table.active;
  let active = 0;
  for (let entry = 0; entry < table.capacity; entry++) {
    if (table.placeOf(entry) === ACTIVE && own[table.classOf(entry)]) active++;
  }
  return active;
}

function queueReport({ queue }: QueuedReader, now: number): QueueReport {
  return { peakMessages: queue.peak, dropped: queue.dropped, fullSeconds: queue.fullNanoseconds(now) / 1e9 };
}

function dumpsReport({ machine, kernel, readers }: Run, reader: Reader, observed: boolean): DumpsReport | null {
  const dumps = machine.readers.dumps[readers.indexOf(reader)]!;
  if (dumps === null) return null;
  const { begun, completed, parts, entries, longestNanoseconds, cpuNanoseconds } = dumps;
  const { ledger } = kernel;
  const books = observed && ledger instanceof ListingLedger ? ledger : null;
  return {
    begun,
    completed,
    refused: reader.socket instanceof DumpingSocket ? reader.socket.refusedRequests : 0,
    parts,
    entries,
    longestSeconds: longestNanoseconds / 1e9,
    cpuSeconds: cpuNanoseconds / 1e9,
    goneListed: books?.goneListed ?? null,
    goneUnlisted: books?.goneUnlisted ?? null,
    meanUntoldSeconds: books?.meanUntoldSeconds ?? null,
  };
}

function dyingReport(run: Run): Report<number>["dying"] {
  const { table, clock } = run.kernel;
  const flushed = run.figures.flushAt <= clock.now;
  const emptied = flushed && run.machine.scenario.flush && table.dying === 0 && run.figures.flushEndedAt <= clock.now;
  return {
    peakDuringFlood: flushed ? run.figures.dying.peakDuringFlood : run.figures.dying.peak,
    meanDuringFlood: run.figures.dying.meanDuringFlood(Math.min(run.figures.flushAt, clock.now)),
    afterFlush: run.figures.flushEndedAt <= clock.now ? run.figures.dyingAfterFlush : null,
    peak: run.figures.dying.peak,
    peakAtSeconds: run.figures.dying.peakAt / 1e9,
    emptyAfterFlushSeconds: emptied ? (run.figures.dying.emptiedAt - run.figures.flushAt) / 1e9 : null,
    final: table.dying,
  };
}

/**
 * At most so many numbers of resends are told apart; of more, neighbours are counted together at the largest of them.
 */
const HISTOGRAM_BINS = 64;

function resendHistogram(counts: readonly number[]): [resends: number, entries: number][] {
  const most = counts.length - 1;
  const width = Math.ceil(most / HISTOGRAM_BINS);
  const bins: [number, number][] = [];
  for (let from = 1; from <= most; from += width) {
    const to = Math.min(most, from + width - 1);
    let entries = 0;
    for (let resent = from; resent <= to; resent++) entries += counts[resent] ?? 0;
    bins.push([to, entries]);
  }
  return bins;
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
    histogram: resendHistogram(counts),
  };
}
