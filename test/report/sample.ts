/**
 * Reports to render: one plausible run of each kind that the text has a sentence for. Figures keep the identities of a
 * real run (raised = delivered + merged + lost + pending), but no simulation made them; nothing here claims a result.
 */
import {
  type EventCounts,
  type Figure,
  type Report,
  SCHEMA_VERSION,
  TIMELINE_COLUMNS,
} from "../../src/report/report.js";
import type { ListenerScenario } from "../../src/scenario/scenario.js";

const NANOSECONDS_PER_MICROSECOND = 1e3;

function sampleListener(change: Partial<ListenerScenario> = {}): ListenerScenario {
  return {
    bufferBytes: 2048,
    bufferMaxBytes: null,
    force: false,
    overrunAs: "conntrackd",
    policy: "reliable",
    serviceNanoseconds: 200 * NANOSECONDS_PER_MICROSECOND,
    serviceDistribution: "fixed",
    portidServiceNanoseconds: null,
    stall: null,
    stallOnce: null,
    decoders: 1,
    resyncAfterNanoseconds: null,
    stopsAtEnobufs: false,
    preset: null,
    filter: null,
    queue: null,
    poll: null,
    dumpsOnEventSocket: false,
    groups: ["new", "update", "destroy"],
    slowFrom: "start",
    smallFrom: "start",
    joins: "start",
    heldAfterFlushNanoseconds: 0,
    closesAfterFlushNanoseconds: null,
    ...change,
  };
}

function counts(change: Partial<EventCounts>): EventCounts {
  return {
    raised: 0,
    delivered: 0,
    unread: 0,
    merged: 0,
    lost: 0,
    pending: 0,
    notSubscribed: 0,
    attempts: 0,
    refused: 0,
    ...change,
  };
}

