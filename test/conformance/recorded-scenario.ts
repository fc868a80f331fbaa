/**
 * From a recording to the scenario that repeats it. Only inputs are read: the setting, the build, what getsockopt
 * reported, and the speed of the machine (how long flood and flush took). What the kernel did is never an input.
 */

import type { RecordedListener } from "../../src/live/run/recording.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import type { Costs, KernelConfig, ListenerScenario, Policy, Scenario } from "../../src/scenario/scenario.js";
import { Streams } from "../../src/scenario/streams.js";
import { Run } from "../../src/simulation/loop.js";
import { restOfEntry } from "../../src/simulation/phases.js";
import type { Recording } from "./recording.js";

/** The recorded kernels were configured without the options that a distribution has (recordings/README.md, rule 2). */
const BARE: Partial<KernelConfig> = { acct: false, nat: false, mark: false, secmark: false };
const BUILDS: Record<string, Partial<KernelConfig>> = {
  k26: { ...BARE, skBuffBytes: 208, nlaPolicyLenCounts: false },
  host: { smallHeadBytes: 576 },
  k26fix: { ...BARE, skBuffBytes: 208, nlaPolicyLenCounts: true },
};

/** Distributions' builds, which the emulator ran as they are. */
const DISTRIBUTION: Partial<KernelConfig> = { acct: false, nat: true, mark: true, secmark: true };

export function isDistribution(build: string): boolean {
  return build.startsWith("deb-") || build.startsWith("openwrt-");
}

function buildOf(build: string): Partial<KernelConfig> {
  if (build.startsWith("openwrt-")) return { ...DISTRIBUTION, chainEvents: true };
  return isDistribution(build) ? DISTRIBUTION : (BUILDS[build] ?? {});
}

/**
 * What the emulated machine takes: costs of a machine, not results of a run. They are fed. Each seed draws them from a
 * range: what a cost really is on a path differs with what the caches of the allocator hold, which nothing recorded
 * tells. Where a range is from:
 *
 * * `recv`, `recvAndSleep`, `lateThousandths`, `bucket`: the recordings themselves.
 * * `tick`: a trace of 6.12.107 in such an emulator.
 * * `wait`, `attempt`, `delivered`, `freshMessage`, `switch`, `dispatch`: runs of the same builds of 5.10.262, 6.1.170
 *   and 6.12.107 in such an emulator, by the scheduler's own account of each thread (/proc/…/schedstat): flushes that
 *   are refused, that fill a large buffer, that a reader follows, and a worker that fills a buffer. Their sums were
 *   measured, the split of a sum between two of them is an estimate, and `dispatch` and `delivered` were widened while
 *   cells were looked at.
 * * `flushBucket` and OpenWrt's `delivered`: their own recordings, flushes of 1000 entries against flushes of 5000 and
 *   20000, and flushes of which little or much was delivered.
 * * The rest of `k54` and OpenWrt's: estimates that were narrowed while cells were looked at.
 */
interface MachineCosts {
  /** A recv of a reader that does not sleep. */
  recv: readonly [number, number];
  /** A recv with the sleep after it on an idle CPU, both switches included. */
  recvAndSleep: readonly [number, number];
  /**
   * Where the sums are known better than their parts: what a reader that waits for every message of a flush is charged
   * for each, and what it and the delivery make the flush longer by. `wait` and `waking` follow.
   */
  follow?: { reader: readonly [number, number]; sum: number };
  /** A recv that finds nothing: what a reader that waits for every message takes, less recv and a switch. */
  wait: readonly [number, number];
  /** What the sender takes to wake it, where it is known apart; then another flush says what an entry costs, too. */
  waking?: number;
  /** How late a sleep ends, in thousandths of its length, from readers of 10 ms that were busy for a minute. */
  lateThousandths: readonly [number, number];
  switch: readonly [number, number];
  /** Beyond an attempt that is refused. */
  delivered: readonly [number, number];
  /** A flush that fills a large buffer for the first time against one that is refused: 2.3 us, with `delivered`. */
  freshMessage: readonly [number, number];
  /** With the entry it is freed with, 5.3 us (5.10) or 6.6 us (6.1, 6.12) of a flush that is refused. */
  attempt: readonly [number, number];
  dispatch: readonly [number, number];
  /** Of early_drop; of a flush that passes empty buckets, from flushes of 1000 entries against flushes of 20000. */
  bucket: readonly [number, number];
  /** Passes of the gc over an empty table of 262144 buckets in such an emulator; not measured: as `bucket`. */
  gcBucket?: number;
  /** The same of a flush, where it locks empty buckets. */
  flushBucket?: readonly [number, number];
  /** Turns of the tasks of 6.12.107 with a tick in them against turns without, by a trace. */
  tick: readonly [number, number];
}

