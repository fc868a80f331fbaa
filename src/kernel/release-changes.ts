/**
 * What changed in the kernel, when, and how that is known: the oldest release whole, and then every change as data. A
 * change names the mainline version that brought it and the first update of each stable branch that took it, because
 * people run branches: 5.10.62 has a rule of 5.14 that 5.13 has not. release.ts composes the rows; docs/MODEL.md has
 * the table, made of this list. A change without facts is a version that people ask for by name.
 */
import type { TimeoutKey } from "../scenario/scenario.js";
import type { Release } from "./release.js";

/**
 * How it is known that a rule came with a version: a recording of the branch shows it; the source of that version and
 * of the one before was read; it is in the list of what the version took; or it is believed, and nobody has looked.
 */
export type Known = "recorded" | "read" | "listed" | "believed";

/** The facts of a change; of a nested one only the fields that change. */
type ChangedFacts = {
  readonly [K in Exclude<keyof Release, "version">]?: Release[K] extends string | number | boolean | null
    ? Release[K]
    : Release[K] extends object
      ? Partial<Release[K]>
      : Release[K];
};

export interface Change {
  /** First the mainline version, then the first update of every stable branch that took it. */
  readonly from: Readonly<Record<string, Known>>;
  /** The rule in one sentence or a few words, as the table of docs/MODEL.md prints it. */
  readonly what: string;
  /** Commits of the mainline; null: not known. */
  readonly commit: string | null;
  readonly facts: ChangedFacts;
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
  icmpv6: 30,
};

/** dd7669a9, the release of the commit. */
export const OLDEST: Release = {
  version: "2.6.31",
  redelivery: "timer",
  admission: "old",
  timerSlack: false,
  flushAttempts: 2,
  scheduler: {
    policy: "cfs",
    preemption: "voluntary",
    sliceNanoseconds: 0,
    delaysDequeue: false,
    hrtick: false,
    graceThread: false,
  },
  flushReschedules: false,
  flushDirection: "either",
  flushSkipsEmptyBuckets: false,
  redeliveryBatch: 0,
  invertedDeadline: false,
  recvFindsErrorFirst: false,
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
    chainEvents: false,
  },
  timeoutsSeconds: TIMEOUTS_SECONDS,
  // nf_conntrack_init(): 16384 buckets above 1 GiB of memory, four entries a bucket.
  buckets: 16_384,
  nfConntrackMax: 65_536,
};