/** A flood of 20,000 connections on 2.6.31, a slow reliable reader, a flush: everything arrives in the end. */
export function sampleReport(change: (report: Report) => void = () => {}): Report {
  const report: Report = {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: "ct-reliable", version: "0.1.0" },
    backend: "simulation",
    seed: "1",
    kernel: { release: "2.6.31", redelivery: "timer", hz: 250, admission: "old" },
    scenario: {
      experiment: "flood",
      seed: "1",
      kernel: "2.6.31",
      hz: 250,
      cpus: 2,
      connections: 20_000,
      ratePerSecond: 20_000,
      arrivals: "constant",
      burstConnections: 1,
      protocol: "udp",
      family: "ipv4",
      path: "loopback",
      packets: 2,
      packetGapNanoseconds: 0,
      udpPortOpen: true,
      tuples: null,
      secondFlood: null,
      packetCpus: 1,
      machine: "recorded",
      traffic: [],
      rateProfile: [],
      delete: null,
      replay: null,
      flush: true,
      flushDelayNanoseconds: 0,
      graceMaxSeconds: 15,
      nfConntrackMax: 65_536,
      buckets: 16_384,
      nfConntrackEvents: 1,
      timeoutsSeconds: {
        tcp_syn_sent: 120,
        tcp_syn_recv: 60,
        tcp_established: 432_000,
        tcp_fin_wait: 120,
        tcp_close_wait: 60,
        tcp_last_ack: 30,
        tcp_time_wait: 120,
        tcp_close: 10,
        tcp_syn_sent2: 120,
        udp: 30,
        udp_stream: 180,
        icmp: 30,
        icmpv6: 30,
      },
      rmemMaxBytes: 212_992,
      listeners: [sampleListener()],
      kernelConfig: {
        acct: true,
        nat: false,
        mark: true,
        secmark: false,
        timestamp: false,
        skBuffBytes: 232,
        nlaPolicyLenCounts: false,
        smallHeadBytes: 0,
        chainEvents: false,
      },
      kernelRules: { admission: "own", gc: "own", retry: "own", gcIntervalSeconds: null },
      costs: {
        packetNanoseconds: 2000,
        connectNanoseconds: 0,
        flushEntryNanoseconds: 500,
        attemptNanoseconds: 1500,
        recvNanoseconds: 1500,
        dumpEntryNanoseconds: 1400,
        deleteNanoseconds: 5000,
        overshootNanoseconds: 0,
        bucketNanoseconds: 100,
        gcBucketNanoseconds: 100,
        switchNanoseconds: 0,
        tickNanoseconds: 0,
        waitNanoseconds: 0,
        wakingNanoseconds: 0,
        freshMessageNanoseconds: 0,
        flushBucketNanoseconds: 0,
        dispatchNanoseconds: 0,
        refusedSavingNanoseconds: 0,
        deliveredNanoseconds: 0,
        wakeupNanoseconds: 5000,
      },
      limitSeconds: 120,
    },
    ended: "settled",
    endedDuring: "drain",
    endedAtSeconds: 53.2,
    load: {
      askedRatePerSecond: 20_000,
      achievedRatePerSecond: 20_000,
      askedConnections: 20_000,
      openedConnections: 20_000,
      ended: "done",
      secondFlood: null,
    },
    socket: {
      requestedBytes: 2048,
      rcvbufBytes: 4096,
      truesizeBytes: 552,
      capacityMessages: 8,
      peakRmemBytes: 4416,
      drops: 98_765,
      enobufs: 0,
      congestions: 0,
    },
    events: {
      new: counts({ raised: 20_000, delivered: 2512, merged: 17_488, attempts: 20_000, refused: 17_488 }),
      update: counts({ raised: 20_000, delivered: 2490, merged: 17_510, attempts: 20_000, refused: 17_510 }),
      destroy: counts({ raised: 20_000, delivered: 20_000, attempts: 83_767, refused: 63_767 }),
    },
    classes: [],
    resends: { entries: 19_971, total: 43_796, perEntry: { mean: 2.19, p50: 2, p90: 4, p99: 7, max: 13 } },
    latency: {
      new: { p50Seconds: 0.0008, p90Seconds: 0.0015, p99Seconds: 0.0016, maxSeconds: 0.0016 },
      update: { p50Seconds: 0.0008, p90Seconds: 0.0015, p99Seconds: 0.0016, maxSeconds: 0.0016 },
      destroy: { p50Seconds: 8.1234, p90Seconds: 17.4, p99Seconds: 33.9, maxSeconds: 52.123 },
    },
    dying: {
      peakDuringFlood: 12,
      meanDuringFlood: 3.1234,
      afterFlush: 19_971,
      peak: 19_983,
      peakAtSeconds: 1.0234,
      emptyAfterFlushSeconds: 52.2,
      final: 0,
    },
    table: {
      max: 65_536,
      buckets: 16_384,
      peakCount: 20_000,
      created: 20_000,
      destroyed: 20_000,
      active: 0,
      expired: { peak: 0, final: 0 },
      earlyDrop: 0,
      drop: 0,
      insertFailed: 0,
      invalid: 0,
      clash: 0,
      dropped: { full: 0, reopening: 0, insertion: 0 },
      full: null,
    },
    gc: null,
    redelivery: null,
    deletes: null,
    flush: { atSeconds: 1.0001, durationSeconds: 0.0702, entries: 19_983, attempts: 39_954, ended: "done" },
    daemon: {
      received: { new: 2512, update: 2490, destroy: 20_000 },
      enobufs: 0,
      resyncs: 0,
      duplicates: 0,
      reordered: 0,
      newAfterDestroy: 0,
      queue: null,
      dumps: null,
      stale: 0,
      missing: 0,
      inSync: true,
      inSyncAfterFlushSeconds: 52.2,
    },
    program: null,
    otherListeners: [],
    timeline: { intervalSeconds: 0.1, columns: TIMELINE_COLUMNS, rows: drain({ rows: 540, peak: 19_983, from: 10 }) },
    invariants: { checked: 14, violated: [] },
    expectations: [],
    advice: null,
  };
  change(report);
  return report;
}

