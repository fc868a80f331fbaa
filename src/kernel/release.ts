/**
 * Which kernel release does what: one row of constants by version range. It owns every fact that dates a behaviour; the
 * mechanisms read the row and hold no version number. `releaseFor` maps any version string to the row it falls under.
 * Each row names what it changes against the row before it, with the kernel symbol and, where known, the commit.
 */
import type { Family, KernelConfig, TimeoutKey } from "../scenario/scenario.js";

export interface Release {
  /** First version of the range that the row covers. */
  version: string;
  redelivery: "timer" | "workqueue" | "evict-list";
  /** `old`: a message is accepted while rmem before it is at most rcvbuf; `new` (2025): while rmem after it is, or the queue was empty. */
  admission: "old" | "new";
  /** Whether mod_timer() applies slack (apply_slack, 2.6.35 on). */
  timerSlack: boolean;
  /** Attempts per entry in a flush when the first fails: the iterator's own report and then death_by_timeout, or one nf_ct_delete. */
  flushAttempts: 1 | 2;
  /** Whether a flush reschedules between two entries, so that on one CPU the reader may run meanwhile. */
  flushReschedules: boolean;
  /** Entries that a worker run delivers per list and run at most (workqueue generation). */
  redeliveryBatch: number;
  /** 5.19 to 6.18.39: the worker's test for its 10 ms has its operands exchanged, so a run ends after one delivery. */
  invertedDeadline: boolean;
  /** The timer wheel of 4.8: never early, coarser the further away. Work items are timed by it. */
  coarseTimers: boolean;
  /** How expired entries are found: by a timer each, or by a gc worker that scans fractions, or whole passes, of the table. */
  gc: "none" | "fraction" | "pass";
  /** Whether the gc worker also evicts when early_drop failed and the table is nearly full (4.12 on). */
  gcEvicts: boolean;
  /** IPS_DYING is set before the DESTROY is attempted, so that its status has the bit (4.9 on). */
  dyingBeforeAttempt: boolean;
  /** A SYN that reopens a closed connection is dropped when the old entry's DESTROY could not be delivered (4.9 on). */
  reopenNeedsDelivery: boolean;
  /** Default of nf_conntrack_events: `auto` gives a flow an event cache only if somebody listened when it was made (5.19 on). */
  events: "on" | "auto";
  /** An insertion fails in a chain longer than a random limit (5.15 on); null: no limit. */
  chainLimit: { least: number; range: number } | null;
  /** When a UDP conversation with a reply gets the long timeout and ASSURED: at its next packet, or only 2 s after its first. */
  udp: "stream-at-once" | "stream-later" | "stream-and-assured-later";
  earlyDrop: {
    /** `oldest`: the last un-assured node of the first bucket that has one; `newest`: the first one of it; `whole-buckets`: all of up to eight. */
    victim: "oldest" | "newest" | "whole-buckets";
    /** Up to 3.0 a victim whose DESTROY failed counts as freed, so that the table may exceed its limit. */
    undeliveredCountsAsFreed: boolean;
  };
  /** A packet without new bits retries missed events (4.12 on); before, it does nothing. */
  missedOnlyRetry: boolean;
  /** A message that cannot be built: lost, or kept when a group member set NETLINK_NO_ENOBUFS (nfnetlink_set_err returns their number, 2.6.34). */
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

/** What a row of the release table says about E, the estimate of events/estimate.ts. Sums over the three tuples are already tripled. */
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
  /** CTA_TIMESTAMP_EVENT: 12 in kernels that have it, asked for whether or not the flow has a timestamp; otherwise 0. */
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

/** net/netfilter/nf_conntrack_proto_*.c, unchanged from 2.6.31 to 6.18 but for udp_stream (120 s from 5.0). */
const TIMEOUTS_SECONDS: Record<TimeoutKey, number> = {
  tcp_syn_sent: 120,
  tcp_syn_recv: 60,
  tcp_established: 432_000,
  tcp_fin_wait: 120,
  tcp_close_wait: 60,
  tcp_last_ack: 30,
  tcp_time_wait: 120,
  tcp_close: 10,
  tcp_syn_sent2: 120,
  udp: 30,
  udp_stream: 180,
  icmp: 30,
};

const R2_6_31: Release = {
  version: "2.6.31",
  redelivery: "timer",
  admission: "old",
  timerSlack: false,
  flushAttempts: 2,
  flushReschedules: false,
  redeliveryBatch: 0,
  invertedDeadline: false,
  coarseTimers: false,
  gc: "none",
  gcEvicts: false,
  dyingBeforeAttempt: false,
  reopenNeedsDelivery: false,
  events: "on",
  chainLimit: null,
  udp: "stream-at-once",
  earlyDrop: { victim: "oldest", undeliveredCountsAsFreed: true },
  missedOnlyRetry: false,
  buildFailure: "lost",
  rcvbufMinimumBytes: 256,
  // sk_init() raises rmem_max to 131071 on machines with 512 MB or more.
  rmemMaxBytes: 131_071,
  truesize: "payload",
  estimate: {
    l3PolicyBytes: { ipv4: 48, ipv6: 120 },
    portTuplePolicyBytes: 48,
    icmpTuplePolicyBytes: 72,
    tcpProtoinfoBytes: 44,
    secmarkBytes: 8,
    zoneBytes: 0,
    labelBytes: 0,
    hasTimestamp: false,
    eventTimestampBytes: 0,
  },
  layout: { destroyTimeout: "never", destroyProtoinfo: "never", hasTimestamp: false, eventTimestampBytes: 0 },
  config: {
    acct: true,
    nat: true,
    mark: true,
    secmark: true,
    timestamp: false,
    skBuffBytes: 232,
    // nla_policy_len() never advances over its policy before 2.6.39 (mended by e3fa3aff0cb1, id not verified).
    nlaPolicyLenCounts: false,
    smallHeadBytes: 0,
  },
  timeoutsSeconds: TIMEOUTS_SECONDS,
  // nf_conntrack_init(): 16384 buckets above 1 GiB of memory, four entries a bucket.
  buckets: 16_384,
  nfConntrackMax: 65_536,
};

/** 1a50307ba182 and 37b7ef720324: nfnetlink_set_err() answers how many listeners set NETLINK_NO_ENOBUFS. */
const R2_6_34: Release = { ...R2_6_31, version: "2.6.34", buildFailure: "kept-for-no-enobufs" };

const R2_6_35: Release = { ...R2_6_34, version: "2.6.35", timerSlack: true };

/** The timestamp extension. */
const R2_6_38: Release = {
  ...R2_6_35,
  version: "2.6.38",
  estimate: { ...R2_6_35.estimate, hasTimestamp: true },
  layout: { ...R2_6_35.layout, hasTimestamp: true },
};

/** nla_policy_len() walks a policy, where it stood still on its empty first entry (mended between 2.6.35 and 3.0.1; believed 2.6.39). */
const R2_6_39: Release = {
  ...R2_6_38,
  version: "2.6.39",
  config: { ...R2_6_38.config, nlaPolicyLenCounts: true },
};

const R3_0: Release = { ...R2_6_39, version: "3.0", rcvbufMinimumBytes: 2048 + 232 };

/** 3.2: truesize charges what the allocator really takes (87fb4b7b533a, id not verified); sizeof(struct sk_buff) aligned is 256. */
const R3_2: Release = {
  ...R3_0,
  version: "3.2",
  truesize: "head",
  rcvbufMinimumBytes: 2048 + 240,
  rmemMaxBytes: 212_992,
  config: { ...R3_0.config, skBuffBytes: 256 },
};

/** early_drop() believes only a victim that ended with IPS_DYING (mended between 3.0.1 and 3.4.2). */
const R3_4: Release = { ...R3_2, version: "3.4", earlyDrop: { victim: "oldest", undeliveredCountsAsFreed: false } };

/** 5b423f6a40a0: the retry timer moves from nf_conn to the event cache extension; nothing that a run shows. */
const R3_6: Release = { ...R3_4, version: "3.6" };

const R3_10: Release = { ...R3_6, version: "3.10" };

/** c655bc6896b9: the iterator of a flush no longer reports by itself. eea86af6b1e1 (3.11): SOCK_MIN_RCVBUF counts sk_buff aligned. */
const R3_12: Release = { ...R3_10, version: "3.12", flushAttempts: 1, rcvbufMinimumBytes: 2048 + 256 };

/** early_drop() takes the first un-assured node of a bucket. */
const R3_14: Release = { ...R3_12, version: "3.14", earlyDrop: { victim: "newest", undeliveredCountsAsFreed: false } };

/** The last of the timers; b7779d06f995 (3.15): the lists of dying entries are one per CPU, nothing that a run shows. */
const R3_16: Release = { ...R3_14, version: "3.16" };

/** 9500507c6138: a work item over per-CPU dying lists takes the place of the timers, and the sysctl of the grace window goes. */
const R3_17: Release = { ...R3_16, version: "3.17", redelivery: "workqueue", timerSlack: true, redeliveryBatch: 16 };

/** 242922a02717: early_drop() without a lock, over whole buckets; the timer wheel without slack. A flush reschedules since 4.5 or 4.6. */
const R4_8: Release = {
  ...R3_17,
  version: "4.8",
  timerSlack: false,
  coarseTimers: true,
  flushReschedules: true,
  earlyDrop: { victim: "whole-buckets", undeliveredCountsAsFreed: false },
};

/** f330a7fdbe16 and b87a2f9199ea: no timer per entry any more, a gc worker; nf_ct_kill() answers what nf_ct_delete() did. */
const R4_9: Release = {
  ...R4_8,
  version: "4.9",
  gc: "fraction",
  dyingBeforeAttempt: true,
  reopenNeedsDelivery: true,
};

/** The guard that stopped a packet without new bits goes (between 4.10 and 4.14; believed 4.12, id not verified). */
const R4_12: Release = { ...R4_9, version: "4.12", missedOnlyRetry: true, gcEvicts: true };

const R5_0: Release = {
  ...R4_12,
  version: "5.0",
  udp: "stream-later",
  timeoutsSeconds: { ...R4_12.timeoutsSeconds, udp_stream: 120 },
  estimate: {
    ...R4_12.estimate,
    // One policy lists the addresses of both families; the tracker's own size forgets a nest and a scale.
    l3PolicyBytes: { ipv4: 168, ipv6: 168 },
    tcpProtoinfoBytes: 32,
    secmarkBytes: 0,
    zoneBytes: 8,
  },
  // nf_conntrack_init_start(): 65536 buckets above 4 GiB of memory, four entries a bucket.
  buckets: 65_536,
  nfConntrackMax: 262_144,
};

const R5_4: Release = { ...R5_0, version: "5.4" };

/** 63f55acf7b47: the batch grows to 256 bytes of pointers. */
const R5_5: Release = { ...R5_4, version: "5.5", redeliveryBatch: 32 };

const R5_10: Release = { ...R5_5, version: "5.10" };

/** b3afdc175863 and its time: DESTROY tells timeout and TCP state; the gc worker makes whole passes; chains have a limit. */
const R5_15: Release = {
  ...R5_10,
  version: "5.15",
  gc: "pass",
  layout: { ...R5_10.layout, destroyTimeout: "when-left", destroyProtoinfo: "state" },
  chainLimit: { least: 8, range: 24 },
  // 262144 buckets above 4 GiB of memory, one entry a bucket.
  buckets: 262_144,
  nfConntrackMax: 262_144,
};

/** 2ed3bf188b33 and 0d3cc504ba9c: one list of undelivered entries, every 10 ms; events only for flows that somebody listens to. */
const R5_19: Release = {
  ...R5_15,
  version: "5.19",
  redelivery: "evict-list",
  redeliveryBatch: 0,
  invertedDeadline: true,
  events: "auto",
  udp: "stream-and-assured-later",
};

const R6_1: Release = { ...R5_19, version: "6.1", chainLimit: { least: 50, range: 30 } };

/** The admission rule of July 2025 came to the stable branches with that month's updates. */
const R6_1_146: Release = { ...R6_1, version: "6.1.146", admission: "new" };

/** A branch of its own: what 6.1's stable updates took in 2025 is not in it. */
const R6_2: Release = { ...R6_1, version: "6.2" };

/** The allocator of socket buffers has a cache for small heads, of this size with a distribution's options. */
const R6_3: Release = { ...R6_2, version: "6.3", config: { ...R6_2.config, smallHeadBytes: 704 } };

/** The time of the event is part of a message when the timestamp extension is on. */
const R6_14: Release = {
  ...R6_3,
  version: "6.14",
  layout: { ...R6_3.layout, eventTimestampBytes: 12 },
  estimate: { ...R6_3.estimate, eventTimestampBytes: 12 },
};

/** ae8f160e7eb2 and a3c4a125ec72 (ids not verified): the overshoot by one message goes. */
const R6_16: Release = { ...R6_14, version: "6.16", admission: "new" };

/** net.core.rmem_max is 4 MiB. */
const R6_18: Release = { ...R6_16, version: "6.18", rmemMaxBytes: 4_194_304 };

const R6_18_40: Release = { ...R6_18, version: "6.18.40", invertedDeadline: false };

/** First version that nobody has read: a row for newer kernels waits for somebody who does. */
const FIRST_UNREAD = [6, 19] as const;

/** Every row, oldest first. */
export const RELEASES: readonly Release[] = [
  R2_6_31,
  R2_6_34,
  R2_6_35,
  R2_6_38,
  R2_6_39,
  R3_0,
  R3_2,
  R3_4,
  R3_6,
  R3_10,
  R3_12,
  R3_14,
  R3_16,
  R3_17,
  R4_8,
  R4_9,
  R4_12,
  R5_0,
  R5_4,
  R5_5,
  R5_10,
  R5_15,
  R5_19,
  R6_1,
  R6_1_146,
  R6_2,
  R6_3,
  R6_14,
  R6_16,
  R6_18,
  R6_18_40,
];

/**
 * The row that a kernel version falls under: the newest that is not newer than it. Takes any version string that starts with
 * numbers ("3.10.108-rt123"); null when it does not, or when it is outside 2.6.31 to 6.18.
 */
export function releaseFor(version: string): Release | null {
  const wanted = parseVersion(version);
  if (wanted === null || compareVersions(wanted, FIRST_UNREAD) >= 0) return null;
  return RELEASES.findLast((release) => compareVersions(parseVersion(release.version)!, wanted) <= 0) ?? null;
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

function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
