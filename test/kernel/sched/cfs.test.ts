/**
 * One CPU for several tasks: who runs is decided by virtual run time, a task that wakes has a bounded credit, and a
 * running one is left alone until a tick or a wake-up has a reason. Times are nanoseconds, a tick is a number that
 * changes.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { releaseFor } from "../../../src/kernel/release.js";
import { CfsScheduler } from "../../../src/kernel/sched/cfs.js";

const MILLISECOND = 1e6;
/** sysctl_sched_latency: each of two runnable tasks has half of it, and so has the credit of a sleeper. */
const LATENCY = 6 * MILLISECOND;

/** Tasks that start without a history: nobody is behind, task 0 runs. */
const FACTS = releaseFor("3.6")!.scheduler;
const fresh = (tasks: number): CfsScheduler => new CfsScheduler(FACTS, tasks, () => 0);

/** Lets the running task run, tick by tick, until another one is picked. How long it ran. */
function sliceOf(scheduler: CfsScheduler, task: number, tickNanoseconds: number, start: number): number {
  let ran = 0;
  for (let tick = start; scheduler.pick(0, tick, false) === task; tick++) {
    scheduler.ran(task, tickNanoseconds);
    ran += tickNanoseconds;
    if (ran > 100 * LATENCY) return Number.POSITIVE_INFINITY;
  }
  return ran;
}

describe("a task that runs alone", () => {
  test("keeps the CPU", () => {
    assert.equal(sliceOf(fresh(2), 0, MILLISECOND, 1), Number.POSITIVE_INFINITY);
  });

  test("leaves it to nobody when it sleeps", () => {
    const scheduler = fresh(2);
    scheduler.sleep(0);
    assert.equal(scheduler.pick(0, 1, false), -1);
    scheduler.wake(1);
    assert.equal(scheduler.pick(0, 1, false), 1);
  });
});

describe("a tick", () => {
  test("takes the CPU from a task that ran longer than its share of 6 ms since it was picked", () => {
    for (const tasks of [2, 3]) {
      const scheduler = fresh(tasks);
      for (let task = 1; task < tasks; task++) scheduler.wake(task);
      // Each in turn, and the second time as long as the first.
      for (let turn = 0; turn < 3 * tasks; turn++) {
        const slice = sliceOf(scheduler, turn % tasks, MILLISECOND / 4, 1000 * turn);
        assert.equal(slice, LATENCY / tasks + MILLISECOND / 4);
      }
    }
  });

  test("is needed for it: between two ticks nothing is taken", () => {
    const scheduler = fresh(2);
    scheduler.wake(1);
    for (let i = 0; i < 100; i++) {
      assert.equal(scheduler.pick(0, 1, false), 0);
      scheduler.ran(0, MILLISECOND);
    }
    assert.equal(scheduler.pick(0, 2, false), 1);
  });

  test("leaves a task its CPU that has not had its share yet, however far behind the others are", () => {
    const scheduler = fresh(2);
    scheduler.wake(1);
    for (let tick = 1; tick <= 12; tick++) {
      assert.equal(scheduler.pick(0, tick, false), 0);
      scheduler.ran(0, MILLISECOND / 4);
    }
  });
});

describe("a tick where grace periods have a thread and freed memory waits for one", () => {
  const withThread = (): CfsScheduler => {
    const scheduler = new CfsScheduler(releaseFor("3.7")!.scheduler, 3, () => 0);
    scheduler.graceWanted = true;
    return scheduler;
  };

  test("gives the CPU to the task that is furthest behind, before the slice of the present one is over", () => {
    for (const [graceWanted, picked] of [
      [true, 2],
      [false, 0],
    ] as const) {
      const scheduler = withThread();
      scheduler.graceWanted = graceWanted;
      scheduler.wake(1);
      scheduler.wake(2);
      scheduler.ran(1, MILLISECOND / 8);
      scheduler.ran(0, MILLISECOND / 4);
      assert.equal(scheduler.pick(0, 1, false), picked);
    }
  });

  test("leaves it to a task that is the only one, or the one furthest behind", () => {
    const scheduler = withThread();
    scheduler.ran(0, MILLISECOND);
    assert.equal(scheduler.pick(0, 1, false), 0);
    scheduler.wake(1);
    scheduler.ran(1, 2 * MILLISECOND);
    assert.equal(scheduler.pick(0, 2, false), 0);
  });
});

