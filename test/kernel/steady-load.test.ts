/** Loads that end before the table is what it stays: when that is said, and that it is so. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { shortLoad } from "../../src/kernel/steady-load.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import { simulate } from "../../src/simulation/simulation.js";

const KERNELS = ["2.6.31", "5.4", "5.10.100", "6.1.100"];
const UDP: Overrides = { protocol: "udp", packets: 2, ratePerSecond: 20, flush: false };
const flood = (overrides: Overrides) => resolveScenario("flood", { ...UDP, ...overrides });

describe("a short load", () => {
  test("has fewer entries at once than a longer one, up to the duration that is named, and not after that", () => {
    for (const kernel of KERNELS) {
      const peak = (durationSeconds: number): number =>
        simulate(flood({ kernel, connections: 20 * durationSeconds })).table.peakCount!;
      const { steadySeconds } = shortLoad(flood({ kernel, connections: 20 }))!;
      const [early, steady, late] = [peak(20), peak(steadySeconds), peak(2 * steadySeconds)];
      assert.ok(early < 0.9 * steady, `${kernel}: ${early} and ${steady}`);
      assert.ok(Math.abs(steady - late) < 0.08 * late, `${kernel}: ${steady} and ${late}`);
    }
  });

  test("is one that does not last the timeout after its last packet and two looks of the gc", () => {
    const steady = (overrides: Overrides) => shortLoad(flood({ connections: 20, ...overrides }))?.steadySeconds;
    assert.equal(steady({ kernel: "2.6.31" }), 30);
    assert.equal(steady({ kernel: "5.10.100" }), 30 + 240);
    assert.equal(steady({ kernel: "6.1.100" }), 30 + 120);
    assert.equal(steady({ kernel: "6.1.100", kernelRules: { gcIntervalSeconds: 10 } }), 30 + 20);
    assert.equal(steady({ kernel: "6.1.100", protocol: "tcp", packets: 7 }), 120 + 120);
    assert.equal(steady({ kernel: "6.1.100", timeoutsSeconds: { udp: 5 } }), 5 + 120);
    const kind = (script: "syn-only" | "reset" | "long-lived") => ({
      traffic: [{ script, protocol: "tcp" as const, ratePerSecond: 10, connections: 10 }],
    });
    assert.equal(steady({ kernel: "6.1.100", ...kind("syn-only") }), 120 + 120);
    assert.equal(steady({ kernel: "6.1.100", ...kind("reset") }), 10 + 120);
    assert.equal(steady({ kernel: "6.1.100", ...kind("long-lived") }), 60 + 120 + 120);
  });

  test("says how many entries its rate keeps alive", () => {
    assert.equal(shortLoad(flood({ kernel: "6.1.100", connections: 20 }))?.steadyEntries, 20 * 30.0005);
  });

  test("is none where the run does not ask about a rate that goes on", () => {
    const none = (overrides: Overrides) => assert.equal(shortLoad(flood({ connections: 20, ...overrides })), null);
    none({ flush: true });
    none({ ratePerSecond: null });
    none({ delete: { share: 1, atSeconds: 1 } });
    none({ kernel: "6.1.100", connections: 3000 });
    const rateProfile = [0, 2].map((seconds) => ({ seconds, connectionsPerSecond: 10 }));
    assert.equal(shortLoad(resolveScenario("flood", { protocol: "udp", flush: false, rateProfile })), null);
  });
});
