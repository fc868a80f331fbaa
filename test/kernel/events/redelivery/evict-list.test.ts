/**
 * The work item over one dedicated list, 5.19 on: whom a run takes, what ends it, when the next one comes, what a
 * destroy that succeeds in between does, and the exchanged operands of 5.19 to 6.18.39.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KIND_DESTROY } from "../../../../src/kernel/events/kinds.js";
import { Generation, type GenerationOptions, roomFor, tuplesOf, versions, versionsWith } from "../../generations.js";

const ALL = versions("5.19");
const INVERTED = [...versionsWith(({ invertedDeadline }) => invertedDeadline), "6.18.39"];
const MENDED = [...versions("5.19").filter((version) => !INVERTED.includes(version)), "6.18.44"];

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

/** A kernel on which these conversations died in this order without being delivered. */
function withDying(dying: readonly number[], options: Partial<GenerationOptions> = {}): Generation {
  const k = new Generation({ version: "6.18.44", ...options });
  k.die(...dying);
  return k;
}

describe("a run", () => {
  test("takes the latest failure first", () => {
    for (const version of ALL) {
      const k = withDying([10, 11, 12, 13], { version });
      const order: string[] = [];
      while (!k.workerIsIdle) order.push(tuplesOf(k.runWorker()));
      assert.equal(order.filter((run) => run !== "").join(", "), "13, 12, 11, 10", version);
      assert.equal(k.table.count, 0);
    }
  });

  test("takes what died since the last run before what waits longer", () => {
    const k = withDying([1, 2, 3]);
    roomFor(k, 1);
    assert.equal(tuplesOf(k.runWorker()), "3, 2 refused");
    k.die(4, 5);
    k.acceptAll();
    assert.equal(tuplesOf(k.runWorker()), "5, 4, 2, 1");
  });

  test("ends at its first failure, so a failing run costs one attempt, of the same entry each time", () => {
    for (const version of ALL) {
      const k = withDying(range(10), { version });
      roomFor(k, 0);
      for (let run = 0; run < 5; run++) assert.equal(tuplesOf(k.runWorker()), "9 refused", version);
      assert.equal(k.table.dying, 10);
    }
  });

  test("takes all there is when it takes no time: there is no batch", () => {
    for (const version of MENDED) {
      const k = withDying(range(1000), { version });
      assert.equal(k.runWorker().length, 1000);
      assert.deepEqual(k.redelivery.runs, { runs: 1, delivered: 1000, mostInOneRun: 1000 });
    }
  });

  test("that empties the list arms nothing", () => {
    const k = withDying(range(5));
    k.runWorker();
    assert.ok(k.workerIsIdle);
    k.waitSeconds(100);
    assert.ok(k.workerIsIdle);
  });

  test("lets go of its lock after every 18 entries, and at no other time", () => {
    const k = withDying(range(60));
    const yields: boolean[] = [];
    k.runWorker(() => yields.push(k.redelivery.mayYield));
    assert.deepEqual(
      yields.map((may, i) => (may ? i + 1 : 0)).filter((entry) => entry > 0),
      [18, 36, 54],
    );
    // 60 deliveries and the look at the empty list.
    assert.equal(yields.length, 61);
  });

  test("counts the 18 anew in every run", () => {
    const k = withDying(range(40));
    roomFor(k, 10);
    k.runWorker(() => assert.equal(k.redelivery.mayYield, false));
    k.acceptAll();
    const yields: boolean[] = [];
    k.runWorker(() => yields.push(k.redelivery.mayYield));
    assert.equal(yields.indexOf(true), 17);
  });
});

