/**
 * Processes as /proc shows them: who descends from whom, what they are called, what they have used, which sockets they
 * hold. It reads and changes nothing. What may not be read, because the process belongs to another user, is null or
 * left out.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface ProcessState {
  pid: number;
  parent: number;
  name: string;
  /** It has ended and only its status is left. */
  isZombie: boolean;
  /** Where it has ended, as wait() would tell it; null: not told. */
  waitStatus: number | null;
  /** Of all its threads and of the children that it has waited for, those that are gone included. */
  cpuNanoseconds: number;
}

/** USER_HZ, in which /proc tells processor time; the same on every architecture that live mode runs on. */
const NANOSECONDS_PER_TICK = 10_000_000;

/**
 * Fields of /proc/PID/stat, counted from the state: user and system time, then those of children that were waited for.
 */
const OWN_TIME = 11;
const CHILDREN_TIME = 13;
const WAIT_STATUS = 49;

/** Null: there is no such process any more. */
function processState(pid: number): ProcessState | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The name may hold blanks and parentheses: the fields begin behind the last one.
  const nameEnd = stat.lastIndexOf(")");
  const fields = stat.slice(nameEnd + 2).split(" ");
  const ticks = (from: number): number => NANOSECONDS_PER_TICK * (Number(fields[from]) + Number(fields[from + 1]));
  return {
    pid,
    parent: Number(fields[1]),
    name: stat.slice(stat.indexOf("(") + 1, nameEnd),
    isZombie: fields[0] === "Z" || fields[0] === "X",
    waitStatus: fields[WAIT_STATUS] === undefined ? null : Number(fields[WAIT_STATUS]),
    cpuNanoseconds: Math.max(ticks(OWN_TIME), scheduledNanoseconds(pid)) + ticks(CHILDREN_TIME),
  };
}

/** The processes below one, without it, parents first. */
export function descendantsOf(ancestor: number): ProcessState[] {
  const children = new Map<number, ProcessState[]>();
  for (const name of readdirSync("/proc")) {
    const state = /^\d+$/.test(name) ? processState(Number(name)) : null;
    if (state === null) continue;
    const siblings = children.get(state.parent);
    if (siblings === undefined) children.set(state.parent, [state]);
    else siblings.push(state);
  }
  const found: ProcessState[] = [];
  for (let row = children.get(ancestor) ?? []; row.length > 0; ) {
    found.push(...row);
    row = row.flatMap(({ pid }) => children.get(pid) ?? []);
  }
  return found;
}

/** What a thread of a process has done so far. */
export interface ThreadTimes {
  cpuNanoseconds: number;
  /** Ready to run, and without a CPU. */
  cpuWaitNanoseconds: number;
}

/** By thread; empty where this kernel does not count it, or the process is gone. */
export function threadTimes(pid: number): Map<string, ThreadTimes> {
  const times = new Map<string, ThreadTimes>();
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [cpu, wait] = (readText(`/proc/${pid}/task/${thread}/schedstat`) ?? "").split(" ").map(Number);
      if (cpu !== undefined && wait !== undefined) {
        times.set(thread, { cpuNanoseconds: cpu, cpuWaitNanoseconds: wait });
      }
    }
  } catch {
    // It has ended in between.
  }
  return times;
}

/** What the thread that ran most has done between two looks: it is the one that reads. */
export function busiestThread(
  before: ReadonlyMap<string, ThreadTimes>,
  after: ReadonlyMap<string, ThreadTimes>,
): ThreadTimes {
  let most: ThreadTimes = { cpuNanoseconds: 0, cpuWaitNanoseconds: 0 };
  for (const [thread, times] of after) {
    const last = before.get(thread);
    if (last === undefined || times.cpuNanoseconds - last.cpuNanoseconds < most.cpuNanoseconds) continue;
    most = {
      cpuNanoseconds: times.cpuNanoseconds - last.cpuNanoseconds,
      cpuWaitNanoseconds: times.cpuWaitNanoseconds - last.cpuWaitNanoseconds,
    };
  }
  return most;
}

/** The most memory that a process ever held (VmHWM), in bytes; null: not told. */
export function peakMemoryBytes(pid: number): number | null {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`) ?? "");
  return line === null ? null : Number(line[1]) * 1024;
}

/** The inodes of a process's sockets. None where they may not be read. */
export function socketInodes(pid: number): number[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkTarget(`${folder}/${fd}`));
      return inode === null ? [] : [Number(inode[1])];
    });
  } catch {
    return [];
  }
}

/** To the nanosecond, of the threads that live; 0: this kernel does not count it. */
function scheduledNanoseconds(pid: number): number {
  return [...threadTimes(pid).values()].reduce((sum, { cpuNanoseconds }) => sum + cpuNanoseconds, 0);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
