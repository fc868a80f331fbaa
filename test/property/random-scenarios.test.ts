/**
 * Any small scenario at all, of every release: the run ends, no invariant is violated, and the report is whole. What a
 * run must show is elsewhere; here nothing may break, in combinations that nobody would think of.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { RELEASES } from "../../src/kernel/release.js";
import type { Report } from "../../src/report/report.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import {
  EVENT_GROUPS,
  type EventGroup,
  type Experiment,
  type ListenerScenario,
  POLICIES,
  type Protocol,
  type Scenario,
} from "../../src/scenario/scenario.js";
import { Run } from "../../src/simulation/loop.js";
import { reportOf } from "../../src/simulation/recorder.js";
import { simulate } from "../../src/simulation/simulation.js";

const MILLISECOND = 1e6;
const SECOND = 1e9;
/** More than the longest of these runs needs; one that is not over by then goes round in a circle. */
const MOST_ACTIONS = 3_000_000;

const groups: fc.Arbitrary<readonly EventGroup[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(EVENT_GROUPS) },
  { weight: 1, arbitrary: fc.subarray([...EVENT_GROUPS]) },
);

/** What a daemon does about ENOBUFS: one that stops does nothing else, and no buffer grows to less than it has. */
const afterEnobufs: fc.Arbitrary<Partial<ListenerScenario>> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ stopsAtEnobufs: true }) },
  {
    weight: 4,
    arbitrary: fc.record(
      {
        bufferMaxBytes: fc.constantFrom(212_992, 1 << 20, null),
        resyncAfterNanoseconds: fc.oneof(fc.constantFrom(0, 1, null), fc.integer({ min: 1, max: 40 * SECOND })),
      },
      { requiredKeys: [] },
    ),
  },
);

const slowness: fc.Arbitrary<Partial<ListenerScenario>> = fc.record(
  {
    bufferBytes: fc.oneof(fc.constantFrom(0, 1, 128, 2048, 4096, 212_992), fc.integer({ min: 0, max: 20_000 })),
    policy: fc.constantFrom(...POLICIES),
    serviceNanoseconds: fc.oneof(fc.constantFrom(0, 1), fc.integer({ min: 0, max: 50 * MILLISECOND })),
    serviceDistribution: fc.constantFrom("fixed" as const, "exponential" as const),
    stall: fc.option(
      fc.record({ for: fc.integer({ min: 1, max: 999 }), every: fc.integer({ min: 1, max: 5000 }) }).map((stall) => ({
        everyNanoseconds: stall.every * MILLISECOND,
        forNanoseconds: Math.ceil((stall.every * MILLISECOND * stall.for) / 1000),
      })),
    ),
    decoders: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 16 })),
    groups,
    slowFrom: fc.constantFrom("start" as const, "flush" as const),
    smallFrom: fc.constantFrom("start" as const, "flush" as const),
    joins: fc.constantFrom("start" as const, "start" as const, "flush" as const),
    heldAfterFlushNanoseconds: fc.oneof(fc.constantFrom(0, 0, null), fc.integer({ min: 1, max: 20 * SECOND })),
    closesAfterFlushNanoseconds: fc.oneof(fc.constantFrom(null, null, null), fc.integer({ min: 0, max: 20 * SECOND })),
  },
  { requiredKeys: [] },
);

const listener: fc.Arbitrary<Partial<ListenerScenario>> = fc
  .tuple(slowness, fc.option(afterEnobufs))
  .map(([slow, after]) => ({ ...slow, ...after }));

const packetsOf = (protocol: Protocol): fc.Arbitrary<number> =>
  protocol === "tcp" ? fc.integer({ min: 6, max: 10 }) : fc.integer({ min: 1, max: 5 });

const timeouts = fc.record(
  {
    udp: fc.integer({ min: 1, max: 60 }),
    udp_stream: fc.integer({ min: 1, max: 60 }),
    icmp: fc.integer({ min: 1, max: 60 }),
    tcp_time_wait: fc.integer({ min: 1, max: 60 }),
    tcp_established: fc.integer({ min: 1, max: 60 }),
    tcp_syn_sent: fc.integer({ min: 1, max: 60 }),
  },
  { requiredKeys: [] },
);

/** Machines on which things take no time, the usual time, or so long that the softirq is never done. */
const costs = fc.record(
  {
    packetNanoseconds: fc.constantFrom(0, 10_000, 3 * MILLISECOND),
    flushEntryNanoseconds: fc.constantFrom(0, 800, 2 * MILLISECOND),
    attemptNanoseconds: fc.constantFrom(0, 2500, 5 * MILLISECOND),
    recvNanoseconds: fc.constantFrom(0, 1500, MILLISECOND),
    wakeupNanoseconds: fc.constantFrom(0, 20_000, MILLISECOND),
  },
  { requiredKeys: [] },
);

