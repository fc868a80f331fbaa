/** The server of short TCP connections as a thread of its own: on one CPU the scheduler says which end closes first. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Scheduler } from "../../src/kernel/sched/scheduler.js";
import type { Overrides } from "../../src/scenario/defaults.js";
import { Run } from "../../src/simulation/loop.js";
import { hasServer } from "../../src/simulation/server.js";
import { flushScenario } from "./scenarios.js";

const TCP: Overrides = { protocol: "tcp", packets: 6, cpus: 1, connections: 200, flush: false };

/** Packets in order: connection, direction (0: of the client), segment. */
function packetsOf(overrides: Overrides): { tuple: number; direction: number; segment: number }[] {
  const run = new Run(flushScenario({ ...TCP, ...overrides }));
  const { packets } = run.kernel;
  const packet = packets.packet.bind(packets);
  const sent: { tuple: number; direction: number; segment: number }[] = [];
  packets.packet = (tuple, direction, segment) => {
    sent.push({ tuple, direction, segment });
    return packet(tuple, direction, segment);
  };
  while (run.figures.flushAt === Number.POSITIVE_INFINITY && run.advance(1000));
  return sent;
}

/** The readers and the server, in the order in which they wake up; number 0 is the client, 1 the kernel's worker. */
function wakesOf(run: Run): number[] {
  const scheduler = Reflect.get(Reflect.get(run, "cpus") as object, "scheduler") as Scheduler;
  const wake = scheduler.wake.bind(scheduler);
  const woken: number[] = [];
  scheduler.wake = (task) => {
    if ((task === 2 || task === 3) && !woken.includes(task)) woken.push(task);
    wake(task);
  };
  return woken;
}

const FIN = 2;

describe("a server that shares the CPU with its clients over loopback", () => {
  test("is there for the shortest connections only, and not where both ends' packets come from elsewhere", () => {
    const has = (overrides: Overrides): boolean => hasServer(flushScenario({ ...TCP, ...overrides }));
    assert.equal(has({}), true);
    assert.equal(has({ cpus: 2 }), false);
    assert.equal(has({ path: "forward" }), false);
    assert.equal(has({ packets: 7 }), false);
    assert.equal(has({ packetGapNanoseconds: 1000 }), false);
    assert.equal(has({ protocol: "udp", packets: 1 }), false);
  });

  for (const kernel of ["3.6", "5.10.262", "6.1.170", "6.12.107", "7.3.4"]) {
    test(`closes every connection once, before its client or after it: ${kernel}`, () => {
      const fins = packetsOf({ kernel }).filter(({ segment }) => segment === FIN);
      assert.equal(fins.length, 400);
      for (const direction of [0, 1]) {
        const tuples = new Set(fins.filter((fin) => fin.direction === direction).map(({ tuple }) => tuple));
        assert.equal(tuples.size, 200);
      }
    });
  }

  test("mostly closes first where a task that wakes takes the CPU: its client comes back to close second", () => {
    const first = new Map<number, number>();
    for (const { tuple, direction, segment } of packetsOf({ kernel: "5.10.262" })) {
      if (segment === FIN && !first.has(tuple)) first.set(tuple, direction);
    }
    const byServer = [...first.values()].filter((direction) => direction === 1).length;
    assert.ok(byServer > 150, `${byServer} of 200`);
  });

  test("wakes after the reader, whose NEW comes before the end of the handshake", () => {
    for (const kernel of ["4.19", "6.1.170", "6.12.107"]) {
      const run = new Run(flushScenario({ ...TCP, kernel, connections: 1 }));
      const woken = wakesOf(run);
      while (woken.length < 2) assert.ok(run.advance(1));
      assert.deepEqual(woken, [2, 3], kernel);
    }
  });

  for (const kernel of ["6.12.107", "6.18.15", "7.3.4"]) {
    test(`nearly always closes first, as recorded: ${kernel}`, () => {
      const first = new Map<number, number>();
      for (const { tuple, direction, segment } of packetsOf({ kernel, connections: 2000 })) {
        if (segment === FIN && !first.has(tuple)) first.set(tuple, direction);
      }
      const byClient = [...first.values()].filter((direction) => direction === 0).length;
      assert.ok(byClient < 100, `${byClient} of 2000 by the client`);
    });
  }

  test("takes longer where a connect costs more than its packets", () => {
    const floodSeconds = (connectNanoseconds: number): number => {
      const run = new Run(flushScenario({ ...TCP, costs: { connectNanoseconds } }));
      while (run.figures.flushAt === Number.POSITIVE_INFINITY && run.advance(1000));
      return run.figures.floodEndedAt / 1e9;
    };
    const more = floodSeconds(100_000) - floodSeconds(0);
    assert.ok(Math.abs(more - 200 * 100e-6) < 2e-3, `${more} s more for 200 connections`);
  });

  test("sends six packets of a connection, and a seventh where a tick comes between the two ends", () => {
    const lengths = new Map<number, number>();
    for (const { tuple } of packetsOf({ kernel: "5.10.262" })) lengths.set(tuple, (lengths.get(tuple) ?? 0) + 1);
    const counts = [...lengths.values()];
    assert.ok(counts.every((count) => count === 6 || count === 7));
    const sevens = counts.filter((count) => count === 7).length;
    assert.ok(sevens < 40, `${sevens} of 200`);
  });
});
