/**
 * A checker that never speaks up is worth nothing: for each rule a sound run is spoilt in one place, and the rule must
 * be reported, that rule and (unless another one follows from it) no other.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ACTIVE, type ConntrackTable, DYING, FREE } from "../../src/kernel/conntrack/table.js";
import type { Overrides } from "../../src/scenario/defaults.js";
import { Run } from "../../src/simulation/loop.js";
import { floodScenario, flushScenario } from "./scenarios.js";

/** The record says that it is at a place where nobody put it. */
function misplace(table: ConntrackTable, entry: number, place: number): void {
  const placeOf = table.placeOf.bind(table);
  table.placeOf = (of) => (of === entry ? place : placeOf(of));
}

const SCENARIO = flushScenario({
  kernel: "3.6",
  connections: 400,
  nfConntrackMax: 500,
  listeners: [{ bufferBytes: 4096, serviceNanoseconds: 1_000_000 }],
});

/** A run some way into its drain: entries are dying, messages queued, ENOBUFS was returned. */
function underWay(): Run {
  const run = new Run(SCENARIO);
  while (run.kernel.sockets[0]!.enobufs < 1 || run.kernel.sockets[0]!.queued === 0) {
    assert.ok(run.advance(1));
  }
  return run;
}

/** A run at its end, its accounts still open. */
function settled(): Run {
  const run = new Run(SCENARIO);
  while (run.advance(10_000));
  assert.ok(run.figures.settled);
  return run;
}

interface Corruption {
  rule: string;
  how: string;
  spoil: (run: Run) => void;
}

const WATCHED: readonly Corruption[] = [
  {
    rule: "count is what was created and not freed",
    how: "an entry is counted that was never made",
    spoil: ({ kernel }) => {
      kernel.table.active++;
    },
  },
  {
    rule: "count never exceeds nf_conntrack_max, unless the release lets it",
    how: "the peak is above the limit",
    spoil: ({ kernel }) => {
      kernel.table.counters.peakCount = kernel.table.max + 1;
    },
  },
  {
    rule: "a queue holds what was admitted and not read",
    how: "a message vanishes between socket and reader",
    spoil: ({ kernel }) => {
      kernel.sockets[0]!.admitted++;
    },
  },
  {
    rule: "rmem is within its bound",
    how: "more was charged than the admission rule allows",
    spoil: ({ kernel, machine: { rmemAtShrink } }) => {
      const socket = kernel.sockets[0]!;
      Object.defineProperty(socket, "peakRmem", { value: Math.max(rmemAtShrink, socket.rcvbufBytes + 1280) + 1 });
    },
  },
  {
    rule: "ENOBUFS comes once per episode",
    how: "it came once more",
    spoil: ({ kernel }) => {
      const socket = kernel.sockets[0]!;
      socket.enobufs = socket.congestions + 1;
    },
  },
  {
    rule: "the observed socket refused what its drops count",
    how: "a drop is counted that no attempt explains",
    spoil: ({ kernel }) => {
      kernel.sockets[0]!.drops++;
    },
  },
  {
    rule: "retry delays lie in the grace window",
    how: "a delay is as long as the window",
    spoil: ({ kernel, machine: { graceWindowJiffies } }) => {
      assert.ok(kernel.redelivery.delays !== null);
      kernel.redelivery.delays.longestJiffies = graceWindowJiffies;
    },
  },
];

const FINAL: readonly Corruption[] = [
  ...(["NEW", "UPDATE", "DESTROY"] as const).map((name, kind) => ({
    rule: "raised = delivered + unread + merged + lost + pending",
    how: `a ${name} is raised and nothing becomes of it`,
    spoil: ({ kernel }: Run) => {
      kernel.ledger.kinds[kind as 0 | 1 | 2].raised++;
    },
  })),
  {
    rule: "what was admitted is delivered, merged, or waits in a message",
    how: "an event went into the socket and is nowhere",
    spoil: ({ kernel }) => {
      kernel.ledger.kinds[2].admitted++;
      kernel.ledger.kinds[2].raised++;
    },
  },
  {
    rule: "every record is free, unconfirmed, active or dying as counted",
    how: "a record is in use that is not counted",
    spoil: ({ kernel }) => {
      misplace(kernel.table, 0, kernel.table.placeOf(0) === FREE ? ACTIVE : FREE);
    },
  },
  {
    rule: "a reader received what its socket gave",
    how: "the daemon saw a message that its socket never gave",
    spoil: ({ readers }) => {
      readers[0]!.view.received.new++;
    },
  },
  {
    rule: "reliable and settled: every DESTROY exactly once",
    how: "the daemon saw one less, and an UPDATE in its place",
    spoil: ({ readers }) => {
      readers[0]!.view.received.destroy--;
      readers[0]!.view.received.update++;
    },
  },
];