/** In the order of the mainline: of two that change the same fact, the later one holds where both came. */
export const CHANGES: readonly Change[] = [
  {
    from: { "2.6.34": "read" },
    what: "a message that cannot be built is kept for listeners with NETLINK_NO_ENOBUFS (nfnetlink_set_err() counts them)",
    commit: "1a50307ba182, 37b7ef720324",
    facts: { buildFailure: "kept-for-no-enobufs" },
  },
  {
    from: { "2.6.35": "recorded" },
    what: "timer slack: a timer may fire up to 1/256 of its delay late, at the roundest jiffy in that range",
    commit: null,
    facts: { timerSlack: true },
  },
  {
    from: { "2.6.38": "read" },
    what: "the timestamp extension (off unless asked for)",
    commit: null,
    facts: { estimate: { hasTimestamp: true }, layout: { hasTimestamp: true } },
  },
  {
    // Mended between 2.6.35 and 3.0.1.
    from: { "2.6.39": "believed" },
    what: "nla_policy_len() walks a policy, so that the estimate of a message counts all attributes",
    commit: "e3fa3aff0cb1 (not verified)",
    facts: { config: { nlaPolicyLenCounts: true } },
  },
  {
    from: { "3.0": "read" },
    what: "least receive buffer 2,280",
    commit: null,
    facts: { rcvbufMinimumBytes: 2048 + 232 },
  },
  {
    // sizeof(struct sk_buff) aligned is 256.
    from: { "3.2": "read" },
    what: "a message is charged what the allocator really takes; `rmem_max` 212,992, least receive buffer 2,288",
    commit: "87fb4b7b533a (not verified)",
    facts: {
      truesize: "head",
      rcvbufMinimumBytes: 2048 + 240,
      rmemMaxBytes: 212_992,
      config: { skBuffBytes: 256 },
    },
  },
  {
    // Mended between 3.0.1 and 3.4.2.
    from: { "3.4": "read" },
    what: "early_drop believes only in a victim whose DESTROY went out: the limit of the table is hard from here on",
    commit: null,
    facts: { earlyDrop: { undeliveredCountsAsFreed: false } },
  },
  {
    from: { "3.6": "recorded" },
    what: "the retry timer moves to the event cache; nothing that a run shows",
    commit: "5b423f6a40a0",
    facts: {},
  },
  {
    from: { "3.7": "read" },
    what: "grace periods of RCU get a thread, which makes tasks of one CPU give way at ticks",
    commit: "b3dbec76e533",
    facts: { scheduler: { graceThread: true } },
  },
  { from: { "3.10": "recorded" }, what: "nothing; recordings of it exist", commit: null, facts: {} },
  {
    from: { "3.12": "read" },
    what: "one attempt per entry in a flush instead of two, which looks at the nodes of one direction; least receive buffer 2,304",
    commit: "c655bc6896b9, eea86af6b1e1",
    facts: { flushAttempts: 1, flushDirection: "original", rcvbufMinimumBytes: 2048 + 256 },
  },
  {
    from: { "3.14": "read" },
    what: "early_drop takes the newest un-assured entry of a bucket, not the oldest",
    commit: null,
    facts: { earlyDrop: { victim: "newest" } },
  },
  {
    from: { "3.16": "read" },
    what: "the last release with retry timers; nothing that a run shows",
    commit: "b7779d06f995",
    facts: {},
  },
  {
    from: { "3.17": "read" },
    what: "redelivery by workqueue, batches of 16; the sysctl of the grace window goes",
    commit: "9500507c6138",
    facts: { redelivery: "workqueue", redeliveryBatch: 16 },
  },
  {
    // A flush reschedules since 4.5 or 4.6; a recv that slept looks at the error again since 4.5 (ea3793ee29d3).
    from: { "4.8": "read" },
    what:
      "early_drop over eight whole buckets; timers are never early and coarser the further away; a flush reschedules; " +
      "a recv that slept returns ENOBUFS before a message",
    commit: "242922a02717",
    facts: {
      timerSlack: false,
      coarseTimers: true,
      flushReschedules: true,
      recvFindsErrorFirst: true,
      earlyDrop: { victim: "whole-buckets" },
    },
  },
  {
    from: { "4.9": "read" },
    what:
      "no timer per entry: a gc worker scans 1/64 of the table per run, every 0 to 2 s; DYING is set before the attempt; " +
      "a SYN that reopens a closed connection is dropped when the old DESTROY fails",
    commit: "f330a7fdbe16, b87a2f9199ea, e0df8cae6c16",
    facts: { gc: "fraction-64", dyingBeforeAttempt: true, reopenNeedsDelivery: true },
  },
  {
    from: { "4.10": "read", "4.9.76": "read" },
    what: "the gc worker scans 1/128 per run, a whole table in 16 s at most, without a cap",
    commit: "e5072053b096",
    facts: { gc: "fraction-128" },
  },
  {
    // Between 4.10.13 and 4.14.
    from: { "4.12": "believed" },
    what: "every packet retries missed bits; while the table is 95 % full and early_drop failed, the gc worker evicts, too",
    commit: "c6dd940b1f74",
    facts: { missedOnlyRetry: true, gcEvicts: true },
  },
  {
    // 65536 buckets above 4 GiB of memory, four entries a bucket. The tracker's own size forgets a nest and a scale.
    from: { "5.0": "read" },
    what: "a UDP flow gets the long timeout, now 120 s, only 2 s after its first packet; buckets 65,536, `nf_conntrack_max` 262,144",
    commit: "d535c8a69c19",
    facts: {
      udp: "stream-later",
      timeoutsSeconds: { udp_stream: 120 },
      estimate: {
        // One policy lists the addresses of both families.
        l3PolicyBytes: { ipv4: 168, ipv6: 168 },
        tcpProtoinfoBytes: 32,
        secmarkBytes: 0,
        zoneBytes: 8,
      },
      buckets: 65_536,
      nfConntrackMax: 262_144,
    },
  },
  { from: { "5.4": "recorded" }, what: "nothing; recordings of it exist", commit: null, facts: {} },
  { from: { "5.5": "read" }, what: "worker batches of 32", commit: "63f55acf7b47", facts: { redeliveryBatch: 32 } },
  {
    // 5.4.y has it not.
    from: { "5.10": "read" },
    what: "a flush looks at the nodes of the other direction; nothing that a run shows",
    commit: null,
    facts: { flushDirection: "reply" },
  },
  {
    // The stable queues of 1 September 2021 have it for 4.19 to 5.13, and not for 4.9 and 4.14.
    from: { "5.14": "listed", "5.13.14": "listed", "5.10.62": "recorded", "5.4.144": "read", "4.19.206": "listed" },
    what: "the gc worker makes one pass over the whole table every 120 s, without a cap on what one pass evicts",
    commit: "4608fdfc07e1",
    facts: { gc: "pass-120s" },
  },
  {
    from: { "5.15": "read" },
    what: "DESTROY tells the timeout that is left and the TCP state; an insertion into a chain of more than 9 to 32 nodes fails; buckets 262,144",
    commit: "b3afdc175863, d7e7747ac5c2",
    facts: {
      layout: { destroyTimeout: "when-left", destroyProtoinfo: "state" },
      chainLimit: { least: 8, range: 24 },
      // 262144 buckets above 4 GiB of memory, one entry a bucket.
      buckets: 262_144,
      nfConntrackMax: 262_144,
    },
  },
  {
    // With the lock between resizes and flushes. 4.19.222 and 5.4.y have it not.
    from: { "5.15": "read", "5.10.71": "read" },
    what: "a flush passes empty buckets without locking them",
    commit: "e9edc188fc76 (not verified)",
    facts: { flushSkipsEmptyBuckets: true },
  },
  {
    from: { "5.16": "believed", "5.15.3": "read", "5.14.19": "believed", "5.10.80": "read", "5.4.160": "read" },
    what: "a UDP flow is ASSURED only 2 s after its first packet, too",
    commit: "b7b1d02fc439",
    facts: { udp: "stream-and-assured-later" },
  },
  {
    from: { "5.18": "read", "5.17.3": "listed", "5.16.20": "listed", "5.15.34": "read" },
    what: "passes of the gc worker 1 to 60 s apart, after a mean of the times left that halves towards each entry it sees; runs are capped",
    commit: "2cfadb761d3d",
    facts: { gc: "pass-halving" },
  },
  {
    from: { "5.19": "read" },
    what: "redelivery by evict list, with its time test inverted: a run ends after one delivery; events only for flows made while somebody listens",
    commit: "2ed3bf188b33, 0d3cc504ba9c",
    facts: { redelivery: "evict-list", redeliveryBatch: 0, invertedDeadline: true, events: "auto" },
  },
  {
    from: { "6.1": "recorded", "6.0.3": "listed", "5.19.17": "listed", "5.15.75": "read" },
    what: "the mean of the gc worker is a running one, which starts at 60 s with a weight of 100",
    commit: "95eabdd20702, 2aa192757005",
    facts: { gc: "pass-mean" },
  },
  {
    from: { "6.3": "read", "6.2.7": "listed", "6.1.20": "read", "5.15.103": "read" },
    what: "the limit of a chain is 51 to 80 nodes",
    commit: "c77737b736ce",
    facts: { chainLimit: { least: 50, range: 30 } },
  },
  {
    from: { "6.3": "read" },
    what: "the allocator has a cache for small heads (704 bytes); a conntrack event is too large for it",
    commit: null,
    facts: { config: { smallHeadBytes: 704 } },
  },
  {
    from: { "6.6": "read" },
    what: "EEVDF takes the place of CFS: tasks of one CPU run by eligibility and deadline, in requests of 0.75 ms",
    commit: "147f3efaa241",
    facts: { scheduler: { policy: "eevdf", sliceNanoseconds: 750_000 } },
  },
  {
    from: { "6.12": "read" },
    what: "a task that had more than its share stays in the scheduler's queue when it sleeps",
    commit: "152e11f6df29",
    facts: { scheduler: { delaysDequeue: true } },
  },
  {
    from: { "6.14": "read" },
    what: "with timestamps on, a message carries the time of the event",
    commit: null,
    facts: { layout: { eventTimestampBytes: 12 }, estimate: { eventTimestampBytes: 12 } },
  },
  {
    from: { "6.15": "read", "6.14.9": "listed", "6.12.31": "listed", "6.6.93": "listed" },
    what: "requests of 0.7 ms",
    commit: "2ae891b82695",
    facts: { scheduler: { sliceNanoseconds: 700_000 } },
  },
  {
    from: {
      "6.16": "listed",
      "6.15.7": "listed",
      "6.12.39": "read",
      "6.6.99": "read",
      "6.1.146": "read",
      "5.15.189": "read",
      "5.10.240": "read",
      "5.4.296": "read",
    },
    what: "admission *new*: a message is accepted if the buffer holds it, or if the queue was empty",
    commit: "ae8f160e7eb2, a3c4a125ec72",
    facts: { admission: "new" },
  },
  {
    // A choice of whoever builds the kernel from 6.13 to 6.19, and the only one from 7.0 on.
    from: { "6.18": "recorded" },
    what: "preemption is lazy: a flush gives way at a tick only",
    commit: "7c70cb94d29c",
    facts: { scheduler: { preemption: "lazy" } },
  },
  {
    from: { "7.1": "read" },
    what: "a timer of its own ends a request on time (hrtick), not the next tick",
    commit: null,
    facts: { scheduler: { hrtick: true } },
  },
  { from: { "6.18": "recorded" }, what: "`rmem_max` 4,194,304", commit: null, facts: { rmemMaxBytes: 4_194_304 } },
  {
    from: {
      "7.2": "recorded",
      "7.1.5": "listed",
      "6.18.40": "read",
      "6.12.97": "listed",
      "6.6.145": "read",
      "6.1.178": "listed",
    },
    what: "the time test of the evict list is put right: a run delivers as much as 10 ms allow",
    commit: "“netfilter: ecache: fix inverted time_after() check” of July 2026",
    facts: { invertedDeadline: false },
  },
  { from: { "7.3": "recorded" }, what: "nothing; recordings of it exist", commit: null, facts: {} },
];

/** First version that nobody has recorded or read: newer kernels wait for somebody who does. */
export const FIRST_UNREAD = "7.4";
