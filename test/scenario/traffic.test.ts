/**
 * Kinds of flow as they are written and as they are resolved: what a script needs, how connections are shared, what is
 * refused.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import { mergeParameters } from "../../src/scenario/merge.js";
import { type GivenTrafficClass, SCRIPTS, trafficCodec } from "../../src/scenario/parameters/traffic.js";
import type { TrafficClass } from "../../src/scenario/scenario.js";
import { classesOf } from "../../src/scenario/traffic.js";

const resolved = (traffic: GivenTrafficClass[], others: Overrides = {}) =>
  resolveScenario("flood", { ...others, traffic });

describe("a kind of flow", () => {
  test("is written as its script and what differs, and read again as it was written", () => {
    for (const written of [
      "short",
      "syn-only:rate=5000/s",
      "short:share=70%",
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

  test("with a share gets that of the run's rate and connections, and none is left over", () => {
    const kinds = [
      { script: "short", share: 0.7 },
      { script: "syn-only", share: 0.2 },
      { script: "reset", share: 0.1 },
    ] as const;
    const load = (others: Overrides) => {
      const whole = resolveScenario("flood", { ...others, traffic: [...kinds] });
      assert.deepEqual(resolveScenario("flood", whole as unknown as Overrides), whole);
      const parts = whole.traffic.map(({ connections, ratePerSecond }) => [connections, ratePerSecond]);
      return { parts, connections: whole.connections, ratePerSecond: whole.ratePerSecond };
    };
    assert.deepEqual(load({ ratePerSecond: 1000, connections: 1001 }), {
      parts: [
        [701, 700],
        [200, 200],
        [100, 100],
      ],
      connections: 1001,
      ratePerSecond: 1000,
    });
    assert.deepEqual(load({ ratePerSecond: 1000, durationSeconds: 3 }).parts, [
      [2100, 700],
      [600, 200],
      [300, 100],
    ]);
    assert.deepEqual(load({ connections: 500, durationSeconds: 5 }).ratePerSecond, 100);
    assert.deepEqual(load({ ratePerSecond: null, connections: 10 }).parts, [
      [7, null],
      [2, null],
      [1, null],
    ]);
  });

  test("with a share changes with a rate that is laid over it", () => {
    const base = trafficCodec.parse("short:share=100%");
    const [one] = resolveScenario("flood", mergeParameters(base, { ratePerSecond: 321 })).traffic;
    assert.equal(one!.ratePerSecond, 321);
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
    [
      "shares beside rates",
      [{ script: "short", share: 1, ratePerSecond: 5 }],
      {},
      /expected a share or a rate of short, got both/,
    ],
    [
      "shares beside connections",
      [{ script: "short", share: 1, connections: 5 }],
      {},
      /expected a share or connections of short, got both/,
    ],
    [
      "a share beside a kind without",
      [
        { script: "short", share: 0.7 },
        { script: "reset", ratePerSecond: 5 },
      ],
      {},
      /of each kind of flow or of none, got reset without/,
    ],
    [
      "shares of less than all",
      [
        { script: "short", share: 0.7 },
        { script: "reset", share: 0.2 },
      ],
      {},
      /expected shares that add up to 100%, got 90%$/,
    ],
    [
      "no share",
      [
        { script: "short", share: 1 },
        { script: "reset", share: 0 },
      ],
      {},
      /expected a share above 0% of reset, got 0%/,
    ],
    [
      "a share of a rate that is below all rates",
      [
        { script: "short", share: 0.999 },
        { script: "reset", share: 0.001 },
      ],
      { ratePerSecond: 0.5, connections: 9000 },
      /at least 0.001\/s of ratePerSecond 0.5\/s, got 0.1%/,
    ],
    [
      "three of rate, connections and duration that differ",
      [{ script: "short", share: 1 }],
      { ratePerSecond: 5, connections: 9, durationSeconds: 1 },
      /leave one of the three out/,
    ],
  ] as [string, GivenTrafficClass[], Overrides, RegExp][]) {
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
