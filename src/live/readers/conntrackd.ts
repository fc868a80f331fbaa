/**
 * The real conntrackd as the reader: a configuration for it, the process, its statistics. It is as fast as it is; of a
 * listener's scenario it takes the buffer with its growth, the resync and whether delivery is reliable (it then sets
 * NETLINK_NO_ENOBUFS, too). Its files are in a memory of the namespace's own mounts, and the kernel kills it with its
 * parent, so that nothing of it remains.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { ConntrackdStatistics, Figure } from "../../report/report.js";
import { EVENT_GROUPS, type ListenerScenario, POLICY } from "../../scenario/scenario.js";
import { SECOND } from "../../scenario/units.js";
import { now } from "../host/clock.js";
import { LiveImpossibleError } from "../host/impossible.js";
import { readListeningPortid, readSocketRow, type SocketRow } from "../host/kernel-files.js";
import { daemonEnvironment } from "./daemon-environment.js";
import type { LiveReader, ReaderResult, Received } from "./live-reader.js";

/** A folder that every machine has and that neither Node nor the daemon needs: in the namespace it is the memory. */
const FOLDERS = ["/mnt", "/media", "/srv"];
const LONGEST_START_MILLISECONDS = 5000;
/** Between two questions for its statistics while it is waited for. */
const STATISTICS_NANOSECONDS = 250e6;
/** The groups NEW, UPDATE and DESTROY, as /proc/net/netlink shows them. */
const EVERY_GROUP = "00000007";
/** @throws LiveImpossibleError where it is not installed */
export function requireConntrackd(): void {
  if (spawnSync("conntrackd", ["-v"], { env: daemonEnvironment() }).error === undefined) return;
  throw new LiveImpossibleError(
    "--daemon conntrackd needs the program conntrackd, which is not on PATH: install your distribution's package, such as apt-get install conntrackd",
  );
}

/** What of a listener's scenario conntrackd keeps, and what it is instead. */
export function asConntrackd(listener: ListenerScenario): ListenerScenario {
  const { bufferBytes, bufferMaxBytes, resyncAfterNanoseconds, policy } = listener;
  return {
    bufferBytes,
    bufferMaxBytes,
    force: false,
    overrunAs: "conntrackd",
    decoders: 1,
    resyncAfterNanoseconds,
    stopsAtEnobufs: false,
    preset: null,
    filter: null,
    queue: null,
    poll: null,
    dumpsOnEventSocket: false,
    policy: POLICY[policy].broadcastError ? "reliable" : "lossy",
    serviceNanoseconds: 0,
    serviceDistribution: "fixed",
    portidServiceNanoseconds: null,
    stall: null,
    stallOnce: null,
    groups: EVENT_GROUPS,
    slowFrom: "start",
    smallFrom: "start",
    joins: "start",
    heldAfterFlushNanoseconds: 0,
    closesAfterFlushNanoseconds: null,
  };
}

/**
 * conntrackd.conf. Its sizes are those that the kernel makes of a request, twice as large. Without growth and resync
 * unless the scenario says so, so that what is lost stays lost.
 */
export function conntrackdConfiguration(listener: ListenerScenario, folder: string): string {
  const { bufferBytes, bufferMaxBytes, resyncAfterNanoseconds, policy } = listener;
  const resync = resyncAfterNanoseconds === null ? "Off" : Math.ceil(resyncAfterNanoseconds / SECOND);
  return `General {
  HashSize 65536
  HashLimit 16777216
  LockFile ${folder}/lock
  UNIX {
    Path ${folder}/control
  }
  NetlinkBufferSize ${2 * bufferBytes}
  NetlinkBufferSizeMaxGrowth ${2 * (bufferMaxBytes ?? bufferBytes)}
  NetlinkEventsReliable ${policy === "reliable" ? "On" : "Off"}
  NetlinkOverrunResync ${resync}
}
Stats {
}
`;
}

const LINES: Record<keyof ConntrackdStatistics, RegExp> = {
  active: /^current active connections:\s+(\d+)/m,
  created: /^connections created:\s+(\d+)/m,
  updated: /^connections updated:\s+(\d+)/m,
  destroyed: /^connections destroyed:\s+(\d+)/m,
  eventsReceived: /^\s+events received:\s+(\d+)/m,
  overruns: /^\s+netlink overrun:\s+(\d+)/m,
  resyncs: /^\s+resync with kernel table:\s+(\d+)/m,
  bufferBytes: /^\s+current buffer size \(in bytes\):\s+(\d+)/m,
};

/** From what `conntrackd -s` and `conntrackd -s runtime` print; a line that they do not have is null. */
export function conntrackdStatistics(text: string): ConntrackdStatistics {
  const entries = Object.entries(LINES).map(([key, line]) => {
    const value = line.exec(text)?.[1];
    return [key, value === undefined ? null : Number(value)];
  });
  return Object.fromEntries(entries) as ConntrackdStatistics;
}

