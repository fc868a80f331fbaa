/**
 * Kinds of flow as they are written and as they are resolved: what a script needs, how connections are shared, what is
 * refused.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import { SCRIPTS, trafficCodec } from "../../src/scenario/parameters/traffic.js";
import type { TrafficClass } from "../../src/scenario/scenario.js";
import { classesOf } from "../../src/scenario/traffic.js";

const resolved = (traffic: Partial<TrafficClass>[], others: Overrides = {}) =>
  resolveScenario("flood", { ...others, traffic });

describe("a kind of flow", () => {
  test("is written as its script and what differs, and read again as it was written", () => {
    for (const written of [
      "short",
      "syn-only:rate=5000/s",
      "stream:rate=10/s,protocol=udp,lifetime=30s,pps=20/s,name=video",
    ]) {
      assert.equal(trafficCodec.format(trafficCodec.parse(written)), written);
    }
  });

  test("over ICMPv6 is one over ICMP and IPv6", () => {
    const [one] = resolved(trafficCodecTraffic("request-reply:protocol=icmpv6,rate=1/s")).traffic;
    assert.deepEqual([one!.protocol, one!.family, one!.packets], ["icmp", "ipv6", 2]);
  });

  test("has the packets that its script needs", () => {
    const kinds = SCRIPTS.map((script) => ({ script, ratePerSecond: 10, connections: 1 }));
    const packets = Object.fromEntries(resolved(kinds).traffic.map((one) => [one.script, [one.protocol, one.packets]]));
    assert.deepEqual(packets, {
      short: ["tcp", 7],
      "request-reply": ["udp", 2],
      "one-packet": ["udp", 1],
      "syn-only": ["tcp", 1],
      "half-open": ["tcp", 2],
      reset: ["tcp", 6],
      "long-lived": ["tcp", 61],
      stream: ["udp", 61],
    });
  });

  test("gets its part of the connections by its rate, or what a duration makes of it", () => {
    const kinds: Partial<TrafficClass>[] = [
      { script: "syn-only", ratePerSecond: 3000 },
      { script: "short", ratePerSecond: 1000 },
    ];
    const connections = (others: Overrides) => resolved(kinds, others).traffic.map((one) => one.connections);
    assert.deepEqual(connections({ connections: 8000 }), [6000, 2000]);
    assert.deepEqual(connections({ durationSeconds: 2 }), [6000, 2000]);
    const whole = resolved(kinds, { durationSeconds: 2 });
    assert.deepEqual([whole.connections, whole.ratePerSecond], [8000, 4000]);
  });

  test("is the same when what was resolved is resolved again", () => {
    const kinds = SCRIPTS.map((script) => ({ script, ratePerSecond: 10 }));
    const once = resolved([...kinds, { script: "short", ratePerSecond: 7 }]);
    assert.deepEqual(resolveScenario("flood", once as unknown as Overrides), once);
    assert.equal(new Set(once.traffic.map(({ name }) => name)).size, SCRIPTS.length + 1);
  });

  test("is what the other parameters describe where none is listed", () => {
    const scenario = resolveScenario("flush", { connections: 10, packets: 3, family: "ipv6" });
    const [one, ...others] = classesOf(scenario);
    assert.deepEqual([one!.protocol, one!.family, one!.packets, one!.connections], ["udp", "ipv6", 3, 10]);
    assert.equal(others.length, 0);
  });
});

describe("what cannot be is refused in one sentence:", () => {
  for (const [what, kinds, others, sentence] of [
    [
      "a protocol without the script",
      [{ script: "syn-only", protocol: "udp" }],
      {},
      /expected tcp with the script syn-only, got udp/,
    ],
    [
      "a lifetime of a short one",
      [{ script: "short", lifetimeNanoseconds: 5 }],
      {},
      /long-lived and stream only, got it with short/,
    ],
    ["packets that the script does not have", [{ script: "half-open", packets: 3 }], {}, /\(2\), got 3/],
    [
      "a short TCP connection",
      [{ script: "short", packets: 5 }],
      {},
      /at least 6 with the script short over tcp, got 5/,
    ],
    [
      "a second flood",
      [{ script: "short" }],
      { secondFlood: { connections: 1, afterFlushSeconds: 1 } },
      /one kind of flow only/,
    ],
    [
      "a kind without connections",
      [{ script: "short", ratePerSecond: 0.001 }],
      { durationSeconds: 1 },
      /at least one connection/,
    ],
  ] as [string, Partial<TrafficClass>[], Overrides, RegExp][]) {
    test(what, () => {
      assert.throws(() => resolved(kinds, others), sentence);
    });
  }

  test("sctp, and a script that is none", () => {
    assert.throws(
      () => trafficCodec.parse("short:protocol=sctp"),
      /sctp, whose states and message sizes are not modelled/,
    );
    assert.throws(() => trafficCodec.parse("sin-only"), /did you mean "syn-only"\?/);
  });
});

const trafficCodecTraffic = (text: string): Partial<TrafficClass>[] =>
  (trafficCodec.parse(text) as { traffic: Partial<TrafficClass>[] }).traffic;
