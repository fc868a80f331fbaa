/**
 * Fills the Report from a live run that is over. What a kernel tells (counts of the table, drops of a socket, the
 * events that arrived) is taken; what follows from it without doubt is computed, and the rest is null. It measures
 * nothing.
 *
 * While no entry can have ended before the flush, all is simple: each connection raised one NEW, the flush raised one
 * DESTROY per entry, the table's count after it is the dying list, and drops after it are refused DESTROYs.
 */
import { capacityMessages } from "../../kernel/netlink/capacity.js";
import { releaseFor } from "../../kernel/release.js";
import {
  type ClassReport,
  type DaemonReport,
  type DumpsReport,
  type EventCounts,
  type Figure,
  type LoadReport,
  type Report,
  SCHEMA_VERSION,
  type SocketReport,
  TIMELINE_COLUMNS,
} from "../../report/report.js";
import { TOOL_VERSION } from "../../report/version.js";
import type { EventGroup, ListenerScenario, TrafficClass } from "../../scenario/scenario.js";
import { classesOf } from "../../scenario/traffic.js";
import type { LiveHost } from "../host/host.js";
import type { PollFigures } from "../readers/table-poll.js";
import { asFound, programReport } from "./program-report.js";
import type { Ending, LiveRun } from "./run.js";

const UNKNOWN_COUNTS = { merged: null, lost: null, pending: null, attempts: null, refused: null };
const NO_EVENTS: EventCounts = {
  raised: 0,
  delivered: 0,
  unread: 0,
  merged: 0,
  lost: 0,
  pending: 0,
  notSubscribed: 0,
  attempts: 0,
  refused: 0,
};
/** The groups of its event socket. A poll in place of events has none. */
function groupsOf({ poll, groups }: ListenerScenario): readonly EventGroup[] {
  return poll?.withEvents === false ? [] : groups;
}

const UNKNOWN_LATENCY = { p50Seconds: null, p90Seconds: null, p99Seconds: null, maxSeconds: null };

export function liveReport(run: LiveRun, ending: Ending, host: LiveHost): Report {
  const { scenario } = run;
  const release = releaseFor(host.release)!;
  const dying = dyingReport(run);
  const { final } = dying;
  const active = run.endActive;
  const figures = ending.listeners[0]!.result.program;
  const program = figures === null ? null : programReport(run, figures);
  const found = program === null ? scenario : asFound(scenario, program);
  const events = eventsOf(run, ending, final, groupsOf(found.listeners[0]!));
  const load = loadReport(run);
  return {
    schemaVersion: SCHEMA_VERSION,
    tool: { name: "ct-reliable", version: TOOL_VERSION },
    backend: "live",
    seed: null,
    kernel: {
      release: host.release,
      redelivery: release.redelivery,
      hz: host.hz ?? scenario.hz,
      admission: release.admission,
    },
    scenario: found,
    ended: run.settled ? "settled" : run.interrupted ? "interrupted" : "limit",
    endedDuring: run.part,
    endedAtSeconds: run.endAt / 1e9,
    load,
    socket: socketReport(run, ending, 0),
    events,
    classes: classReports(run, ending, events, groupsOf(found.listeners[0]!)),
    resends: resendReport(run, events.destroy),
    latency: { new: UNKNOWN_LATENCY, update: UNKNOWN_LATENCY, destroy: UNKNOWN_LATENCY },
    dying,
    table: {
      max: scenario.nfConntrackMax,
      buckets: host.buckets ?? scenario.buckets,
      peakCount: run.endedBeforeFlush || scenario.secondFlood !== null ? null : run.created,
      created: run.created,
      destroyed: run.created - run.endCount,
      active,
      expired: { peak: null, final: null },
      ...ending.statistics,
      invalid: null,
      clash: null,
      dropped: { full: null, reopening: null, insertion: ending.statistics.insertFailed },
      full: null,
    },
    gc: null,
    redelivery: null,
    deletes: deletesReport(run),
    flush: flushReport(run),
    daemon: daemonReport(run, ending, 0, active),
    program,
    otherListeners: ending.listeners.slice(1).map((_, index) => ({
      socket: socketReport(run, ending, index + 1),
      daemon: daemonReport(run, ending, index + 1, active),
    })),
    timeline: {
      intervalSeconds: run.watch.timeline.intervalNanoseconds / 1e9,
      columns: TIMELINE_COLUMNS,
      rows: run.watch.timeline.rows,
    },
    invariants: { checked: 0, violated: [] },
    expectations: [],
    advice: null,
    ...(run.interrupted ? { interrupted: true } : {}),
  };
}