describe("the budget of a run", () => {
  /** How many a run delivers when a delivery takes `milliseconds`, and whether another run follows at once. */
  function deliveredIn(hz: number, milliseconds: number): number {
    const k = withDying(range(200), { hz });
    const sent = k.runWorker(() => {
      k.clock.now += milliseconds * 1e6;
    });
    assert.ok(k.redelivery.due <= k.clock.now, "another run follows at once");
    return sent.length;
  }

  // Over when the jiffy of the run's start and 10 ms in jiffies have passed, seen after a delivery. A run starts at a
  // tick.
  for (const [hz, after] of [
    [1000, 11],
    [250, 16],
    [100, 20],
  ] as const) {
    test(`with HZ ${hz} is over at the first delivery ${after} ms after its start, which counts`, () => {
      // The time of a delivery passes after it was made: the first one sees the start itself.
      assert.equal(deliveredIn(hz, 1), after + 1);
      assert.equal(deliveredIn(hz, after), 2);
      assert.equal(deliveredIn(hz, after / 2), 3);
    });
  }

  test("is counted from the start of each run", () => {
    const k = withDying(range(100), { hz: 1000 });
    const sizes: number[] = [];
    while (!k.workerIsIdle) {
      sizes.push(
        k.runWorker(() => {
          k.clock.now += 1e6;
        }).length,
      );
    }
    assert.deepEqual(sizes, [12, 12, 12, 12, 12, 12, 12, 12, 4]);
  });
});

describe("the first run", () => {
  for (const [hz, ticks] of [
    [100, 104],
    [250, 256],
    [300, 304],
    [1000, 1024],
  ] as const) {
    test(`with HZ ${hz} comes 1 s after the first failure, at the next multiple of the wheel's granularity`, () => {
      for (const version of ALL) {
        const k = withDying([1], { version, hz });
        const { due } = k.redelivery;
        assert.equal(k.ticksUntilWorker, ticks);
        k.wait(10);
        k.die(2);
        assert.equal(k.redelivery.due, due);
      }
    });
  }
});

describe("while it fails", () => {
  // 10 ms in jiffies, rounded up, and the tick that the wheel really meets it on.
  for (const [hz, ticks] of [
    [100, 2],
    [250, 4],
    [300, 4],
    [1000, 11],
  ] as const) {
    test(`with HZ ${hz} it runs at every ${ticks}th tick: ${((ticks * 1000) / hz).toFixed(1)} ms`, () => {
      for (const version of ALL) {
        const k = withDying([1], { version, hz });
        roomFor(k, 0);
        k.runWorker();
        for (let run = 0; run < 10; run++) {
          assert.equal(k.ticksUntilWorker, ticks, version);
          k.runWorker();
        }
      }
    });
  }

  test("a failure of another entry changes nothing, except that it is tried first", () => {
    const k = withDying([1]);
    roomFor(k, 0);
    k.runWorker();
    const { due } = k.redelivery;
    k.wait(2);
    k.die(2);
    assert.equal(k.redelivery.due, due);
    assert.equal(tuplesOf(k.runWorker()), "2 refused");
  });

  test("an entry that fails while the worker runs arms it in a second, which the run's own 10 ms do not shorten", () => {
    const k = withDying([1, 2]);
    k.sink.accepts = ({ kind, tuple }) => kind !== KIND_DESTROY || tuple === 2;
    k.clock.now = k.redelivery.due;
    k.redelivery.step();
    assert.equal(k.redelivery.running, true);
    k.die(3);
    while (k.redelivery.running) k.redelivery.step();
    assert.equal(k.ticksUntilWorker, 256);
  });
});

