/** Packets on several CPUs: as fast as so many make them, and nothing else changes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import { finished, floodScenario } from "./scenarios.js";

const SECOND = 1e9;
/** UDP of one packet without listeners' work: 10 µs and one attempt of 2.5 µs each. */
const FLOOD: Overrides = {
  protocol: "udp",
  ratePerSecond: null,
  connections: 8000,
  flush: false,
  limitSeconds: 20,
  listeners: [{ bufferBytes: 64 * 1024 * 1024, serviceNanoseconds: 0 }],
};

describe("packets on several CPUs", () => {
  test("take as many times less as there are CPUs", () => {
    for (const packetCpus of [1, 2, 8]) {
      const run = finished(floodScenario({ ...FLOOD, packetCpus }));
      assert.equal(run.figures.floodEndedAt, (8000 * 12_500) / packetCpus);
      assert.deepEqual(run.invariants.violated, []);
    }
  });

  test("come at their rate where one CPU would have been enough, so that the run is the same", () => {
    const at = (packetCpus: number) =>
      finished(floodScenario({ ...FLOOD, packetCpus, ratePerSecond: 1000, arrivals: "constant" })).kernel.sockets[0]!;
    assert.deepEqual([at(4).admitted, at(4).peakRmem, at(4).drops], [at(1).admitted, at(1).peakRmem, at(1).drops]);
  });

  test("leave the flush to one", () => {
    const flush = (packetCpus: number) => {
      const { figures } = finished(resolvedFlush(packetCpus));
      return figures.flushEndedAt - figures.flushAt;
    };
    assert.ok(flush(8) > 0.9 * flush(1));
  });
});

const resolvedFlush = (packetCpus: number) =>
  resolveScenario("flush", { connections: 2000, packetCpus, listeners: [{ bufferBytes: 64 * 1024 * 1024 }] });

test("a machine of today is some times faster, and what is given wins over it", () => {
  const made = ({ figures }: ReturnType<typeof finished>) => 8000 / (figures.floodEndedAt / SECOND);
  assert.equal(Math.round(made(finished(floodScenario({ ...FLOOD, machine: "present" })))), Math.round(1e9 / 3500));
  const { costs } = floodScenario({ machine: "present", costs: { packetNanoseconds: 7 } });
  assert.deepEqual([costs.packetNanoseconds, costs.attemptNanoseconds], [7, 500]);
});

test("there are no several CPUs on a machine of one", () => {
  assert.throws(() => floodScenario({ cpus: 1, packetCpus: 2 }), /expected 1 with \{?cpus\}? 1, got 2/);
});
