/** Sizes of messages against those that real kernels sent. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { messageBytes } from "../../../src/kernel/events/message.js";
import type { MessageLayout } from "../../../src/kernel/release.js";
import type { Family, KernelConfig, Protocol } from "../../../src/scenario/scenario.js";

const BEFORE_5_15: MessageLayout = {
  destroyTimeout: "never",
  destroyProtoinfo: "never",
  hasTimestamp: true,
  eventTimestampBytes: 0,
};
const SINCE_5_15: MessageLayout = { ...BEFORE_5_15, destroyTimeout: "when-left", destroyProtoinfo: "state" };
const SINCE_6_14: MessageLayout = { ...SINCE_5_15, eventTimestampBytes: 12 };

const CONFIG: KernelConfig = {
  acct: false,
  nat: true,
  mark: true,
  secmark: true,
  timestamp: false,
  skBuffBytes: 256,
  nlaPolicyLenCounts: true,
  smallHeadBytes: 0,
  chainEvents: false,
};
const ACCT = { ...CONFIG, acct: true };
const TIMESTAMP = { ...CONFIG, timestamp: true };

/** NEW and UPDATE without PROTOINFO · with it · DESTROY up to 5.10 · since 5.15 expired · since 5.15 flushed. */
const SIZES: readonly (readonly [Protocol, Family, number, number, number, number, number])[] = [
  ["udp", "ipv4", 148, 148, 140, 140, 148],
  ["tcp", "ipv4", 148, 196, 140, 156, 164],
  ["icmp", "ipv4", 164, 164, 156, 156, 164],
  ["udp", "ipv6", 196, 196, 188, 188, 196],
  ["tcp", "ipv6", 196, 244, 188, 204, 212],
  ["icmp", "ipv6", 212, 212, 204, 204, 212],
];

describe("the size of a message", () => {
  for (const [protocol, family, plain, protoinfo, old, expired, flushed] of SIZES) {
    const kind = { protocol, family, protoinfoChanged: false, timeLeft: false };
    const destroy = { ...kind, type: "destroy" } as const;

    test(`${protocol} ${family}: NEW and UPDATE take ${plain}, ${protoinfo} when PROTOINFO changed`, () => {
      for (const type of ["new", "update"] as const) {
        for (const layout of [BEFORE_5_15, SINCE_5_15, SINCE_6_14]) {
          for (const config of [CONFIG, ACCT]) {
            assert.equal(messageBytes({ ...kind, type }, layout, config), plain);
            assert.equal(messageBytes({ ...kind, type, protoinfoChanged: true }, layout, config), protoinfo);
          }
        }
      }
    });

    test(`${protocol} ${family}: DESTROY takes ${old}, since 5.15 ${expired} expired and ${flushed} flushed`, () => {
      const flush = { ...destroy, timeLeft: true };
      for (const [config, extra] of [
        [CONFIG, 0],
        [ACCT, 56],
        [TIMESTAMP, 28],
        [{ ...ACCT, timestamp: true }, 56 + 28],
      ] as const) {
        assert.equal(messageBytes(destroy, BEFORE_5_15, config), old + extra);
        assert.equal(messageBytes(flush, BEFORE_5_15, config), old + extra);
        assert.equal(messageBytes(destroy, SINCE_5_15, config), expired + extra);
        assert.equal(messageBytes(flush, SINCE_5_15, config), flushed + extra);
      }
    });

    test(`${protocol} ${family}: since 6.14 timestamps add 12 to every event`, () => {
      assert.equal(messageBytes({ ...kind, type: "new" }, SINCE_6_14, TIMESTAMP), plain + 12);
      assert.equal(messageBytes(destroy, SINCE_6_14, TIMESTAMP), expired + 28 + 12);
    });
  }

  test("what the recorded kernels sent: UDP 148, 140, 168 with timestamps, TCP 196, 156 and 164", () => {
    const udp = { protocol: "udp", family: "ipv4", protoinfoChanged: false, timeLeft: true } as const;
    const tcp = { ...udp, protocol: "tcp" } as const;
    assert.equal(messageBytes({ ...udp, type: "new" }, BEFORE_5_15, CONFIG), 148);
    assert.equal(messageBytes({ ...udp, type: "destroy" }, BEFORE_5_15, CONFIG), 140);
    assert.equal(messageBytes({ ...udp, type: "destroy" }, BEFORE_5_15, TIMESTAMP), 168);
    assert.equal(messageBytes({ ...udp, type: "destroy" }, SINCE_6_14, CONFIG), 148);
    assert.equal(messageBytes({ ...tcp, type: "new", protoinfoChanged: true }, SINCE_6_14, CONFIG), 196);
    assert.equal(messageBytes({ ...tcp, type: "destroy", timeLeft: false }, SINCE_6_14, CONFIG), 156);
    assert.equal(messageBytes({ ...tcp, type: "destroy" }, SINCE_6_14, CONFIG), 164);
  });

  test("a kernel without nf_conntrack_timestamp sends none although the scenario asks for it", () => {
    const kind = {
      type: "destroy",
      protocol: "udp",
      family: "ipv4",
      protoinfoChanged: false,
      timeLeft: false,
    } as const;
    assert.equal(messageBytes(kind, { ...BEFORE_5_15, hasTimestamp: false }, TIMESTAMP), 140);
  });
});
