/**
 * The kernel's own estimate against the table that was read from the sources (one row per generation) and against the
 * truesize that kernels of these configurations were seen to charge.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { allocatedPayloadBytes, estimateBytes } from "../../../src/kernel/events/estimate.js";
import { messageBytes } from "../../../src/kernel/events/message.js";
import type { EstimateFacts } from "../../../src/kernel/release.js";
import type { Family, KernelConfig, Protocol } from "../../../src/scenario/scenario.js";

const OLD: EstimateFacts = {
  l3PolicyBytes: { ipv4: 48, ipv6: 120 },
  portTuplePolicyBytes: 48,
  icmpTuplePolicyBytes: 72,
  tcpProtoinfoBytes: 44,
  secmarkBytes: 8,
  zoneBytes: 0,
  labelBytes: 0,
  hasTimestamp: false,
  eventTimestampBytes: 0,
};
const LINUX_3_X: EstimateFacts = { ...OLD, secmarkBytes: 0, hasTimestamp: true };
const LINUX_5_10: EstimateFacts = {
  ...LINUX_3_X,
  l3PolicyBytes: { ipv4: 168, ipv6: 168 },
  tcpProtoinfoBytes: 32,
  zoneBytes: 8,
};
const LINUX_6_18: EstimateFacts = { ...LINUX_5_10, eventTimestampBytes: 12 };

const BARE: KernelConfig = {
  acct: false,
  nat: false,
  mark: false,
  secmark: false,
  timestamp: false,
  skBuffBytes: 208,
  nlaPolicyLenCounts: true,
  smallHeadBytes: 0,
  chainEvents: false,
};
const ALL: KernelConfig = { ...BARE, acct: true, nat: true, mark: true, secmark: true, skBuffBytes: 232 };
const NOT_COUNTING = { nlaPolicyLenCounts: false };

type Row = readonly [Protocol, Family, number];

function holds(facts: EstimateFacts, config: KernelConfig, rows: readonly Row[]): void {
  for (const [protocol, family, expected] of rows) {
    assert.equal(estimateBytes(facts, protocol, family, config), expected, `${protocol} ${family}`);
  }
}

const align64 = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** T0 before 3.2: the head as far as it was asked for, and the sk_buff. */
function oldTruesize(facts: EstimateFacts, protocol: Protocol, family: Family, config: KernelConfig): number {
  return align64(allocatedPayloadBytes(estimateBytes(facts, protocol, family, config))) + config.skBuffBytes;
}

describe("2.6.31 to 2.6.38, where nla_policy_len does not advance", () => {
  test("neither address nor ports count, whatever the family", () => {
    const rows: Row[] = [
      ["udp", "ipv4", 244],
      ["tcp", "ipv4", 248],
      ["icmp", "ipv4", 244],
      ["udp", "ipv6", 244],
      ["tcp", "ipv6", 248],
      ["icmp", "ipv6", 244],
    ];
    holds(OLD, { ...ALL, ...NOT_COUNTING }, rows);
  });

  test("every protocol and family is charged 552 with all options and 488 without acct or without NAT", () => {
    for (const protocol of ["udp", "tcp", "icmp"] as const) {
      for (const family of ["ipv4", "ipv6"] as const) {
        const charged = (config: KernelConfig) => oldTruesize(OLD, protocol, family, { ...config, ...NOT_COUNTING });
        assert.equal(charged(ALL), 552);
        assert.equal(charged({ ...ALL, acct: false }), 488);
        assert.equal(charged({ ...ALL, nat: false }), 488);
      }
    }
  });

  test("without acct the estimate is 188, for TCP 192", () => {
    const rows: Row[] = [
      ["udp", "ipv4", 188],
      ["tcp", "ipv4", 192],
      ["icmp", "ipv4", 188],
    ];
    holds(OLD, { ...ALL, ...NOT_COUNTING, acct: false }, rows);
    holds(OLD, { ...ALL, ...NOT_COUNTING, nat: false }, rows);
  });

  test("the recorded 2.6.35 without acct, NAT, mark and secmark charges 400", () => {
    const config = { ...BARE, ...NOT_COUNTING };
    const rows: Row[] = [
      ["udp", "ipv4", 116],
      ["tcp", "ipv4", 120],
    ];
    holds(OLD, config, rows);
    assert.equal(oldTruesize(OLD, "udp", "ipv4", config), 400);
  });

  test("the same kernel with the mended nla_policy_len charges 464 for UDP and 528 for TCP", () => {
    const rows: Row[] = [
      ["udp", "ipv4", 212],
      ["tcp", "ipv4", 256],
    ];
    holds(OLD, BARE, rows);
    assert.equal(oldTruesize(OLD, "udp", "ipv4", BARE), 464);
    assert.equal(oldTruesize(OLD, "tcp", "ipv4", BARE), 528);
  });

  test("a TCP event with PROTOINFO does not fit the bare unmended allocation, one without it does", () => {
    const layout = {
      destroyTimeout: "never",
      destroyProtoinfo: "never",
      hasTimestamp: false,
      eventTimestampBytes: 0,
    } as const;
    const config = { ...BARE, ...NOT_COUNTING };
    const room = align64(allocatedPayloadBytes(estimateBytes(OLD, "tcp", "ipv4", config)));
    const tcp = { protocol: "tcp", family: "ipv4", timeLeft: true } as const;
    assert.ok(messageBytes({ ...tcp, type: "new", protoinfoChanged: true }, layout, config) > room);
    assert.ok(messageBytes({ ...tcp, type: "new", protoinfoChanged: false }, layout, config) <= room);
    assert.ok(messageBytes({ ...tcp, type: "destroy", protoinfoChanged: false }, layout, config) <= room);
  });
});

