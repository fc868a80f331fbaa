/**
 * What a host is set to and who listens to conntrack on it: read from /proc and NETLINK_SOCK_DIAG alone, of the network
 * namespace that the process is in. It makes, enters and writes nothing and needs no privileges. Where the files come
 * from is the caller's, so that a recorded host can be surveyed, too.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { releaseFor } from "../../kernel/release.js";
import { hiddenLevel } from "../../kernel/vendor.js";
import type { HostCounters, HostFacts, HostListener, HostSample, HostTable, SocketHolder } from "../../report/host.js";
import { sysctlOf } from "../../scenario/configurations/sysctl.js";
import { TIMEOUT_KEYS } from "../../scenario/parameters/kernel.js";
import type { NetlinkSocketState } from "../../wire/sock-diag.js";
import { type LiveHost, liveHost } from "./host.js";
import { LiveImpossibleError } from "./impossible.js";
import { conntrackGroups, SocketTable, socketsInProc } from "./socket-table.js";
import { loadSystemCalls } from "./system-calls.js";

/** Where a survey looks. Nothing here throws for what is not there or may not be read. */
export interface HostSource {
  machine: Pick<LiveHost, "system" | "release" | "cpus" | "hz">;
  /** Null: it cannot be read. */
  text(path: string): string | null;
  target(link: string): string | null;
  /** The names in a folder; null: it may not be read, or is not there. */
  names(folder: string): readonly string[] | null;
  /** Every netfilter socket of the namespace; null: only /proc/net/netlink tells of them. */
  sockets(): readonly NetlinkSocketState[] | null;
  close(): void;
}

const NETLINK = "/proc/net/netlink";
const STATISTICS = "/proc/net/stat/nf_conntrack";
const CONNTRACK = "/proc/sys/net/netfilter/nf_conntrack_";
const CORE = "/proc/sys/net/core/";

/** The machine that this runs on. */
export async function thisHost(): Promise<HostSource> {
  const machine = liveHost();
  const table = machine.system === "Linux" ? await socketTable() : null;
  return {
    machine,
    text: (path) => orNull(() => readFileSync(path, "latin1")),
    target: (link) => orNull(() => readlinkSync(link)),
    names: (folder) => orNull(() => readdirSync(folder)),
    sockets: () => table?.read() ?? null,
    close: () => table?.close(),
  };
}

/** Null: without koffi nobody can be asked. */
async function socketTable(): Promise<SocketTable | null> {
  try {
    return new SocketTable(await loadSystemCalls());
  } catch {
    return null;
  }
}

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** @throws LiveImpossibleError where there is no Linux, or no /proc */
export function surveyOf(source: HostSource): HostFacts {
  const { system, release, cpus, hz } = source.machine;
  if (system !== "Linux") throw new LiveImpossibleError(`expected Linux, got ${system}`, "host");
  const netlink = source.text(NETLINK);
  if (netlink === null)
    throw new LiveImpossibleError(`expected ${NETLINK}, got no such file: is /proc mounted?`, "host");
  const listeners = listenersOf(source, netlink);
  const table = tableOf(source);
  const facts = {
    kernel: { release, modelledAs: releaseFor(release)?.version ?? null, note: hiddenLevel(release) },
    cpus,
    hz,
    openWrt: source.text("/etc/openwrt_release") !== null,
    namespace: source.target("/proc/self/ns/net"),
    rmemDefaultBytes: numberIn(source, `${CORE}rmem_default`),
    rmemMaxBytes: numberIn(source, `${CORE}rmem_max`),
    table,
    listeners,
  };
  return { ...facts, unread: unreadOf(facts) };
}

/** Sockets that joined a group of conntrack's events, as they are now. */
function conntrackSockets(source: HostSource, netlink: string): NetlinkSocketState[] {
  const sockets = source.sockets() ?? socketsInProc(netlink);
  return sockets.filter(({ groups }) => conntrackGroups(groups).length > 0).sort((a, b) => a.inode - b.inode);
}

function listenersOf(source: HostSource, netlink: string): HostListener[] {
  const sockets = conntrackSockets(source, netlink);
  if (sockets.length === 0) return [];
  const { byInode, denied } = holdersOf(source, new Set(sockets.map(({ inode }) => inode)));
  return sockets.map(({ portid, inode, groups, rcvbufBytes, rmemBytes, drops, broadcastError, noEnobufs }) => {
    const holder = byInode.get(inode) ?? null;
    return {
      holder,
      hidden: holder !== null ? null : denied ? ("denied" as const) : ("unseen" as const),
      portid,
      portidName: nameOf(source, portid),
      groups: conntrackGroups(groups),
      rcvbufBytes,
      rmemBytes,
      drops,
      broadcastError,
      noEnobufs,
    };
  });
}