export class Conntrackd implements LiveReader {
  readonly scenario: ListenerScenario;
  private readonly configuration: string;
  private readonly process: ChildProcess;
  private output = "";
  private portid = 0;
  private statistics = conntrackdStatistics("");
  private statisticsDue = 0;
  /** ENOBUFS that it had counted when it last resynced. */
  private overrunsAtResync: Figure = 0;
  rcvbufBytes: Figure = null;
  /** When its statistics first showed no entry; null: they show some. */
  private emptyAt: Figure = null;
  /** When its queue was last seen with something in it. */
  private lastQueuedAt = 0;
  private resyncsAtFlush: Figure = null;
  private lastRow: SocketRow = { rmemBytes: 0, drops: 0 };

  /** `mountMemory` mounts a file system in memory over a folder. */
  constructor(listener: ListenerScenario, mountMemory: (folder: string) => void) {
    this.scenario = listener;
    const folder = FOLDERS.find((each) => existsSync(each));
    if (folder === undefined)
      throw new LiveImpossibleError(`conntrackd needs one of the folders ${FOLDERS.join(", ")}`);
    mountMemory(folder);
    this.configuration = `${folder}/conntrackd.conf`;
    writeFileSync(this.configuration, conntrackdConfiguration(listener, folder));
    this.process = spawn("setpriv", ["--pdeathsig", "KILL", "conntrackd", "-C", this.configuration], {
      env: daemonEnvironment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      stream.on("data", (text) => {
        this.output += text;
      });
    }
    this.process.on("error", (error) => {
      this.output += error.message;
    });
  }

  async opened(): Promise<void> {
    for (let waited = 0; this.portid === 0; waited++) {
      if (this.process.exitCode !== null || waited > LONGEST_START_MILLISECONDS) {
        throw new LiveImpossibleError(`conntrackd does not start here: ${this.output.trim().split("\n").at(-1) ?? ""}`);
      }
      await setTimeout(1);
      this.portid = readListeningPortid(EVERY_GROUP) ?? 0;
    }
    this.readStatistics();
    this.rcvbufBytes = this.statistics.bufferBytes;
    this.overrunsAtResync = this.statistics.overruns;
  }

  begin(): void {}

  async prepareFlush(): Promise<void> {
    this.readStatistics();
  }

  flushBegins(nanoseconds: number): void {
    this.lastQueuedAt = nanoseconds;
    this.resyncsAtFlush = this.statistics.resyncs;
  }

  async stop(): Promise<ReaderResult> {
    this.readStatistics();
    const ended = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await ended;
    return {
      conntrackd: this.statistics,
      program: null,
      duplicates: null,
      reordered: null,
      resyncs: this.statistics.resyncs,
      polls: null,
      uniqueDestroy: this.statistics.destroyed ?? 0,
      destroyWithoutNew: 0,
      destroyWithPortid: 0,
      messageBytes: {},
      byClass: null,
    };
  }

  get received(): Received {
    const { created, updated, eventsReceived } = this.statistics;
    // It counts the entries that it knew, and every event: a DESTROY of an unknown entry is the difference.
    const known = created !== null && updated !== null && eventsReceived !== null;
    return { new: created, update: updated, destroy: known ? eventsReceived - created - updated : null };
  }

  get enobufs(): Figure {
    return this.statistics.overruns;
  }

  get alive(): Figure {
    return this.statistics.active;
  }

  /**
   * When it last became free of entries. Its statistics are asked for some times a second at most, so that without a
   * resync since then it is when its queue was last seen with something in it: what it has read it believes.
   */
  get inSyncNanoseconds(): Figure {
    if (this.emptyAt === null) return null;
    return this.resyncedSinceFlush ? this.emptyAt : Math.min(this.emptyAt, this.lastQueuedAt);
  }

  isBehind(): boolean {
    return false;
  }

  row(): SocketRow {
    const { rmemBytes, drops } = this.lastRow;
    this.lastRow = readSocketRow(this.portid) ?? this.lastRow;
    // What was dropped came while its queue was full.
    if (this.lastRow.rmemBytes > 0 || rmemBytes > 0 || this.lastRow.drops > drops) this.lastQueuedAt = now();
    return this.lastRow;
  }

  /** A resync is part of what it does about a loss: where one is due, it is waited for. */
  idle(rmemBytes: number): boolean {
    if (rmemBytes > 0) return false;
    if (this.scenario.resyncAfterNanoseconds === null) return true;
    if (now() >= this.statisticsDue) this.readStatistics();
    return this.overrunsAtResync === this.statistics.overruns;
  }

  private get resyncedSinceFlush(): boolean {
    return this.statistics.resyncs !== this.resyncsAtFlush;
  }

  /** It answers on its control socket between two turns of its loop, so this takes milliseconds. */
  private readStatistics(): void {
    const ask = (...what: string[]): string =>
      spawnSync("conntrackd", ["-C", this.configuration, "-s", ...what], { env: daemonEnvironment(), encoding: "utf8" })
        .stdout;
    const { resyncs } = this.statistics;
    this.statistics = conntrackdStatistics(ask() + ask("runtime"));
    const { active } = this.statistics;
    this.emptyAt = active === 0 ? (this.emptyAt ?? now()) : null;
    if (this.statistics.resyncs !== resyncs) this.overrunsAtResync = this.statistics.overruns;
    this.statisticsDue = now() + STATISTICS_NANOSECONDS;
  }
}
