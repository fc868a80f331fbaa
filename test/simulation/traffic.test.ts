/** Runs with several kinds of flow: each kind makes the events, and leaves the entries, that it makes alone. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KIND_NEW, KIND_UPDATE } from "../../src/kernel/events/kinds.js";
import { SCRIPTS } from "../../src/scenario/parameters/traffic.js";
import type { TrafficClass } from "../../src/scenario/scenario.js";
import { reportOf } from "../../src/simulation/recorder.js";
import { finished, floodScenario } from "./scenarios.js";

const AMPLE = [{ bufferBytes: 8 * 1024 * 1024, serviceNanoseconds: 0 }];

/** Events raised by kind, of a flood that is over before anything times out. */
function eventsOf(traffic: Partial<TrafficClass>[]): [number, number] {
  const run = finished(floodScenario({ traffic, kernel: "6.18", flush: false, limitSeconds: 9, listeners: AMPLE }));
  assert.deepEqual(run.invariants.violated, []);
  const { kinds } = run.kernel.ledger;
  return [kinds[KIND_NEW].raised, kinds[KIND_UPDATE].raised];
}

const ONE: Record<string, [number, number]> = {
  short: [1, 6],
  "request-reply": [1, 1],
  "one-packet": [1, 0],
  "syn-only": [1, 0],
  "half-open": [1, 1],
  reset: [1, 3],
};

describe("a kind of flow", () => {
  for (const [script, [news, updates]] of Object.entries(ONE)) {
    test(`${script}: ${news} NEW and ${updates} UPDATE a connection`, () => {
      const kind = { script, connections: 10, ratePerSecond: 100 } as Partial<TrafficClass>;
      assert.deepEqual(eventsOf([kind]), [10 * news, 10 * updates]);
    });
  }

  test("makes beside others what it makes alone", () => {
    const kinds = SCRIPTS.filter((script) => ONE[script] !== undefined).map((script) => ({
      script,
      connections: 10,
      ratePerSecond: 100,
    }));
    const updates = Object.values(ONE).reduce((sum, [, one]) => sum + one, 0);
    assert.deepEqual(eventsOf(kinds), [10 * kinds.length, 10 * updates]);
  });
});

test("each protocol has the timeouts and the message sizes of its own", () => {
  const traffic: Partial<TrafficClass>[] = [
    { script: "syn-only", connections: 5, ratePerSecond: 100 },
    { script: "one-packet", connections: 7, ratePerSecond: 100 },
  ];
  // Of the releases, this one charges the two protocols most differently.
  const scenario = { kernel: "2.6.39", flush: false, limitSeconds: 60, listeners: AMPLE } as const;
  const run = finished(floodScenario({ ...scenario, traffic }));
  // UDP is gone after 30 s, a SYN waits for 120.
  assert.equal(run.kernel.table.active, 5);
  const { truesizes } = run.kernel.ctnetlink as unknown as { truesizes: Int32Array };
  // By class and kind, without and with PROTOINFO, which a UDP conversation does not have.
  assert.ok(truesizes[3]! > truesizes[9]!);
});

test("the report says per kind what came and what was lost, and the kinds add up to the whole", () => {
  const run = finished(
    floodScenario({
      traffic: [
        { script: "syn-only", connections: 3000, ratePerSecond: 5000 },
        { script: "short", connections: 600, ratePerSecond: 1000 },
        { script: "one-packet", connections: 300, ratePerSecond: 500 },
      ],
      kernel: "6.18",
      listeners: [{ bufferBytes: 2048, policy: "lossy", serviceNanoseconds: 300_000 }],
    }),
  );
  const report = reportOf(run, false);
  assert.deepEqual(run.invariants.violated, []);
  assert.deepEqual(
    report.classes.map(({ name, openedConnections, events }) => [name, openedConnections, events!.new.raised]),
    [
      ["syn-only", 3000, 3000],
      ["short", 600, 600],
      ["one-packet", 300, 300],
    ],
  );
  for (const kind of ["new", "update", "destroy"] as const) {
    const whole = report.events[kind];
    for (const figure of Object.keys(whole) as (keyof typeof whole)[]) {
      const sum = report.classes.reduce((all, { events }) => all + events![kind][figure], 0);
      assert.equal(sum, whole[figure], `${kind}.${figure}`);
    }
  }
  assert.ok(report.classes.every(({ events }) => events!.new.lost > 0));
});
