/**
 * The work item over per-CPU dying lists, 3.17 to 5.18: whom a run takes, when it ends, when the next one comes, and
 * what a destroy that succeeds in between does.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KIND_DESTROY } from "../../../../src/kernel/events/kinds.js";
import { Generation, type GenerationOptions, roomFor, tuplesOf, versions } from "../../generations.js";

const ALL = versions("3.17", "5.19");
const COARSE = versions("4.8", "5.19");

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

/** A kernel on which these conversations died in this order without being delivered. */
function withDying(dying: readonly number[], options: Partial<GenerationOptions> = {}): Generation {
  const k = new Generation({ version: "5.4", ...options });
  k.die(...dying);
  return k;
}

describe("a run", () => {
  for (const version of ALL) {
    test(`${version}: takes the latest failure first`, () => {
      const k = withDying([10, 11, 12, 13], { version });
      assert.equal(tuplesOf(k.runWorker()), "13, 12, 11, 10");
      assert.equal(k.table.count, 0);
    });
  }

  test("takes what died since the last run before what waits longer", () => {
    const k = withDying([1, 2, 3]);
    roomFor(k, 1);
    assert.equal(tuplesOf(k.runWorker()), "3, 2 refused");
    k.die(4, 5);
    k.acceptAll();
    assert.equal(tuplesOf(k.runWorker()), "5, 4, 2, 1");
  });

  for (const version of ALL) {
    const batch = versions("3.17", "5.5").includes(version) ? 16 : 32;
    test(`${version}: takes at most ${batch}, and the next one follows at once`, () => {
      const k = withDying(range(2 * batch + 5), { version });
      for (const size of [batch, batch, 5]) {
        const sent = k.runWorker();
        assert.equal(sent.length, size);
        assert.ok(sent.every(({ kind, ok }) => kind === KIND_DESTROY && ok));
        if (size === batch) assert.equal(k.redelivery.due, k.clock.now);
      }
      assert.ok(k.workerIsIdle);
      assert.deepEqual(k.redelivery.runs, { runs: 3, delivered: 2 * batch + 5, mostInOneRun: batch });
    });
  }

  test("that filled its batch with the last entry still has another one follow, which finds nothing", () => {
    const k = withDying(range(16));
    assert.equal(k.runWorker().length, 16);
    assert.equal(k.redelivery.due, k.clock.now);
    assert.equal(k.runWorker().length, 0);
    assert.ok(k.workerIsIdle);
  });

  for (const version of ALL) {
    test(`${version}: ends at its first failure, so a failing run costs one attempt`, () => {
      const k = withDying(range(10), { version });
      roomFor(k, 3);
      assert.equal(tuplesOf(k.runWorker()), "9, 8, 7, 6 refused");
      for (let run = 0; run < 5; run++) assert.equal(tuplesOf(k.runWorker()), "6 refused");
      assert.equal(k.table.dying, 7);
    });
  }

  test("that empties the list arms nothing", () => {
    for (const version of ALL) {
      const k = withDying(range(5), { version });
      k.runWorker();
      assert.ok(k.workerIsIdle, version);
      k.waitSeconds(100);
      assert.ok(k.workerIsIdle, version);
    }
  });

  test("ends with a message nobody is to have: without a listener all entries go", () => {
    const k = withDying(range(40));
    roomFor(k, 0);
    k.runWorker();
    k.acceptAll();
    assert.deepEqual([k.runWorker().length, k.runWorker().length, k.runWorker().length], [16, 16, 8]);
    assert.equal(k.table.count, 0);
  });
});

describe("the lists", () => {
  /** Nothing in the model fails on another CPU than 0, so the test moves entries to the list of CPU 1 itself. */
  function onTwoCpus(first: readonly number[], second: readonly number[]): Generation {
    const k = withDying([...second, ...first], { cpus: 2 });
    const { lists } = k.redelivery as unknown as { lists: number[][] };
    assert.equal(lists.length, 2);
    assert.equal(lists[1]!.length, 0);
    lists[1]!.push(...lists[0]!.splice(0, second.length));
    return k;
  }

  test("are taken in the order of their CPUs, each from its latest failure", () => {
    assert.equal(tuplesOf(onTwoCpus([1, 2], [3, 4]).runWorker()), "2, 1, 4, 3");
  });

  test("have a batch each: one that is longer does not keep the next one from its turn, and one more run follows at once", () => {
    const k = onTwoCpus(range(20), [100, 101]);
    const sent = k.runWorker();
    assert.equal(tuplesOf(sent), `${range(16, 4).reverse().join(", ")}, 101, 100`);
    assert.equal(k.redelivery.due, k.clock.now);
    assert.equal(tuplesOf(k.runWorker()), "3, 2, 1, 0");
    assert.ok(k.workerIsIdle);
  });

  test("of later CPUs are not visited after a failure on an earlier one", () => {
    const k = onTwoCpus([1, 2], [3, 4]);
    roomFor(k, 1);
    assert.equal(tuplesOf(k.runWorker()), "2, 1 refused");
    roomFor(k, 2);
    assert.equal(tuplesOf(k.runWorker()), "1, 4, 3 refused");
  });
});

