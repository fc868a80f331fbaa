/**
 * Which kernel release does what: one row of constants by version range. The mechanisms read the row and hold no
 * version number; what changed when is release-changes.ts. A row is composed: the oldest release, and over it every
 * change that had come to a version, by the mainline or by an update of its own stable branch. `releaseFor` maps any
 * version string to its row.
 */
import type { Family, GC_WORKERS, KernelConfig, TimeoutKey } from "../scenario/scenario.js";
import { CHANGES, type Change, FIRST_UNREAD, OLDEST } from "./release-changes.js";
import { levelBehind } from "./vendor-levels.js";

/**
 * The workers that find expired entries nobody looks up, by what a run does. 4.9: a 64th of the table; 4.10: a 128th;
 * 5.14: a pass every 120 s; 5.18: a pass after a mean of the times left that halves; 6.1: after their running mean.
 * `none`: timers.
 */
type GcEra = "none" | (typeof GC_WORKERS)[number];

export interface Release {
  /** First version of the range that the row covers. */
  version: string;
  redelivery: "timer" | "workqueue" | "evict-list";
  /**
   * `old`: a message is accepted while rmem before it is at most rcvbuf; `new` (2025): while rmem after it is, or the
   * queue was empty.
   */
  admission: "old" | "new";
  /** Whether mod_timer() applies slack (apply_slack, 2.6.35 on). */
  timerSlack: boolean;
  /**
   * Attempts per entry in a flush when the first fails: the iterator's own report and then death_by_timeout, or one
   * nf_ct_delete.
   */
  flushAttempts: 1 | 2;
  /**
   * The fair scheduling class, for tasks that share a CPU (sched/): CFS up to 6.5, EEVDF after it, with its base slice
   * on one CPU. `preemption`: how distributions build it. `delaysDequeue`: a task that had more than its share stays in
   * the queue when it sleeps. `hrtick`: a timer ends a request on time, not the next tick. `graceThread`: RCU's grace
   * periods have a thread (rcu_sched, rcu_preempt), which competes at ticks.
   */
  scheduler: {
    policy: "cfs" | "eevdf";
    preemption: "voluntary" | "lazy";
    sliceNanoseconds: number;
    delaysDequeue: boolean;
    hrtick: boolean;
    graceThread: boolean;
  };
  /** Whether a flush reschedules between two entries, so that on one CPU the reader may run meanwhile. */
  flushReschedules: boolean;
  /** By which nodes a flush meets an entry: the first of both, or those of one direction. */
  flushDirection: "either" | "original" | "reply";
  /** A flush does not lock empty buckets; otherwise it may give way after each of them. */
  flushSkipsEmptyBuckets: boolean;
  /** Entries that a worker run delivers per list and run at most (workqueue generation). */
  redeliveryBatch: number;
  /**
   * 5.19 to the updates of July 2026: the worker's test for its 10 ms has its operands exchanged, so a run ends after
   * one delivery.
   */
  invertedDeadline: boolean;
  /**
   * A recv that slept looks at the socket's error again when it wakes (__skb_try_recv_datagram(), 4.5 on), so that it
   * returns ENOBUFS before the messages that came meanwhile.
   */
  recvFindsErrorFirst: boolean;
  /** The timer wheel of 4.8: never early, coarser the further away. Work items are timed by it. */
  coarseTimers: boolean;
  /** How expired entries are found: by a timer each, or by one of the gc workers. */
  gc: GcEra;
  /** Whether the gc worker also evicts when early_drop failed and the table is nearly full (4.12 on). */
  gcEvicts: boolean;
  /** IPS_DYING is set before the DESTROY is attempted, so that its status has the bit (4.9 on). */
  dyingBeforeAttempt: boolean;
  /** A SYN that reopens a closed connection is dropped when the old entry's DESTROY could not be delivered (4.9 on). */
  reopenNeedsDelivery: boolean;
  /** nf_conntrack_events: `auto` gives a flow an event cache only if somebody listened when it was made (5.19 on). */
  events: "on" | "auto" | "off";
  /** An insertion fails in a chain longer than a random limit (5.15 on); null: no limit. */
  chainLimit: { least: number; range: number } | null;
  /**
   * When a UDP conversation with a reply gets the long timeout and ASSURED: at its next packet, or only 2 s after its
   * first.
   */
  udp: "stream-at-once" | "stream-later" | "stream-and-assured-later";
  earlyDrop: {
    /**
     * `oldest`: the last un-assured node of the first bucket that has one; `newest`: the first one of it;
     * `whole-buckets`: all of up to eight.
     */
    victim: "oldest" | "newest" | "whole-buckets";
    /** Up to 3.0 a victim whose DESTROY failed counts as freed, so that the table may exceed its limit. */
    undeliveredCountsAsFreed: boolean;
  };
  /** A packet without new bits retries missed events (4.12 on); before, it does nothing. */
  missedOnlyRetry: boolean;
  /**
   * A message that cannot be built: lost, or kept when a group member set NETLINK_NO_ENOBUFS (nfnetlink_set_err returns
   * their number, 2.6.34).
   */
  buildFailure: "lost" | "kept-for-no-enobufs";
  /** Lower bound of sk_rcvbuf: SOCK_MIN_RCVBUF. */
  rcvbufMinimumBytes: number;
  rmemMaxBytes: number;
  /** `payload`: aligned payload plus sk_buff; `head`: the kmalloc bucket of the head, shared info included (3.2 on). */
  truesize: "payload" | "head";
  estimate: EstimateFacts;
  layout: MessageLayout;
  config: KernelConfig;
  timeoutsSeconds: Record<TimeoutKey, number>;
  buckets: number;
  nfConntrackMax: number;
}