/** Which process holds which of these sockets, and whether some process does not say. */
function holdersOf(source: HostSource, inodes: ReadonlySet<number>) {
  const byInode = new Map<number, SocketHolder>();
  let denied = false;
  for (const entry of source.names("/proc") ?? []) {
    if (!/^\d+$/.test(entry)) continue;
    const descriptors = source.names(`/proc/${entry}/fd`);
    // One that has ended in between has no name either.
    if (descriptors === null) denied ||= nameOf(source, Number(entry)) !== null;
    for (const descriptor of descriptors ?? []) {
      const inode = Number(/^socket:\[(\d+)\]$/.exec(source.target(`/proc/${entry}/fd/${descriptor}`) ?? "")?.[1]);
      if (!inodes.has(inode) || byInode.has(inode)) continue;
      byInode.set(inode, { pid: Number(entry), name: nameOf(source, Number(entry)) ?? "" });
    }
  }
  return { byInode, denied };
}

function nameOf(source: HostSource, pid: number): string | null {
  return source.text(`/proc/${pid}/comm`)?.trim() ?? null;
}

function tableOf(source: HostSource): HostTable | null {
  const sysctl = (name: string): number | null => numberIn(source, `${CONNTRACK}${name}`);
  const onOff = (name: string): boolean | null => {
    const value = sysctl(name);
    return value === null ? null : value !== 0;
  };
  const count = sysctl("count");
  if (count === null) return null;
  const timeouts = TIMEOUT_KEYS.flatMap((key) => {
    const name = sysctlOf(key);
    const seconds = name === null ? null : sysctl(name);
    return seconds === null ? [] : [[key, seconds]];
  });
  return {
    count,
    max: sysctl("max"),
    buckets: sysctl("buckets"),
    events: sysctl("events"),
    acct: onOff("acct"),
    timestamp: onOff("timestamp"),
    counters: countersIn(source.text(STATISTICS)),
    timeoutsSeconds: Object.fromEntries(timeouts),
  };
}

/** A head with the names of the columns, then a row in hexadecimal for each CPU. */
export function countersIn(statistics: string | null): HostCounters | null {
  const [head = "", ...rows] = (statistics ?? "").trim().split("\n");
  const columns = head.trim().split(/\s+/);
  const cells = rows.map((row) => row.trim().split(/\s+/));
  const sum = (name: string): number => {
    const at = columns.indexOf(name);
    return at < 0 ? Number.NaN : cells.reduce((total, row) => total + Number.parseInt(row[at] ?? "", 16), 0);
  };
  const counters = { drop: sum("drop"), earlyDrop: sum("early_drop"), insertFailed: sum("insert_failed") };
  return rows.length === 0 || Object.values(counters).some(Number.isNaN) ? null : counters;
}

/** A number alone in a file, or null. */
function numberIn(source: HostSource, path: string): number | null {
  const text = source.text(path)?.trim() ?? "";
  return /^\d+$/.test(text) ? Number(text) : null;
}

function unreadOf({ listeners, table, rmemMaxBytes, namespace }: Omit<HostFacts, "unread">): string[] {
  const sentences: string[] = [];
  if (table === null) {
    const place = namespace ?? "this network namespace";
    sentences.push(`Conntrack has no files in ${place}: it is not loaded, or nothing in it uses conntrack.`);
  } else if (table.counters === null) {
    sentences.push(`${STATISTICS} is not there, so drop and early_drop are not known.`);
  }
  if (rmemMaxBytes === null) {
    sentences.push(`${CORE}rmem_max is not there, as in a container; the limit of the host is not known.`);
  }
  if (listeners.some(({ hidden }) => hidden === "denied")) {
    sentences.push("Whose socket it is, is told only where /proc/PID/fd may be read: of other users only as root.");
  }
  if (listeners.some(({ hidden }) => hidden === "unseen")) {
    sentences.push("A socket is held by no process that can be seen here: it may be in another pid namespace.");
  }
  if (listeners.some(({ rcvbufBytes }) => rcvbufBytes === null)) {
    sentences.push(
      "Receive buffers and options are told by NETLINK_SOCK_DIAG alone, which cannot be asked here (npm install koffi, or netlink_diag.ko).",
    );
  }
  return sentences;
}

/** What counts up, at one moment. */
export interface HostReading {
  count: number | null;
  counters: HostCounters | null;
  /** By the port of the socket. */
  drops: ReadonlyMap<number, number>;
}

export function readingOf(source: HostSource): HostReading {
  const sockets = conntrackSockets(source, source.text(NETLINK) ?? "");
  return {
    count: numberIn(source, `${CONNTRACK}count`),
    counters: countersIn(source.text(STATISTICS)),
    drops: new Map(sockets.map(({ portid, drops }) => [portid, drops])),
  };
}

/** From one reading to the next. A counter that went back was another's, or began again: nothing is told of it. */
export function sampleOf(
  before: HostReading,
  after: HostReading,
  listeners: readonly HostListener[],
  seconds: number,
): HostSample {
  const rate = (from: number | undefined, to: number | undefined): number | null =>
    from === undefined || to === undefined || to < from ? null : (to - from) / seconds;
  return {
    seconds,
    count: after.count,
    dropPerSecond: rate(before.counters?.drop, after.counters?.drop),
    earlyDropPerSecond: rate(before.counters?.earlyDrop, after.counters?.earlyDrop),
    listenerDropsPerSecond: listeners.map(({ portid }) => rate(before.drops.get(portid), after.drops.get(portid))),
  };
}