describe("the first run", () => {
  test("comes 1 s after the first failure, and later failures do not move it", () => {
    for (const version of ALL) {
      const k = withDying([1], { version });
      const { due } = k.redelivery;
      // HZ jiffies; from 4.8 on the wheel meets them at the next multiple of 8.
      assert.equal(k.ticksUntilWorker, COARSE.includes(version) ? 256 : 250, version);
      k.wait(100);
      k.die(2, 3);
      assert.equal(k.redelivery.due, due);
      assert.equal(tuplesOf(k.runWorker()), "3, 2, 1");
    }
  });

  test("of a burst comes 1 s after the burst also when an earlier one was over", () => {
    const k = withDying([1]);
    k.runWorker();
    k.waitSeconds(10);
    const before = k.clock.now;
    k.die(2);
    assert.ok(k.redelivery.due >= before + 1e9 && k.redelivery.due <= before + 1.032e9);
  });
});

describe("while it fails", () => {
  for (const [hz, ticks, from48] of [
    [100, 10, 11],
    [250, 25, 26],
    [300, 30, 31],
    [1000, 100, 104],
  ] as const) {
    test(`with HZ ${hz} it runs every ${ticks} ticks, which the wheel of 4.8 makes ${from48}`, () => {
      for (const version of ALL) {
        const k = withDying([1], { version, hz });
        roomFor(k, 0);
        k.runWorker();
        // From here on every run begins at a tick that its own run left it at: a multiple of 8 with HZ 1000 and the
        // wheel.
        for (let run = 0; run < 10; run++) {
          assert.equal(k.ticksUntilWorker, COARSE.includes(version) ? from48 : ticks, version);
          k.runWorker();
        }
      }
    });
  }

  test("with HZ 250 it is met at 104 ms from 4.8 on, at 100 ms before", () => {
    for (const version of ALL) {
      const k = withDying([1], { version });
      roomFor(k, 0);
      k.runWorker();
      const cycle = k.redelivery.due - k.clock.now;
      assert.equal(cycle, COARSE.includes(version) ? 104e6 : 100e6, version);
    }
  });

  test("a failure of another entry changes nothing", () => {
    const k = withDying([1]);
    roomFor(k, 0);
    k.runWorker();
    const { due } = k.redelivery;
    k.wait(3);
    k.die(2);
    assert.equal(k.redelivery.due, due);
  });

  test("an entry that fails while the worker runs arms it in a second, which the run's own 100 ms do not shorten", () => {
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
  for (const version of ALL) {
    test(`${version}: runs the worker at once while it waits for its second`, () => {
      const k = withDying([1, 2], { version });
      k.wait(50.25);
      k.dieDelivered(9);
      assert.equal(k.redelivery.due, k.clock.now);
      assert.equal(tuplesOf(k.runWorker()), "2, 1");
    });
  }

  test("runs it at once while it waits for its 100 ms, and after the next failure again", () => {
    const k = withDying([1]);
    roomFor(k, 0);
    for (let round = 0; round < 3; round++) {
      k.runWorker();
      assert.equal(k.ticksUntilWorker, 26);
      k.wait(0.5);
      k.dieDelivered(9);
      assert.equal(k.redelivery.due, k.clock.now);
      k.wait(0.5);
    }
  });

  test("does so only once: the next one finds the work already under way", () => {
    const k = withDying([1]);
    k.wait(10);
    k.dieDelivered(8);
    const { due } = k.redelivery;
    k.wait(1);
    k.dieDelivered(9);
    assert.equal(k.redelivery.due, due);
  });

  test("does not hurry a run that follows on a batch, nor starts one when nothing is dying", () => {
    const k = withDying(range(20));
    k.runWorker();
    const { due } = k.redelivery;
    k.wait(1);
    k.dieDelivered(100);
    assert.equal(k.redelivery.due, due);
    k.runWorker();
    assert.ok(k.workerIsIdle);
    k.dieDelivered(101);
    assert.ok(k.workerIsIdle);
    const fresh = new Generation({ version: "5.4" });
    fresh.dieDelivered(1);
    assert.ok(fresh.workerIsIdle);
  });
});

describe("delivered entries", () => {
  /** How many entries there are after each step of a run. */
  function countsOf(k: Generation): number[] {
    const counts: number[] = [];
    k.runWorker(() => counts.push(k.table.count));
    return counts;
  }

  test("of one batch are freed together at its end", () => {
    for (const version of ALL) {
      const batch = k16(version);
      const k = withDying(range(batch + 3), { version });
      const counts = countsOf(k);
      assert.deepEqual(counts.slice(0, batch - 1), Array(batch - 1).fill(batch + 3), version);
      assert.equal(counts.at(-1), 3, version);
    }
  });

  const k16 = (version: string): number => (versions("3.17", "5.5").includes(version) ? 16 : 32);

  test("are freed when the batch ends with a failure, and when the list ends", () => {
    const k = withDying(range(6));
    roomFor(k, 3);
    assert.deepEqual(countsOf(k), [6, 6, 6, 3]);
    k.acceptAll();
    assert.deepEqual(countsOf(k), [3, 3, 3, 0]);
  });

  test("still occupy the table until then: with the table full a new conversation is refused", () => {
    const k = withDying(range(4), { max: 4 });
    k.clock.now = k.redelivery.due;
    for (let step = 0; step < 4; step++) k.redelivery.step();
    assert.deepEqual([k.table.count, k.redelivery.running], [4, true]);
    k.request(50);
    assert.equal(k.table.counters.drop, 1);
    k.redelivery.step();
    assert.deepEqual([k.table.count, k.redelivery.running], [0, false]);
    k.request(51);
    assert.equal(k.table.counters.drop, 1);
  });
});