describe("a task that wakes", () => {
  test("preempts one that is more than 1 ms ahead of it", () => {
    for (const [ahead, picked] of [
      [MILLISECOND, 0],
      [MILLISECOND + 1, 1],
    ] as const) {
      const scheduler = fresh(2);
      scheduler.pick(0, 1, false);
      // Task 1 has its whole credit of 3 ms, and none is given beyond it while nothing has run.
      scheduler.ran(0, ahead);
      scheduler.wake(1);
      assert.equal(scheduler.pick(0, 1, false), picked, `${ahead} ns ahead`);
    }
  });

  test("after a long sleep has a credit of 3 ms and no more", () => {
    for (const sleep of [10, 1000, 1e6]) {
      const scheduler = fresh(2);
      scheduler.pick(0, 1, false);
      scheduler.ran(0, sleep * LATENCY);
      scheduler.wake(1);
      assert.equal(scheduler.pick(0, 1, false), 1);
      // It may run until it has caught up: 3 ms of credit, and 3 ms are its slice.
      const slice = sliceOf(scheduler, 1, MILLISECOND / 10, 2);
      assert.ok(slice > LATENCY / 2 - MILLISECOND / 2 && slice < LATENCY + MILLISECOND, `${slice} ns after ${sleep}`);
    }
  });

  test("gets its credit from where the others were, not from another sleeper's", () => {
    const scheduler = fresh(3);
    scheduler.pick(0, 1, false);
    scheduler.ran(0, 10 * LATENCY);
    scheduler.wake(1);
    assert.equal(scheduler.pick(0, 1, false), 1);
    scheduler.ran(1, 1000);
    scheduler.wake(2);
    assert.equal(scheduler.pick(0, 1, false), 1);
  });

  test("after a short one keeps what it has used: sleeping often gains nothing", () => {
    const scheduler = fresh(2);
    scheduler.wake(1);
    let [first, second] = [0, 0];
    for (let tick = 0; tick < 20_000; tick++) {
      const task = scheduler.pick(0, tick, false);
      scheduler.ran(task, MILLISECOND / 10);
      if (task === 0) first++;
      else {
        second++;
        scheduler.sleep(1);
        scheduler.wake(1);
      }
    }
    assert.ok(Math.abs(first - second) < 0.02 * 20_000, `${first} and ${second}`);
  });

  test("and is awake already changes nothing", () => {
    const scheduler = fresh(2);
    scheduler.wake(1);
    scheduler.pick(0, 1, false);
    scheduler.wake(1);
    scheduler.sleep(1);
    scheduler.sleep(1);
    assert.equal(scheduler.pick(0, 2, false), 0);
    scheduler.sleep(0);
    assert.equal(scheduler.pick(0, 3, false), -1);
  });
});

describe("tasks that never sleep", () => {
  for (const tasks of [2, 3, 4]) {
    test(`share the CPU evenly: ${tasks} of them`, () => {
      const scheduler = fresh(tasks);
      for (let task = 1; task < tasks; task++) scheduler.wake(task);
      const ran = new Array<number>(tasks).fill(0);
      for (let tick = 0; tick < 10_000; tick++) {
        const task = scheduler.pick(0, tick, false);
        scheduler.ran(task, MILLISECOND);
        ran[task]! += MILLISECOND;
      }
      for (const time of ran) assert.ok(Math.abs(time - (10_000 * MILLISECOND) / tasks) <= 2 * LATENCY, `${ran}`);
    });
  }
});

describe("of two that woke up while the present task ran", () => {
  /** Task 0 has run for so long that sleepers have their whole credit. */
  const busy = (): CfsScheduler => {
    const scheduler = fresh(3);
    scheduler.ran(0, 10 * LATENCY);
    return scheduler;
  };

  test("the one that made it give way comes next, although the other is further behind", () => {
    const scheduler = busy();
    scheduler.wake(2);
    assert.equal(scheduler.pick(0, 1, false), 2);
    scheduler.ran(2, MILLISECOND / 2);
    scheduler.sleep(2);
    assert.equal(scheduler.pick(0, 1, false), 0);
    scheduler.ran(0, MILLISECOND / 5);
    scheduler.wake(2);
    scheduler.wake(1);
    assert.equal(scheduler.pick(0, 1, false), 2);
    scheduler.sleep(2);
    assert.equal(scheduler.pick(0, 1, false), 1);
  });

  test("the first comes first where both are as far behind", () => {
    const scheduler = busy();
    scheduler.wake(2);
    scheduler.wake(1);
    assert.equal(scheduler.pick(0, 1, false), 2);
  });
});

describe("tasks whose history before the run is not known", () => {
  /** Where each begins: shares of a sleeper's whole credit of 3 ms that it has used up. */
  const begun = (...shares: number[]): CfsScheduler => {
    const drawn = [...shares];
    return new CfsScheduler(FACTS, shares.length, () => drawn.shift() ?? 0);
  };

  test("are between nothing and that credit behind each other, which decides who preempts whom", () => {
    for (const [share, picked] of [
      [0.65, 1],
      [0.7, 0],
    ] as const) {
      const scheduler = begun(1, share);
      scheduler.pick(0, 1, false);
      // 1.05 and 0.9 ms behind.
      scheduler.wake(1);
      assert.equal(scheduler.pick(0, 1, false), picked, `${share} of 3 ms`);
    }
  });

  test("run in the order of what they had, however little it differs, and of equals who was queued first", () => {
    const half = 0.5;
    const halfANanosecondLess = half - 0.5 / (LATENCY / 2);
    const equals = begun(half, half, half);
    equals.wake(2);
    equals.wake(1);
    equals.sleep(0);
    assert.equal(equals.pick(0, 1, false), 2);
    const nearly = begun(half, half, halfANanosecondLess);
    nearly.wake(1);
    nearly.wake(2);
    nearly.sleep(0);
    assert.equal(nearly.pick(0, 1, false), 2);
  });
});