/**
 * What a row of the release table says about E, the estimate of events/estimate.ts. Sums over the three tuples are
 * already tripled.
 */
export interface EstimateFacts {
  /** 3 × nla_policy_len of the addresses: 48 and 120, or 168 for both since one policy lists both families. */
  l3PolicyBytes: Readonly<Record<Family, number>>;
  /** 3 × nla_policy_len of nf_ct_port_nla_policy: 48. */
  portTuplePolicyBytes: number;
  /** 3 × nla_policy_len of icmp_nla_policy or icmpv6_nla_policy: 72. */
  icmpTuplePolicyBytes: number;
  /** nlattr_size of the TCP tracker: 44 by its policy, 32 since TCP_NLATTR_SIZE, which forgets a nest and a scale. */
  tcpProtoinfoBytes: number;
  /** CTA_SECMARK: 8. Later kernels ask for the text of a security context, and for nothing when there is none: 0. */
  secmarkBytes: number;
  /** CTA_ZONE: 8 in kernels that count it, otherwise 0. */
  zoneBytes: number;
  /** CTA_LABELS: 20 for flows with the labels extension. Only a connlabel rule adds it, so a plain flow has 0. */
  labelBytes: number;
  /** Whether the kernel has nf_conntrack_timestamp (2.6.38 on). */
  hasTimestamp: boolean;
  /**
   * CTA_TIMESTAMP_EVENT: 12 in kernels that have it, asked for whether or not the flow has a timestamp; otherwise 0.
   */
  eventTimestampBytes: number;
}

/** What a row of the release table says about the content of messages (events/message-content.ts). */
export interface MessageLayout {
  /** CTA_TIMEOUT in DESTROY: `when-left` (5.15 on) if at least one whole second of it is left. */
  destroyTimeout: "never" | "when-left";
  /** CTA_PROTOINFO in DESTROY: `state` (5.15 on) is the TCP state without window scales and flags. */
  destroyProtoinfo: "never" | "state";
  /** Whether the kernel has nf_conntrack_timestamp (2.6.38 on). */
  hasTimestamp: boolean;
  /** What CTA_TIMESTAMP_EVENT takes: 12 where the kernel has it (6.14 on), otherwise 0. */
  eventTimestampBytes: number;
}

/** The last branch before the first number went up. */
const LAST_OF_MAJOR: Readonly<Record<number, number>> = { 3: 19, 4: 20, 5: 19, 6: 19 };