describe("a destroy that succeeds at its first attempt", () => {
  for (const version of ["5.19", "6.18", "6.18.44"]) {
    test(`${version}: runs the worker at once, and so does each further one while the list is not empty`, () => {
      const k = withDying([1, 2, 3], { version });
      roomFor(k, 0);
      for (let round = 0; round < 3; round++) {
        k.wait(1.25);
        k.dieDelivered(10 + round);
        assert.equal(k.redelivery.due, k.clock.now);
      }
      assert.equal(tuplesOf(k.runWorker()), "3 refused");
      // While it waits for its 10 ms as well.
      k.wait(0.5);
      k.dieDelivered(20);
      assert.equal(k.redelivery.due, k.clock.now);
      k.wait(0.5);
      k.dieDelivered(21);
      assert.equal(k.redelivery.due, k.clock.now);
    });
  }

  test("starts nothing when nothing is dying, neither at first nor after a drain", () => {
    const k = new Generation({ version: "6.18.44" });
    k.dieDelivered(1);
    assert.ok(k.workerIsIdle);
    k.die(2);
    k.runWorker();
    for (let tuple = 3; tuple < 6; tuple++) k.dieDelivered(tuple);
    assert.ok(k.workerIsIdle);
  });

  test("after a drain leaves the next failure its second", () => {
    const k = withDying([1]);
    k.runWorker();
    k.dieDelivered(2);
    k.die(3);
    assert.ok(k.ticksUntilWorker > 248);
    k.dieDelivered(4);
    assert.equal(k.redelivery.due, k.clock.now);
  });
});

describe("delivered entries", () => {
  test("are freed together at the end of the run, also across locks", () => {
    const k = withDying(range(30));
    const counts: number[] = [];
    k.runWorker(() => counts.push(k.table.count));
    assert.deepEqual(counts, [...Array(30).fill(30), 0]);
  });

  test("are freed when the run ends with a failure", () => {
    const k = withDying(range(6));
    roomFor(k, 4);
    const counts: number[] = [];
    k.runWorker(() => counts.push(k.table.count));
    assert.deepEqual(counts, [6, 6, 6, 6, 2]);
    assert.equal(k.table.dying, 2);
  });

  test("are freed when the time is over", () => {
    const k = withDying(range(6), { hz: 1000 });
    const counts: number[] = [];
    k.runWorker(() => {
      counts.push(k.table.count);
      k.clock.now += 6e6;
    });
    assert.deepEqual(counts, [6, 6, 3]);
  });
});

describe("the exchanged operands", () => {
  for (const version of INVERTED) {
    test(`${version}: a run ends after its first delivery, and the next one follows at once`, () => {
      const k = withDying(range(5), { version });
      for (let left = 4; left >= 0; left--) {
        const sent = k.runWorker();
        assert.equal(tuplesOf(sent), `${left}`);
        assert.equal(k.table.count, left);
        assert.equal(k.redelivery.due, k.clock.now);
      }
      assert.equal(k.runWorker().length, 0);
      assert.ok(k.workerIsIdle);
      assert.deepEqual(k.redelivery.runs, { runs: 6, delivered: 5, mostInOneRun: 1 });
    });
  }

  for (const version of MENDED) {
    test(`${version}: they are in order, and one run delivers all`, () => {
      const k = withDying(range(5), { version });
      assert.equal(tuplesOf(k.runWorker()), "4, 3, 2, 1, 0");
      assert.ok(k.workerIsIdle);
    });
  }

  test("change neither the order nor what gates it: a failure means 10 ms all the same", () => {
    const k = withDying(range(6), { version: "6.18.39" });
    roomFor(k, 3);
    const runs = [k.runWorker(), k.runWorker(), k.runWorker(), k.runWorker()].map(tuplesOf);
    assert.deepEqual(runs, ["5", "4", "3", "2 refused"]);
    assert.equal(k.ticksUntilWorker, 4);
  });

  test("let a run go on only where it lasts for 10 ms already", () => {
    const k = withDying(range(6), { version: "6.18.39", hz: 1000 });
    k.clock.now = k.redelivery.due;
    const start = k.clock.now;
    // Somebody else had the CPU between the start and the first delivery's test.
    k.sink.accepts = ({ kind }) => {
      if (kind === KIND_DESTROY) k.clock.now = start + 10e6;
      return true;
    };
    assert.equal(k.runWorker().length, 6);
  });
});