function loadReport(run: LiveRun): LoadReport {
  const { scenario, opened, interrupted } = run;
  const { secondFlood } = scenario;
  const classes = classesOf(scenario);
  const askedConnections = classes.reduce((sum, { connections }) => sum + connections, 0);
  const cut = interrupted ? "interrupted" : "limit";
  const { first, second } = opened;
  const seconds = floodSeconds(run, classes);
  return {
    // Several kinds have no one rate: each goes on for its own time.
    askedRatePerSecond: classes.length === 1 ? classes[0]!.ratePerSecond : null,
    achievedRatePerSecond: seconds > 0 && first > 0 ? first / seconds : null,
    askedConnections,
    openedConnections: first,
    ended: first === askedConnections ? "done" : cut,
    secondFlood:
      secondFlood === null
        ? null
        : {
            askedConnections: secondFlood.connections,
            openedConnections: second,
            ended: second === secondFlood.connections ? "done" : cut,
          },
  };
}

/** What the connections of the flood took; 0: there is no one rate. */
function floodSeconds(
  { scenario, opened, lastOpenedAt, floodNanoseconds }: LiveRun,
  classes: readonly TrafficClass[],
): number {
  const [only] = classes;
  if (only === undefined || classes.length > 1) return 0;
  const profileSeconds = scenario.rateProfile.at(-1)?.seconds;
  if (profileSeconds !== undefined) return Math.max(profileSeconds, lastOpenedAt / 1e9);
  const { ratePerSecond, arrivals, burstConnections } = only;
  const burst = arrivals === "burst" ? burstConnections : 1;
  // The last of the connections stands for the time until the next would have come.
  const together = opened.first % burst === 0 ? burst : opened.first % burst;
  return ratePerSecond === null ? floodNanoseconds / 1e9 : lastOpenedAt / 1e9 + together / ratePerSecond;
}

/** Of several kinds, what came of each is known where a thread of ours reads. */
function classReports(
  run: LiveRun,
  ending: Ending,
  events: Report["events"],
  groups: readonly EventGroup[],
): ClassReport[] {
  const { scenario } = run;
  const classes = classesOf(scenario);
  const { byClass } = ending.listeners[0]!.result;
  return classes.map(({ name, protocol, family, connections }, index) => ({
    name,
    protocol,
    family,
    askedConnections: connections + (scenario.secondFlood?.connections ?? 0),
    openedConnections: run.openedOf[index]! + run.opened.second,
    events:
      classes.length === 1
        ? events
        : byClass === null
          ? null
          : eventsOfClass(run.createdOf[index]!, byClass[index]!, events, groups),
  }));
}

/** What all kinds together do not lack, none of them does; of what is left over it is not known whose it is. */
function eventsOfClass(
  created: number,
  received: Record<EventGroup, number>,
  all: Report["events"],
  groups: readonly EventGroup[],
): Report["events"] {
  const zero = (figure: Figure): Figure => (figure === 0 ? 0 : null);
  const counts = (kind: EventGroup, raised: Figure): EventCounts => {
    const { unread, merged, lost, pending } = all[kind];
    const whole = raised !== null && received[kind] === raised;
    const [left, rest] = [zero(unread), zero(pending)];
    return {
      raised,
      delivered: received[kind],
      unread: left,
      merged: whole ? 0 : zero(merged),
      lost: whole
        ? 0
        : kind === "destroy" && left === 0 && rest === 0 && raised !== null
          ? raised - received[kind]
          : zero(lost),
      pending: whole ? 0 : rest,
      notSubscribed: 0,
      attempts: null,
      refused: null,
    };
  };
  const allEnded = all.destroy.raised !== null && all.destroy.raised === all.new.raised;
  return {
    new: forListener(counts("new", all.new.raised === null ? null : created), groups.includes("new")),
    update: forListener(counts("update", zero(all.update.raised)), groups.includes("update")),
    destroy: forListener(counts("destroy", allEnded ? created : null), groups.includes("destroy")),
  };
}

