/**
 * Several kinds of flow at once: whose packet is next, which tuples each kind has, and that long scripts, which have a
 * heap, send in the same order as short ones, which have a queue for each step.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { resolveScenario } from "../../src/scenario/defaults.js";
import type { TrafficClass } from "../../src/scenario/scenario.js";
import { Streams } from "../../src/scenario/streams.js";
import { DueHeap } from "../../src/workload/due-heap.js";
import { firstFlood, Traffic } from "../../src/workload/traffic.js";

const SECOND = 1e9;

function trafficOf(traffic: Partial<TrafficClass>[], tuples: number | null = null): Traffic {
  const scenario = resolveScenario("flood", { traffic, tuples, arrivals: "constant" });
  return new Traffic(firstFlood(scenario, new Streams("1")), tuples);
}

function packetsOf(traffic: Traffic): { due: number; of: number; tuple: number; step: number }[] {
  const packets = [];
  while (!traffic.over) {
    packets.push({ due: traffic.due, of: traffic.nextClass, tuple: traffic.next.tuple, step: traffic.next.stepIndex });
    traffic.advance(false);
  }
  return packets;
}

describe("kinds of flow", () => {
  test("come each at its rate, and of two packets at one instant the one of the first kind comes first", () => {
    const packets = packetsOf(
      trafficOf([
        { script: "syn-only", connections: 4, ratePerSecond: 2 },
        { script: "one-packet", connections: 2, ratePerSecond: 1 },
      ]),
    );
    assert.deepEqual(
      packets.map(({ due, of }) => [due / SECOND, of]),
      [
        [0, 0],
        [0, 1],
        [0.5, 0],
        [1, 0],
        [1, 1],
        [1.5, 0],
      ],
    );
  });

  test("have tuples of their own, also where tuples are used again", () => {
    const kinds: Partial<TrafficClass>[] = [
      { script: "syn-only", connections: 5, ratePerSecond: 10 },
      { script: "one-packet", connections: 5, ratePerSecond: 10 },
    ];
    for (const tuples of [null, 3]) {
      const packets = packetsOf(trafficOf(kinds, tuples));
      const of = (kind: number) => new Set(packets.filter((packet) => packet.of === kind).map(({ tuple }) => tuple));
      assert.equal(of(0).size, tuples ?? 5);
      assert.equal(of(1).size, tuples ?? 5);
      assert.deepEqual(
        [...of(0)].filter((tuple) => of(1).has(tuple)),
        [],
      );
    }
  });

  test("send a refused connection's first packet only", () => {
    const traffic = trafficOf([{ script: "long-lived", connections: 2, ratePerSecond: 1 }]);
    let sent = 0;
    for (; !traffic.over; sent++) traffic.advance(traffic.next.stepIndex === 0 && sent === 0);
    assert.equal(sent, 1 + 61);
  });
});

test("a script of many packets sends in order of time, and of two at one instant the older connection's first", () => {
  const packets = packetsOf(
    trafficOf([
      { script: "stream", connections: 30, ratePerSecond: 10, lifetimeNanoseconds: 4 * SECOND, packetsPerSecond: 10 },
    ]),
  );
  assert.equal(packets.length, 30 * 41);
  packets.forEach(({ due, tuple, step }, index) => {
    assert.equal(due, (tuple + step) * 100_000_000);
    const before = packets[index - 1];
    if (before !== undefined) assert.ok(before.due < due || (before.due === due && before.tuple < tuple));
  });
});

for (const [packetsPerSecond, kept] of [
  [0.1, "in queues"],
  [10, "in a heap"],
] as const) {
  test(`a long-lived connection has its handshake at once and its last packet when its life is over, ${kept}`, () => {
    const lifetimeNanoseconds = 100 * SECOND;
    const tcp = { script: "long-lived", protocol: "tcp", connections: 1, ratePerSecond: 1 } as const;
    const packets = packetsOf(trafficOf([{ ...tcp, lifetimeNanoseconds, packetsPerSecond }]));
    const times = packets.map(({ due }) => due);
    assert.equal(times.length, 1 + 100 * packetsPerSecond);
    assert.deepEqual(times.slice(0, 3), [0, 0, 0]);
    assert.deepEqual(times.slice(-2), [lifetimeNanoseconds, lifetimeNanoseconds]);
    const apart = new Set(times.slice(3).map((time, index) => Math.round((time - times[index + 2]!) / 1e6)));
    assert.equal(apart.size, 2, "one time between calls, none within one");
  });
}

test("the heap gives what was put in by due time and number, whatever comes between", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 200 }), (entries) => {
      const heap = new DueHeap();
      const model: [number, number][] = [];
      entries.forEach(([due, takes], connection) => {
        heap.push(due, connection, 0);
        model.push([due, connection]);
        if (!takes) return;
        model.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        assert.deepEqual([heap.topDue, heap.topConnection], model.shift());
        heap.pop();
      });
      assert.equal(heap.length, model.length);
    }),
  );
});
