/**
 * One CPU for several tasks from 6.6 on: a request is protected, lag is kept over a sleep, and who had more than its
 * share waits in the queue. Times are nanoseconds, a tick is a number that changes.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { releaseFor } from "../../../src/kernel/release.js";
import { EevdfScheduler } from "../../../src/kernel/sched/eevdf.js";
import { Reschedule } from "../../../src/kernel/sched/reschedule.js";
import type { SchedulerFacts } from "../../../src/kernel/sched/scheduler.js";

const MILLISECOND = 1e6;
const FACTS_6_6 = releaseFor("6.6")!.scheduler;
const FACTS_6_18 = releaseFor("6.18")!.scheduler;
const FACTS_7_2 = releaseFor("7.2")!.scheduler;

/** Tasks without a history: no lag, task 0 runs and has its whole request before it. */
const fresh = (facts: SchedulerFacts, tasks: number): EevdfScheduler => new EevdfScheduler(facts, tasks, () => 0);

/** Task 1 slept with lag to its name, and wakes: it is owed service, task 0 is not. */
const owed = (facts: SchedulerFacts): EevdfScheduler => {
  const scheduler = fresh(facts, 2);
  scheduler.pick(0, 1, false);
  scheduler.wake(1);
  scheduler.ran(0, 4 * MILLISECOND);
  assert.equal(scheduler.pick(0, 2, false), 1);
  scheduler.ran(1, 1000);
  scheduler.sleep(1);
  assert.equal(scheduler.pick(0, 2, false), 0);
  scheduler.wake(1);
  return scheduler;
};

describe("a task that wakes without lag", () => {
  test("waits while the present one has not used up its request", () => {
    const scheduler = fresh(FACTS_6_6, 2);
    assert.equal(scheduler.pick(0, 1, false), 0);
    scheduler.wake(1);
    scheduler.ran(0, FACTS_6_6.sliceNanoseconds - 1);
    assert.equal(scheduler.pick(0, 1, false), 0);
  });

  test("runs at the tick that finds the request used up", () => {
    const scheduler = fresh(FACTS_6_6, 2);
    scheduler.pick(0, 1, false);
    scheduler.wake(1);
    scheduler.ran(0, FACTS_6_6.sliceNanoseconds);
    assert.equal(scheduler.pick(0, 1, false), 0);
    assert.equal(scheduler.pick(0, 2, false), 1);
  });

  test("runs as soon as the request is used up where a timer ends it", () => {
    const scheduler = fresh(FACTS_7_2, 2);
    scheduler.pick(0, 1, true);
    scheduler.wake(1);
    scheduler.ran(0, FACTS_7_2.sliceNanoseconds);
    assert.equal(scheduler.pick(0, 1, true), 1);
  });
});

describe("a request that has just begun", () => {
  test("goes on although one wakes that is owed more and has the earlier deadline", () => {
    const slice = FACTS_6_6.sliceNanoseconds;
    const lags = [0, 0, 0.9];
    const scheduler = new EevdfScheduler(FACTS_6_6, 3, () => lags.shift() ?? 0);
    scheduler.pick(0, 1, false);
    scheduler.wake(1);
    scheduler.ran(0, slice);
    assert.equal(scheduler.pick(0, 2, false), 1);
    scheduler.wake(2);
    assert.equal(scheduler.pick(0, 2, false), 1);
    scheduler.ran(1, slice);
    assert.equal(scheduler.pick(0, 3, false), 2);
  });
});

describe("lazy preemption", () => {
  test("leaves a system call alone until the next tick, and gives way on the way back to user space", () => {
    assert.equal(owed(FACTS_6_18).pick(0, 2, true), 0);
    assert.equal(owed(FACTS_6_18).pick(0, 3, true), 1);
    assert.equal(owed(FACTS_6_18).pick(0, 2, false), 1);
  });

  test("is not what a voluntary kernel does: it gives way between two steps of a system call", () => {
    assert.equal(owed(FACTS_6_6).pick(0, 2, true), 1);
  });
});

describe("a request that is used up in a system call, with lazy preemption,", () => {
  const usedUp = (): EevdfScheduler => {
    const scheduler = fresh(FACTS_6_18, 2);
    scheduler.pick(0, 1, true);
    scheduler.wake(1);
    scheduler.ran(0, FACTS_6_18.sliceNanoseconds);
    return scheduler;
  };

  test("is found by one tick, and the next one insists", () => {
    const scheduler = usedUp();
    assert.equal(scheduler.pick(0, 2, true), 0);
    assert.equal(scheduler.pick(0, 2, true), 0);
    assert.equal(scheduler.pick(0, 3, true), 1);
  });

  test("is over where two ticks or more have passed since the last look", () => {
    assert.equal(usedUp().pick(0, 3, true), 1);
    assert.equal(usedUp().pick(0, 9, true), 1);
  });
});

