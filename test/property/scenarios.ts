/** Any small scenario at all, of every release, for the tests that say what must hold in all of them. */
import fc from "fast-check";
import { RELEASES } from "../../src/kernel/release.js";
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

const MILLISECOND = 1e6;
const SECOND = 1e9;

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

export const scenarios: fc.Arbitrary<Scenario> = fc
  .tuple(
    fc.constantFrom<Experiment>("flood", "flush"),
    fc.constantFrom<Protocol>("udp", "tcp", "icmp").chain(overridesOf),
  )
  // Plain objects, as a caller would give them: the generator's have no prototype.
  .map(([experiment, overrides]) => structuredClone(resolveScenario(experiment, overrides)));
