/**
 * The backend: the same scenario gives the same report, whoever watches, and a run that is ended early says so and is
 * sound. And that the report says what the run did.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Observer, Progress } from "../../src/report/backend.js";
import { TIMELINE_COLUMNS } from "../../src/report/report.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { Run } from "../../src/simulation/loop.js";
import { reportOf } from "../../src/simulation/recorder.js";
import { simulate, simulation } from "../../src/simulation/simulation.js";
import { finished, floodScenario, flushScenario } from "./scenarios.js";

const SCENARIOS = [
  flushScenario({ connections: 2000, seed: "a" }),
  flushScenario({ connections: 2000, seed: "a", cpus: 1, kernel: "3.6", listeners: [{ policy: "lossy" }, {}] }),
  floodScenario({
    connections: 800,
    ratePerSecond: 400,
    seed: "a",
    nfConntrackMax: 600,
    listeners: [{ serviceNanoseconds: 3_000_000, serviceDistribution: "exponential" }],
  }),
];

describe("the same scenario and seed", () => {
  for (const [index, scenario] of SCENARIOS.entries()) {
    test(`give the same report to the last byte: scenario ${index + 1}`, () => {
      const [one, other] = [simulate(scenario), simulate(structuredClone(scenario))];
      assert.deepEqual(one, other);
      assert.equal(JSON.stringify(one), JSON.stringify(other));
    });
  }

  test("give the same report however the run is cut into slices, and whether or not anybody watches", async () => {
    for (const scenario of SCENARIOS) {
      const run = new Run(scenario);
      for (let slice = 1; run.advance(slice); slice = (slice * 7) % 1009);
      run.conclude();
      const expected = reportOf(run, false);
      assert.deepEqual(simulate(scenario), expected);
      assert.deepEqual(await simulation.run(scenario), expected);
      assert.deepEqual(await simulation.run(scenario, { progress() {}, stopRequested: () => false }), expected);
    }
  });
});

describe("the timeline", () => {
  const coinciding = { connections: 100, ratePerSecond: 100, arrivals: "constant" } as const;
  test("has no two rows of one instant, also where the flush begins at the instant of a row", () => {
    for (const scenario of [
      ...SCENARIOS,
      floodScenario(coinciding),
      floodScenario({ ...coinciding, flushDelayNanoseconds: 1e9, cpus: 1 }),
    ]) {
      const instants = simulate(scenario).timeline.rows.map(([seconds]) => seconds);
      assert.ok(instants.length > 10);
      assert.equal(new Set(instants).size, instants.length);
    }
  });
});

test("connections that find a full table count in the progress of a run, too", () => {
  const run = new Run(
    floodScenario({ connections: 5000, ratePerSecond: 400, nfConntrackMax: 100, protocol: "tcp", kernel: "5.4" }),
  );
  let last = run.progress();
  for (; last.phase === "flood" && run.advance(100); last = run.progress());
  assert.ok(run.kernel.table.counters.created < 2500, `${run.kernel.table.counters.created}`);
  assert.equal(last.opened, 5000);
});

describe("a slice", () => {
  /** Slices of so many actions until the run is over. */
  const slicesOf = (actions: number, scenario: Scenario): number => {
    const run = new Run(scenario);
    let slices = 1;
    while (run.advance(actions)) slices++;
    return slices;
  };

  test("has as many actions as were asked for, on one CPU and on two", () => {
    for (const scenario of SCENARIOS) {
      const actions = slicesOf(1, scenario);
      for (const asked of [2, 7, 1000]) assert.equal(slicesOf(asked, scenario), Math.ceil(actions / asked));
    }
  });
});

describe("another seed", () => {
  test("gives another report", () => {
    for (const scenario of [SCENARIOS[0]!, SCENARIOS[2]!]) {
      const reports = ["a", "b", "c"].map((seed) => {
        const { seed: _, scenario: __, ...rest } = simulate({ ...scenario, seed });
        return JSON.stringify(rest);
      });
      assert.equal(new Set(reports).size, 3);
    }
  });

  test("does not move what has no chance in it", () => {
    const reports = ["a", "b", "c"].map((seed) => simulate({ ...SCENARIOS[0]!, seed }));
    for (const report of reports) {
      assert.deepEqual(report.socket.capacityMessages, 8);
      assert.deepEqual(report.events.destroy.delivered, 2000);
      assert.deepEqual(report.flush!.entries, 2000);
    }
  });
});