describe("2.6.39 to 3.1, the first that count every policy", () => {
  const rows: Row[] = [
    ["udp", "ipv4", 340],
    ["tcp", "ipv4", 384],
    ["icmp", "ipv4", 364],
    ["udp", "ipv6", 412],
    ["tcp", "ipv6", 456],
    ["icmp", "ipv6", 436],
  ];

  test("address, ports, ICMP fields and TCP state each count", () => {
    holds(OLD, ALL, rows);
  });

  test("the old truesize grows to 616, 680 and 744", () => {
    const charged = rows.map(([protocol, family]) => oldTruesize(OLD, protocol, family, ALL));
    assert.deepEqual(charged, [616, 680, 616, 680, 744, 744]);
  });
});

describe("3.2 and later", () => {
  test("the secmark number is not asked for any more", () => {
    assert.equal(estimateBytes(LINUX_3_X, "udp", "ipv4", ALL), 332);
  });

  test("the timestamp extension counts 28 where the kernel has it, and nothing before", () => {
    const config = { ...ALL, timestamp: true };
    assert.equal(estimateBytes(LINUX_3_X, "udp", "ipv4", config), 332 + 28);
    assert.equal(estimateBytes(OLD, "udp", "ipv4", config), 340);
  });

  test("5.10 measures both families by one policy and TCP by TCP_NLATTR_SIZE", () => {
    const usual = { ...ALL, acct: false, secmark: false };
    const rows: Row[] = [
      ["udp", "ipv4", 404],
      ["udp", "ipv6", 404],
      ["tcp", "ipv4", 436],
      ["icmp", "ipv6", 428],
    ];
    holds(LINUX_5_10, usual, rows);
  });

  test("6.18 adds the event timestamp whether or not timestamps are on: 416 for UDP", () => {
    const usual = { ...ALL, acct: false, secmark: false };
    const rows: Row[] = [
      ["udp", "ipv4", 416],
      ["tcp", "ipv4", 448],
      ["icmp", "ipv4", 440],
      ["udp", "ipv6", 416],
    ];
    holds(LINUX_6_18, usual, rows);
    assert.equal(allocatedPayloadBytes(416), 432);
  });

  test("labels count what the row says", () => {
    assert.equal(estimateBytes({ ...LINUX_6_18, labelBytes: 20 }, "udp", "ipv4", BARE), 116 + 168 + 48 + 8 + 12 + 20);
  });
});

test("each option moves the estimate by its own attribute alone", () => {
  const base = estimateBytes(OLD, "udp", "ipv4", BARE);
  const added = (config: Partial<KernelConfig>) =>
    estimateBytes({ ...OLD, hasTimestamp: true }, "udp", "ipv4", { ...BARE, ...config }) - base;
  assert.equal(added({ acct: true }), 56);
  assert.equal(added({ nat: true }), 56);
  assert.equal(added({ mark: true }), 8);
  assert.equal(added({ secmark: true }), 8);
  assert.equal(added({ timestamp: true }), 28);
});

test("the allocation is the estimate and the header of 16 bytes, rounded up to 4", () => {
  assert.equal(allocatedPayloadBytes(116), 132);
  assert.equal(allocatedPayloadBytes(117), 136);
});