const DISTRIBUTION_MACHINE: MachineCosts = {
  recv: [2_100, 2_300],
  recvAndSleep: [6_000, 7_000],
  wait: [4_000, 4_500],
  lateThousandths: [0.5, 1.3],
  switch: [700, 1_000],
  delivered: [200, 900],
  freshMessage: [1_600, 2_100],
  attempt: [4_000, 4_500],
  dispatch: [400, 1_500],
  bucket: [8.8, 9.4],
  gcBucket: 51.1,
  tick: [2_500, 3_500],
};

/**
 * Debian 11's kernels do less on the way of an event. Of a flush of 5000 entries that a reader follows, the scheduler's
 * accounts in such an emulator say 6.55 us an entry for the flush, 5.32 when it is refused, and 6.3 for a reader that
 * only counts; the recording program does more with a message, by the difference of the sums: the recorded flushes take
 * 13.63 us an entry, and 5.45 when they are refused. A part of what the
 * reader is charged is what the flush still does after it woke it. The recorded flushes of 5.10.218 and 5.10.262 are by
 * 8.19 us an entry longer than refused ones.
 */
const DEBIAN_11: MachineCosts = {
  ...DISTRIBUTION_MACHINE,
  recvAndSleep: [6_000, 8_000],
  follow: { reader: [6_950, 7_050], sum: 8_190 },
  attempt: [3_300, 3_900],
  gcBucket: 41,
};

/**
 * Twelve flushes of 6.1.170 of which nothing is lost, in such an emulator: the flush is charged 6.87 us an entry, 6.15
 * when it is refused, which takes as long as recorded. What is left of a recorded flush of 5000, 14.75 us less 0.48 for
 * its empty buckets, is charged to the reader, a part of it for what the flush still does after it woke it. A recorded
 * flush is by 8.08 us an entry longer than one that is refused, the reader's own turns in that one left out.
 */
const DEBIAN_12: MachineCosts = {
  ...DISTRIBUTION_MACHINE,
  follow: { reader: [7_400, 7_500], sum: 8_080 },
};

/**
 * A reader of 6.12.107 that waits for every message of a flush is charged 6.92 us for each in such an emulator, and the
 * flush 7.43, beside 2.1 and 6.4 where the reader is busy anyway (twelve flushes, by how many turns the reader had).
 * 2.4 of the reader's are the flush's own work after the wake-up (traces), and 0.7 more are of the recording program.
 * What is left is the wait, and what the flush takes beyond a refused entry, a delivery and a switch is the waking.
 */
const SINCE_6_12: MachineCosts = { ...DISTRIBUTION_MACHINE, wait: [1_900, 2_400], waking: 1_800, gcBucket: 54.1 };
const SINCE_6_18: MachineCosts = { ...SINCE_6_12, gcBucket: 46.1 };
/**
 * A worker that fills a large buffer takes 6.6 us an entry with 7.3.4 in such an emulator and 7.4 to 7.7 with 6.12.107;
 * recorded flushes that fill one take 0.4 to 0.7 us a message more than others with 7.2.13 and 7.3.4, 1.6 with 6.x.
 */
