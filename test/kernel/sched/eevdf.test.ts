/**
 * One CPU for several tasks from 6.6 on: a request is protected, lag is kept over a sleep, and who had more than its
 * share waits in the queue. Times are nanoseconds, a tick is a number that changes.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { releaseFor } from "../../../src/kernel/release.js";
import { EevdfScheduler } from "../../../src/kernel/sched/eevdf.js";
import type { SchedulerFacts } from "../../../src/kernel/sched/scheduler.js";

const MILLISECOND = 1e6;
const FACTS_6_6 = releaseFor("6.6")!.scheduler;
const FACTS_6_18 = releaseFor("6.18")!.scheduler;
const FACTS_7_2 = releaseFor("7.2")!.scheduler;

/** Tasks without a history: no lag, task 0 runs and has its whole request before it. */
const fresh = (facts: SchedulerFacts, tasks: number): EevdfScheduler => new EevdfScheduler(facts, tasks, () => 0);

describe("a task that wakes without lag", () => {
  test("waits while the present one has not used up its request", () => {
    const scheduler = fresh(FACTS_6_6, 2);
    assert.equal(scheduler.pick(1, false), 0);
    scheduler.wake(1);
    scheduler.ran(0, FACTS_6_6.sliceNanoseconds - 1);
    assert.equal(scheduler.pick(1, false), 0);
  });

  test("runs at the tick that finds the request used up", () => {
    const scheduler = fresh(FACTS_6_6, 2);
    scheduler.pick(1, false);
    scheduler.wake(1);
    scheduler.ran(0, FACTS_6_6.sliceNanoseconds);
    assert.equal(scheduler.pick(1, false), 0);
    assert.equal(scheduler.pick(2, false), 1);
  });

  test("runs as soon as the request is used up where a timer ends it", () => {
    const scheduler = fresh(FACTS_7_2, 2);
    scheduler.pick(1, true);
    scheduler.wake(1);
    scheduler.ran(0, FACTS_7_2.sliceNanoseconds);
    assert.equal(scheduler.pick(1, true), 1);
  });
});

describe("a request that has just begun", () => {
  test("goes on although one wakes that is owed more and has the earlier deadline", () => {
    const slice = FACTS_6_6.sliceNanoseconds;
    const lags = [0, 0, 0.9];
    const scheduler = new EevdfScheduler(FACTS_6_6, 3, () => lags.shift() ?? 0);
    scheduler.pick(1, false);
    scheduler.wake(1);
    scheduler.ran(0, slice);
    assert.equal(scheduler.pick(2, false), 1);
    scheduler.wake(2);
    assert.equal(scheduler.pick(2, false), 1);
    scheduler.ran(1, slice);
    assert.equal(scheduler.pick(3, false), 2);
  });
});

describe("lazy preemption", () => {
  /** Task 1 slept with lag to its name, and wakes: it is owed service, task 0 is not. */
  const owed = (facts: SchedulerFacts): EevdfScheduler => {
    const scheduler = fresh(facts, 2);
    scheduler.pick(1, false);
    scheduler.wake(1);
    scheduler.ran(0, 4 * MILLISECOND);
    assert.equal(scheduler.pick(2, false), 1);
    scheduler.ran(1, 1000);
    scheduler.sleep(1);
    assert.equal(scheduler.pick(2, false), 0);
    scheduler.wake(1);
    return scheduler;
  };

  test("leaves a system call alone until the next tick, and gives way on the way back to user space", () => {
    assert.equal(owed(FACTS_6_18).pick(2, true), 0);
    assert.equal(owed(FACTS_6_18).pick(3, true), 1);
    assert.equal(owed(FACTS_6_18).pick(2, false), 1);
  });

  test("is not what a voluntary kernel does: it gives way between two steps of a system call", () => {
    assert.equal(owed(FACTS_6_6).pick(2, true), 1);
  });
});

describe("a request that is used up in a system call, with lazy preemption,", () => {
  const usedUp = (): EevdfScheduler => {
    const scheduler = fresh(FACTS_6_18, 2);
    scheduler.pick(1, true);
    scheduler.wake(1);
    scheduler.ran(0, FACTS_6_18.sliceNanoseconds);
    return scheduler;
  };

  test("is found by one tick, and the next one insists", () => {
    const scheduler = usedUp();
    assert.equal(scheduler.pick(2, true), 0);
    assert.equal(scheduler.pick(2, true), 0);
    assert.equal(scheduler.pick(3, true), 1);
  });

  test("is over where two ticks or more have passed since the last look", () => {
    assert.equal(usedUp().pick(3, true), 1);
    assert.equal(usedUp().pick(9, true), 1);
  });
});

describe("a task that had more than its share", () => {
  test("stays in the queue when it sleeps, and starts without lag when it wakes after the others caught up", () => {
    const scheduler = fresh(releaseFor("6.12")!.scheduler, 2);
    scheduler.pick(1, false);
    scheduler.ran(0, 0.5 * MILLISECOND);
    scheduler.wake(1);
    scheduler.ran(0, 0.5 * MILLISECOND);
    assert.equal(scheduler.pick(2, false), 1);
    scheduler.ran(1, 0.7 * MILLISECOND);
    scheduler.sleep(1);
    assert.equal(scheduler.pick(2, false), 0);
    scheduler.ran(0, 2 * MILLISECOND);
    // It sleeps already.
    scheduler.sleep(1);
    scheduler.wake(1);
    // It was owed service for the time that it slept in the queue; that is forgotten, so the present request goes on.
    assert.equal(scheduler.pick(2, false), 0);
    scheduler.ran(0, 6 * MILLISECOND);
    assert.equal(scheduler.pick(3, false), 1);
  });
});

test("nobody runs when all sleep, and whoever wakes then runs at once", () => {
  const scheduler = fresh(FACTS_6_6, 2);
  scheduler.sleep(0);
  assert.equal(scheduler.pick(1, false), -1);
  scheduler.wake(1);
  assert.equal(scheduler.pick(1, false), 1);
});