function drain(shape: { rows: number; peak: number; from: number }): number[][] {
  return Array.from({ length: shape.rows }, (_, row) => {
    const passed = row - shape.from;
    const left = Math.max(0, Math.round(shape.peak * (1.02 * Math.exp(-passed / 120) - 0.02)));
    const dying = passed < 0 ? row % 7 : left;
    return [row / 10, Math.min(20_000, row * 2000), dying, 552 * (row % 8), row * 37, row * 180];
  });
}

/** The first listener's scenario, for a change in place. */
export function firstListener(report: Report): ListenerScenario {
  const [listener] = report.scenario.listeners;
  if (listener === undefined) throw new Error("expected a sample with a listener, got one without");
  return listener;
}

/** Three quarters of the DESTROY events are lost, the daemon keeps believing in dead entries. */
export function lossyReport(): Report {
  return sampleReport((report) => {
    firstListener(report).policy = "lossy";
    report.socket.enobufs = 412;
    report.socket.congestions = 412;
    report.events.new = counts({ raised: 20_000, delivered: 2512, lost: 17_488, attempts: 20_000, refused: 17_488 });
    report.events.update = counts({ raised: 20_000, delivered: 2490, lost: 17_510, attempts: 20_000, refused: 17_510 });
    report.events.destroy = counts({
      raised: 20_000,
      delivered: 4990,
      lost: 15_010,
      attempts: 20_000,
      refused: 15_010,
    });
    report.resends = { entries: 0, total: 0, perEntry: { mean: 0, p50: 0, p90: 0, p99: 0, max: 0 } };
    report.latency.destroy = { p50Seconds: 0.0008, p90Seconds: 0.0015, p99Seconds: 0.0016, maxSeconds: 0.0016 };
    report.dying = {
      peakDuringFlood: 0,
      meanDuringFlood: 0,
      afterFlush: 0,
      peak: 0,
      peakAtSeconds: 0,
      emptyAfterFlushSeconds: 0,
      final: 0,
    };
    report.daemon = {
      ...report.daemon,
      received: { new: 2512, update: 2490, destroy: 4990 },
      enobufs: 412,
      stale: 3141,
      inSync: false,
      inSyncAfterFlushSeconds: null,
    };
    report.timeline = { ...report.timeline, rows: report.timeline.rows.slice(0, 12).map(withoutDying) };
  });
}

function withoutDying(row: readonly Figure[]): Figure[] {
  return row.map((value, column) => (TIMELINE_COLUMNS[column] === "dying" ? 0 : value));
}

/** Everything at the first attempt: a large buffer and a reader without service time. */
export function quietWatersReport(): Report {
  return sampleReport((report) => {
    const listener = firstListener(report);
    listener.bufferBytes = 8 * 1024 * 1024;
    listener.serviceNanoseconds = 0;
    report.socket = {
      ...report.socket,
      requestedBytes: 8 * 1024 * 1024,
      rcvbufBytes: 425_984,
      capacityMessages: 772,
      peakRmemBytes: 1104,
      drops: 0,
    };
    for (const type of ["new", "update", "destroy"] as const) {
      report.events[type] = counts({ raised: 20_000, delivered: 20_000, attempts: 20_000 });
    }
    report.resends = { entries: 0, total: 0, perEntry: { mean: 0, p50: 0, p90: 0, p99: 0, max: 0 } };
    report.latency.destroy = { p50Seconds: 6.5e-6, p90Seconds: 6.5e-6, p99Seconds: 6.5e-6, maxSeconds: 8e-6 };
    report.dying = { ...lossyReport().dying };
    report.daemon.received = { new: 20_000, update: 20_000, destroy: 20_000 };
    report.daemon.inSyncAfterFlushSeconds = 0.07;
    report.timeline = { ...report.timeline, rows: report.timeline.rows.slice(0, 12).map(withoutDying) };
  });
}