/** Its dying list at the end is null where entries may have ended otherwise. */
function deletesReport({ deletes, scenario, endAt, interrupted }: LiveRun): Report["deletes"] {
  if (deletes === null || deletes.beganAt === null) return null;
  const { beganAt, endedAt, dumps, entries, absent, dyingAfter } = deletes;
  return {
    atSeconds: beganAt / 1e9,
    durationSeconds: ((endedAt ?? endAt) - beganAt) / 1e9,
    dumps,
    entries,
    absent,
    // The kernel tries each entry once in its delete.
    attempts: scenario.nfConntrackEvents === 0 ? 0 : entries,
    deliveredAtOnce: null,
    dyingAfter,
    ended: endedAt !== null ? "done" : interrupted ? "interrupted" : "limit",
  };
}

/** The other listeners' groups are no matter: what a listener did not ask for is not raised for it. */
function forListener(counts: EventCounts, joined: boolean): EventCounts {
  if (joined) return { ...counts, notSubscribed: 0 };
  return {
    ...counts,
    raised: 0,
    unread: 0,
    merged: 0,
    lost: 0,
    pending: 0,
    notSubscribed: counts.raised,
  };
}

function eventsOf(run: LiveRun, ending: Ending, pending: Figure, groups: readonly EventGroup[]): Report["events"] {
  const { scenario, listeners } = run;
  if (scenario.nfConntrackEvents === 0) return { new: NO_EVENTS, update: NO_EVENTS, destroy: NO_EVENTS };
  const received = listeners[0]!.received;
  const { duplicates } = ending.listeners[0]!.result;
  const { drops, rmemBytes } = ending.listeners[0]!.row;
  // What was accepted and never read; after the flush that is DESTROY.
  const queued = Math.round(rmemBytes / run.kernel.truesizeBytes);
  const flushed = run.flushEndedAt !== null;
  const unread = flushed ? { new: 0, destroy: queued } : { new: queued, destroy: 0 };
  const accepted = { new: plus(received.new, unread.new), destroy: plus(received.destroy, unread.destroy) };
  const onlyNew = classesOf(scenario).every(({ packets }) => packets === 1);
  const endedBefore = run.endedBeforeFlush;
  const plain = !endedBefore && scenario.secondFlood === null && scenario.flush && flushed;
  const dropsBefore = run.dropsBeforeFlush ?? drops;
  // A flow that was made before there was a listener has no event cache, unless there is one elsewhere on the machine.
  const heard = scenario.listeners.some(({ joins, poll }) => joins === "start" && poll?.withEvents !== false);
  const newAttempts = onlyNew && !endedBefore ? plus(accepted.new, dropsBefore) : null;
  const created: EventCounts = {
    raised: heard ? run.created : null,
    delivered: received.new,
    unread: unread.new,
    ...UNKNOWN_COUNTS,
    notSubscribed: 0,
    ...(accepted.new === run.created ? { merged: 0, lost: 0, pending: 0 } : {}),
    ...(newAttempts === null ? {} : { attempts: newAttempts, refused: dropsBefore }),
  };
  const update: EventCounts = {
    raised: onlyNew ? 0 : null,
    delivered: received.update,
    unread: onlyNew ? 0 : null,
    ...UNKNOWN_COUNTS,
    notSubscribed: 0,
    ...(onlyNew ? { merged: 0, lost: 0, pending: 0, attempts: 0, refused: 0 } : {}),
  };
  const delivered = plus(received.destroy, -(duplicates ?? 0));
  const ended = pending === null || !heard ? null : run.created - (run.endActive ?? 0);
  const destroy: EventCounts = {
    raised: ended,
    delivered,
    unread: unread.destroy,
    merged: 0,
    lost:
      ended === null || pending === null || delivered === null
        ? null
        : Math.max(0, ended - delivered - unread.destroy - pending),
    pending,
    notSubscribed: 0,
    attempts: plain ? plus(accepted.destroy, drops - dropsBefore) : null,
    refused: plain ? drops - dropsBefore : null,
  };
  return {
    new: forListener(created, groups.includes("new")),
    update: forListener(update, groups.includes("update")),
    destroy: forListener(destroy, groups.includes("destroy")),
  };
}

/** Null where the figure is. */
function plus(figure: Figure, more: number): Figure {
  return figure === null ? null : figure + more;
}

