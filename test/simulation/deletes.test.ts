/** Deletes that are no flush: one system call for each entry. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Report } from "../../src/report/report.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import type { Experiment } from "../../src/scenario/scenario.js";
import { simulate } from "../../src/simulation/simulation.js";

const ENTRIES = 3000;

function run(given: Overrides, experiment: Experiment = "flush"): Report<number> {
  const report = simulate(resolveScenario(experiment, { connections: ENTRIES, ...given }));
  assert.deepEqual(report.invariants.violated, []);
  return report;
}

const RELEASES = ["2.6.31", "3.12", "4.19", "5.10", "6.18"];

describe("a delete at a time", () => {
  test("without a flush empties the table by one attempt an entry, on every generation", () => {
    for (const kernel of RELEASES) {
      const { deletes, flush, events, ended } = run({ kernel, flush: false, delete: { atSeconds: 1 } });
      assert.equal(flush, null);
      assert.equal(ended, "settled", kernel);
      assert.equal(deletes!.atSeconds, 1, kernel);
      assert.deepEqual(
        [deletes!.entries, deletes!.attempts, deletes!.absent, deletes!.dumps],
        [ENTRIES, ENTRIES, 0, 1],
      );
      assert.equal(events.destroy.delivered, ENTRIES, kernel);
    }
  });

  test("of a share deletes that share, the same entries for the same seed, and the flush the rest", () => {
    const first = run({ kernel: "6.18", delete: { share: 0.25, atSeconds: 0.2 }, seed: "7" });
    assert.deepEqual(run({ kernel: "6.18", delete: { share: 0.25, atSeconds: 0.2 }, seed: "7" }), first);
    const { entries } = first.deletes!;
    assert.ok(entries > ENTRIES * 0.2 && entries < ENTRIES * 0.3, String(entries));
    assert.equal(first.flush!.entries, ENTRIES - entries);
  });

  test("of a kind of flow leaves the other kinds alone", () => {
    const traffic = [
      { script: "one-packet" as const, name: "probes", ratePerSecond: 400, connections: 400 },
      { script: "half-open" as const, ratePerSecond: 100, connections: 100 },
    ];
    const { deletes, flush } = run(
      {
        kernel: "6.18",
        traffic,
        connections: 500,
        delete: { class: "probes", atSeconds: 0.999 },
        flushDelayNanoseconds: 1e9,
      },
      "flood",
    );
    assert.ok(deletes!.entries >= 398 && deletes!.entries <= 400, String(deletes!.entries));
    assert.equal(flush!.entries, 500 - deletes!.entries);
  });

  test("lets a reader in between two entries, on one CPU, where a flush holds it", () => {
    const given = { kernel: "2.6.31", cpus: 1 as const, listeners: [{ bufferBytes: 8192, serviceNanoseconds: 0 }] };
    const flushed = run(given);
    const deleted = run({ ...given, flush: false, delete: { atSeconds: 1 } });
    assert.equal(flushed.flush!.attempts > ENTRIES, true);
    assert.ok(deleted.deletes!.deliveredAtOnce > 2 * (ENTRIES - flushed.dying.afterFlush!));
  });

  // Measured on a running 6.18 in a namespace of its own, with this buffer and reader: 166 to 170 after `conntrack -F`,
  // and 664, 675 and (on a busy machine) 1,393 after `conntrack -D -p udp`, which is so much slower that the reader
  // empties its congested queue several times.
  test("takes long enough for a congested queue to be emptied several times, where a flush fills it once", () => {
    const given: Overrides = {
      kernel: "6.18",
      machine: "present",
      connections: 9960,
      listeners: [{ bufferBytes: 106_496, serviceNanoseconds: 100_000 }],
    };
    const flushed = run(given);
    const { capacityMessages } = flushed.socket;
    assert.equal(9960 - flushed.dying.afterFlush!, capacityMessages);
    const { dyingAfter } = run({ ...given, flush: false, delete: { atSeconds: 1 } }).deletes!;
    assert.ok(9960 - dyingAfter! >= 3 * capacityMessages, String(dyingAfter));
  });

  test("costs what a system call costs: a dearer one gives the reader more time", () => {
    const given: Overrides = { kernel: "6.18", flush: false, delete: { atSeconds: 1 } };
    const listeners = [{ bufferBytes: 8192, policy: "reliable" as const }];
    const cheap = run({ ...given, listeners, costs: { deleteNanoseconds: 0 } });
    const dear = run({ ...given, listeners, costs: { deleteNanoseconds: 20_000 } });
    assert.ok(dear.deletes!.durationSeconds > cheap.deletes!.durationSeconds + ENTRIES * 19e-6);
    assert.ok(dear.deletes!.deliveredAtOnce > cheap.deletes!.deliveredAtOnce);
  });

  test("after the flush finds nothing", () => {
    const { deletes } = run({ kernel: "5.10", delete: { atSeconds: 100 } });
    assert.deepEqual([deletes!.entries, deletes!.attempts, deletes!.ended], [0, 0, "done"]);
  });
});

describe("deletes at a pace", () => {
  test("that choose no entry of a walk begin the next one at the next turn", () => {
    const report = run({
      delete: { share: 0, perSecond: 200, atSeconds: 0.2 },
      connections: 100,
      flush: false,
      limitSeconds: 2,
    });
    assert.equal(report.deletes!.entries, 0);
    assert.ok(report.deletes!.dumps > 350 && report.deletes!.dumps <= 361, `${report.deletes!.dumps}`);
  });

  test("come one at a time, so that a reader that keeps up loses none at once", () => {
    const { deletes } = run({ kernel: "6.18", connections: 1000, flush: false, delete: { perSecond: 200 } });
    assert.equal(deletes!.entries, 1000);
    assert.equal(deletes!.deliveredAtOnce, 1000);
    assert.ok(Math.abs(deletes!.durationSeconds - 5) < 0.1, String(deletes!.durationSeconds));
    assert.ok(deletes!.dumps > 1);
  });
});

test("a run without deletes has none in its report", () => assert.equal(run({}).deletes, null));

test("a delete needs a time or a pace, and a kind of flow that there is", () => {
  assert.throws(() => resolveScenario("flush", { delete: { share: 0.5 } }), /a time \(atSeconds\) or a pace/);
  assert.throws(
    () => resolveScenario("flush", { delete: { class: "web", atSeconds: 1 } }),
    /that there is, udp, got "web"/,
  );
});

test("a reader that stops once reads nothing from that moment on, for so long", () => {
  const given: Overrides = { protocol: "udp", connections: 1000, ratePerSecond: 100, packets: 1, kernel: "6.18" };
  const stalled = {
    serviceNanoseconds: 0,
    bufferBytes: 212_992,
    stallOnce: { atNanoseconds: 4e9, forNanoseconds: 3e9 },
  };
  const without = run({ ...given, listeners: [{ ...stalled, stallOnce: null }] }, "flood").latency.new.maxSeconds;
  const { maxSeconds } = run({ ...given, listeners: [stalled] }, "flood").latency.new;
  assert.ok(without < 0.01, String(without));
  assert.ok(maxSeconds > 2.8 && maxSeconds <= 3.01, String(maxSeconds));
});
