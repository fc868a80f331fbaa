/** A queue of the program between receiver and workers, in whole runs. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ListenerScenario, Scenario } from "../../src/scenario/scenario.js";
import { reportOf } from "../../src/simulation/recorder.js";
import { finished, floodScenario } from "./scenarios.js";

/** 4,000 events per second, and workers that need a millisecond each. */
function flood(listener: Partial<ListenerScenario>): Scenario {
  return floodScenario({
    kernel: "6.12.57",
    machine: "present",
    protocol: "udp",
    connections: 10_000,
    ratePerSecond: 4000,
    flush: false,
    listeners: [
      {
        policy: "lossy",
        bufferBytes: 106_496,
        serviceNanoseconds: 1_000_000,
        groups: ["new"],
        decoders: 2,
        ...listener,
      },
    ],
  });
}

const ran = (scenario: Scenario) => {
  const report = reportOf(finished(scenario), false);
  assert.deepEqual(report.invariants.violated, []);
  return report;
};

describe("a queue of the program", () => {
  test("that is full and blocks fills the socket, which then refuses", () => {
    const { daemon, events, socket } = ran(
      flood({ queue: { messages: 500, whenFull: "block", receiveNanoseconds: 0 } }),
    );
    assert.equal(daemon.queue!.peakMessages, 500);
    assert.equal(daemon.queue!.dropped, 0);
    assert.ok(socket.drops > 1000);
    assert.equal(events.new.lost, socket.drops);
  });

  test("that is full and drops loses what no socket counts", () => {
    const { daemon, events, socket } = ran(
      flood({ queue: { messages: 500, whenFull: "drop", receiveNanoseconds: 0 } }),
    );
    assert.equal(socket.drops, 0);
    assert.equal(socket.enobufs, 0);
    assert.ok(daemon.queue!.dropped > 1000);
    assert.equal(events.new.lost, daemon.queue!.dropped);
  });

  test("that holds what comes loses nothing of a burst that the socket alone cannot hold", () => {
    const without = ran(flood({}));
    const beside = ran(flood({ queue: { messages: 10_000, whenFull: "block", receiveNanoseconds: 0 } }));
    assert.ok(without.events.new.lost > 0);
    assert.equal(beside.events.new.lost, 0);
    assert.ok(beside.daemon.queue!.peakMessages > 4000);
    assert.equal(beside.daemon.queue!.fullSeconds, 0);
  });

  test("costs a reader that is fast enough nothing but its order", () => {
    const queue = { messages: 8192, whenFull: "drop", receiveNanoseconds: 0 } as const;
    const { daemon, events } = ran(flood({ serviceNanoseconds: 10_000, queue }));
    assert.equal(events.new.delivered, 10_000);
    assert.ok(daemon.queue!.peakMessages <= 3);
  });

  test("is emptied by its workers after the receiver has stopped at an ENOBUFS", () => {
    const queue = { messages: 100, whenFull: "block", receiveNanoseconds: 0 } as const;
    const run = finished(flood({ queue, stopsAtEnobufs: true }));
    assert.equal(run.readers[0]!.inFlight, 0);
    assert.equal(run.kernel.sockets[0]!.enobufs, 1);
  });

  test("is bounded by a receiver that is slower than its workers", () => {
    const queue = { messages: 8192, whenFull: "drop", receiveNanoseconds: 1_000_000 } as const;
    const { daemon, socket } = ran(flood({ serviceNanoseconds: 1000, decoders: 4, queue }));
    assert.ok(socket.drops > 1000);
    assert.equal(daemon.queue!.dropped, 0);
  });
});