/** The dying list has filled a small table, and the run's limit came before it was empty. */
export function tableFullReport(): Report {
  return sampleReport((report) => {
    report.table = {
      ...report.table,
      max: 4096,
      peakCount: 4096,
      created: 16_384,
      earlyDrop: 12,
      drop: 3616,
      dropped: { full: 3616, reopening: 0, insertion: 0 },
      full: { atSeconds: 0.21, alive: 65, expired: 0, dying: 4031 },
      active: 9,
    };
    report.ended = "limit";
    report.scenario.nfConntrackMax = 4096;
    report.events.destroy = counts({
      raised: 16_375,
      delivered: 12_301,
      pending: 4074,
      attempts: 99_000,
      refused: 86_699,
    });
    report.dying = {
      ...report.dying,
      peakDuringFlood: 4031,
      peak: 4087,
      afterFlush: 4080,
      emptyAfterFlushSeconds: null,
      final: 4074,
    };
    report.daemon = { ...report.daemon, stale: 4074, missing: 9, inSync: false, inSyncAfterFlushSeconds: null };
  });
}

/** The reader is open, reliable, and reads nothing after the flush. */
export function heldReaderReport(): Report {
  return sampleReport((report) => {
    firstListener(report).heldAfterFlushNanoseconds = null;
    report.ended = "limit";
    report.events.destroy = counts({
      raised: 20_000,
      delivered: 29,
      pending: 19_971,
      attempts: 320_000,
      refused: 319_971,
    });
    report.dying = { ...report.dying, emptyAfterFlushSeconds: null, final: 19_971 };
    report.daemon = { ...report.daemon, inSync: false, inSyncAfterFlushSeconds: null, stale: 19_971 };
  });
}

/** The list was still draining when the time limit ended the run. */
export function limitReport(): Report {
  return sampleReport((report) => {
    report.scenario.limitSeconds = 30;
    report.ended = "limit";
    report.events.destroy = counts({
      raised: 20_000,
      delivered: 18_766,
      pending: 1234,
      attempts: 80_000,
      refused: 61_234,
    });
    report.dying = { ...report.dying, emptyAfterFlushSeconds: null, final: 1234 };
    report.daemon = { ...report.daemon, inSync: false, inSyncAfterFlushSeconds: null, stale: 1234 };
    report.timeline = { ...report.timeline, rows: report.timeline.rows.slice(0, 301) };
  });
}

/** A modern kernel, an idle burst: the worker of 5.19 drains a flush through a small buffer. */
export function workerReport(): Report {
  return sampleReport((report) => {
    report.kernel = { release: "6.18.40", redelivery: "evict-list", hz: 1000, admission: "new" };
    report.scenario.experiment = "flush";
    report.scenario.kernel = "6.18.44";
    report.scenario.connections = 1_000_000;
    report.scenario.ratePerSecond = null;
    report.load = {
      ...report.load,
      askedRatePerSecond: null,
      achievedRatePerSecond: 33_333,
      askedConnections: 1_000_000,
      openedConnections: 1_000_000,
    };
    Object.assign(firstListener(report), {
      bufferBytes: 128,
      serviceNanoseconds: 20_000,
      slowFrom: "flush",
      smallFrom: "flush",
    });
    report.socket = {
      ...report.socket,
      requestedBytes: 128,
      rcvbufBytes: 2304,
      truesizeBytes: 832,
      capacityMessages: 2,
    };
    const million = { raised: 1_000_000, delivered: 1_000_000, attempts: 1_000_000 };
    report.events = {
      new: counts(million),
      update: counts(million),
      destroy: counts({ ...million, attempts: 1_734_567, refused: 734_567 }),
    };
    report.table = { ...report.table, max: 1_048_576, peakCount: 1_000_000, created: 1_000_000, destroyed: 1_000_000 };
    report.dying = {
      ...report.dying,
      peakDuringFlood: 0,
      meanDuringFlood: 0,
      peak: 999_000,
      afterFlush: 998_000,
      emptyAfterFlushSeconds: 725,
    };
    report.flush = { atSeconds: 30, durationSeconds: 1.9, entries: 1_000_000, attempts: 1_000_000, ended: "done" };
    report.daemon = { ...report.daemon, inSyncAfterFlushSeconds: 725 };
  });
}