const rulesOf = (run: Run): string[] => run.invariants.violated.map((text) => text.slice(0, text.indexOf(": ")));
/** A rule may have a colon in it. */
const names = (run: Run, rule: string): boolean => run.invariants.violated.some((text) => text.startsWith(`${rule}: `));

describe("during a run", () => {
  test("a sound one violates nothing", () => {
    const run = underWay();
    run.invariants.watch(run.machine);
    assert.deepEqual(run.invariants.violated, []);
  });

  for (const { rule, how, spoil } of WATCHED) {
    test(`"${rule}" is reported when ${how}`, () => {
      const run = underWay();
      spoil(run);
      run.invariants.watch(run.machine);
      assert.ok(names(run, rule), `violated: ${run.invariants.violated}`);
      assert.equal(rulesOf(run).length, 1);
    });
  }

  test("rmem below 0, and rmem with nothing queued, are reported too", () => {
    for (const spoil of [
      (run: Run) => {
        run.kernel.sockets[0]!.rmem = -1;
      },
      (run: Run) => {
        run.kernel.sockets[0]!.rmem = 0;
      },
    ]) {
      const run = underWay();
      spoil(run);
      run.invariants.watch(run.machine);
      assert.ok(names(run, "rmem is within its bound"));
    }
  });

  test("a count above the limit is no violation in the releases that allow it", () => {
    const run = new Run({ ...SCENARIO, kernel: "2.6.31" });
    run.advance(1000);
    run.kernel.table.counters.peakCount = run.kernel.table.max + 1;
    run.invariants.watch(run.machine);
    assert.deepEqual(run.invariants.violated, []);
  });

  test("a rule that is violated again and again is reported once, with the first figures", () => {
    const run = underWay();
    for (let i = 0; i < 3; i++) {
      run.kernel.sockets[0]!.drops++;
      run.invariants.watch(run.machine);
    }
    assert.equal(run.invariants.violated.length, 1);
  });

  test("every rule has its corruption here", () => {
    const run = underWay();
    const before = run.invariants.checked;
    run.invariants.watch(run.machine);
    assert.equal(run.invariants.checked - before, new Set(WATCHED.map(({ rule }) => rule)).size);
  });
});

describe("at the end of a run", () => {
  test("a sound one violates nothing", () => {
    const run = settled();
    run.conclude();
    assert.deepEqual(run.invariants.violated, []);
  });

  for (const { rule, how, spoil } of FINAL) {
    test(`"${rule}" is reported when ${how}`, () => {
      const run = settled();
      spoil(run);
      run.conclude();
      assert.ok(names(run, rule), `violated: ${run.invariants.violated}`);
      assert.equal(run.invariants.violated.length, 1);
    });
  }

  test("a record that is dying in the table and nowhere else is reported", () => {
    const run = settled();
    misplace(run.kernel.table, 3, DYING);
    run.conclude();
    assert.ok(names(run, "every record is free, unconfirmed, active or dying as counted"));
  });

  test("a lossy run that lost DESTROYs is sound: the last rule is for reliable ones", () => {
    const run = new Run({
      ...SCENARIO,
      listeners: SCENARIO.listeners.map((one) => ({ ...one, policy: "lossy" as const })),
    });
    while (run.advance(10_000));
    run.conclude();
    assert.ok(run.kernel.ledger.kinds[2].lost > 0);
    assert.deepEqual(run.invariants.violated, []);
  });

  describe("what only looks like a violation is none:", () => {
    const violations = (overrides: Overrides): readonly string[] => {
      const run = new Run(floodScenario({ protocol: "icmp", flush: false, ...overrides }));
      while (run.advance(10_000));
      assert.ok(run.figures.settled);
      run.conclude();
      return run.invariants.violated;
    };

    test("a reliable listener that joined late did not get the DESTROYs of before", () => {
      const late = { joins: "flush", bufferBytes: 100_000 } as const;
      assert.deepEqual(violations({ connections: 20, nfConntrackMax: 5, listeners: [late] }), []);
    });

    test("a DESTROY that the kernel could not build is lost, and no retry will bring it", () => {
      const withoutNat = { family: "ipv6", kernelConfig: { nat: false } } as const;
      assert.deepEqual(violations({ connections: 5, ...withoutNat }), []);
    });

    test("a tuple that comes again with its old id, because a late packet made its entry anew, is no duplicate", () => {
      const found = ["1", "2", "3", "4", "5", "6", "7", "8"].flatMap((seed) =>
        violations({
          seed,
          connections: 40,
          ratePerSecond: 1000,
          packets: 2,
          packetGapNanoseconds: 2_000_000,
          nfConntrackMax: 1,
          listeners: [{ bufferBytes: 0 }],
        }),
      );
      assert.deepEqual(found, []);
    });
  });

  test("every rule has its corruption here", () => {
    const run = settled();
    const before = run.invariants.checked;
    run.conclude();
    const rules = new Set([...WATCHED, ...FINAL].map(({ rule }) => rule));
    assert.equal(run.invariants.checked - before, rules.size);
  });
});
