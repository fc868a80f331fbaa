/**
 * What one message is charged, in every release, protocol and family: the table that was worked out from the kernels'
 * sources (and seen on running ones), against estimate, allocation and trim as the model computes them.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { messageSize } from "../../../src/kernel/events/ctnetlink.js";
import { truesize } from "../../../src/kernel/netlink/truesize.js";
import { RELEASES, type Release, releaseFor } from "../../../src/kernel/release.js";
import { EVENT_GROUPS, type Family, type KernelConfig, type Protocol } from "../../../src/scenario/scenario.js";

/** Columns: UDP, TCP, ICMP over IPv4, then over IPv6. With the options of a usual distribution. */
const FROM_2_6_31 = [552, 552, 552, 552, 552, 552];
const FROM_2_6_31_WITHOUT_ACCT_OR_NAT = [488, 488, 488, 488, 488, 488];
const FROM_2_6_39 = [616, 680, 616, 680, 744, 744];
const FROM_3_2 = [1280, 1280, 1280, 1280, 1280, 1280];

const COLUMNS: readonly (readonly [Protocol, Family])[] = [
  ["udp", "ipv4"],
  ["tcp", "ipv4"],
  ["icmp", "ipv4"],
  ["udp", "ipv6"],
  ["tcp", "ipv6"],
  ["icmp", "ipv6"],
];

/** The truesize of every type of message, PROTOINFO in it or not. */
function charged(release: Release, config: KernelConfig, protocol: Protocol, family: Family): Set<number> {
  const transport = { charge: (payload: number, used: number) => truesize(payload, used, release, config) };
  const sizes = new Set<number>();
  for (const type of EVENT_GROUPS) {
    for (const protoinfo of protocol === "tcp" && type !== "destroy" ? [false, true] : [false]) {
      sizes.add(messageSize(transport, release, config, protocol, family, type, protoinfo).truesizeBytes);
    }
  }
  return sizes;
}

function holds(release: Release, changes: Partial<KernelConfig>, row: readonly number[]): void {
  COLUMNS.forEach(([protocol, family], column) => {
    const sizes = charged(release, { ...release.config, ...changes }, protocol, family);
    assert.deepEqual([...sizes], [row[column]], `${release.version} ${protocol} ${family}`);
  });
}

function isBefore(release: Release, version: readonly number[]): boolean {
  const parts = release.version.split(".").map(Number);
  for (let i = 0; i < version.length; i++) {
    if ((parts[i] ?? 0) !== version[i]!) return (parts[i] ?? 0) < version[i]!;
  }
  return false;
}

describe("the truesize of a message, whatever its type", () => {
  for (const release of RELEASES) {
    const row = isBefore(release, [2, 6, 39]) ? FROM_2_6_31 : isBefore(release, [3, 2]) ? FROM_2_6_39 : FROM_3_2;
    test(`${release.version}: ${[...new Set(row)].join(", ")}`, () => holds(release, {}, row));
  }

  test("is 488 without accounting or without NAT, up to 2.6.38", () => {
    for (const version of ["2.6.31", "2.6.35"]) {
      holds(releaseFor(version)!, { acct: false }, FROM_2_6_31_WITHOUT_ACCT_OR_NAT);
      holds(releaseFor(version)!, { nat: false }, FROM_2_6_31_WITHOUT_ACCT_OR_NAT);
    }
  });

  test("is 1280 from 3.2 on also with timestamps and without accounting, up to the kernels with a cache for small heads", () => {
    for (const release of RELEASES.filter(
      (candidate) => !isBefore(candidate, [3, 2]) && candidate.config.smallHeadBytes === 0,
    )) {
      holds(release, { timestamp: true }, FROM_3_2);
      holds(release, { acct: false }, FROM_3_2);
    }
  });

  test("is 400 on the recorded 2.6.35, and 464 with the estimate mended", () => {
    const bare = { acct: false, nat: false, mark: false, secmark: false, skBuffBytes: 208 };
    const release = releaseFor("2.6.35.6")!;
    const transport = (config: KernelConfig) => ({ charge: (p: number, u: number) => truesize(p, u, release, config) });
    for (const [nlaPolicyLenCounts, bytes] of [
      [false, 400],
      [true, 464],
    ] as const) {
      const config = { ...release.config, ...bare, nlaPolicyLenCounts };
      const size = messageSize(transport(config), release, config, "udp", "ipv4", "destroy", false);
      assert.equal(size.truesizeBytes, bytes);
    }
  });
});

describe("the allocation", () => {
  const old = releaseFor("2.6.31")!;
  const head = releaseFor("3.6")!;

  test("up to 3.1 is the payload in whole cache lines plus the sk_buff", () => {
    for (const [payload, bytes] of [
      [260, 552],
      [320, 552],
      [321, 616],
      [192, 424],
    ] as const) {
      assert.deepEqual(truesize(payload, payload, old, old.config), { bytes, roomBytes: bytes - 232 });
    }
  });

  test("from 3.2 on is the kmalloc cache of head and shared info, plus the sk_buff", () => {
    for (const [payload, cache] of [
      [192, 512],
      [193, 1024],
      [432, 1024],
      [704, 1024],
      [705, 2048],
    ] as const) {
      assert.deepEqual(truesize(payload, payload, head, head.config), { bytes: cache + 256, roomBytes: cache - 320 });
    }
  });

  test("in later kernels comes from the cache of small heads where it fits into one", () => {
    const config = { ...head.config, smallHeadBytes: 704 };
    assert.equal(truesize(384, 384, head, config).bytes, 704 + 256);
    assert.equal(truesize(385, 385, head, config).bytes, 1024 + 256);
  });
});

describe("netlink_trim()", () => {
  const release = releaseFor("2.6.31")!;

  test("keeps the allocation while less than half of the whole is unused", () => {
    // 320 + 232 = 552: 2 × (320 − 45) = 550, 2 × (320 − 44) = 552.
    assert.equal(truesize(260, 45, release, release.config).bytes, 552);
    assert.equal(truesize(260, 44, release, release.config).bytes, 552 - 276);
  });

  test("never touches a ctnetlink message of a distribution's kernel", () => {
    for (const each of RELEASES) {
      for (const [protocol, family] of COLUMNS) assert.equal(charged(each, each.config, protocol, family).size, 1);
    }
  });
});