/** Two more listeners beside the observed one. */
export function threeListenersReport(): Report {
  return sampleReport((report) => {
    report.scenario.listeners = [
      sampleListener(),
      sampleListener({ policy: "lossy", bufferBytes: 212_992 }),
      sampleListener({ policy: "broadcast-error" }),
    ];
    report.otherListeners = [
      {
        socket: { ...report.socket, requestedBytes: 212_992, rcvbufBytes: 425_984, drops: 11 },
        daemon: { ...report.daemon, received: { new: 20_000, update: 20_000, destroy: 63_767 }, duplicates: 43_767 },
      },
      { socket: { ...report.socket, congestions: 9000 }, daemon: { ...report.daemon, inSync: false, stale: 3 } },
    ];
  });
}

/** Nothing was asked for, nothing happened. */
export function emptyReport(): Report {
  return sampleReport((report) => {
    report.scenario.connections = 0;
    report.load = { ...report.load, askedConnections: 0, openedConnections: 0, achievedRatePerSecond: null };
    report.socket = { ...report.socket, peakRmemBytes: 0, drops: 0 };
    report.events = { new: counts({}), update: counts({}), destroy: counts({}) };
    report.resends = { entries: 0, total: 0, perEntry: { mean: 0, p50: 0, p90: 0, p99: 0, max: 0 } };
    report.latency.destroy = { p50Seconds: 0, p90Seconds: 0, p99Seconds: 0, maxSeconds: 0 };
    report.dying = { ...lossyReport().dying };
    report.table = { ...report.table, peakCount: 0, created: 0, destroyed: 0 };
    report.flush = { atSeconds: 0, durationSeconds: 0, entries: 0, attempts: 0, ended: "done" };
    report.daemon = { ...report.daemon, received: { new: 0, update: 0, destroy: 0 }, inSyncAfterFlushSeconds: 0 };
    report.timeline = { ...report.timeline, rows: [] };
  });
}

/** Ended by Ctrl-C in the flood, before any flush. */
export function interruptedReport(): Report {
  return sampleReport((report) => {
    report.interrupted = true;
    report.ended = "interrupted";
    report.endedDuring = "flood";
    report.load = { ...report.load, openedConnections: 9000, ended: "interrupted" };
    report.flush = null;
    report.events.destroy = counts({ raised: 640, delivered: 600, pending: 40, attempts: 900, refused: 300 });
    report.dying = { ...report.dying, peak: 55, afterFlush: 0, emptyAfterFlushSeconds: null, final: 40 };
    report.table = { ...report.table, created: 9000, destroyed: 600, active: 8360 };
    report.daemon = { ...report.daemon, inSync: false, inSyncAfterFlushSeconds: null, stale: 40, missing: 7000 };
    report.timeline = { ...report.timeline, rows: report.timeline.rows.slice(0, 5) };
  });
}

/** A bug of the model, and expectations of every kind of value. */
export function brokenReport(): Report {
  return sampleReport((report) => {
    report.invariants = {
      checked: 14,
      violated: [
        "destroy: raised 20,000 is not delivered 19,999 + merged 0 + lost 0 + pending 0",
        "rmem 552 left in an empty queue",
      ],
    };
    report.expectations = [
      { expression: "destroy.delivered == 100%", actual: 0.99995, limit: 1, unit: "share", ok: false },
      { expression: "dying.emptyAfterFlushSeconds <= 60s", actual: 52.2, limit: 60, unit: "seconds", ok: true },
      { expression: "daemon.inSync", actual: true, limit: true, unit: "true or false", ok: true },
      { expression: "table.drop == 0", actual: 1234, limit: 0, unit: "packets", ok: false },
      { expression: "flush.attempts > 0", actual: null, limit: 0, unit: "broadcasts", ok: false },
    ];
  });
}

export const SAMPLES: Readonly<Record<string, () => Report>> = {
  reliable: () => sampleReport(),
  lossy: lossyReport,
  "quiet waters": quietWatersReport,
  "table full": tableFullReport,
  "held reader": heldReaderReport,
  limit: limitReport,
  worker: workerReport,
  "three listeners": threeListenersReport,
  empty: emptyReport,
  interrupted: interruptedReport,
  broken: brokenReport,
};
