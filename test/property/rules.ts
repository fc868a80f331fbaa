/**
 * Rules of whole runs that follow from the mechanisms, whatever the numbers: what must come to rest, and what must not
 * make a difference.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Report } from "../../src/report/report.js";
import type { Overrides } from "../../src/scenario/defaults.js";
import type { ListenerScenario, Scenario } from "../../src/scenario/scenario.js";
import { Run } from "../../src/simulation/loop.js";
import { reportOf } from "../../src/simulation/recorder.js";
import { simulate } from "../../src/simulation/simulation.js";
import { anyScenario } from "./any-scenario.js";

/** A reader that goes on to read all it was sent, and wants to be told again what was refused. */
function living({ bufferBytes, serviceNanoseconds, decoders, stall }: Partial<ListenerScenario>, isLatched: boolean) {
  return {
    policy: isLatched ? ("broadcast-error" as const) : ("reliable" as const),
    ...(bufferBytes === undefined ? {} : { bufferBytes }),
    ...(decoders === undefined ? {} : { decoders }),
    ...(stall === undefined ? {} : { stall }),
    serviceNanoseconds: Math.min(serviceNanoseconds ?? 300_000, 5e6),
  };
}

const observed = (given: Overrides): Partial<ListenerScenario> => given.listeners?.[0] ?? {};

/** One reader that lives, and a flush after which nothing comes but what is left. */
function overloadThatEnds(given: Overrides): Overrides {
  const { secondFlood: _, kernelConfig: __, nfConntrackEvents: ___, delete: ____, ...rest } = given;
  return {
    ...rest,
    kernelRules: { ...given.kernelRules, events: "own" },
    listeners: [living(observed(given), (given.connections ?? 0) % 2 === 0)],
    flush: true,
    limitSeconds: 50_000,
  };
}

export const settles = fc.property(anyScenario(overloadThatEnds), (scenario) => {
  const { load, ended, events, dying, daemon } = simulate(scenario);
  fc.pre(load.ended === "done");
  assert.equal(ended, "settled");
  assert.equal(dying.final, 0);
  const { raised, delivered, lost, pending, unread, merged, notSubscribed } = events.destroy;
  assert.deepEqual({ lost, pending, unread, merged, notSubscribed }, NOTHING);
  // A tuple and an id that come again with their NEW refused look like the entry before: a reader cannot tell.
  assert.ok(daemon.duplicates <= events.new.merged!, `${daemon.duplicates} DESTROY were taken for second ones`);
  assert.equal(delivered, raised, "each DESTROY has arrived, once");
});

const NOTHING = { lost: 0, pending: 0, unread: 0, merged: 0, notSubscribed: 0 };

/** What the observed listener's report says of the kernel and of itself. */
function seen({ events, resends, dying, table, socket, daemon, ended }: Report): object {
  return { events, resends, dying, table, socket, daemon, ended };
}

/**
 * Whether flows are made with events does not depend on the second listener where the first is there from the start.
 */
function heardFromTheStart(given: Overrides): Overrides {
  return { ...given, cpus: 2, listeners: [{ ...observed(given), joins: "start", closesAfterFlushNanoseconds: null }] };
}

export const idleListenersChangeNothing = fc.property(anyScenario(heardFromTheStart), (scenario) => {
  const [listener] = scenario.listeners;
  const nothing = { stopsAtEnobufs: false, bufferMaxBytes: null, resyncAfterNanoseconds: null, poll: null };
  const idle = { ...listener!, ...nothing, groups: [], dumpsOnEventSocket: false };
  assert.deepEqual(seen(simulate({ ...scenario, listeners: [listener!, idle] })), seen(simulate(scenario)));
});

function reportInSlices(scenario: Scenario, actions: number): Report {
  const run = new Run(scenario);
  while (run.advance(actions));
  run.conclude();
  return reportOf(run, false);
}

export const slicesMakeNoDifference = fc.property(
  anyScenario((given) => ({ ...given, connections: Math.min(given.connections ?? 0, 60) })),
  fc.integer({ min: 1, max: 50 }),
  (scenario, actions) => {
    assert.deepEqual(reportInSlices(scenario, actions), simulate(scenario));
  },
);

/** One reader who loses what does not fit, of a table that is never full. */
function lossy(given: Overrides): Overrides {
  const { bufferBytes, serviceNanoseconds, stall, groups } = observed(given);
  const policy = (given.connections ?? 0) % 2 === 0 ? ("lossy" as const) : ("no-enobufs" as const);
  const kept = { bufferBytes, serviceNanoseconds, stall, groups };
  const listener = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
  return { ...given, cpus: 2, nfConntrackMax: 1_000_000, listeners: [{ ...listener, policy }] };
}

const lost = ({ events }: Report): number => Object.values(events).reduce((sum, { lost }) => sum + (lost ?? 0), 0);

/** Twenty scenarios. */
const lossyScenarios = fc.array(anyScenario(lossy), { minLength: 20, maxLength: 20 });

/**
 * In sum: of a single run it is not true. A reader that sleeps when a flush begins is woken on the CPU of the flush and
 * waits for its turn; a slower one that is still awake then reads beside the flush. And the congestion of a socket has
 * moments that are better than others.
 */
export const fasterReadersLoseLess = fc.property(
  lossyScenarios,
  fc.integer({ min: 2, max: 10 }),
  (scenarios, times) => {
    let difference = 0;
    for (const scenario of scenarios) {
      const [listener] = scenario.listeners;
      const faster = { ...listener!, serviceNanoseconds: Math.floor(listener!.serviceNanoseconds / times) };
      difference += lost(simulate({ ...scenario, listeners: [faster] })) - lost(simulate(scenario));
    }
    assert.ok(
      difference <= 0,
      `with ${times} times the speed, ${difference} more were lost in ${scenarios.length} runs`,
    );
  },
);
