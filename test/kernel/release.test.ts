/**
 * Which kernel is which: how a version string finds its row, and what each row changes, in tables that a person can
 * read. A changed constant is a changed line here.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { RELEASES, type Release, releaseFor } from "../../src/kernel/release.js";
import { CHANGES, FIRST_UNREAD } from "../../src/kernel/release-changes.js";

/** Every value of a row by its path. */
function valuesOf(row: Release): Map<string, string> {
  const values = new Map<string, string>();
  const collect = (path: string, value: unknown): void => {
    if (typeof value !== "object" || value === null) values.set(path, String(value));
    else for (const [key, inner] of Object.entries(value)) collect(path === "" ? key : `${path}.${key}`, inner);
  };
  collect("", row);
  values.delete("version");
  return values;
}

function changes(before: Release, row: Release): string[] {
  const [old, now] = [valuesOf(before), valuesOf(row)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((path) => old.get(path) !== now.get(path))
    .map((path) => `${path}: ${old.get(path) ?? "—"} → ${now.get(path) ?? "—"}`)
    .sort();
}

/** The oldest row, whole. */
const OLDEST: readonly string[] = [
  "admission: old",
  "buckets: 16384",
  "buildFailure: lost",
  "chainLimit: null",
  "coarseTimers: false",
  "config.acct: true",
  "config.chainEvents: false",
  "config.mark: true",
  "config.nat: true",
  "config.nlaPolicyLenCounts: false",
  "config.secmark: true",
  "config.skBuffBytes: 232",
  "config.smallHeadBytes: 0",
  "config.timestamp: false",
  "dyingBeforeAttempt: false",
  "earlyDrop.undeliveredCountsAsFreed: true",
  "earlyDrop.victim: oldest",
  "estimate.eventTimestampBytes: 0",
  "estimate.hasTimestamp: false",
  "estimate.icmpTuplePolicyBytes: 72",
  "estimate.l3PolicyBytes.ipv4: 48",
  "estimate.l3PolicyBytes.ipv6: 120",
  "estimate.labelBytes: 0",
  "estimate.portTuplePolicyBytes: 48",
  "estimate.secmarkBytes: 8",
  "estimate.tcpProtoinfoBytes: 44",
  "estimate.zoneBytes: 0",
  "events: on",
  "flushAttempts: 2",
  "flushDirection: either",
  "flushReschedules: false",
  "flushSkipsEmptyBuckets: false",
  "gc: none",
  "gcEvicts: false",
  "invertedDeadline: false",
  "layout.destroyProtoinfo: never",
  "layout.destroyTimeout: never",
  "layout.eventTimestampBytes: 0",
  "layout.hasTimestamp: false",
  "missedOnlyRetry: false",
  "nfConntrackMax: 65536",
  "rcvbufMinimumBytes: 256",
  "recvFindsErrorFirst: false",
  "redelivery: timer",
  "redeliveryBatch: 0",
  "reopenNeedsDelivery: false",
  "rmemMaxBytes: 131071",
  "scheduler.delaysDequeue: false",
  "scheduler.graceThread: false",
  "scheduler.hrtick: false",
  "scheduler.policy: cfs",
  "scheduler.preemption: voluntary",
  "scheduler.sliceNanoseconds: 0",
  "timeoutsSeconds.icmp: 30",
  "timeoutsSeconds.icmpv6: 30",
  "timeoutsSeconds.tcp_close: 10",
  "timeoutsSeconds.tcp_close_wait: 60",
  "timeoutsSeconds.tcp_established: 432000",
  "timeoutsSeconds.tcp_fin_wait: 120",
  "timeoutsSeconds.tcp_last_ack: 30",
  "timeoutsSeconds.tcp_syn_recv: 60",
  "timeoutsSeconds.tcp_syn_sent2: 120",
  "timeoutsSeconds.tcp_syn_sent: 120",
  "timeoutsSeconds.tcp_time_wait: 120",
  "timeoutsSeconds.udp: 30",
  "timeoutsSeconds.udp_stream: 180",
  "timerSlack: false",
  "truesize: payload",
  "udp: stream-at-once",
];

/**
 * What each further row changes against the one that it follows. A row without a change is a branch without an update's
 * change, or has recordings.
 */
const CHANGES_OF_ROWS: Readonly<Record<string, readonly string[]>> = {
  "2.6.34": ["buildFailure: lost → kept-for-no-enobufs"],
  "2.6.35": ["timerSlack: false → true"],
  "2.6.38": ["estimate.hasTimestamp: false → true", "layout.hasTimestamp: false → true"],
  "2.6.39": ["config.nlaPolicyLenCounts: false → true"],
  "3.0": ["rcvbufMinimumBytes: 256 → 2280"],
  "3.2": [
    "config.skBuffBytes: 232 → 256",
    "rcvbufMinimumBytes: 2280 → 2288",
    "rmemMaxBytes: 131071 → 212992",
    "truesize: payload → head",
  ],
  "3.4": ["earlyDrop.undeliveredCountsAsFreed: true → false"],
  "3.6": [],
  "3.7": ["scheduler.graceThread: false → true"],
  "3.10": [],
  "3.12": ["flushAttempts: 2 → 1", "flushDirection: either → original", "rcvbufMinimumBytes: 2288 → 2304"],
  "3.14": ["earlyDrop.victim: oldest → newest"],
  "3.16": [],
  "3.17": ["redelivery: timer → workqueue", "redeliveryBatch: 0 → 16"],
  "4.8": [
    "coarseTimers: false → true",
    "earlyDrop.victim: newest → whole-buckets",
    "flushReschedules: false → true",
    "recvFindsErrorFirst: false → true",
    "timerSlack: true → false",
  ],
  "4.9": ["dyingBeforeAttempt: false → true", "gc: none → fraction-64", "reopenNeedsDelivery: false → true"],
  "4.9.76": ["gc: fraction-64 → fraction-128"],
  "4.10": ["gc: fraction-64 → fraction-128"],
  "4.12": ["gcEvicts: false → true", "missedOnlyRetry: false → true"],
  "4.19.206": ["gc: fraction-128 → pass-120s"],
  "4.20": [],
  "5.0": [
    "buckets: 16384 → 65536",
    "estimate.l3PolicyBytes.ipv4: 48 → 168",
    "estimate.l3PolicyBytes.ipv6: 120 → 168",
    "estimate.secmarkBytes: 8 → 0",
    "estimate.tcpProtoinfoBytes: 44 → 32",
    "estimate.zoneBytes: 0 → 8",
    "nfConntrackMax: 65536 → 262144",
    "timeoutsSeconds.udp_stream: 180 → 120",
    "udp: stream-at-once → stream-later",
  ],
  "5.4": [],
  "5.4.144": ["gc: fraction-128 → pass-120s"],
  "5.4.160": ["udp: stream-later → stream-and-assured-later"],
  "5.4.296": ["admission: old → new"],
  "5.5": ["redeliveryBatch: 16 → 32"],
  "5.10": ["flushDirection: original → reply"],
  "5.10.62": ["gc: fraction-128 → pass-120s"],
  "5.10.71": ["flushSkipsEmptyBuckets: false → true"],
  "5.10.80": ["udp: stream-later → stream-and-assured-later"],
  "5.10.240": ["admission: old → new"],
  "5.11": [],
  "5.13.14": ["gc: fraction-128 → pass-120s"],
  "5.14": ["gc: fraction-128 → pass-120s"],
  "5.14.19": ["udp: stream-later → stream-and-assured-later"],
  "5.15": [
    "buckets: 65536 → 262144",
    "chainLimit.least: — → 8",
    "chainLimit.range: — → 24",
    "chainLimit: null → —",
    "flushSkipsEmptyBuckets: false → true",
    "layout.destroyProtoinfo: never → state",
    "layout.destroyTimeout: never → when-left",
  ],
  "5.15.3": ["udp: stream-later → stream-and-assured-later"],
  "5.15.34": ["gc: pass-120s → pass-halving"],
  "5.15.75": ["gc: pass-halving → pass-mean"],
  "5.15.103": ["chainLimit.least: 8 → 50", "chainLimit.range: 24 → 30"],
  "5.15.189": ["admission: old → new"],
  "5.16": ["udp: stream-later → stream-and-assured-later"],
  "5.16.20": ["gc: pass-120s → pass-halving"],
  "5.17": [],
  "5.17.3": ["gc: pass-120s → pass-halving"],
  "5.18": ["gc: pass-120s → pass-halving"],
  "5.19": [
    "events: on → auto",
    "invertedDeadline: false → true",
    "redelivery: workqueue → evict-list",
    "redeliveryBatch: 32 → 0",
  ],
  "5.19.17": ["gc: pass-halving → pass-mean"],
  "6.0": [],
  "6.0.3": ["gc: pass-halving → pass-mean"],
  "6.1": ["gc: pass-halving → pass-mean"],
  "6.1.20": ["chainLimit.least: 8 → 50", "chainLimit.range: 24 → 30"],
  "6.1.146": ["admission: old → new"],
  "6.1.178": ["invertedDeadline: true → false"],
  "6.2": [],
  "6.2.7": ["chainLimit.least: 8 → 50", "chainLimit.range: 24 → 30"],
  "6.3": ["chainLimit.least: 8 → 50", "chainLimit.range: 24 → 30", "config.smallHeadBytes: 0 → 704"],
  "6.6": ["scheduler.policy: cfs → eevdf", "scheduler.sliceNanoseconds: 0 → 750000"],
  "6.6.93": ["scheduler.sliceNanoseconds: 750000 → 700000"],
  "6.6.99": ["admission: old → new"],
  "6.6.145": ["invertedDeadline: true → false"],
  "6.7": [],
  "6.12": ["scheduler.delaysDequeue: false → true"],
  "6.12.31": ["scheduler.sliceNanoseconds: 750000 → 700000"],
  "6.12.39": ["admission: old → new"],
  "6.12.97": ["invertedDeadline: true → false"],
  "6.13": [],
  "6.14": ["estimate.eventTimestampBytes: 0 → 12", "layout.eventTimestampBytes: 0 → 12"],
  "6.14.9": ["scheduler.sliceNanoseconds: 750000 → 700000"],
  "6.15": ["scheduler.sliceNanoseconds: 750000 → 700000"],
  "6.15.7": ["admission: old → new"],
  "6.16": ["admission: old → new"],
  "6.18": ["rmemMaxBytes: 212992 → 4194304", "scheduler.preemption: voluntary → lazy"],
  "6.18.40": ["invertedDeadline: true → false"],
  "6.19": [],
  "7.1": ["scheduler.hrtick: false → true"],
  "7.1.5": ["invertedDeadline: true → false"],
  "7.2": ["invertedDeadline: true → false"],
  "7.3": [],
};

/** An update of a stable branch; before 3.0 the third number is the mainline's. */
const isUpdate = (version: string): boolean => !version.startsWith("2.") && version.split(".").length > 2;
const branchOf = (version: string): string => version.split(".").slice(0, 2).join(".");

/**
 * The row that one is built on: the row before it in its branch or, for the first of a branch, the last branch before
 * it.
 */
function followed(row: Release): Release {
  const before = RELEASES.slice(0, RELEASES.indexOf(row));
  return before.findLast(
    ({ version }) => !isUpdate(version) || (isUpdate(row.version) && branchOf(version) === branchOf(row.version)),
  )!;
}

describe("the release table", () => {
  test("begins with the release of the commit", () => {
    const [oldest] = RELEASES;
    assert.equal(oldest!.version, "2.6.31");
    assert.deepEqual([...valuesOf(oldest!)].map(([path, value]) => `${path}: ${value}`).sort(), OLDEST);
  });

  test("has a row for every version at which something changes, and no other", () => {
    assert.deepEqual(
      RELEASES.slice(1).map(({ version }) => version),
      Object.keys(CHANGES_OF_ROWS),
    );
  });

  for (const row of RELEASES.slice(1)) {
    const before = followed(row);
    test(`${row.version} changes against ${before.version} what is dated to it, and nothing else`, () => {
      assert.deepEqual(changes(before, row), CHANGES_OF_ROWS[row.version]);
    });
  }

  test("begins each change with its mainline version, the updates of branches after it", () => {
    for (const { from, what } of CHANGES) {
      const [mainline, ...updates] = Object.keys(from);
      assert.deepEqual([isUpdate(mainline!), updates.every(isUpdate)], [false, true], what);
    }
  });

  test("is in ascending order of versions", () => {
    const numbers = RELEASES.map(({ version }) => version.split(".").map(Number));
    for (let i = 1; i < numbers.length; i++) {
      const [a, b] = [numbers[i - 1]!, numbers[i]!];
      const first = [0, 1, 2].find((part) => (a[part] ?? 0) !== (b[part] ?? 0))!;
      assert.ok((a[first] ?? 0) < (b[first] ?? 0), `${a.join(".")} before ${b.join(".")}`);
    }
  });
});

describe("a kernel version", () => {
  for (const [version, row] of [
    ["2.6.31", "2.6.31"],
    ["2.6.31.3", "2.6.31"],
    ["2.6.35.6", "2.6.35"],
    ["3.0.1", "3.0"],
    ["3.1", "3.0"],
    ["3.10.108-rt123", "3.10"],
    ["3.11.10", "3.10"],
    ["3.16", "3.16"],
    ["3.17.0", "3.17"],
    ["4.7.10", "3.17"],
    ["4.8.15", "4.8"],
    ["4.9.75", "4.9"],
    ["4.9.337", "4.9.76"],
    ["4.11", "4.10"],
    ["4.14.336", "4.12"],
    ["4.20", "4.20"],
    ["5.4.0-150-generic", "5.4.160"],
    ["5.4.124", "5.4"],
    ["5.4.301", "5.4.296"],
    ["5.9", "5.5"],
    ["5.10.218", "5.10.80"],
    ["5.10.262", "5.10.240"],
    ["5.13.13", "5.11"],
    ["5.15.0-113-generic", "5.15.103"],
    ["5.15.100", "5.15.75"],
    ["5.18.19", "5.18"],
    ["5.19", "5.19"],
    ["6.0.1", "6.0"],
    ["6.1.0-44-amd64", "6.1.146"],
    ["6.1.170", "6.1.146"],
    ["6.1.192", "6.1.178"],
    ["6.6.98", "6.6.93"],
    ["6.12.41", "6.12.39"],
    ["6.12.107", "6.12.97"],
    ["6.15.2", "6.15"],
    ["6.17", "6.16"],
    ["6.18.39", "6.18"],
    ["6.18.44-fc-v669", "6.18.40"],
    ["6.18.44+", "6.18.40"],
    ["7.1.4", "7.1"],
    ["7.2.13", "7.2"],
    ["7.3.4", "7.3"],
  ] as const) {
    test(`${version} falls under the row ${row}`, () => {
      assert.equal(releaseFor(version)?.version, row);
    });
  }

  /** The kernels of the recordings, by the rules that are dated by updates. */
  for (const [version, gc, admission, inverted] of [
    ["5.4.124", "fraction-128", "old", false],
    ["5.10.218", "pass-120s", "old", false],
    ["5.10.262", "pass-120s", "new", false],
    ["6.1.170", "pass-mean", "new", true],
    ["6.1.192", "pass-mean", "new", false],
    ["6.12.57", "pass-mean", "new", true],
    ["6.12.107", "pass-mean", "new", false],
    ["6.18.15", "pass-mean", "new", true],
    ["7.2.13", "pass-mean", "new", false],
    ["7.3.4", "pass-mean", "new", false],
  ] as const) {
    test(`${version} has the rules of its branch's updates`, () => {
      const row = releaseFor(version)!;
      assert.deepEqual([row.gc, row.admission, row.invertedDeadline], [gc, admission, inverted]);
    });
  }

  test("of a branch has what its updates took, the next branch has not", () => {
    const admission = (...versions: string[]): string[] => versions.map((version) => releaseFor(version)!.admission);
    assert.deepEqual(admission("6.1.145", "6.1.146", "6.2", "6.15", "6.16"), ["old", "new", "old", "old", "new"]);
    assert.deepEqual(admission("5.4.295", "5.4.296", "5.5", "5.15.188", "5.15.190"), [
      "old",
      "new",
      "old",
      "old",
      "new",
    ]);
    const gc = (...versions: string[]): string[] => versions.map((version) => releaseFor(version)!.gc);
    assert.deepEqual(gc("5.10.61", "5.10.62", "5.11", "5.13.14"), [
      "fraction-128",
      "pass-120s",
      "fraction-128",
      "pass-120s",
    ]);
    assert.deepEqual(gc("5.15.33", "5.15.34", "5.15.75", "5.17.2"), [
      "pass-120s",
      "pass-halving",
      "pass-mean",
      "pass-120s",
    ]);
  });

  test("between two rows falls under the older one, whichever numbers follow", () => {
    const order = (version: string): number =>
      [0, 1, 2, 3].reduce((sum, part) => sum * 10_000 + Number(version.split(".")[part] ?? 0), 0);
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 7 }),
        fc.nat(30),
        fc.option(fc.nat(400)),
        fc.constantFrom("", "-rc1", "-rt4-amd64", "+", ".x86_64", "~bpo12", "_1"),
        (major, minor, patch, suffix) => {
          const plain = [major, minor, ...(patch === null ? [] : [patch])].join(".");
          const row = releaseFor(plain + suffix);
          if (order(plain) >= order(FIRST_UNREAD)) assert.equal(row, null);
          else {
            const index = RELEASES.indexOf(row!);
            assert.ok(order(row!.version) <= order(plain), `${row!.version} for ${plain}`);
            const next = RELEASES[index + 1];
            assert.ok(next === undefined || order(next.version) > order(plain), `${row!.version} for ${plain}`);
          }
        },
      ),
      { seed: 3, numRuns: 1000 },
    );
  });

  for (const version of [
    ...["2.6.30", "2.6.30.10", "2.4.37", "1.0"],
    ...["7.4", "7.4.1", "7.10", "8.0", "8.0-rc1", "10.2"],
    ...["", "6", "abc", "v6.1", "6.x", "6.1a", "6.", ".6.1", "-6.1", " 6.1", "latest", "6,1", "61234.1"],
  ]) {
    test(`"${version}" is refused`, () => {
      assert.equal(releaseFor(version), null);
    });
  }
});
