/**
 * From a recording to the scenario that repeats it. Only inputs are read: the setting, the build, what getsockopt
 * reported, and the speed of the machine (how long flood and flush took). What the kernel did is never an input.
 */

import type { RecordedListener } from "../../src/live/run/recording.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import type { Costs, KernelConfig, ListenerScenario, Policy, Scenario } from "../../src/scenario/scenario.js";
import { Run } from "../../src/simulation/loop.js";
import type { Recording } from "./recording.js";

/** The recorded kernels were configured without the options that a distribution has (recordings/README.md, rule 2). */
const BARE: Partial<KernelConfig> = { acct: false, nat: false, mark: false, secmark: false };
const BUILDS: Record<string, Partial<KernelConfig>> = {
  k26: { ...BARE, skBuffBytes: 208, nlaPolicyLenCounts: false },
  host: { smallHeadBytes: 576 },
  k26fix: { ...BARE, skBuffBytes: 208, nlaPolicyLenCounts: true },
};

/** What a recv and the sleep after it cost beyond the delay, from readers of 10 ms that were busy for a minute. */
const RECV_NANOSECONDS = 1_700;

/**
 * How late readers woke at most on the recorded kernels with a virtual clock, from readers of 1 ms that were busy for
 * seconds.
 */
const OVERSHOOT_NANOSECONDS: Record<string, number> = { k54: 6_600 };

/** By a real clock: the recv alone, and recv and timer overshoot together where the recording does not show it. */
const WALL_RECV_NANOSECONDS = 2_000;
const USUAL_OVERHEAD_NANOSECONDS = 30_000;

/**
 * What the recorded kernels took for an entry of a flush beyond the attempt, from their lossy flushes: for runs without
 * a flush.
 */
const ENTRY_NANOSECONDS: Record<string, number> = { k54: 2_200 };

/** What an empty bucket costs early_drop on the recorded machines, from their earlydrop runs: a cost, not a result. */
const BUCKET_NANOSECONDS: Record<string, number> = { k310: 15.7 };

/** Between the end of the flood and the flush, or the start of the watch. */
const SETTLE_NANOSECONDS = 500_000_000;
/** Set as rmem_max where the recorded socket was not capped. */
const UNCAPPED_BYTES = 1 << 29;

/** The seed decides chance only; the costs are calibrated once per recording. */
export function scenarioOf(recording: Recording, seed: string, costs?: Partial<Costs>): Scenario {
  const { setting, result } = recording;
  const floodSeconds = result?.floodSeconds ?? 0;
  const paced = setting.pauseMicroseconds !== undefined && setting.pauseMicroseconds > 0;
  const scenario = resolveScenario("flush", {
    seed,
    kernel: recording.kernel,
    hz: recording.hz,
    cpus: recording.cpus,
    connections: setting.flows,
    ratePerSecond: paced ? setting.flows / floodSeconds : null,
    arrivals: paced ? "burst" : "constant",
    burstConnections: setting.pauseEveryFlows ?? 1,
    protocol: setting.mode === "tcp" ? "tcp" : "udp",
    packets: setting.mode === "tcp" ? 6 : 1,
    udpPortOpen: false,
    flush: setting.flush === 1,
    flushDelayNanoseconds: SETTLE_NANOSECONDS,
    graceMaxSeconds: setting.eventsRetryTimeoutSeconds,
    nfConntrackMax: setting.nfConntrackMax,
    buckets: setting.buckets,
    timeoutsSeconds: {
      ...(setting.udpTimeoutSeconds === undefined ? {} : { udp: setting.udpTimeoutSeconds }),
      ...(setting.tcpTimeWaitSeconds === undefined ? {} : { tcp_time_wait: setting.tcpTimeWaitSeconds }),
    },
    rmemMaxBytes: rmemMaxBytes(recording),
    listeners: listenersOf(recording),
    kernelConfig: { ...BARE, ...BUILDS[recording.build], timestamp: setting.timestamps === 1 },
    costs: {
      recvNanoseconds: RECV_NANOSECONDS,
      overshootNanoseconds: OVERSHOOT_NANOSECONDS[recording.build] ?? 0,
      ...(ENTRY_NANOSECONDS[recording.build] === undefined
        ? {}
        : { flushEntryNanoseconds: ENTRY_NANOSECONDS[recording.build]! }),
      ...(BUCKET_NANOSECONDS[recording.build] === undefined
        ? {}
        : { bucketNanoseconds: BUCKET_NANOSECONDS[recording.build]! }),
      ...costs,
    },
    limitSeconds: 3600,
    ...(setting.secondFloodFlows === undefined
      ? {}
      : {
          secondFlood: {
            connections: setting.secondFloodFlows,
            afterFlushSeconds: setting.secondFloodAfterFlushMilliseconds! / 1000,
          },
        }),
  });
  return scenario;
}

