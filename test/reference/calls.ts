/** Random sequences of kernel calls on small kernels of every release, generation and gc era. */
import fc from "fast-check";
import { RELEASES } from "../../src/kernel/release.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { EVENT_GROUPS, POLICIES, type Scenario } from "../../src/scenario/scenario.js";
import { type Call, Comparison } from "./comparison.js";

export interface Case {
  scenario: Scenario;
  calls: readonly Call[];
}

const listener = fc.record({
  bufferBytes: fc.constantFrom(0, 1024, 2048, 3000, 4096),
  policy: fc.constantFrom(...POLICIES, "reliable" as const, "broadcast-error" as const),
  joins: fc.constantFrom("start" as const, "start" as const, "start" as const, "flush" as const),
  groups: fc.oneof({ weight: 4, arbitrary: fc.constant(EVENT_GROUPS) }, fc.subarray([...EVENT_GROUPS])),
});

const seconds = fc.integer({ min: 1, max: 40 });

const scenario: fc.Arbitrary<Scenario> = fc
  .record({
    kernel: fc.constantFrom(...RELEASES.map(({ version }) => version)),
    protocol: fc.constantFrom("udp" as const, "tcp" as const, "icmp" as const),
    family: fc.constantFrom("ipv4" as const, "ipv6" as const),
    path: fc.constantFrom("forward" as const, "loopback" as const),
    seed: fc.string({ maxLength: 3 }),
    hz: fc.constantFrom(100, 250, 1000),
    buckets: fc.constantFrom(1, 2, 3, 7, 16, 129),
    nfConntrackMax: fc.constantFrom(0, 1, 2, 5, 9, 100),
    graceMaxSeconds: fc.constantFrom(1, 3, 15),
    listeners: fc.array(listener, { minLength: 1, maxLength: 3 }),
    timeoutsSeconds: fc.record({
      udp: seconds,
      udp_stream: seconds,
      icmp: seconds,
      icmpv6: seconds,
      tcp_syn_sent: seconds,
      tcp_established: seconds,
      tcp_time_wait: seconds,
      tcp_close: seconds,
    }),
  })
  .map((overrides) =>
    resolveScenario(
      "flood",
      structuredClone({
        ...overrides,
        connections: 16,
        cpus: 1 as const,
        limitSeconds: 200,
        kernelConfig: { acct: true, nat: true, mark: true, secmark: true },
      }),
    ),
  );

const tuple = fc.integer({ min: 0, max: 11 });

const call: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ call: fc.constant("packet" as const), tuple, choice: fc.nat({ max: 11 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      call: fc.constant("recv" as const),
      listener: fc.nat({ max: 2 }),
      times: fc.constantFrom(1, 1, 2, 100),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      call: fc.constant("wait" as const),
      jiffies: fc.constantFrom(0, 1, 3, 11, 30, 101, 260, 1100, 9000),
      attemptNanoseconds: fc.constantFrom(0, 0, 1000, 2_500_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      call: fc.constant("first packets" as const),
      from: fc.constantFrom(0, 20, 200),
      connections: fc.constantFrom(4, 4, 4, 12, 12, 101),
    }),
  },
  { weight: 1, arbitrary: fc.record({ call: fc.constant("join" as const), listener: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ call: fc.constant("icmp error" as const), tuple }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant("delete" as const), tuple }) },
  {
    weight: 1,
    arbitrary: fc.record({ call: fc.constant("flush" as const), readsPerEntry: fc.constantFrom(0, 0, 1, 3) }),
  },
);

const closes: fc.Arbitrary<Call> = fc.record({ call: fc.constant("close" as const), listener: fc.nat({ max: 2 }) });

export const cases: fc.Arbitrary<Case> = fc.record({
  scenario,
  calls: fc
    .tuple(
      fc.array(call, { minLength: 5, maxLength: 80, size: "max" }),
      fc.option(closes, { freq: 8 }),
      fc.array(call, { maxLength: 30, size: "max" }),
    )
    .map(([before, close, after]) => [...before, ...(close === null ? [] : [close]), ...after]),
});

export function compare({ scenario, calls }: Case): void {
  const comparison = new Comparison(scenario);
  for (const each of calls) comparison.do(each);
  comparison.settle();
}
