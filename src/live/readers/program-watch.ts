/**
 * The thread that watches a foreign program while a run goes on: every millisecond all of its sockets, five times a
 * second its processes. It shares the first CPU with the flood, so that the program has the others to itself. The run
 * can be blocked in a flush of a second; the watch goes on.
 *
 * How much the kernel has offered is read off meters: sockets of ours, one for each group, that are never read. What
 * waits in one and what it has dropped are all the messages that its group ever had, and counting them so costs a
 * reader nothing.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Figure } from "../../report/report.js";
import { EVENT_GROUPS, type EventGroup } from "../../scenario/scenario.js";
import type { NetlinkSocketState } from "../../wire/sock-diag.js";
import { now } from "../host/clock.js";
import { conntrackGroups, SocketTable } from "../host/socket-table.js";
import { loadSystemCalls, type SystemCalls } from "../host/system-calls.js";
import {
  busiestThread,
  descendantsOf,
  type ProcessState,
  peakMemoryBytes,
  socketInodes,
  type ThreadTimes,
  threadTimes,
} from "./process-tree.js";
import { type ReaderTimes, SocketBooks, type SocketFigures } from "./socket-books.js";

export interface ProgramWatchData {
  /** One cell; not 0: stop. */
  stop: SharedArrayBuffer;
  /** The parent of the program's first process, and of the one that keeps its namespace. */
  keeper: number;
  /** The port of each meter; a group without one is not counted. */
  meters: Partial<Record<EventGroup, number>>;
  truesizeBytes: number;
  cpu: number;
}

export interface WatchedSocket extends SocketFigures {
  /** The process that holds it, as far as that may be read. */
  process: { pid: number; name: string } | null;
  groups: EventGroup[];
  /** False: it is in a group that no meter counts, and what was offered to it is not known. */
  isMetered: boolean;
  broadcastError: boolean | null;
  noEnobufs: boolean | null;
  openedNanoseconds: number;
  closedNanoseconds: Figure;
}

export interface ProgramFigures {
  sockets: WatchedSocket[];
  /** Most that lived at once. */
  processes: number;
  cpuNanoseconds: number;
  /** Most resident memory, the sum over its processes; null: not told. */
  memoryBytes: Figure;
  /** When its last process ended, and how the first one did as wait() tells it; null: it lived to the end. */
  ended: { nanoseconds: number; waitStatus: Figure } | null;
}

const LOOK_MILLISECONDS = 1;
const IDLE: ReaderTimes = { cpuNanoseconds: 0, cpuWaitNanoseconds: 0 };
const PROCESSES_NANOSECONDS = 200e6;

interface Tracked {
  state: NetlinkSocketState;
  books: SocketBooks;
  process: WatchedSocket["process"];
  times: Map<string, ThreadTimes>;
  worked: ReaderTimes;
  openedNanoseconds: number;
  closedNanoseconds: Figure;
}

class ProgramWatch {
  private readonly data: ProgramWatchData;
  private readonly table: SocketTable;
  private readonly own = new Set(socketInodes(process.pid));
  private readonly tracked = new Map<number, Tracked>();
  private processesDue = 0;
  private processes = 0;
  private memoryBytes: Figure = null;
  private cpuAtStart: Figure = null;
  private cpuNanoseconds = 0;
  private ended: ProgramFigures["ended"] = null;

  constructor(data: ProgramWatchData, calls: SystemCalls) {
    this.data = data;
    this.table = new SocketTable(calls);
  }

  /** Calls back when everything that is there has been seen once. */
  run(watching: () => void): ProgramFigures {
    const stop = new Int32Array(this.data.stop);
    this.lookAtSockets();
    this.lookAtProcesses();
    watching();
    while (Atomics.wait(stop, 0, 0, LOOK_MILLISECONDS) === "timed-out") {
      this.lookAtSockets();
      if (now() >= this.processesDue) this.lookAtProcesses();
    }
    this.lookAtSockets();
    this.lookAtProcesses();
    this.table.close();
    return {
      sockets: [...this.tracked.values()].map((tracked) => this.socketOf(tracked)),
      processes: this.processes,
      cpuNanoseconds: this.cpuNanoseconds,
      memoryBytes: this.memoryBytes,
      ended: this.ended,
    };
  }

