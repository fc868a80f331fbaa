/**
 * A live run as a recording: one line of JSON in the format of test/conformance/recordings, so that the run of
 * anybody's kernel can be compared with the model later. The format knows fewer settings than a scenario has; what it
 * cannot say is not recorded.
 */
import { type ListenerScenario, POLICY, type Scenario } from "../../scenario/scenario.js";
import type { LiveHost } from "../host/host.js";
import type { Ending, LiveRun } from "./run.js";

const SETTLE_NANOSECONDS = 500_000_000;
const MOST_ROWS = 200;
const SERIES_COLUMNS = ["secondsSinceFlush", "count", "rmemBytes", "drops", "destroyReceived", "enobufs"] as const;

export interface RecordedListener {
  rcvbufBytes: number;
  received: { new: number; update: number; destroy: number };
  uniqueNew: number;
  uniqueDestroy: number;
  duplicateDestroy: number;
  destroyWithoutNew: number;
  destroyWithPortid: number;
  enobufs: number;
  drops: number;
  messageBytes: Record<string, number>;
}

/** One run; the fields are described beside the recordings. */
export interface LiveRecording {
  kernel: string;
  build: string;
  hz: number;
  cpus: 1 | 2;
  clock: "wall";
  tag: string;
  setting: Record<string, number | string>;
  result: Record<string, unknown> & { listener: RecordedListener; secondListener?: RecordedListener };
  series: { columns: readonly string[]; rows: readonly (readonly number[])[] };
}

/** Null: the format cannot say this scenario, or the run was cut short before its flush. */
export function recordingOf(run: LiveRun, ending: Ending, host: LiveHost): LiveRecording | null {
  const { scenario, flushAt, flushEndedAt } = run;
  if (!isRecordable(scenario) || run.interrupted || flushAt === null || flushEndedAt === null) return null;
  const [listener, second] = run.listeners.map((_, index) => listenerOf(run, ending, index));
  const failed = listener!.drops - run.dropsBeforeFlush!;
  const drained = run.endCount === 0;
  const empty = run.watch.looks.find((look) => look[1] === 0);
  return {
    kernel: host.release,
    // The kernels that are recorded on a machine of their own, without an emulator.
    build: "host",
    hz: host.hz ?? scenario.hz,
    cpus: scenario.cpus,
    clock: "wall",
    tag: "parity",
    setting: settingOf(scenario, flushAt),
    result: {
      floodSeconds: run.floodNanoseconds / 1e9,
      sent: run.created,
      refusedBySend: run.refused,
      flushSeconds: (flushEndedAt - flushAt) / 1e9,
      countAfterFlush: run.countAfterFlush,
      dropsInFlush: scenario.flush ? run.dropsAfterFlush - run.dropsBeforeFlush! : 0,
      failedDestroyAttempts: failed,
      destroyAttempts: failed + listener!.received.destroy,
      drained,
      drainSeconds: drained && empty !== undefined ? empty[0]! : null,
      countAtEnd: run.endCount,
      tableDrop: ending.statistics.drop,
      tableEarlyDrop: ending.statistics.earlyDrop,
      newReceivedBeforeFlush: run.newBeforeFlush,
      listener: listener!,
      ...(second === undefined ? {} : { secondListener: second }),
    },
    series: { columns: SERIES_COLUMNS, rows: thinned(run.watch.looks) },
  };
}

function isRecordable(scenario: Scenario): boolean {
  const { protocol, packets, udpPortOpen, ratePerSecond, flushDelayNanoseconds, listeners, kernelConfig } = scenario;
  const shape = protocol === "tcp" ? packets === 6 : packets === 1 && !udpPortOpen;
  const [first, second, third] = listeners;
  const plain = (listener: ListenerScenario): boolean =>
    listener.stall === null &&
    listener.stallOnce === null &&
    listener.serviceDistribution === "fixed" &&
    listener.joins === "start" &&
    listener.groups.length === 3;
  return (
    shape &&
    ratePerSecond === null &&
    flushDelayNanoseconds === SETTLE_NANOSECONDS &&
    !kernelConfig.acct &&
    plain(first!) &&
    third === undefined &&
    (second === undefined ||
      (plain(second) && second.slowFrom === "start" && second.smallFrom === "start" && !isQuiet(second)))
  );
}

const isReliable = ({ policy }: ListenerScenario): boolean => POLICY[policy].broadcastError;
const isQuiet = ({ policy }: ListenerScenario): boolean => POLICY[policy].noEnobufs;

function settingOf(scenario: Scenario, flushAt: number): Record<string, number | string> {
  const [first, second] = scenario.listeners as [ListenerScenario, ListenerScenario?];
  const held = first.heldAfterFlushNanoseconds;
  const closes = first.closesAfterFlushNanoseconds;
  return {
    reliable: isReliable(first) ? 1 : 0,
    noEnobufs: isQuiet(first) ? 1 : 0,
    readerDelayMicroseconds: first.serviceNanoseconds / 1000,
    eventsRetryTimeoutSeconds: scenario.graceMaxSeconds,
    readerHeldAfterFlushMilliseconds: held === null ? 0 : held / 1e6,
    readerNeverReadsAfterFlush: held === null ? 1 : 0,
    flush: scenario.flush ? 1 : 0,
    bigBufferDuringFlood: first.smallFrom === "flush" ? 1 : 0,
    readerDuringFlood: first.slowFrom === "start" ? 2 : 1,
    mode: scenario.protocol,
    flows: scenario.connections,
    bufferBytes: first.bufferBytes,
    nfConntrackMax: scenario.nfConntrackMax,
    buckets: scenario.buckets,
    runEndsAfterFlushMilliseconds: Math.round(scenario.limitSeconds * 1000 - flushAt / 1e6),
    timestamps: scenario.kernelConfig.timestamp ? 1 : 0,
    udpTimeoutSeconds: scenario.timeoutsSeconds.udp,
    tcpTimeWaitSeconds: scenario.timeoutsSeconds.tcp_time_wait,
    ...(closes === null ? {} : { listenerClosesAfterFlushMilliseconds: closes / 1e6 }),
    ...(second === undefined
      ? {}
      : {
          secondListenerBufferBytes: second.bufferBytes,
          secondListenerReliable: isReliable(second) ? 1 : 0,
          secondListenerDelayMicroseconds: second.serviceNanoseconds / 1000,
        }),
    ...(scenario.secondFlood === null
      ? {}
      : {
          secondFloodFlows: scenario.secondFlood.connections,
          secondFloodAfterFlushMilliseconds: scenario.secondFlood.afterFlushSeconds * 1000,
        }),
  };
}

function listenerOf(run: LiveRun, ending: Ending, index: number): RecordedListener {
  const listener = run.listeners[index]!;
  const { result, row } = ending.listeners[index]!;
  // Threads of ours know all of this; what a daemon does not tell is never recorded.
  const received = listener.received as RecordedListener["received"];
  return {
    rcvbufBytes: listener.rcvbufBytes!,
    received,
    uniqueNew: received.new,
    uniqueDestroy: result.uniqueDestroy,
    duplicateDestroy: received.destroy - result.uniqueDestroy,
    destroyWithoutNew: result.destroyWithoutNew,
    destroyWithPortid: result.destroyWithPortid,
    enobufs: listener.enobufs!,
    drops: row.drops,
    messageBytes: result.messageBytes,
  };
}

/** Every so many rows, and the last two, which show how often the run looked. */
function thinned(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const every = Math.ceil(rows.length / MOST_ROWS);
  return rows.filter((_, index) => index % every === 0 || index >= rows.length - 2);
}