const overridesOf = (protocol: Protocol): fc.Arbitrary<Overrides> =>
  fc.record(
    {
      protocol: fc.constant(protocol),
      packets: packetsOf(protocol),
      connections: fc.integer({ min: 0, max: 300 }),
      seed: fc.string({ maxLength: 4 }),
      kernel: fc.constantFrom(...RELEASES.map(({ version }) => version)),
      hz: fc.constantFrom(100, 250, 300, 1000),
      cpus: fc.constantFrom(1 as const, 2 as const),
      ratePerSecond: fc.oneof(fc.constant(null), fc.constantFrom(3, 10, 50, 1000, 100_000)),
      arrivals: fc.constantFrom("constant" as const, "poisson" as const, "burst" as const),
      burstConnections: fc.integer({ min: 1, max: 400 }),
      family: fc.constantFrom("ipv4" as const, "ipv6" as const),
      path: fc.constantFrom("loopback" as const, "forward" as const),
      tuples: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 100 })),
      packetGapNanoseconds: fc.oneof(fc.constantFrom(0, 1, 500_000), fc.integer({ min: 0, max: 3 * SECOND })),
      udpPortOpen: fc.boolean(),
      secondFlood: fc.record({
        connections: fc.integer({ min: 0, max: 100 }),
        afterFlushSeconds: fc.constantFrom(0, 0.0001, 1, 7.5, 40),
      }),
      flush: fc.boolean(),
      flushDelayNanoseconds: fc.constantFrom(0, 1, 500_000_000, 3 * SECOND),
      graceMaxSeconds: fc.integer({ min: 1, max: 20 }),
      nfConntrackMax: fc.oneof(fc.constantFrom(0, 1, 2), fc.integer({ min: 3, max: 400 })),
      buckets: fc.oneof(fc.constantFrom(1, 2, 7), fc.integer({ min: 1, max: 600 })),
      timeoutsSeconds: timeouts,
      rmemMaxBytes: fc.constantFrom(0, 4096, 131_071, 1 << 30),
      listeners: fc.array(listener, { minLength: 1, maxLength: 3 }),
      kernelConfig: fc.constantFrom(
        {},
        { acct: false },
        { nat: false },
        { timestamp: true },
        { nlaPolicyLenCounts: true },
      ),
      costs,
      limitSeconds: fc.constantFrom(0.001, 1, 60, 200, 400),
    },
    {
      requiredKeys: [
        "protocol",
        "connections",
        "kernel",
        "cpus",
        "buckets",
        "nfConntrackMax",
        "listeners",
        "limitSeconds",
      ],
    },
  );

const scenarios: fc.Arbitrary<Scenario> = fc
  .tuple(
    fc.constantFrom<Experiment>("flood", "flush"),
    fc.constantFrom<Protocol>("udp", "tcp", "icmp").chain(overridesOf),
  )
  // Plain objects, as a caller would give them: the generator's have no prototype.
  .map(([experiment, overrides]) => structuredClone(resolveScenario(experiment, overrides)));

/** The run to its end, which must come. */
function reportOfRun(scenario: Scenario): Report<number> {
  const run = new Run(scenario);
  let actions = 0;
  while (run.advance(10_000)) {
    actions += 10_000;
    assert.ok(actions < MOST_ACTIONS, `not over after ${actions} actions, at ${run.seconds} s`);
  }
  run.conclude();
  assert.ok(run.figures.settled || run.seconds === scenario.limitSeconds);
  return reportOf(run, false);
}

/** Places of a report that hold something that JSON does not. */
function unsayable(value: unknown, at = "report"): string[] {
  if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) return [`${at} is ${value}`];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => unsayable(inner, `${at}.${key}`));
}

/** Figures that count something and must be whole and not negative. */
function counts(report: Report<number>): number[] {
  const { events, socket, table, dying, resends } = report;
  return [
    ...Object.values(events).flatMap((each) => Object.values(each) as number[]),
    ...(Object.values(socket) as number[]),
    ...[table.created, table.destroyed, table.active, table.earlyDrop, table.drop, table.insertFailed, table.peakCount],
    ...[dying.afterFlush, dying.final, dying.peak, dying.peakDuringFlood, resends.entries, resends.total],
    ...[report.daemon.stale, report.daemon.missing, report.daemon.duplicates, report.daemon.reordered],
  ];
}

function holds(scenario: Scenario): void {
  const report = reportOfRun(scenario);
  assert.deepEqual(report.invariants.violated, []);
  assert.deepEqual(unsayable(report), []);
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
  for (const count of counts(report)) assert.ok(Number.isInteger(count) && count >= 0, `${count}`);

  const { events, table, dying } = report;
  for (const { raised, delivered, merged, lost, pending } of Object.values(events)) {
    assert.equal(raised, delivered + merged + lost + pending);
  }
  assert.equal(table.created - table.destroyed, table.active + dying.final);
  assert.ok(events.destroy.attempts >= events.destroy.raised - table.active);
  assert.ok(dying.peak >= dying.final && dying.peak >= dying.peakDuringFlood);
  if (scenario.listeners.length === 1) {
    assert.equal(report.resends.total, events.destroy.attempts - events.destroy.raised);
  }
}

describe("any scenario", () => {
  test("ends without a violation and with a whole report", () => {
    fc.assert(fc.property(scenarios, holds), { numRuns: 400, seed: 1 });
  });

  test("gives its report again when what the report echoes is run", () => {
    fc.assert(
      fc.property(
        scenarios.filter(({ cpus }) => cpus === 2),
        (scenario) => {
          const report = simulate(scenario);
          assert.deepEqual(simulate(JSON.parse(JSON.stringify(report.scenario)) as Scenario), report);
        },
      ),
      { numRuns: 40, seed: 2 },
    );
  });
});