describe("an observer", () => {
  /** Long enough for several looks. */
  const long = flushScenario({ connections: 60_000, listeners: [{ serviceNanoseconds: 10_000 }] });

  function stoppingAfter(looks: number): Observer & { seen: Progress[] } {
    const seen: Progress[] = [];
    return {
      seen,
      progress(progress) {
        seen.push(progress);
      },
      stopRequested: () => seen.length >= looks,
    };
  }

  test("that asks for it ends the run: the report is marked, whole and without violations", async () => {
    const observer = stoppingAfter(2);
    const report = await simulation.run(long, observer);
    assert.equal(observer.seen.length, 2);
    assert.equal(report.interrupted, true);
    assert.deepEqual(report.invariants.violated, []);
    const { raised, delivered, unread, merged, lost, pending } = report.events.new;
    assert.equal(raised, delivered + unread + merged + lost + pending);
    assert.deepEqual([report.ended, report.load.ended === "limit"], ["interrupted", false]);
    assert.ok(report.table.created > 0 && report.table.active + report.dying.final > 0);
  });

  test("that does not ask for it gets an unmarked report", async () => {
    const report = await simulation.run(long, stoppingAfter(Number.POSITIVE_INFINITY));
    assert.equal("interrupted" in report, false);
  });

  test("is told where the run stands: time and deliveries only grow, phases only follow each other", async () => {
    const observer = stoppingAfter(Number.POSITIVE_INFINITY);
    await simulation.run(long, observer);
    const phases = ["flood", "flush", "drain"];
    const { seen } = observer;
    assert.ok(seen.length >= 4);
    for (let i = 1; i < seen.length; i++) {
      assert.ok(seen[i]!.seconds >= seen[i - 1]!.seconds);
      assert.ok(seen[i]!.delivered >= seen[i - 1]!.delivered);
      assert.ok(phases.indexOf(seen[i]!.phase) >= phases.indexOf(seen[i - 1]!.phase));
    }
    assert.deepEqual([...new Set(seen.map(({ phase }) => phase))], phases);
  });

  test("is awaited: the run does not go on before progress has returned", async () => {
    let waiting = false;
    let looks = 0;
    await simulation.run(long, {
      async progress() {
        assert.equal(waiting, false);
        waiting = true;
        await new Promise((resolve) => setImmediate(resolve));
        waiting = false;
        looks++;
      },
      stopRequested: () => looks >= 3,
    });
    assert.equal(looks, 3);
  });
});

