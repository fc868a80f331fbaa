/** Readers that poll the table, and dumps on the socket of the events, in whole runs. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Overrides } from "../../src/scenario/defaults.js";
import type { ListenerScenario, Scenario } from "../../src/scenario/scenario.js";
import { reportOf } from "../../src/simulation/recorder.js";
import { finished, floodScenario, flushScenario } from "./scenarios.js";

const SECOND = 1e9;

function flood(listener: Partial<ListenerScenario>, overrides: Overrides = {}): Scenario {
  return floodScenario({
    kernel: "4.8",
    machine: "present",
    protocol: "udp",
    connections: 6000,
    ratePerSecond: 100,
    arrivals: "constant",
    flush: false,
    timeoutsSeconds: { udp: 10 },
    listeners: [{ policy: "lossy", bufferBytes: 4_000_000, serviceNanoseconds: 0, ...listener }],
    rmemMaxBytes: 4_000_000,
    ...overrides,
  });
}

const ran = (scenario: Scenario) => {
  const report = reportOf(finished(scenario), false);
  assert.deepEqual(report.invariants.violated, []);
  return report;
};
const poll = (seconds: number, withEvents = false): Partial<ListenerScenario> => ({
  poll: { everyNanoseconds: seconds * SECOND, withEvents },
});

describe("a poll in place of events", () => {
  test("misses the share of flows whose life fits between two dumps", () => {
    // An entry lives 10 s, a dump comes every 40 s: it lists those of the last 10 s.
    const { daemon, events } = ran(flood(poll(40)));
    const { goneListed, goneUnlisted } = daemon.dumps!;
    assert.equal(goneListed! + goneUnlisted!, 6000);
    const share = goneListed! / 6000;
    assert.ok(share > 0.15 && share < 0.35, `share ${share}`);
    assert.equal(events.new.raised, 0);
  });

  test("misses none that live longer than its interval, and is told of their last interval by half", () => {
    const { daemon } = ran(flood(poll(4)));
    const { goneUnlisted, meanUntoldSeconds } = daemon.dumps!;
    assert.equal(goneUnlisted, 0);
    assert.ok(meanUntoldSeconds! > 1.5 && meanUntoldSeconds! < 2.5, `mean ${meanUntoldSeconds}`);
  });

  test("knows the table again at the dump after a flush", () => {
    const scenario = flushScenario({ kernel: "6.12.57", machine: "present", connections: 5000, listeners: [poll(5)] });
    const { daemon, ended, flush } = ran(scenario);
    assert.equal(ended, "settled");
    assert.equal(daemon.stale, 0);
    // The first dump comes after the flush and finds nothing.
    assert.ok(flush!.atSeconds < 5);
    assert.equal(daemon.dumps!.entries, 0);
  });

  test("is no listener: with nf_conntrack_events 2 no flow has events because of it", () => {
    const { table, events } = ran(flood(poll(5), { kernel: "6.12.57" }));
    assert.ok(table.destroyed > 0);
    assert.equal(events.destroy.raised + events.destroy.notSubscribed, 0);
  });

  test("costs what the walk and the entries cost, a part for each recv", () => {
    const { daemon, scenario } = ran(flood(poll(20)));
    const { entries, parts, cpuSeconds, begun, completed } = daemon.dumps!;
    assert.equal(begun, completed);
    assert.ok(parts > entries / 60 && parts < entries / 20 + 10 * begun, `${parts} parts of ${entries} entries`);
    assert.ok(cpuSeconds >= (entries * scenario.costs.dumpEntryNanoseconds) / SECOND);
  });

  test("takes the time of the buckets that it walks over, also of those that are empty", () => {
    const back = { poll: { everyNanoseconds: 1, withEvents: false } };
    const { daemon, scenario } = ran(flood(back, { connections: 1, buckets: 100_000, limitSeconds: 0.5 }));
    const walkSeconds = (100_000 * scenario.costs.bucketNanoseconds) / SECOND;
    const { begun, cpuSeconds, longestSeconds } = daemon.dumps!;
    assert.ok(begun > 100 && begun <= 1 + 0.5 / walkSeconds, `${begun} dumps`);
    assert.ok(cpuSeconds > 0.45 && cpuSeconds < 0.51, `${cpuSeconds} s`);
    assert.ok(longestSeconds >= walkSeconds, `${longestSeconds} s`);
  });

  test("removes the dead that it meets, where entries have no timer", () => {
    const kernel = "5.10.100";
    const [never, often] = [poll(600), poll(2)].map((listener) => ran(flood(listener, { kernel })));
    assert.ok(often!.table.expired.peak! < never!.table.expired.peak! / 4);
  });
});

describe("a poll beside events", () => {
  test("loses what it raises itself, where a dump removes the dead and the reader reads no event meanwhile", () => {
    const listener = { bufferBytes: 106_496, ...poll(5, true) };
    const overrides: Overrides = { ratePerSecond: 1000, connections: 20_000 };
    const timers = ran(flood(listener, overrides));
    const lazy = ran(flood(listener, { ...overrides, kernel: "5.10.50" }));
    assert.equal(timers.events.destroy.lost, 0);
    assert.ok(lazy.events.destroy.lost > 1000);
  });

  test("does away with what is stale after lost events", () => {
    const slow = { bufferBytes: 20_000, serviceNanoseconds: 3_000_000 };
    const overrides: Overrides = { ratePerSecond: 1000, arrivals: "burst", burstConnections: 500 };
    const without = ran(flood(slow, overrides));
    const beside = ran(flood({ ...slow, ...poll(5, true) }, overrides));
    assert.ok(without.daemon.stale > 0);
    assert.equal(beside.daemon.stale, 0);
    assert.ok(beside.events.new.delivered > 0);
  });
});

describe("dumps on the socket of the events", () => {
  /** Bursts that the buffer just holds, on a kernel with a timer for each entry, so that a dump removes none. */
  const bursts: Overrides = {
    ratePerSecond: 1000,
    connections: 20_000,
    arrivals: "burst",
    burstConnections: 160,
    kernel: "4.8",
  };
  const busy = { bufferBytes: 106_496, serviceNanoseconds: 100_000, groups: ["new"], ...poll(0.05, true) } as const;

  test("lose events that dumps on a socket of their own do not lose", () => {
    const own = ran(flood(busy, bursts));
    const shared = ran(flood({ ...busy, dumpsOnEventSocket: true }, bursts));
    assert.ok(shared.socket.drops > own.socket.drops, `${shared.socket.drops} and ${own.socket.drops}`);
    assert.ok(shared.daemon.dumps!.completed > 0);
  });

  test("tell the same of the table, in the end", () => {
    const listener = { ...poll(5, true), dumpsOnEventSocket: true };
    const { daemon, socket } = ran(flood(listener));
    assert.equal(socket.drops, 0);
    assert.equal(daemon.stale, 0);
    assert.equal(daemon.dumps!.goneUnlisted! + daemon.dumps!.goneListed!, 6000);
  });

  test("are refused while events fill the buffer, and told", () => {
    const listener = { policy: "no-enobufs", bufferBytes: 4096, serviceNanoseconds: 5_000_000 } as const;
    const overrides: Overrides = { ...bursts, arrivals: "constant", kernel: "6.12.57" };
    const { daemon } = ran(flood({ ...listener, ...poll(1, true), dumpsOnEventSocket: true }, overrides));
    assert.ok(daemon.dumps!.refused > 0);
  });

  test("of a resync come the same way", () => {
    const listener = {
      policy: "lossy",
      slowFrom: "start",
      smallFrom: "start",
      resyncAfterNanoseconds: SECOND,
      dumpsOnEventSocket: true,
    } as const;
    const { daemon } = ran(flushScenario({ kernel: "5.4", connections: 2000, listeners: [listener] }));
    assert.equal(daemon.resyncs, 1);
    assert.equal(daemon.dumps!.completed, 1);
    assert.equal(daemon.inSync, true);
  });
});