const SINCE_7_0: MachineCosts = { ...SINCE_6_18, freshMessage: [600, 1_100] };

const { gcBucket: _, ...UNMEASURED } = DISTRIBUTION_MACHINE;
const OPENWRT: MachineCosts = {
  ...UNMEASURED,
  recvAndSleep: [6_000, 8_500],
  wait: [0, 0],
  switch: [1_750, 2_350],
  delivered: [50, 200],
  freshMessage: [0, 0],
  attempt: [1_800, 2_200],
  dispatch: [1_500, 2_600],
  flushBucket: [64, 78],
};

/** Of its two recorded kernels each has a range of its own. */
const OPENWRT_4_9: MachineCosts = { ...OPENWRT, recvAndSleep: [6_000, 7_000], flushBucket: [64, 68] };
const OPENWRT_4_19: MachineCosts = { ...OPENWRT, recvAndSleep: [6_500, 8_500], flushBucket: [74, 78] };

const MACHINES: Record<string, MachineCosts> = {
  k54: {
    recv: [1_500, 1_900],
    recvAndSleep: [3_500, 6_500],
    wait: [0, 0],
    lateThousandths: [0, 0.4],
    switch: [800, 1_300],
    delivered: [500, 1_100],
    freshMessage: [0, 0],
    attempt: [2_200, 2_700],
    dispatch: [500, 1_500],
    bucket: [8.8, 9.4],
    flushBucket: [59, 63],
    tick: [0, 0],
  },
};

/** Debian's builds by the version from which they are alike; older ones are as Debian 11's. */
const DEBIAN: readonly (readonly [from: string, MachineCosts])[] = [
  ["5.11", DEBIAN_12],
  ["6.12", SINCE_6_12],
  ["6.13", SINCE_6_18],
  ["7.0", SINCE_7_0],
];

function machineOf(build: string, kernel: string): MachineCosts | undefined {
  if (build.startsWith("openwrt-")) {
    if (kernel.startsWith("4.9.")) return OPENWRT_4_9;
    return kernel.startsWith("4.19.") ? OPENWRT_4_19 : OPENWRT;
  }
  if (!isDistribution(build)) return MACHINES[build];
  return DEBIAN.findLast(([from]) => from.localeCompare(kernel, "en", { numeric: true }) <= 0)?.[1] ?? DEBIAN_11;
}

const USUAL_ENTRY_NANOSECONDS = 1_500;

/** @param entry what an entry of the flush costs beyond an attempt of the middle of the range, once that is known. */
function machineCosts({ build, kernel, setting }: Recording, seed: string, entry: number | undefined): Partial<Costs> {
  const machine = machineOf(build, kernel);
  if (machine === undefined) return {};
  const { uniform } = new Streams(seed).of("costs of the recorded machine");
  const draw = (range: Exclude<keyof MachineCosts, "follow" | "gcBucket" | "waking">): number =>
    within(machine[range] ?? machine.bucket);
  const within = ([low, high]: readonly [number, number]): number => {
    return seed === CALIBRATION ? (low + high) / 2 : low + uniform() * (high - low);
  };
  const switchNanoseconds = Math.round(draw("switch"));
  const recv = draw("recv");
  const bucket = draw("bucket");
  const recvAndSleep = draw("recvAndSleep") - 2 * switchNanoseconds;
  const attempt = Math.round(draw("attempt"));
  const flushBucket = machine.flushBucket === undefined ? bucket : draw("flushBucket");
  // What the flush took is known: what is drawn for one part of an entry is taken from the others.
  const [leastAttempt, mostAttempt] = machine.attempt;
  const [leastBucket, mostBucket] = machine.flushBucket ?? [bucket, bucket];
  const others =
    (leastAttempt + mostAttempt) / 2 -
    attempt +
    (setting.flush === 1 ? ((leastBucket + mostBucket) / 2 - flushBucket) * (setting.buckets / setting.flows) : 0);
  const flushEntryNanoseconds = Math.max(0, Math.round((entry ?? USUAL_ENTRY_NANOSECONDS) + others));
  const delivered = draw("delivered");
  const { follow } = machine;
  let wait = draw("wait");
  let waking = machine.waking ?? 0;
  if (follow !== undefined) {
    const reader = within(follow.reader);
    const rest = restOfEntry(flushEntryNanoseconds, attempt);
    wait = Math.max(0, reader - rest - recv - switchNanoseconds);
    waking = Math.max(0, follow.sum - reader + rest - delivered - switchNanoseconds);
  }
  return {
    ...(entry === undefined ? {} : { flushEntryNanoseconds }),
    switchNanoseconds,
    waitNanoseconds: Math.round(wait),
    wakingNanoseconds: Math.round(waking),
    attemptNanoseconds: attempt,
    dispatchNanoseconds: Math.round(draw("dispatch")),
    bucketNanoseconds: bucket,
    flushBucketNanoseconds: flushBucket,
    gcBucketNanoseconds: machine.gcBucket ?? bucket,
    deliveredNanoseconds: Math.round(delivered),
    freshMessageNanoseconds: Math.round(draw("freshMessage")),
    recvNanoseconds: Math.round(setting.readerDelayMicroseconds === 0 ? recv : Math.max(recv, recvAndSleep)),
    tickNanoseconds: Math.round(draw("tick")),
  };
}

