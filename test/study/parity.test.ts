import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { liveOverrides } from "../../src/live/host/host.js";
import { refuseUnlive } from "../../src/live/host/refusal.js";
import type { Backend } from "../../src/report/backend.js";
import type { Report } from "../../src/report/report.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { FAMILIES, PROTOCOLS } from "../../src/scenario/parameters/load.js";
import { SCRIPTS } from "../../src/scenario/parameters/traffic.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { classesOf } from "../../src/scenario/traffic.js";
import { simulate, simulation } from "../../src/simulation/simulation.js";
import { type ParityOptions, parity } from "../../src/study/parity.js";
import { paritySet } from "../../src/study/parity-set.js";
import { EXAMPLE_HOST } from "../live/example-host.js";

const scenario = resolveScenario("flush", { ...liveOverrides(EXAMPLE_HOST), connections: 100 });
const COSTS = [{ attemptNanoseconds: 2000 }, { attemptNanoseconds: 4000 }];

/** A kernel that does what the simulator does, and then what `change` says. */
function kernel(change: (report: Report, run: number) => void = () => {}): Backend & { seen: Scenario[] } {
  const seen: Scenario[] = [];
  return {
    seen,
    async run(scenario) {
      const report: Report = structuredClone(simulate({ ...scenario, seed: "live" }));
      change(report, seen.push(scenario) - 1);
      return report;
    },
  };
}

function study(live: Backend, rest: Partial<ParityOptions> = {}) {
  return parity({ cases: [{ name: "one", scenario }], costs: COSTS, runs: 3, live, simulation, ...rest });
}

describe("parity", () => {
  test("of a kernel that does what the simulator does has every figure inside, and no cause", async () => {
    const { compared, inside, cases } = await study(kernel());
    assert.ok(compared > 10);
    assert.equal(inside, compared);
    assert.ok(cases[0]!.metrics.every(({ cause }) => cause === null));
  });

  test("runs the scenario live as often as asked, one run after another", async () => {
    const live = kernel();
    await study(live, { runs: 4 });
    assert.deepEqual(live.seen, [scenario, scenario, scenario, scenario]);
  });

  test("simulates at least 40 seeds with the measured costs in turn, and the flush anywhere in a tick", async () => {
    const seen: Scenario[] = [];
    await study(kernel(), {
      simulation: {
        async run(scenario) {
          seen.push(scenario);
          return simulate(scenario);
        },
      },
    });
    assert.equal(new Set(seen.map(({ seed }) => seed)).size, 40);
    assert.deepEqual(new Set(seen.map(({ costs }) => costs.attemptNanoseconds)), new Set([2000, 4000]));
    const delays = seen.map(({ flushDelayNanoseconds }) => flushDelayNanoseconds - scenario.flushDelayNanoseconds);
    assert.deepEqual([Math.min(...delays), Math.max(...delays)], [0, 3_900_000]);
  });

  test("a promise that is not kept to the last event is outside, with a cause", async () => {
    const { cases } = await study(kernel(({ events }) => Object.assign(events.destroy, { delivered: 99 })));
    const metric = cases[0]!.metrics.find(({ metric }) => metric === "events.destroy.delivered")!;
    assert.deepEqual(metric.live, { min: 99, median: 99, max: 99 });
    assert.deepEqual(metric.simulated, { low: 100, median: 100, high: 100 });
    assert.equal(metric.inside, false);
    assert.match(metric.cause!, /not explained/);
  });

  test("the median decides: one run of three that is off is not held against the kernel", async () => {
    const { compared, inside } = await study(
      kernel(({ events }, run) => Object.assign(events.destroy, { delivered: run === 0 ? 99 : 100 })),
    );
    assert.equal(inside, compared);
  });

  test("a race of two CPUs may end one message away, not ten", async () => {
    for (const [off, isInside] of [
      [1, true],
      [10, false],
    ] as const) {
      const live = kernel(({ dying }) => Object.assign(dying, { afterFlush: dying.afterFlush! - off }));
      const { cases } = await study(live);
      assert.equal(cases[0]!.metrics.find(({ metric }) => metric === "dying.afterFlush")!.inside, isInside);
    }
  });

  test("what had to be equal is counted apart from what could have differed, and that with and without room", async () => {
    const live = kernel(({ dying }) => Object.assign(dying, { afterFlush: dying.afterFlush! - 1 }));
    const result = await study(live);
    const { equalities, others, compared } = result;
    const metrics = result.cases[0]!.metrics;
    assert.equal(equalities.compared + others.compared, compared);
    assert.equal(equalities.zero, metrics.filter(({ live, equality }) => equality && live.max === 0).length);
    const race = metrics.find(({ metric }) => metric === "dying.afterFlush")!;
    assert.deepEqual([race.equality, race.inside, race.insideWithoutRoom], [false, true, false]);
    assert.ok(race.tested!.low < race.simulated!.low && race.tested!.high > race.simulated!.high);
    assert.deepEqual([others.inside, others.insideWithoutRoom], [others.compared, others.compared - 1]);
  });

  test("what the kernel does not tell is not compared", async () => {
    const { cases } = await study(kernel(({ dying }) => Object.assign(dying, { afterFlush: null })));
    assert.ok(!cases[0]!.metrics.some(({ metric }) => metric === "dying.afterFlush"));
  });

  test("a figure that only the kernel has is outside", async () => {
    const { cases } = await study(kernel(), {
      simulation: {
        async run(scenario) {
          const report: Report = simulate(scenario);
          report.dying.emptyAfterFlushSeconds = null;
          return report;
        },
      },
    });
    const metric = cases[0]!.metrics.find(({ metric }) => metric === "dying.emptyAfterFlushSeconds")!;
    assert.deepEqual([metric.simulated, metric.inside], [null, false]);
  });

  test("that is interrupted compares the cases that have a whole run, and says so", async () => {
    let runs = 0;
    const cases = ["one", "two", "three"].map((name) => ({ name, scenario }));
    const result = await study(kernel(), { cases, stopRequested: () => ++runs > 4 });
    assert.equal(result.interrupted, true);
    assert.deepEqual(
      result.cases.map(({ name }) => name),
      ["one", "two"],
    );
  });

  test("tells before each run which of how many it is", async () => {
    const told: string[] = [];
    await study(kernel(), { runs: 2, progress: ({ name, done, of }) => void told.push(`${name} ${done}/${of}`) });
    assert.deepEqual(told, ["one 0/2", "one 1/2"]);
  });
});