function listenersOf({ setting }: Recording): Partial<ListenerScenario>[] {
  const closes = setting.listenerClosesAfterFlushMilliseconds;
  const first: Partial<ListenerScenario> = {
    bufferBytes: setting.bufferBytes,
    policy: policyOf(setting.reliable, setting.noEnobufs),
    serviceNanoseconds: setting.readerDelayMicroseconds * 1000,
    slowFrom: setting.readerDuringFlood === 2 ? "start" : "flush",
    smallFrom: setting.bigBufferDuringFlood === 1 ? "flush" : "start",
    heldAfterFlushNanoseconds:
      setting.readerNeverReadsAfterFlush === 1 ? null : setting.readerHeldAfterFlushMilliseconds * 1e6,
    closesAfterFlushNanoseconds: closes === undefined ? null : closes * 1e6,
  };
  if (setting.secondListenerBufferBytes === undefined) return [first];
  return [
    first,
    {
      bufferBytes: setting.secondListenerBufferBytes,
      policy: policyOf(setting.secondListenerReliable ?? 0, 0),
      serviceNanoseconds: (setting.secondListenerDelayMicroseconds ?? 0) * 1000,
    },
  ];
}

function policyOf(reliable: 0 | 1, noEnobufs: 0 | 1): Policy {
  if (reliable === 1) return noEnobufs === 1 ? "reliable" : "broadcast-error";
  return noEnobufs === 1 ? "no-enobufs" : "lossy";
}

/**
 * The cap that the recorded sockets met: half of the smallest rcvbuf that is less than double of what was asked for.
 */
function rmemMaxBytes(recording: Recording): number {
  const { setting, result } = recording;
  const capped = (asked: number | undefined, got: Pick<RecordedListener, "rcvbufBytes"> | undefined): number =>
    asked !== undefined && got !== undefined && got.rcvbufBytes < 2 * asked ? got.rcvbufBytes / 2 : UNCAPPED_BYTES;
  const first = result?.listener ?? { rcvbufBytes: recording.rcvbufBytes! };
  return Math.min(
    capped(setting.bufferBytes, first),
    capped(setting.secondListenerBufferBytes, result?.secondListener),
  );
}

/**
 * What a recv took beyond the delay where the clock was real (timer overshoot): from the longest stretch of the series
 * in which the reader always had something to read.
 */
function serviceOverheadNanoseconds({ setting, series }: Recording): number {
  const rows = series?.rows ?? [];
  let best = { reads: 0, seconds: 0 };
  let from = 0;
  for (let to = 1; to < rows.length; to++) {
    if (rows[to]![2]! <= 0 || rows[to - 1]![2]! <= 0) from = to;
    const reads = rows[to]![4]! - rows[from]![4]!;
    if (reads > best.reads) best = { reads, seconds: rows[to]![0]! - rows[from]![0]! };
  }
  if (best.reads < 50) return USUAL_OVERHEAD_NANOSECONDS;
  const overhead = (best.seconds / best.reads) * 1e9 - setting.readerDelayMicroseconds * 1000;
  return Math.round(Math.max(1_000, Math.min(overhead, 100_000)));
}

/**
 * The costs with which flood and flush take as long as they were recorded to. The recorded durations are inputs (the
 * speed of that machine); a few rounds of one seed are enough, since the durations depend on chance very little.
 */
export function calibrate(recording: Recording): Partial<Costs> {
  const { setting, result } = recording;
  const floodSeconds = result?.floodSeconds ?? 0;
  const flushSeconds = result?.flushSeconds ?? recording.capacity?.flush_s ?? 0;
  const { costs } = scenarioOf(recording, "calibration");
  const calibrated: Partial<Costs> = { ...costs };
  if (recording.clock === "wall") {
    calibrated.recvNanoseconds = WALL_RECV_NANOSECONDS;
    calibrated.overshootNanoseconds = 2 * Math.max(0, serviceOverheadNanoseconds(recording) - WALL_RECV_NANOSECONDS);
  }
  for (let round = 0; round < 3; round++) {
    const run = new Run(scenarioOf(recording, "calibration", calibrated));
    while (run.figures.flushEndedAt === Number.POSITIVE_INFINITY && run.advance(1000));
    const floodError = floodSeconds * 1e9 - run.figures.floodEndedAt;
    const searches = run.kernel.table.counters.drop;
    if (floodSeconds > 0 && setting.pauseMicroseconds === undefined) {
      // A refused packet of a full table costs the walk over the buckets; otherwise the packets themselves cost.
      if (searches > setting.flows / 10 && setting.secondFloodFlows === undefined) {
        const buckets = searches * setting.buckets;
        calibrated.bucketNanoseconds = Math.max(0.1, calibrated.bucketNanoseconds! + floodError / buckets);
      } else {
        const packets = setting.flows * (setting.mode === "tcp" ? 6 : 1);
        calibrated.packetNanoseconds = Math.max(100, Math.round(calibrated.packetNanoseconds! + floodError / packets));
      }
    }
    if (setting.flush === 1 && flushSeconds > 0 && run.phases.flushedEntries > 0) {
      const flushError = flushSeconds * 1e9 - (run.figures.flushEndedAt - run.figures.flushAt);
      const entry = calibrated.flushEntryNanoseconds! + flushError / run.phases.flushedEntries;
      calibrated.flushEntryNanoseconds = Math.max(0, Math.round(entry));
      // An entry cannot cost less than nothing: then the attempts were cheaper on that machine.
      if (entry < 0) {
        const attempts = run.figures.flushAttempts / run.phases.flushedEntries;
        calibrated.attemptNanoseconds = Math.round(calibrated.attemptNanoseconds! + entry / attempts);
      }
    }
  }
  return calibrated;
}