/**
 * What a connect takes beside its packets: by traces of such an emulator connect needs 55 us with its three packets on
 * 5.10, no more than three packets do, but 120 and 125 us on 6.1.170 and 6.12.107, where a packet takes as long: 67 us
 * until the reader is woken, 62 more until the thread that accepts is, where a packet takes 22.
 */
const CONNECT_NANOSECONDS = [55_000, 70_000] as const;

function connectNanoseconds({ build, kernel }: Recording, seed: string): number {
  // Since a release between the two that were looked at.
  if (!build.startsWith("deb-") || Number.parseInt(kernel, 10) < 6) return 0;
  const [least, most] = CONNECT_NANOSECONDS;
  return Math.round(least + (most - least) * new Streams(seed).of("connect").uniform());
}

/**
 * Whether a reader without delay shares the CPU with the flush. How long that takes hangs on who loses, which is a
 * result: another flush says what an entry costs.
 */
export function isFollowed({ build, kernel, setting }: Recording): boolean {
  const { flush, readerDelayMicroseconds, readerHeldAfterFlushMilliseconds, readerNeverReadsAfterFlush } = setting;
  const reads = readerHeldAfterFlushMilliseconds === 0 && readerNeverReadsAfterFlush === 0;
  const machine = machineOf(build, kernel);
  const isKnown = machine?.follow !== undefined || (machine?.waking ?? 0) > 0;
  return flush === 1 && readerDelayMicroseconds === 0 && reads && isKnown;
}

/** The same, where sums of reader and flush are known: then an entry of a flush of as many costs the same. */
export function isFollowedClosely(recording: Recording): boolean {
  return isFollowed(recording) && machineOf(recording.build, recording.kernel)?.follow !== undefined;
}

/** A value of a range, by the seed; the middle, where costs are measured. */
function drawnFrom([low, high]: readonly [number, number], seed: string, stream: string): number {
  const share = seed === CALIBRATION ? 0.5 : new Streams(seed).of(stream).uniform();
  return low + share * (high - low);
}

/** What a reader sleeps that was asked to sleep so long: a sleep ends late, which takes no CPU. */
function sleepNanoseconds({ build, kernel }: Recording, microseconds: number, seed: string): number {
  const late = machineOf(build, kernel)?.lateThousandths ?? [0, 0];
  return Math.round(microseconds * (1000 + drawnFrom(late, seed, "late sleeps of the recorded machine")));
}

