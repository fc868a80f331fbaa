/**
 * Any program as the reader: started in the run's namespace, known by the NETLINK_NETFILTER sockets that it opens,
 * watched while the run goes on, ended with it. It is as fast as it is, and its sockets are as it sets them up.
 *
 * It lives in a process namespace of its own, because it may fork, detach and leave its parent: when the namespace's
 * first process is killed, the kernel kills the rest, also when this process dies of whatever. That first process is a
 * `sleep`, not the program, which would have to reap orphans and could not be told to end; so ended processes stay
 * readable, too.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Figure } from "../../report/report.js";
import { UsageError } from "../../scenario/errors.js";
import { EVENT_GROUPS, type EventGroup, type ListenerScenario } from "../../scenario/scenario.js";
import type { NetlinkSocketState } from "../../wire/sock-diag.js";
import { now } from "../host/clock.js";
import type { SocketRow } from "../host/kernel-files.js";
import { type ListeningSocket, openListener } from "../host/netlink-socket.js";
import { conntrackGroups, SocketTable } from "../host/socket-table.js";
import type { SystemCalls } from "../host/system-calls.js";
import { daemonEnvironment } from "./daemon-environment.js";
import type { LiveReader, ReaderResult, Received } from "./live-reader.js";
import { descendantsOf, type ProcessState, socketInodes, type ThreadTimes, threadTimes } from "./process-tree.js";
import type { ProgramFigures, ProgramWatchData } from "./program-watch.js";

export interface ProgramCommand {
  /** As the user wrote it. */
  text: string;
  argv: readonly string[];
  /** Where what it prints goes; null: nowhere. */
  logFile: string | null;
}

export interface ProgramTotals {
  offered: Figure;
  read: Figure;
  drops: number;
  cpuNanoseconds: number;
}

const LONGEST_START_MILLISECONDS = 10_000;
/** A program that opens several sockets opens them one after the other. */
const SETTLED_MILLISECONDS = 200;
const LOOK_MILLISECONDS = 5;
/** From being asked to end to being killed. */
const LONGEST_END_MILLISECONDS = 1000;
const METER_BUFFER_BYTES = 2048;
/** The first process runs the arguments and becomes one that does nothing. */
const KEEPER = '"$@" & exec sleep 2147483647';

export class Program implements LiveReader {
  readonly scenario: ListenerScenario;
  private readonly command: ProgramCommand;
  private readonly calls: SystemCalls;
  private readonly table: SocketTable;
  private readonly truesizeBytes: number;
  private readonly watchCpu: number;
  private readonly keeper: ChildProcess;
  private readonly errorsFolder = mkdtempSync(path.join(os.tmpdir(), "ct-reliable-"));
  private readonly meters = new Map<EventGroup, ListeningSocket>();
  private readonly stopCell = new SharedArrayBuffer(4);
  private watch: Worker | null = null;
  private seen: Promise<ProgramFigures> | null = null;
  private failure: Error | null = null;
  private inodes: number[] = [];
  private lastRow: SocketRow = { rmemBytes: 0, drops: 0 };
  /** Offered to the first socket's groups, all at the last look. */
  private offered: Record<EventGroup, number> = { new: 0, update: 0, destroy: 0 };
  private dropsByPhase = { flood: 0, flush: 0 };
  private flushed = false;

