/**
 * The report of a foreign program, from what its watch has seen, in seconds from the first packet. It measures nothing.
 */
import { capacityMessages } from "../../kernel/netlink/capacity.js";
import { releaseFor } from "../../kernel/release.js";
import type { Measurement } from "../../report/measurement.js";
import type { ProgramPace, ProgramReport, ProgramSocket } from "../../report/program.js";
import { serviceTimes } from "../../report/service-times.js";
import {
  EVENT_GROUPS,
  type ListenerScenario,
  POLICIES,
  POLICY,
  type Policy,
  type Scenario,
} from "../../scenario/scenario.js";
import type { ProgramFigures, WatchedSocket } from "../readers/program-watch.js";
import type { Pace } from "../readers/socket-books.js";
import type { LiveRun } from "./run.js";

/** Of a run, or of a measurement, what the report of a program needs to know. */
export interface ProgramSurroundings {
  command: string;
  /** Seconds from the first packet, of a time by the clock of all threads. */
  secondsAt(nanoseconds: number): number;
  truesizeBytes: number;
  kernel: string;
}

export function programReport(run: LiveRun, figures: ProgramFigures): ProgramReport {
  return programReportOf(figures, {
    command: run.command ?? "",
    secondsAt: (nanoseconds) => run.secondsAt(nanoseconds),
    truesizeBytes: run.kernel.truesizeBytes,
    kernel: run.scenario.kernel,
  });
}

export function programReportOf(figures: ProgramFigures, around: ProgramSurroundings): ProgramReport {
  const { ended, cpuNanoseconds } = figures;
  const sockets = figures.sockets.map((socket) => socketReport(socket, around));
  const read = sockets.reduce((sum, { admitted, unread }) => sum + (admitted ?? 0) - unread, 0);
  const known = sockets.every(({ admitted }) => admitted !== null);
  return {
    command: around.command,
    sockets,
    processes: figures.processes,
    cpuSeconds: cpuNanoseconds / 1e9,
    cpuMicrosecondsPerMessage: known && read >= FEWEST_MESSAGES ? cpuNanoseconds / 1000 / read : null,
    memoryBytes: figures.memoryBytes,
    ended: ended === null ? null : { atSeconds: around.secondsAt(ended.nanoseconds), ...endingOf(ended.waitStatus) },
  };
}

/**
 * The scenario with a first listener such as the program turned out to be, so that simulating it needs nothing else.
 * What could not be told stays as it was. `backlog`: of a measurement, which is nearer than a pace under load.
 */
export function asFound(
  scenario: Scenario,
  { sockets, cpuMicrosecondsPerMessage }: ProgramReport,
  backlog: Measurement["backlog"] = { new: null, destroy: null },
): Scenario {
  const [first, ...others] = scenario.listeners;
  const [socket] = sockets;
  if (first === undefined || socket === undefined) return scenario;
  const { recvNanoseconds } = scenario.costs;
  const service = serviceTimes({ pace: socket.pace, backlog, cpuMicrosecondsPerMessage }, recvNanoseconds);
  const found: ListenerScenario = {
    ...first,
    groups: EVENT_GROUPS.filter((group) => socket.groups.includes(group)),
    policy: POLICIES.find((policy) => isPolicy(policy, socket)) ?? first.policy,
    // SO_RCVBUF doubles what it is asked for.
    ...(socket.rcvbufBytes === null ? {} : { bufferBytes: Math.floor(socket.rcvbufBytes / 2), smallFrom: "start" }),
    ...(service === null ? {} : { ...service, serviceDistribution: "fixed", slowFrom: "start" }),
  };
  return { ...scenario, listeners: [found, ...others] };
}

function isPolicy(policy: Policy, { broadcastError, noEnobufs }: ProgramSocket): boolean {
  return POLICY[policy].broadcastError === broadcastError && POLICY[policy].noEnobufs === noEnobufs;
}

/** Fewer messages than this tell no cost. */
const FEWEST_MESSAGES = 50;

function socketReport(socket: WatchedSocket, { truesizeBytes, kernel, secondsAt }: ProgramSurroundings): ProgramSocket {
  const { rcvbufBytes, isMetered } = socket;
  const { admission } = releaseFor(kernel)!;
  return {
    process: socket.process,
    groups: socket.groups,
    broadcastError: socket.broadcastError,
    noEnobufs: socket.noEnobufs,
    rcvbufBytes,
    rcvbufBytesAtEnd: socket.rcvbufBytesAtEnd,
    capacityMessages: rcvbufBytes === null ? null : capacityMessages(rcvbufBytes, truesizeBytes, admission),
    offered: isMetered ? socket.offered : null,
    admitted: isMetered ? socket.admitted : null,
    drops: socket.drops,
    unread: socket.unread,
    peakRmemBytes: socket.peakRmemBytes,
    fullSeconds: socket.fullSeconds,
    openedSeconds: secondsAt(socket.openedNanoseconds),
    closedSeconds: socket.closedNanoseconds === null ? null : secondsAt(socket.closedNanoseconds),
    pace: isMetered && socket.pace !== null ? paceReport(socket.pace) : null,
  };
}

function paceReport(pace: Pace): ProgramPace {
  return { ...pace, messagesPerSecond: 1e6 / pace.microsecondsPerMessage };
}

/** What wait() tells of a process. */
function endingOf(waitStatus: number | null): { exitStatus: number | null; signal: number | null } {
  if (waitStatus === null) return { exitStatus: null, signal: null };
  const signal = waitStatus & 0x7f;
  return signal === 0 ? { exitStatus: waitStatus >> 8, signal: null } : { exitStatus: null, signal };
}