/** A recv alone. */
const RECV_NANOSECONDS = 1_500;
/**
 * Kernels with retry timers: going to sleep after a message and waking up again on an idle CPU takes two of these. By
 * when the 10 ms readers read of which each was busy for a minute, recv and sleep take 2.7 to 2.9 us beyond the delay,
 * with 3.10 2.95 to 3.15 us. A recv that returns ENOBUFS does not sleep.
 */
const SINCE_2_6_35: readonly [number, number] = [600, 700];
const SWITCH_NANOSECONDS: Record<string, readonly [number, number]> = {
  k26: SINCE_2_6_35,
  k26fix: SINCE_2_6_35,
  k36: SINCE_2_6_35,
  k36r1: SINCE_2_6_35,
  k36nat: SINCE_2_6_35,
  k36hz1000: SINCE_2_6_35,
  k310: [725, 825],
};

function switchCost(build: string, seed: string): Partial<Costs> {
  const range = SWITCH_NANOSECONDS[build];
  if (range === undefined) return {};
  return { switchNanoseconds: Math.round(drawnFrom(range, seed, "switches of the recorded machine")) };
}

/** By a real clock: the recv alone, and recv and timer overshoot together where the recording does not show it. */
const WALL_RECV_NANOSECONDS = 2_000;
const USUAL_OVERHEAD = [30_000, 70_000] as const;
/** Fewer in a stretch of the series say little. */
const LEAST_READS = 50;

/** What an empty bucket costs early_drop on the recorded machines, from their earlydrop runs: a cost, not a result. */
const BUCKET_NANOSECONDS: Record<string, number> = { k310: 15.7 };

