/**
 * The drain of the newer generations against its formula: while the reader empties its queue between two runs, every
 * run delivers what the buffer holds, so that N entries take first run + (⌈N / messages⌉ − 1) × period, whatever the
 * release, HZ and buffer.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Scenario } from "../../src/scenario/scenario.js";
import { reportOf } from "../../src/simulation/recorder.js";
import { finished, flushScenario, withoutCosts } from "../simulation/scenarios.js";

interface Setting {
  kernel: string;
  hz: number;
  bufferBytes: number;
  connections: number;
  seed: string;
}

/** The period in seconds as the timer wheel of the release meets it, from what the kernel asks for. */
function periodSeconds({ kernel, hz }: Setting): number {
  const evictList = kernel.startsWith("6.") || kernel === "5.19";
  const asked = evictList ? Math.ceil(hz / 100) : Math.floor(hz / 10);
  if (kernel === "3.17") return asked / hz;
  // Up to 62 jiffies one tick more; from there on a multiple of 8, and a run began at one.
  const met = asked < 63 ? asked + 1 : (Math.floor(asked / 8) + 1) * 8;
  return met / hz;
}

/** How many messages of 1280 bytes a stopped reader's buffer takes. */
function messages({ kernel, bufferBytes }: Setting): number {
  const rcvbuf = Math.max(2 * bufferBytes, 2304);
  const afterwards = ["6.1.146", "6.16", "6.18.39", "6.18.44"].includes(kernel);
  return afterwards ? Math.max(1, Math.floor(rcvbuf / 1280)) : Math.floor(rcvbuf / 1280) + 1;
}

/**
 * The machine takes no time for anything but the reader's service, which is half of what the period would allow. Two
 * CPUs: on one, a reader that waits runs between two entries, so that a run finds room for one more.
 */
function scenarioOf(setting: Setting): Scenario {
  const { kernel, hz, bufferBytes, connections, seed } = setting;
  const serviceNanoseconds = Math.floor((periodSeconds(setting) * 1e9) / (2 * messages(setting)));
  return withoutCosts(
    flushScenario({
      kernel,
      hz,
      cpus: 2,
      seed,
      connections,
      rmemMaxBytes: 1e9,
      listeners: [{ bufferBytes, serviceNanoseconds }],
    }),
  );
}

function check(setting: Setting): void {
  const report = reportOf(finished(scenarioOf(setting)), false);
  assert.deepEqual(report.invariants.violated, []);
  assert.equal(report.socket.truesizeBytes, 1280);
  assert.equal(report.socket.capacityMessages, messages(setting));
  const left = setting.connections - messages(setting);
  assert.equal(report.dying.afterFlush, left);
  const drain = report.dying.emptyAfterFlushSeconds!;
  const { hz } = setting;
  const period = periodSeconds(setting);
  const expected = 1 + (Math.ceil(left / messages(setting)) - 1) * period;
  // Where in a jiffy the flush was, and where in the wheel: on 3.17 it is the jiffy alone, from 4.8 on the second is
  // met late.
  const [early, late] = setting.kernel === "3.17" ? [1, 0] : [0, hz < 504 ? 8 : 64];
  // The multiples of 8 of the first run and of the others may differ once.
  const slack = period * hz > 63 ? 8 : 0;
  assert.ok(
    drain > expected - (early + 0.01) / hz && drain <= expected + (late + slack + 0.01) / hz,
    `${drain} s, expected ${expected} s`,
  );
  const plain = 1 + (left / messages(setting)) * period;
  if (left > 60 * messages(setting)) assert.ok(Math.abs(drain / plain - 1) < 0.03, `${drain} s, about ${plain} s`);
  if (setting.kernel === "6.18.39") assert.equal(report.redelivery!.mostInOneRun, 1);
}

const KERNELS = {
  workqueue: ["3.17", "4.8", "4.9", "5.4", "5.5", "5.15"],
  "evict list": ["5.19", "6.1", "6.1.146", "6.3", "6.16", "6.18.39", "6.18.44"],
} as const;

for (const [generation, kernels] of Object.entries(KERNELS)) {
  describe(`the drain of the ${generation}`, () => {
    test("takes the first second and then a period for what the buffer holds", () => {
      fc.assert(
        fc.property(
          fc.record({
            kernel: fc.constantFrom(...kernels),
            hz: fc.constantFrom(100, 250, 300, 1000),
            bufferBytes: fc.constantFrom(0, 2048, 4096, 8192, 65_536, 212_992),
            connections: fc.integer({ min: 400, max: 1500 }),
            seed: fc.nat(1000).map(String),
          }),
          check,
        ),
        { seed: 5, numRuns: 60 },
      );
    });

    for (const kernel of kernels) {
      test(`${kernel}: within 3 % of first run + N × period / messages, with buffers of 2048, 4096 and 8192 bytes`, () => {
        for (const bufferBytes of [2048, 4096, 8192]) {
          for (const hz of [250, 1000]) {
            const setting: Setting = { kernel, hz, bufferBytes, connections: 1200, seed: "drain" };
            assert.ok(setting.connections > 61 * messages(setting));
            check(setting);
          }
        }
      });
    }
  });
}
