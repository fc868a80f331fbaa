/**
 * What was found on a host, without root and without a change: kernel, table, settings, the listeners of conntrack's
 * events, and what a flush of the present table would do to each in a simulation. What the kernel does not tell is
 * null.
 */
import type { EventGroup, ListenerScenario, TimeoutKey } from "../scenario/scenario.js";

type Figure = number | null;

/** The process that holds a socket open. */
export interface SocketHolder {
  pid: number;
  name: string;
}

export interface HostListener {
  /** Null: `hidden` says why. */
  holder: SocketHolder | null;
  /** `denied`: some processes do not show their files to this user; `unseen`: none that can be seen holds it. */
  hidden: "denied" | "unseen" | null;
  /** By custom the pid of whoever opened it; the name is that of the process that has this pid now. */
  portid: number;
  portidName: string | null;
  groups: readonly EventGroup[];
  /** sk_rcvbuf, and what waits in it. */
  rcvbufBytes: Figure;
  rmemBytes: number;
  /** Since it was opened. */
  drops: number;
  broadcastError: boolean | null;
  noEnobufs: boolean | null;
}

/** Sums over all CPUs since boot, of /proc/net/stat/nf_conntrack. */
export interface HostCounters {
  drop: number;
  earlyDrop: number;
  insertFailed: number;
}

export interface HostTable {
  /** Alive and dying. */
  count: number;
  max: Figure;
  buckets: Figure;
  /** nf_conntrack_events; null: built without events. */
  events: Figure;
  acct: boolean | null;
  timestamp: boolean | null;
  /** Null: this kernel does not tell. */
  counters: HostCounters | null;
  /** All that it tells, in whole seconds. */
  timeoutsSeconds: Partial<Record<TimeoutKey, number>>;
}

export interface HostFacts {
  kernel: {
    release: string;
    /** The row of the model; null: a kernel that it does not know. */
    modelledAs: string | null;
    /** What the name of the kernel hides. */
    note: string | null;
  };
  cpus: number;
  hz: Figure;
  /** OpenWrt, whose kernels send events through a chain of notifiers. */
  openWrt: boolean;
  /** As /proc/self/ns/net names it: everything here is about it and no other. */
  namespace: string | null;
  rmemDefaultBytes: Figure;
  rmemMaxBytes: Figure;
  /** Null: conntrack has no files in this namespace. */
  table: HostTable | null;
  listeners: readonly HostListener[];
  /** What could not be read, in sentences. */
  unread: readonly string[];
}

/** What a flush of the present table did to a listener in a simulation. */
export interface HostFlush {
  /** DESTROY messages that fit while nobody reads, and what each is charged. */
  capacityMessages: number;
  truesizeBytes: number;
  entries: number;
  raised: number;
  delivered: number;
  lost: number;
  pending: number;
  refused: number;
  peakDying: number;
  emptyAfterFlushSeconds: Figure;
}

export interface HostVerdict {
  /** The reader of the simulation; null: nothing was simulated. */
  listener: ListenerScenario | null;
  flush: HostFlush | null;
  sentence: string;
}

export interface HostSample {
  /** Between it and the one before, by the clock. */
  seconds: number;
  count: Figure;
  dropPerSecond: Figure;
  earlyDropPerSecond: Figure;
  /** In the order of the listeners; null: it is closed. */
  listenerDropsPerSecond: readonly Figure[];
}

export interface HostReport {
  schemaVersion: 1;
  tool: { name: "ct-reliable"; version: string };
  facts: HostFacts;
  /** One for each listener, in their order. */
  verdicts: readonly HostVerdict[];
  /** What the simulations took for granted, in sentences. */
  assumed: readonly string[];
  samples: readonly HostSample[];
}