/** The seed of the runs that measure costs. */
export const CALIBRATION = "calibration";

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
    listeners: listenersOf(recording, seed),
    kernelConfig: {
      ...BARE,
      ...buildOf(recording.build),
      timestamp: setting.timestamps === 1 && !recording.build.startsWith("openwrt-"),
    },
    costs: {
      recvNanoseconds: RECV_NANOSECONDS,
      ...(BUCKET_NANOSECONDS[recording.build] === undefined
        ? {}
        : { bucketNanoseconds: BUCKET_NANOSECONDS[recording.build]! }),
      ...costs,
      connectNanoseconds: connectNanoseconds(recording, seed),
      ...wallCosts(recording, seed),
      ...switchCost(recording.build, seed),
      ...machineCosts(recording, seed, costs?.flushEntryNanoseconds),
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

/**
 * When the gc worker makes its first pass after the flood, in seconds since the watch began: it is where it was when
 * the run began, which is no part of the setting, so it is taken from the recording, between two of its looks. Entries
 * that only a pass removes show it; a run at whose end they are still there had none. Null: not known.
 */
export function firstPassSeconds(recording: Recording): readonly [number, number] | null {
  const { setting, result, series } = recording;
  const rows = series?.rows ?? [];
  const second = setting.secondFloodAfterFlushMilliseconds;
  if (result === undefined || (setting.flush === 1 && second === undefined) || rows.length < 2) return null;
  // After a flush only what came later is left for a pass.
  if (setting.flush === 1) return laterPassSeconds(recording);
  const isFull = setting.nfConntrackMax < setting.flows;
  // Without a DESTROY that was delivered at once nobody but a pass wakes the worker before its second is over.
  if (isFull && result.tableEarlyDrop === 0 && rows[0]![1]! < result.sent) return [-SETTLE_NANOSECONDS / 1e9, 0];
  for (let i = 1; i < rows.length; i++) {
    const [[from, before, , refusedBefore], [to, after, , refused]] = [rows[i - 1]!, rows[i]!] as [number[], number[]];
    // In a full table the worker may be at it from the start, with one refusal a run.
    const retries = isFull ? RETRIES_PER_SECOND * (to! - from!) + 1 : 0;
    const worked = isFull && refused! > refusedBefore!;
    if ((after! < PASS_LEAVES * before! && !worked) || refused! - refusedBefore! > retries) return [from!, to!];
  }
  return [rows.at(-1)![0]! + 1, rows.at(-1)![0]! + 2];
}

/** When a pass met the entries of a second flood, long after their timeouts. */
function laterPassSeconds({ setting, series }: Recording): readonly [number, number] | null {
  const rows = series!.rows;
  const expired = setting.secondFloodAfterFlushMilliseconds! / 1000 + (setting.udpTimeoutSeconds ?? Number.NaN);
  for (let i = 1; i < rows.length; i++) {
    const [[from, before, , refusedBefore], [to, after, , refused]] = [rows[i - 1]!, rows[i]!] as [number[], number[]];
    const refusals = refused! - refusedBefore!;
    if (from! > expired && before! - after! + refusals > RETRIES_PER_SECOND * (to! - from!) + 1) return [from!, to!];
  }
  return null;
}

/** Between two looks look-ups remove some expired entries, a pass a good part of all. */
const PASS_LEAVES = 0.95;
/** The worker of 5.19 on retries every 10 ms at most. */
const RETRIES_PER_SECOND = 100;

function listenersOf(recording: Recording, seed: string): Partial<ListenerScenario>[] {
  const { setting } = recording;
  const closes = setting.listenerClosesAfterFlushMilliseconds;
  const first: Partial<ListenerScenario> = {
    bufferBytes: setting.bufferBytes,
    policy: policyOf(setting.reliable, setting.noEnobufs),
    serviceNanoseconds: sleepNanoseconds(recording, setting.readerDelayMicroseconds, seed),
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
      serviceNanoseconds: sleepNanoseconds(recording, setting.secondListenerDelayMicroseconds ?? 0, seed),
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
 * What a recv took beyond the delay where the clock was real (timer overshoot): each seed draws between the stretches
 * of the series in which the reader always had something to read. Where the queue grew, it had been empty and the
 * reader had waited.
 */
function wallCosts({ clock, setting, series }: Recording, seed: string): Partial<Costs> {
  if (clock !== "wall") return {};
  const overheads: number[] = [];
  const rows = series?.rows ?? [];
  let from = 0;
  for (let to = 1; to <= rows.length; to++) {
    const [rmem, before] = [rows[to]?.[2] ?? 0, rows[to - 1]![2]!];
    if (rmem > 0 && before > 0 && rmem <= before) continue;
    const reads = rows[to - 1]![4]! - rows[from]![4]!;
    const seconds = rows[to - 1]![0]! - rows[from]![0]!;
    if (reads >= LEAST_READS) overheads.push((seconds / reads) * 1e9 - setting.readerDelayMicroseconds * 1000);
    from = to;
  }
  const range = overheads.length < 2 ? USUAL_OVERHEAD : ([Math.min(...overheads), Math.max(...overheads)] as const);
  const drawn = drawnFrom(range, seed, "overshoot of the recorded machine");
  const overhead = Math.max(WALL_RECV_NANOSECONDS, drawn);
  return {
    recvNanoseconds: WALL_RECV_NANOSECONDS,
    overshootNanoseconds: Math.round(2 * (overhead - WALL_RECV_NANOSECONDS)),
  };
}

/**
 * The costs with which flood and flush take as long as they were recorded to. The recorded durations are inputs (the
 * speed of that machine); a few rounds of one seed are enough, since the durations depend on chance very little.
 * `known`: what other recordings of the machine say.
 */
export function calibrate(recording: Recording, known: Partial<Costs> = {}): Partial<Costs> {
  const { setting, result } = recording;
  const floodSeconds = result?.floodSeconds ?? 0;
  const flushSeconds = result?.flushSeconds ?? recording.capacity?.flush_s ?? 0;
  const { costs } = scenarioOf(recording, CALIBRATION, known);
  const calibrated: Partial<Costs> = { ...costs };
  for (let round = 0; round < 3; round++) {
    const run = new Run(scenarioOf(recording, CALIBRATION, calibrated));
    while (run.figures.flushEndedAt === Number.POSITIVE_INFINITY && run.advance(1000));
    const floodError = withoutResentSyns(floodSeconds * 1e9 - run.figures.floodEndedAt, recording);
    const searches = run.kernel.table.counters.drop;
    if (floodSeconds > 0 && setting.pauseMicroseconds === undefined) {
      // A refused packet of a full table costs the walk over the buckets, where that is long, and less than another
      // where it is short; otherwise the packets themselves cost.
      const isFull = searches > setting.flows / 10 && setting.secondFloodFlows === undefined;
      if (isFull && run.kernel.release.earlyDrop.victim === "whole-buckets") {
        const saving = (calibrated.refusedSavingNanoseconds ?? 0) - floodError / searches;
        calibrated.refusedSavingNanoseconds = Math.round(Math.max(0, saving));
      } else if (isFull) {
        const buckets = searches * setting.buckets;
        calibrated.bucketNanoseconds = Math.max(0.1, calibrated.bucketNanoseconds! + floodError / buckets);
      } else {
        const packets = setting.flows * (setting.mode === "tcp" ? 6 : 1);
        calibrated.packetNanoseconds = Math.max(100, Math.round(calibrated.packetNanoseconds! + floodError / packets));
      }
    }
    const second = secondFloodSeconds(recording);
    if (second !== null) calibrated.bucketNanoseconds! += searchError(run, recording, second);
    if (setting.flush === 1 && flushSeconds > 0 && run.phases.flushedEntries > 0 && !isFollowed(recording)) {
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

/** How long the second flood took: the program looks before it and after it. Null: there was none. */
function secondFloodSeconds({ setting, series }: Recording): number | null {
  if (setting.secondFloodFlows === undefined) return null;
  const begins = setting.secondFloodAfterFlushMilliseconds! / 1000;
  const rows = series!.rows;
  const before = rows.findIndex(([seconds]) => seconds! >= begins);
  return before < 0 || before + 1 >= rows.length ? null : rows[before + 1]![0]! - rows[before]![0]!;
}

/**
 * What is missing in the cost of a bucket, when the second flood found a table without anything to evict: each refused
 * packet walked over all of it.
 */
function searchError(run: Run, { setting }: Recording, seconds: number): number {
  const { kernel, phases, figures } = run;
  while (!phases.over && run.advance(1));
  const begins = figures.flushAt + setting.secondFloodAfterFlushMilliseconds! * 1e6;
  const refused = kernel.table.counters.drop;
  if (refused < setting.secondFloodFlows! / 10 || kernel.release.earlyDrop.victim === "whole-buckets") return 0;
  return (seconds * 1e9 - (kernel.clock.now - begins)) / (refused * setting.buckets);
}

/** A client that connects again and again waits a second for each SYN of it that was dropped. */
function withoutResentSyns(floodError: number, { setting }: Recording): number {
  return setting.mode === "tcp" ? floodError - Math.max(0, Math.round(floodError / 1e9)) * 1e9 : floodError;
}

/** How many of them its flood waited for, by how much longer it took than its packets. */
export function resentSyns(recording: Recording): number {
  const { setting, result } = recording;
  if (setting.mode !== "tcp" || setting.pauseMicroseconds !== undefined) return 0;
  const known = RESENT_SYNS.get(recording.place) ?? countedSyns(recording, result?.floodSeconds ?? 0);
  RESENT_SYNS.set(recording.place, known);
  return known;
}

const RESENT_SYNS = new Map<string, number>();

function countedSyns(recording: Recording, floodSeconds: number): number {
  const run = new Run(scenarioOf(recording, CALIBRATION, calibrate(recording)));
  while (run.figures.floodEndedAt === Number.POSITIVE_INFINITY && run.advance(1000));
  return Math.max(0, Math.round(floodSeconds - run.figures.floodEndedAt / 1e9));
}