describe("the built-in set", () => {
  const cases = paritySet(liveOverrides(EXAMPLE_HOST));

  test("has scenarios of different names that can all be live", () => {
    assert.ok(cases.length >= 12);
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
    for (const { scenario } of cases) assert.doesNotThrow(() => refuseUnlive(scenario, EXAMPLE_HOST));
  });

  test("puts every policy, protocol, family and script, a full table, deletes and a rate that changes to the test", () => {
    const scenarios = cases.map(({ scenario }) => scenario);
    assert.deepEqual(new Set(scenarios.map(({ listeners }) => listeners[0]!.policy)).size, 3);
    const classes = scenarios.flatMap(classesOf);
    assert.deepEqual(new Set(classes.map(({ protocol }) => protocol)), new Set(PROTOCOLS));
    assert.deepEqual(new Set(classes.map(({ family }) => family)), new Set(FAMILIES));
    assert.deepEqual(new Set(classes.map(({ script }) => script)), new Set(SCRIPTS));
    assert.ok(scenarios.some((scenario) => scenario.delete !== null));
    const polls = scenarios.map(({ listeners }) => listeners[0]!.poll?.withEvents);
    assert.ok(polls.includes(true) && polls.includes(false));
    assert.ok(scenarios.some(({ rateProfile }) => rateProfile.length > 0));
    assert.deepEqual(new Set(scenarios.map(({ nfConntrackEvents }) => nfConntrackEvents)), new Set([0, 1, 2]));
    assert.ok(scenarios.some(({ nfConntrackMax, secondFlood }) => nfConntrackMax === 1000 && secondFlood !== null));
  });
});