/**
 * What a nested fact becomes with a change, by both: rows that share a fact share its object, so that they can be told
 * apart.
 */
const MERGED = new Map<object, Map<object, object>>();

/** Every change, with the versions that it came with in numbers: each row asks for all of them. */
const DATED = CHANGES.map((change) => ({
  change,
  firsts: Object.keys(change.from).map((version) => parseVersion(version)!),
}));

/** Every row, oldest first. */
export const RELEASES: readonly Release[] = starts().map(composed);

/**
 * The row that a kernel version falls under: the newest that is not newer than it. Takes any version string that starts
 * with numbers ("3.10.108-rt123"), and knows what hides behind a distribution's; null when it does not, or when it is
 * older than 2.6.31 or newer than what was read.
 */
export function releaseFor(version: string): Release | null {
  const wanted = parseVersion(levelBehind(version)?.least ?? version);
  if (wanted === null || compareVersions(wanted, parseVersion(FIRST_UNREAD)!) >= 0) return null;
  return RELEASES.findLast((release) => compareVersions(parseVersion(release.version)!, wanted) <= 0) ?? null;
}

/**
 * Versions from which a row holds: of every change, and the branch after one that took updates, which has not got them.
 */
function starts(): string[] {
  const versions = new Set([OLDEST.version]);
  for (const version of CHANGES.flatMap(({ from }) => Object.keys(from))) {
    versions.add(version);
    if (isUpdate(parseVersion(version)!)) versions.add(branchAfter(version));
  }
  return [...versions].sort((a, b) => compareVersions(parseVersion(a)!, parseVersion(b)!));
}

function composed(version: string): Release {
  const numbers = parseVersion(version)!;
  const row: Record<string, unknown> = { ...OLDEST, version };
  for (const { change, firsts } of DATED) {
    if (!firsts.some((first) => cameTo(numbers, first))) continue;
    for (const [key, value] of Object.entries(change.facts)) {
      const before = row[key];
      row[key] = isObject(before) && isObject(value) ? joined(before, value) : value;
    }
  }
  return row as unknown as Release;
}

/** Whether what came with `first` is in a version: an update of a stable branch changes that branch only. */
function cameTo(version: readonly number[], first: readonly number[]): boolean {
  return (
    compareVersions(version, first) >= 0 && (!isUpdate(first) || (version[0] === first[0] && version[1] === first[1]))
  );
}

function joined(before: object, facts: object): object {
  const byFacts = MERGED.get(before) ?? new Map<object, object>();
  MERGED.set(before, byFacts);
  const both = byFacts.get(facts) ?? { ...before, ...facts };
  byFacts.set(facts, both);
  return both;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** An update of a stable branch has a third number; before 3.0 the third number is the mainline's. */
function isUpdate([major, , update]: readonly number[]): boolean {
  return major! > 2 && update !== undefined;
}

function branchAfter(version: string): string {
  const [major, minor] = parseVersion(version)! as [number, number];
  return minor === LAST_OF_MAJOR[major] ? `${major + 1}.0` : `${major}.${minor + 1}`;
}

function parseVersion(version: string): number[] | null {
  const match = /^(\d{1,3})\.(\d{1,3})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?(?=$|[-+.~_ ])/.exec(version);
  return match === null
    ? null
    : match
        .slice(1)
        .filter((part) => part !== undefined)
        .map(Number);
}

/** What a version has not, in the order of the mainline. `version`: one that releaseFor() knows. */
export function changesAfter(version: string): Change[] {
  const level = parseVersion(levelBehind(version)?.least ?? version)!;
  return DATED.flatMap(({ change, firsts }) => (firsts.some((first) => cameTo(level, first)) ? [] : change));
}

/** Whether an update came after one level of its branch and not after another; null: no other is known. */
export function cameBetween(update: string, after: string, until: string | null): boolean {
  const [at, low] = [parseVersion(update)!, parseVersion(after)!];
  return compareVersions(at, low) > 0 && (until === null || compareVersions(at, parseVersion(until)!) <= 0);
}

function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