describe("the report", () => {
  test("says of the dying list what was seen of it at every step", () => {
    const run = new Run(SCENARIOS[2]!);
    const { table, clock } = run.kernel;
    let [peak, peakAt, peakDuringFlood, area, before] = [0, 0, 0, 0, 0];
    let dying = 0;
    while (run.advance(1)) {
      if (run.figures.flushAt >= clock.now) area += dying * (clock.now - before);
      before = clock.now;
      dying = table.dying;
      if (dying > peak) [peak, peakAt] = [dying, clock.now];
      if (run.figures.flushAt === Number.POSITIVE_INFINITY) peakDuringFlood = Math.max(peakDuringFlood, dying);
    }
    run.conclude();
    const report = reportOf(run, false);
    assert.ok(peak > 0);
    assert.equal(report.dying.peak, peak);
    assert.equal(report.dying.peakAtSeconds, peakAt / 1e9);
    assert.equal(report.dying.peakDuringFlood, peakDuringFlood);
    assert.ok(Math.abs(report.dying.meanDuringFlood - area / run.figures.flushAt) < 1e-6);
    assert.equal(report.dying.final, 0);
  });

  test("says when the dying list was empty for good", () => {
    const run = new Run(SCENARIOS[0]!);
    let emptiedAt = 0;
    let dying = 0;
    while (run.advance(1)) {
      if (dying > 0 && run.kernel.table.dying === 0) emptiedAt = run.kernel.clock.now;
      dying = run.kernel.table.dying;
    }
    if (dying > 0) emptiedAt = run.kernel.clock.now;
    run.conclude();
    assert.equal(reportOf(run, false).dying.emptyAfterFlushSeconds, (emptiedAt - run.figures.flushAt) / 1e9);
  });

  test("says null, not 0, where there was no flush or the list never emptied", () => {
    const none = simulate({ ...SCENARIOS[2]!, flush: false, limitSeconds: 3 });
    assert.equal(none.flush, null);
    assert.equal(none.dying.emptyAfterFlushSeconds, null);
    const [first] = SCENARIOS[0]!.listeners;
    const stuck = simulate({
      ...SCENARIOS[0]!,
      listeners: [{ ...first!, heldAfterFlushNanoseconds: null }],
      limitSeconds: 60,
    });
    assert.equal(stuck.dying.emptyAfterFlushSeconds, null);
    assert.ok(stuck.dying.final > 0);
    assert.equal(stuck.daemon.inSyncAfterFlushSeconds, null);
    assert.equal(stuck.daemon.inSync, false);
  });

  test("holds of a lossy flush what was lost against what was delivered, and stale entries of the daemon", () => {
    const [first] = SCENARIOS[0]!.listeners;
    const report = simulate({ ...SCENARIOS[0]!, cpus: 1, listeners: [{ ...first!, policy: "lossy" }] });
    const { destroy } = report.events;
    assert.deepEqual([destroy.raised, destroy.attempts, destroy.pending], [2000, 2000, 0]);
    assert.equal(destroy.delivered + destroy.lost, 2000);
    assert.equal(destroy.lost, destroy.refused);
    assert.equal(report.daemon.stale, destroy.lost);
    assert.equal(report.dying.peak, 0);
    assert.equal(report.resends.entries, 0);
  });

  test("has a timeline of expired entries that a gc had not met yet, and none where each entry has a timer", () => {
    const flood = { connections: 6000, ratePerSecond: 100, protocol: "udp", packets: 1, limitSeconds: 120 } as const;
    for (const kernel of ["2.6.31", "6.18.44"]) {
      const { timeline, table } = simulate(resolveScenario("flood", { ...flood, kernel }));
      const [active, expired] = ["active", "expired"].map((name) => timeline.columns.indexOf(name as "expired"));
      const most = Math.max(...timeline.rows.map((row) => row[expired!]!));
      const peak = table.expired.peak!;
      assert.ok(timeline.rows.every((row) => row[expired!]! <= row[active!]!));
      assert.ok(most <= peak, `${most} ${peak}`);
      assert.equal(most > 0.5 * peak, kernel === "6.18.44");
    }
  });

  test("has a timeline of even intervals with the columns that it names, bounded for a run of any length", () => {
    for (const limitSeconds of [1, 50, 100_000]) {
      const [first] = SCENARIOS[0]!.listeners;
      const { timeline, flush } = simulate({
        ...SCENARIOS[0]!,
        connections: 20,
        listeners: [{ ...first!, heldAfterFlushNanoseconds: null }],
        limitSeconds,
      });
      assert.deepEqual(timeline.columns, TIMELINE_COLUMNS);
      assert.ok(timeline.rows.length <= 600);
      // Before the flush and from it on, each at its own interval.
      const drain = timeline.rows.findIndex((row) => row[0]! >= flush!.atSeconds);
      assert.ok(timeline.rows.length - drain >= Math.min(150, limitSeconds / timeline.drainIntervalSeconds! - 2));
      timeline.rows.forEach((row, i) => {
        assert.equal(row.length, timeline.columns.length);
        const due =
          i < drain ? i * timeline.intervalSeconds : flush!.atSeconds + (i - drain) * timeline.drainIntervalSeconds!;
        assert.ok(Math.abs(row[0]! - due) < 1e-9, `row ${i}: ${row[0]} ${due}`);
      });
    }
  });

  test("is what the run's own counters say", () => {
    const run = finished(SCENARIOS[2]!);
    const report = reportOf(run, false);
    const { table, sockets } = run.kernel;
    assert.equal(report.table.created, table.counters.created);
    assert.equal(report.table.drop, table.counters.drop);
    assert.equal(report.socket.drops, sockets[0]!.drops);
    assert.equal(report.daemon.received.destroy, run.readers[0]!.view.received.destroy);
    assert.equal(report.resends.total, report.events.destroy.attempts - report.events.destroy.raised);
  });
});
