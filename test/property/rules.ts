/**
 * Rules of whole runs that follow from the mechanisms, whatever the numbers: what must come to rest, and what must not
 * make a difference.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { releaseFor } from "../../src/kernel/release.js";
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

/** Without what is left to the defaults. */
function defined(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

const observed = (given: Overrides): Partial<ListenerScenario> => given.listeners?.[0] ?? {};

/** One reader that lives, and a flush after which nothing comes but what is left. */
function overloadThatEnds(given: Overrides): Overrides {
  const { secondFlood: _, kernelConfig: __, nfConntrackEvents: ___, delete: ____, ...rest } = given;
  return {
    ...rest,
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

/**
 * One reader who loses what does not fit, of a flood without a pause into a table that is never full: nothing that it
 * does changes what it is sent. Messages are charged alike from 3.2 on, and it wakes at once and on its own CPU: one
 * that sleeps less has no other advantage. Without ENOBUFS a socket is never shut until it is empty.
 */
function readsBesideFlood(given: Overrides): Overrides {
  const { bufferBytes, serviceNanoseconds, stall, groups } = observed(given);
  const { kernel, protocol, family, connections, packets, buckets, seed } = given;
  return {
    ...defined({ kernel, protocol, family, connections, packets, buckets, seed }),
    cpus: 2,
    ratePerSecond: null,
    flush: false,
    nfConntrackMax: 1_000_000,
    costs: { wakeupNanoseconds: 0 },
    listeners: [{ ...defined({ bufferBytes, serviceNanoseconds, stall, groups }), policy: "no-enobufs" as const }],
  };
}

/** Of the flood; what expires after it is sent by others, who wake a reader elsewhere. */
const lostOfFlood = ({ events }: Report): number => events.new.lost! + events.update.lost!;

/**
 * A theorem: by induction over the messages, the n-th is read no later. Where a wake-up takes time, or a flush keeps
 * the CPU on which it wakes a reader, it is none: a slower reader that has not gone to sleep yet reads sooner.
 */
export const fasterReadersLoseNoMore = fc.property(
  anyScenario(readsBesideFlood),
  fc.integer({ min: 2, max: 10 }),
  (scenario, times) => {
    fc.pre(releaseFor(scenario.kernel)!.truesize === "head");
    const [listener] = scenario.listeners;
    const faster = { ...listener!, serviceNanoseconds: Math.floor(listener!.serviceNanoseconds / times) };
    assert.ok(lostOfFlood(simulate({ ...scenario, listeners: [faster] })) <= lostOfFlood(simulate(scenario)));
  },
);