/** After a flush that met every entry, those on the dying list are those that needed a second attempt. */
function resendReport(run: LiveRun, destroy: EventCounts): Report["resends"] {
  const perEntry = { mean: null, p50: null, p90: null, p99: null, max: null };
  if (destroy.attempts === null || destroy.raised === null) return { entries: null, total: null, perEntry };
  const entries = run.countAfterFlush;
  // Beside another reliable listener there are attempts that this one neither took nor refused.
  const total = run.listeners.length > 1 ? null : destroy.attempts - destroy.raised;
  return { entries, total, perEntry: { ...perEntry, mean: total === null ? null : entries > 0 ? total / entries : 0 } };
}

function dyingReport(run: LiveRun): Report["dying"] {
  const { scenario } = run;
  const flushed = scenario.flush && run.flushAt !== null && run.flushEndedAt !== null;
  const active = run.endActive;
  const duringFlood = run.endedBeforeFlush || run.flushAt === null ? null : 0;
  // It was looked at from the flush on: where entries ended before, it may have been longer then.
  const peak = run.endedBeforeFlush ? null : run.watch.peakDying;
  return {
    peakDuringFlood: duringFlood,
    meanDuringFlood: duringFlood,
    afterFlush: flushed ? run.countAfterFlush : duringFlood,
    peak,
    peakAtSeconds: peak === null ? null : run.watch.peakDyingAt / 1e9,
    emptyAfterFlushSeconds: flushed && run.watch.emptiedAt !== null ? (run.watch.emptiedAt - run.flushAt!) / 1e9 : null,
    final: active === null ? null : run.endCount - active,
  };
}

function flushReport(run: LiveRun): Report["flush"] {
  if (!run.scenario.flush || run.flushAt === null || run.flushEndedAt === null) return null;
  const entries = run.aliveBeforeFlush;
  return {
    atSeconds: run.flushAt / 1e9,
    durationSeconds: (run.flushEndedAt - run.flushAt) / 1e9,
    entries,
    // The kernels that live mode knows try each entry once in a flush.
    attempts: run.scenario.nfConntrackEvents === 0 ? 0 : entries,
    ended: "done",
  };
}

function socketReport(run: LiveRun, ending: Ending, index: number): SocketReport {
  const listener = run.listeners[index]!;
  const { row, result } = ending.listeners[index]!;
  return {
    // What a program asked for is its own business; what it got the kernel tells.
    requestedBytes: result.program === null ? listener.scenario.bufferBytes : null,
    rcvbufBytes: listener.rcvbufBytes,
    truesizeBytes: run.kernel.truesizeBytes,
    capacityMessages: capacityOf(run, listener.rcvbufBytes),
    peakRmemBytes: null,
    drops: row.drops,
    enobufs: listener.enobufs,
    congestions: null,
  };
}

function capacityOf({ kernel, scenario }: LiveRun, rcvbufBytes: Figure): Figure {
  if (rcvbufBytes === null) return null;
  return capacityMessages(rcvbufBytes, kernel.truesizeBytes, releaseFor(scenario.kernel)!.admission);
}

function daemonReport(run: LiveRun, ending: Ending, index: number, active: Figure): DaemonReport {
  const listener = run.listeners[index]!;
  const { duplicates, reordered, resyncs, conntrackd, polls } = ending.listeners[index]!.result;
  const { alive } = listener;
  const stale = active === null || alive === null ? null : Math.max(0, alive - active);
  const missing = active === null || alive === null ? null : Math.max(0, active - alive);
  const inSync = stale === null ? null : stale === 0 && missing === 0;
  return {
    received: listener.received,
    enobufs: listener.enobufs,
    resyncs,
    duplicates,
    reordered,
    newAfterDestroy: null,
    queue: null,
    dumps: polls === null ? null : dumpsReport(run, polls),
    stale,
    missing,
    inSync,
    inSyncAfterFlushSeconds: index === 0 && inSync === true ? secondsAfterFlush(run, run.inSyncAt) : null,
    ...(conntrackd === null ? {} : { conntrackd }),
  };
}

/** When an entry ended the kernel does not tell, and how many did, only when all have. */
function dumpsReport({ created, endCount }: LiveRun, { listedConnections, ...figures }: PollFigures): DumpsReport {
  return {
    ...figures,
    refused: 0,
    goneListed: endCount === 0 ? listedConnections : null,
    goneUnlisted: endCount === 0 ? created - listedConnections : null,
    meanUntoldSeconds: null,
  };
}

function secondsAfterFlush({ scenario, flushAt }: LiveRun, at: number | null): number | null {
  return !scenario.flush || flushAt === null || at === null ? null : Math.max(0, at - flushAt) / 1e9;
}