describe("a task that had more than its share", () => {
  /** Task 1 ran longer than it was owed and sleeps in the queue; task 0 has caught up since. */
  const caughtUp = (ran = 2 * MILLISECOND): EevdfScheduler => {
    const scheduler = fresh(releaseFor("6.12")!.scheduler, 2);
    scheduler.pick(0, 1, false);
    scheduler.ran(0, 0.5 * MILLISECOND);
    scheduler.wake(1);
    scheduler.ran(0, 0.5 * MILLISECOND);
    assert.equal(scheduler.pick(0, 2, false), 1);
    scheduler.ran(1, 0.7 * MILLISECOND);
    scheduler.sleep(1);
    assert.equal(scheduler.pick(0, 2, false), 0);
    scheduler.ran(0, ran);
    return scheduler;
  };

  test("starts without lag when it wakes after a tick has seen that the others caught up", () => {
    const scheduler = caughtUp();
    assert.equal(scheduler.pick(0, 3, false), 0);
    // It sleeps already.
    scheduler.sleep(1);
    scheduler.wake(1);
    // It was owed service for the time that it slept in the queue; that is forgotten, so the present request goes on.
    assert.equal(scheduler.pick(0, 3, false), 0);
  });

  test("starts without lag, too, when its turn has not come by that tick: the present request goes on", () => {
    const scheduler = caughtUp(0.3 * MILLISECOND);
    assert.equal(scheduler.pick(0, 3, false), 0);
    scheduler.wake(1);
    assert.equal(scheduler.pick(0, 3, false), 0);
  });

  test("goes on where it was when it wakes before that, and is owed what the others had meanwhile", () => {
    const scheduler = caughtUp();
    scheduler.wake(1);
    assert.equal(scheduler.pick(0, 2, false), 1);
  });
});

describe("the timer that ends requests", () => {
  test("goes on when the task for which it was set sleeps, and begins the next request of whoever runs by then", () => {
    const slice = FACTS_7_2.sliceNanoseconds;
    const scheduler = owed(FACTS_7_2);
    scheduler.ran(0, slice - 1000);
    assert.equal(scheduler.pick(5 * MILLISECOND, 3, true), 1);
    scheduler.ran(1, 1000);
    scheduler.sleep(1);
    assert.equal(scheduler.pick(5 * MILLISECOND + 1000, 3, true), 0);
    // The rest of the old request, and what the next one had before somebody else wanted the CPU again.
    scheduler.ran(0, slice - 1000);
    scheduler.ran(0, 1000);
    scheduler.wake(1);
    scheduler.ran(0, slice - 1001);
    assert.equal(scheduler.pick(5 * MILLISECOND + 2 * slice - 1, 3, true), 0);
    scheduler.ran(0, 1);
    assert.equal(scheduler.pick(5 * MILLISECOND + 2 * slice, 3, true), 1);
  });
});

describe("a wake-up that makes the present task give way", () => {
  /** What task 1 is behind when it has slept: the more it is charged, the less. */
  const wakesUntilItWaits = (charged: number, facts: SchedulerFacts): number => {
    const scheduler = owed(facts);
    for (let wakes = 1; wakes < 1000; wakes++) {
      scheduler.ran(0, charged);
      if (scheduler.pick(0, 2, false) !== 1) return wakes;
      scheduler.ran(1, 1000);
      scheduler.sleep(1);
      if (scheduler.pick(0, 2, false) !== 0) return wakes;
      scheduler.ran(0, 10_000);
      scheduler.wake(1);
    }
    return 1000;
  };

  test("charges what that task still does to the one that was woken, where preemption is voluntary", () => {
    assert.ok(wakesUntilItWaits(20_000, FACTS_6_6) < 300);
    assert.equal(wakesUntilItWaits(1_000, FACTS_6_6), 1000);
  });

  test("does not free the present task of what it did before the next tick or wake-up", () => {
    const reschedule = new Reschedule("voluntary");
    reschedule.ask();
    reschedule.woken();
    assert.equal(reschedule.chargeable(5000), 0);
    assert.equal(reschedule.takeUncharged(2000), 3000, "a tick 2 µs ago");
    assert.equal(reschedule.chargeable(1000), 0);
    assert.equal(reschedule.takeUncharged(), 3000, "a wake-up now");
    assert.equal(reschedule.takeUncharged(), 0);
  });

  test("charges it to the task that does it, where preemption is lazy", () => {
    assert.equal(wakesUntilItWaits(20_000, FACTS_6_18), 1000);
  });
});

test("RCU's thread takes turns while freed memory waits, and is never seen", () => {
  const scheduler = fresh(releaseFor("6.12")!.scheduler, 2);
  scheduler.graceWanted = true;
  for (let tick = 1; tick < 100; tick++) {
    assert.equal(scheduler.pick(0, tick, false), 0);
    scheduler.ran(0, 4 * MILLISECOND);
  }
});

test("RCU's thread ends a request at its tick: two busy tasks take turns at every tick, and without it at every request", () => {
  const picks = (graceWanted: boolean): string => {
    const scheduler = fresh(FACTS_6_18, 2);
    scheduler.graceWanted = graceWanted;
    scheduler.pick(0, 1, false);
    scheduler.wake(1);
    const picked = Array.from({ length: 16 }, (_, tick) => {
      const task = scheduler.pick(0, 2 + tick, false);
      scheduler.ran(task, MILLISECOND / 2);
      return task;
    });
    return picked.join("");
  };
  assert.equal(picks(true), "0011010101010101");
  assert.equal(picks(false), "0011001100110011");
});

test("what a task owes begins at nothing", () => {
  assert.equal(new Reschedule("lazy").takeUncharged(), 0);
});

test("nobody runs when all sleep, and whoever wakes then runs at once", () => {
  const scheduler = fresh(FACTS_6_6, 2);
  scheduler.sleep(0);
  assert.equal(scheduler.pick(0, 1, false), -1);
  scheduler.wake(1);
  assert.equal(scheduler.pick(0, 1, false), 1);
});

test("the present task goes on where the mean of equals is rounded to less than each of them has", () => {
  const scheduler = fresh(FACTS_6_6, 3);
  scheduler.ran(0, 0.7);
  assert.ok((0.7 + 0.7 + 0.7) / 3 < 0.7);
  scheduler.wake(1);
  scheduler.wake(2);
  assert.equal(scheduler.pick(0, 1, false), 0);
});
