/** A socket filter: what it rejects is neither charged nor refused, and not what the daemon should know. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Overrides } from "../../src/scenario/defaults.js";
import type { ListenerScenario, Scenario } from "../../src/scenario/scenario.js";
import { reportOf } from "../../src/simulation/recorder.js";
import { finished, floodScenario } from "./scenarios.js";

function mixed(listener: Partial<ListenerScenario>, overrides: Overrides = {}): Scenario {
  return floodScenario({
    kernel: "6.12.57",
    machine: "present",
    traffic: [
      { script: "short", ratePerSecond: 50, connections: 500 },
      { script: "request-reply", ratePerSecond: 2000, connections: 20_000 },
    ],
    flush: false,
    listeners: [{ policy: "lossy", bufferBytes: 106_496, serviceNanoseconds: 100_000, ...listener }],
    ...overrides,
  });
}

const ran = (scenario: Scenario) => {
  const report = reportOf(finished(scenario), false);
  assert.deepEqual(report.invariants.violated, []);
  return report;
};

describe("a socket filter", () => {
  test("keeps the messages of other kinds out of the buffer", () => {
    const without = ran(mixed({}));
    const { events, socket, classes, daemon } = ran(mixed({ filter: ["tcp"] }));
    assert.ok(without.socket.drops > 10_000);
    assert.equal(events.new.raised, 500);
    assert.equal(events.new.notSubscribed, 20_000);
    assert.equal(classes[1]!.events!.destroy.raised, 0);
    assert.ok(socket.drops < without.socket.drops / 10);
    assert.deepEqual([daemon.received.new, daemon.missing], [500, 0]);
  });

  test("names kinds of flow as well as protocols", () => {
    const { classes } = ran(mixed({ filter: ["request-reply"] }));
    assert.equal(classes[0]!.events!.new.raised, 0);
    assert.ok(classes[1]!.events!.new.delivered > 0);
  });

  test("leaves what it rejects out of what is missing and stale, also after a resync", () => {
    const { daemon } = ran(
      mixed({ filter: ["tcp"], bufferBytes: 4096, serviceNanoseconds: 2_000_000, resyncAfterNanoseconds: 1e9 }),
    );
    assert.ok(daemon.resyncs! > 0);
    assert.equal(daemon.missing, 0);
    assert.equal(daemon.stale, 0);
  });

  test("of a reliable listener makes nothing wait that it rejects", () => {
    const listener = { policy: "reliable", bufferBytes: 2048, serviceNanoseconds: 5_000_000 } as const;
    const { dying, events } = ran(mixed({ ...listener, filter: ["icmp"] }));
    assert.equal(dying.peak, 0);
    assert.equal(events.destroy.raised, 0);
    assert.ok(ran(mixed(listener, { limitSeconds: 80 })).dying.peak > 0);
  });

  test("of one listener is not that of another", () => {
    const overrides: Overrides = {
      listeners: [
        { policy: "lossy", bufferBytes: 4_000_000, filter: ["tcp"] },
        { policy: "lossy", bufferBytes: 4_000_000 },
      ],
      rmemMaxBytes: 4_000_000,
    };
    const { daemon, otherListeners } = ran(mixed({}, overrides));
    assert.equal(daemon.received.new, 500);
    assert.equal(otherListeners[0]!.daemon.received.new, 20_500);
  });
});