  private lookAtSockets(): void {
    const at = now();
    const rows = this.table.read();
    const offered = this.offered(rows);
    const open = new Set<number>();
    for (const state of rows) {
      if (!this.isForeign(state)) continue;
      open.add(state.inode);
      const known = this.tracked.get(state.inode);
      const sample = {
        at,
        rmemBytes: state.rmemBytes,
        rcvbufBytes: state.rcvbufBytes,
        drops: state.drops,
        offered: offeredTo(conntrackGroups(state.groups), offered),
        reader: known === undefined ? IDLE : workedFor(known),
      };
      if (known === undefined) {
        this.tracked.set(state.inode, {
          state,
          books: new SocketBooks(this.data.truesizeBytes, sample),
          process: this.holderOf(state.inode),
          times: new Map(),
          worked: IDLE,
          openedNanoseconds: at,
          closedNanoseconds: null,
        });
      } else {
        known.books.add(sample);
        known.state = state;
      }
    }
    for (const [inode, known] of this.tracked) {
      if (!open.has(inode)) known.closedNanoseconds ??= at;
    }
  }

  private lookAtProcesses(): void {
    this.processesDue = now() + PROCESSES_NANOSECONDS;
    const [keeper, ...all] = programProcesses(this.data.keeper);
    if (keeper === undefined) return;
    const living = all.filter(({ isZombie }) => !isZombie);
    this.processes = Math.max(this.processes, living.length);
    const cpu = all.reduce((sum, { cpuNanoseconds }) => sum + cpuNanoseconds, 0);
    this.cpuAtStart ??= cpu;
    // What ends between two looks and was waited for is in its parent's time, so the sum does not fall.
    this.cpuNanoseconds = Math.max(this.cpuNanoseconds, cpu - this.cpuAtStart);
    const memory = living.map(({ pid }) => peakMemoryBytes(pid)).filter((bytes) => bytes !== null);
    if (memory.length > 0) {
      const sum = memory.reduce((total, bytes) => total + bytes, 0);
      this.memoryBytes = Math.max(this.memoryBytes ?? 0, sum);
    }
    if (living.length > 0) this.ended = null;
    else this.ended ??= { nanoseconds: now(), waitStatus: all[0]?.waitStatus ?? null };
  }

  /** Messages of each group so far, by its meter. */
  private offered(rows: readonly NetlinkSocketState[]): Record<EventGroup, number> {
    const counts = { new: 0, update: 0, destroy: 0 };
    for (const group of EVENT_GROUPS) {
      const portid = this.data.meters[group];
      const row = portid === undefined ? undefined : rows.find((each) => each.portid === portid);
      if (row !== undefined) counts[group] = Math.round(row.rmemBytes / this.data.truesizeBytes) + row.drops;
    }
    return counts;
  }

  private isForeign({ inode, groups }: NetlinkSocketState): boolean {
    if (this.tracked.has(inode)) return true;
    return conntrackGroups(groups).length > 0 && !this.own.has(inode);
  }

  private holderOf(inode: number): WatchedSocket["process"] {
    const holder = programProcesses(this.data.keeper).find(({ pid }) => socketInodes(pid).includes(inode));
    return holder === undefined ? null : { pid: holder.pid, name: holder.name };
  }

  private socketOf({ state, books, process, openedNanoseconds, closedNanoseconds }: Tracked): WatchedSocket {
    const groups = conntrackGroups(state.groups);
    return {
      ...books.figures(),
      process,
      groups,
      isMetered: groups.every((group) => this.data.meters[group] !== undefined),
      broadcastError: state.broadcastError,
      noEnobufs: state.noEnobufs,
      openedNanoseconds,
      closedNanoseconds,
    };
  }
}

/**
 * What the thread that works for a socket has done so far: of its process, the one that ran most since the last look.
 */
function workedFor(tracked: Tracked): ReaderTimes {
  if (tracked.process === null) return tracked.worked;
  const { times: before, worked } = tracked;
  tracked.times = threadTimes(tracked.process.pid);
  const busiest = busiestThread(before, tracked.times);
  tracked.worked = {
    cpuNanoseconds: worked.cpuNanoseconds + busiest.cpuNanoseconds,
    cpuWaitNanoseconds: worked.cpuWaitNanoseconds + busiest.cpuWaitNanoseconds,
  };
  return tracked.worked;
}

function offeredTo(groups: readonly EventGroup[], offered: Record<EventGroup, number>): Record<EventGroup, number> {
  const to = { new: 0, update: 0, destroy: 0 };
  for (const group of groups) to[group] = offered[group];
  return to;
}

/** The process that keeps the program's namespace, then those of the program, the first one first. */
function programProcesses(keeper: number): ProcessState[] {
  return descendantsOf(keeper);
}

const data = workerData as ProgramWatchData;
const calls = await loadSystemCalls();
calls.pinTo([data.cpu]);
const port = parentPort!;
port.postMessage(new ProgramWatch(data, calls).run(() => port.postMessage("watching")));