  constructor(
    listener: ListenerScenario,
    command: ProgramCommand,
    calls: SystemCalls,
    truesizeBytes: number,
    watchCpu: number,
  ) {
    this.scenario = listener;
    this.command = command;
    this.calls = calls;
    this.truesizeBytes = truesizeBytes;
    this.watchCpu = watchCpu;
    this.table = new SocketTable(calls);
    const out = command.logFile === null ? "ignore" : openSync(command.logFile, "w");
    const errors = command.logFile === null ? openSync(this.errorsFile, "w") : out;
    this.keeper = spawn(
      "setpriv",
      ["--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "sh", "-c", KEEPER, "sh", ...command.argv],
      { env: daemonEnvironment(), stdio: ["ignore", out, errors] },
    );
    for (const fd of new Set([out, errors])) if (typeof fd === "number") closeSync(fd);
    this.keeper.on("error", (error) => {
      this.failure = error;
    });
  }

  async opened(): Promise<void> {
    const began = now();
    let settledAt = began;
    let looksWithoutLife = 0;
    while (this.inodes.length === 0 || now() - settledAt < SETTLED_MILLISECONDS * 1e6) {
      await setTimeout(LOOK_MILLISECONDS);
      if (this.failure !== null) throw this.failure;
      const sockets = this.foreignSockets();
      const [keeper, ...processes] = descendantsOf(this.keeper.pid!);
      // A process that forks and leaves is for a moment the only one that is seen. Looks are counted, not time: on a
      // busy machine one look may be late, and a single one is no proof.
      const lives = keeper === undefined || processes.some(({ isZombie }) => !isZombie);
      looksWithoutLife = lives ? 0 : looksWithoutLife + 1;
      const ended = processes.length > 0 && looksWithoutLife > SETTLED_MILLISECONDS / LOOK_MILLISECONDS;
      if (ended || (sockets.length === 0 && now() - began > LONGEST_START_MILLISECONDS * 1e6)) {
        throw this.refusal(ended ? endingOf(processes[0]!) : `within ${LONGEST_START_MILLISECONDS / 1000} s`);
      }
      if (sockets.length !== this.inodes.length) settledAt = now();
      this.inodes = sockets.map(({ inode }) => inode);
    }
    this.rcvbufBytes = this.foreignSockets()[0]?.rcvbufBytes ?? null;
    this.openMeters();
    await this.startWatch();
  }

  begin(): void {}

  async prepareFlush(): Promise<void> {
    this.row();
  }

  flushBegins(): void {
    this.flushed = true;
  }

  /** Ends the watch, and says what it saw. */
  figures(): Promise<ProgramFigures> {
    this.seen ??= this.endWatch();
    return this.seen;
  }

  async stop(): Promise<ReaderResult> {
    const figures = await this.figures();
    this.row();
    await this.end();
    for (const { fd } of this.meters.values()) this.calls.close(fd);
    this.table.close();
    return {
      conntrackd: null,
      program: figures,
      duplicates: null,
      reordered: null,
      resyncs: 0,
      polls: null,
      uniqueDestroy: 0,
      destroyWithoutNew: 0,
      destroyWithPortid: 0,
      messageBytes: {},
      byClass: null,
    };
  }

  /**
   * What its first socket was offered, did not drop and has no more: known where the phases tell which kind was
   * dropped, as far as there is no second flood.
   */
  get received(): Received {
    const { offered, dropsByPhase, flushed } = this;
    const unread = Math.round(this.lastRow.rmemBytes / this.truesizeBytes);
    const lossless = dropsByPhase.flood === 0;
    const single = offered.update === 0;
    const before = offered.new - dropsByPhase.flood - (flushed ? 0 : unread);
    return {
      new: lossless || single ? before : null,
      update: lossless || single ? offered.update : null,
      destroy: flushed ? offered.destroy - dropsByPhase.flush - unread : lossless ? offered.destroy : null,
    };
  }

  readonly enobufs = null;
  readonly alive = null;
  readonly inSyncNanoseconds = null;
  rcvbufBytes: Figure = null;

  /** Its first socket, now or as it was last seen. */
  row(): SocketRow {
    if (this.failure !== null) throw this.failure;
    const rows = this.table.read();
    for (const [group, { portid }] of this.meters) {
      const meter = rows.find((row) => row.portid === portid);
      if (meter !== undefined) this.offered[group] = Math.round(meter.rmemBytes / this.truesizeBytes) + meter.drops;
    }
    const first = rows.find(({ inode }) => inode === this.inodes[0]);
    if (first !== undefined) this.count(first);
    return this.lastRow;
  }

  /** What its first socket and all its processes came to so far. */
  totals(): ProgramTotals {
    const { rmemBytes, drops } = this.row();
    const groups = this.joined();
    const metered = groups.every((group) => this.meters.has(group));
    const offered = metered ? groups.reduce((sum, group) => sum + this.offered[group], 0) : null;
    const unread = Math.round(rmemBytes / this.truesizeBytes);
    return {
      offered,
      read: offered === null ? null : offered - drops - unread,
      drops,
      cpuNanoseconds: descendantsOf(this.keeper.pid!)
        .slice(1)
        .reduce((sum, { cpuNanoseconds }) => sum + cpuNanoseconds, 0),
    };
  }

  private joined(): EventGroup[] {
    const first = this.table.read().find(({ inode }) => inode === this.inodes[0]);
    return first === undefined ? [] : conntrackGroups(first.groups);
  }

  /** Messages in the queue of its first socket. */
  waiting(): number {
    return Math.round(this.row().rmemBytes / this.truesizeBytes);
  }

  /** Its first process, or one that it left behind, is there. */
  get lives(): boolean {
    return this.processes().length > 0;
  }

  /** What each thread of each of its processes has done so far. */
  threads(): Map<string, ThreadTimes> {
    const all = new Map<string, ThreadTimes>();
    for (const { pid } of this.processes()) for (const [thread, times] of threadTimes(pid)) all.set(thread, times);
    return all;
  }

  /** All its processes stop until `resume`; their sockets stay open. */
  pause(): void {
    for (const { pid } of this.processes()) signal(pid, "SIGSTOP");
  }

  resume(): void {
    for (const { pid } of this.processes()) signal(pid, "SIGCONT");
  }

  private processes(): ProcessState[] {
    return descendantsOf(this.keeper.pid!)
      .slice(1)
      .filter(({ isZombie }) => !isZombie);
  }

  /** A quarter of its buffer is in use: what it does not catch up with is lost before the flush. */
  isBehind(): boolean {
    return this.row().rmemBytes > (this.rcvbufBytes ?? Number.POSITIVE_INFINITY) / 4;
  }

  idle(): boolean {
    return this.foreignSockets().every(({ rmemBytes }) => rmemBytes === 0);
  }

  private count({ rmemBytes, drops }: NetlinkSocketState): void {
    this.dropsByPhase[this.flushed ? "flush" : "flood"] += drops - this.lastRow.drops;
    this.lastRow = { rmemBytes, drops };
  }

  private get errorsFile(): string {
    return path.join(this.errorsFolder, "errors");
  }

  /** Those in a conntrack group that this process does not hold: nothing else lives in the namespace. */
  private foreignSockets(): NetlinkSocketState[] {
    const own = new Set(socketInodes(process.pid));
    return this.table.read().filter(({ inode, groups }) => conntrackGroups(groups).length > 0 && !own.has(inode));
  }

  /**
   * One for each group that the program has joined: another one would make the kernel build messages that it does not
   * want.
   */
  private openMeters(): void {
    const joined = new Set(this.foreignSockets().flatMap(({ groups }) => conntrackGroups(groups)));
    for (const group of EVENT_GROUPS) {
      if (joined.has(group)) this.meters.set(group, openListener(this.calls, METER_BUFFER_BYTES, "lossy", [group]));
    }
  }

  private async startWatch(): Promise<void> {
    const workerData: ProgramWatchData = {
      stop: this.stopCell,
      keeper: this.keeper.pid!,
      meters: Object.fromEntries([...this.meters].map(([group, { portid }]) => [group, portid])),
      truesizeBytes: this.truesizeBytes,
      cpu: this.watchCpu,
    };
    this.watch = new Worker(new URL("./program-watch.js", import.meta.url), { workerData });
    this.watch.on("error", (error) => {
      this.failure = error;
    });
    await once(this.watch, "message");
  }

  private async endWatch(): Promise<ProgramFigures> {
    const message = once(this.watch!, "message");
    const stop = new Int32Array(this.stopCell);
    Atomics.store(stop, 0, 1);
    Atomics.notify(stop, 0);
    const [figures] = (await message) as [ProgramFigures];
    return figures;
  }

  /** Asks all its processes to end, waits a moment, and has the kernel kill what is left. */
  private async end(): Promise<void> {
    for (const { pid } of this.processes()) signal(pid, "SIGTERM");
    for (
      let waited = 0;
      waited < LONGEST_END_MILLISECONDS && this.processes().length > 0;
      waited += LOOK_MILLISECONDS
    ) {
      await setTimeout(LOOK_MILLISECONDS);
    }
    const gone = once(this.keeper, "exit");
    this.keeper.kill("SIGKILL");
    await gone;
    rmSync(this.errorsFolder, { recursive: true, force: true });
  }

  private refusal(what: string): UsageError {
    const printed =
      readFileSync(this.command.logFile ?? this.errorsFile, "utf8")
        .trim()
        .split("\n")
        .at(-1) ?? "";
    this.keeper.kill("SIGKILL");
    rmSync(this.errorsFolder, { recursive: true, force: true });
    const last = printed === "" ? "it printed no error" : `it printed: ${printed.slice(0, 200)}`;
    return new UsageError(
      `--daemon: expected a program that listens to conntrack's event groups on a netlink socket, got none from ` +
        `\`${this.command.text}\` ${what} (${last})`,
    );
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself, or belongs to another user; what is left is killed with its namespace.
  }
}

/** How a process ended, in words. */
function endingOf({ waitStatus }: ProcessState): string {
  if (waitStatus === null) return "before it ended";
  const signal = waitStatus & 0x7f;
  return signal === 0 ? `before it ended with ${waitStatus >> 8}` : `before signal ${signal} ended it`;
}

/** What of a listener's scenario a foreign program keeps: when it is caught up. The rest is what it turns out to be. */
export function asProgram(listener: ListenerScenario): ListenerScenario {
  return {
    ...listener,
    decoders: 1,
    bufferMaxBytes: null,
    force: false,
    overrunAs: "conntrackd",
    resyncAfterNanoseconds: null,
    stopsAtEnobufs: false,
    stall: null,
    stallOnce: null,
    joins: "start",
    heldAfterFlushNanoseconds: 0,
    closesAfterFlushNanoseconds: null,
  };
}
