/**
 * Whole runs against formulas: where the theory of the mechanism gives a number, the run must give it too, exactly
 * where there is no chance and within a few standard errors where there is. Seeds are fixed, so a failure is a change
 * and not bad luck.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ORIGINAL } from "../../src/kernel/conntrack/status.js";
import { ACK } from "../../src/kernel/conntrack/trackers/tcp-states.js";
import { Streams } from "../../src/scenario/streams.js";
import { Run } from "../../src/simulation/loop.js";
import type { Machine } from "../../src/simulation/machine.js";
import { reportOf } from "../../src/simulation/recorder.js";
import type { Sampler } from "../../src/simulation/timeline.js";
import { Assembled, HZ, WINDOW } from "../kernel/assembled.js";
import { BARE, finished, flushScenario, withListener, withoutCosts } from "../simulation/scenarios.js";

/** A failure at so many standard errors is no chance. */
const ERRORS = 4;

/** Looks at a run so many jiffies after its flush, when everything of that jiffy has happened. */
function afterFlush(jiffies: readonly number[], look: (run: Machine, jiffies: number) => void): Sampler {
  let next = 0;
  return {
    lookNanoseconds: 0,
    due: ({ figures: { flushAt }, clock }) =>
      flushAt === Number.POSITIVE_INFINITY || next === jiffies.length
        ? Number.POSITIVE_INFINITY
        : clock.timeOf(clock.jiffiesAt(flushAt) + jiffies[next]!),
    sample: (run) => look(run, jiffies[next++]!),
  };
}

/**
 * The renewal function of the retry delays: how many retries an entry has made, in the mean, so many jiffies after the
 * first failure, when every one fails. A delay is uniform on 0 … window − 1 jiffies, and 0 is the next jiffy.
 */
function renewalFunction(window: number, jiffies: number): Float64Array {
  const mean = new Float64Array(jiffies + 1);
  for (let n = 1; n <= jiffies; n++) {
    // Conditioned on the first delay: it is over by now, and the rest of the time begins anew.
    let sum = 0;
    for (let delay = 0; delay < window && Math.max(1, delay) <= n; delay++) sum += 1 + mean[n - Math.max(1, delay)]!;
    mean[n] = sum / window;
  }
  return mean;
}

describe("retries while the reader is paused", () => {
  const window = 15 * 100;
  const scenario = withoutCosts(
    flushScenario({
      seed: "renewal",
      hz: 100,
      connections: 4000,
      listeners: [{ bufferBytes: 2048, policy: "reliable", heldAfterFlushNanoseconds: null }],
      limitSeconds: 70,
    }),
  );
  const times = [0.5, 1, 2, 3, 4].map((windows) => windows * window);
  const expected = renewalFunction(window, 4 * window);

  test("the renewal function of a uniform delay is 0.65, 1.72, 3.67, 5.67, 7.67 after 0.5, 1, 2, 3, 4 windows", () => {
    const known = [0.65, 1.72, 3.67, 5.67, 7.67];
    times.forEach((jiffies, i) => {
      assert.ok(Math.abs(expected[jiffies]! - known[i]!) < 0.012, `${expected[jiffies]}`);
    });
  });

  /**
   * Mean and standard error of the retries per entry, from how often each was attempted: two attempts were the flush's.
   */
  function retries({ kernel: { ledger, table } }: Machine): { mean: number; error: number } {
    let [entries, sum, squares] = [0, 0, 0];
    ledger.resendCounts().forEach((count, resends) => {
      entries += count;
      sum += count * (resends - 1);
      squares += count * (resends - 1) ** 2;
    });
    assert.equal(entries, table.dying);
    const mean = sum / entries;
    return { mean, error: Math.sqrt((squares / entries - mean ** 2) / entries) };
  }

  test("follow the renewal function of their delays", () => {
    const seen: number[] = [];
    const run = finished(
      { ...scenario, kernel: "2.6.31" },
      afterFlush(times, (at, jiffies) => {
        const { mean, error } = retries(at);
        const off = (mean - expected[jiffies]!) / error;
        assert.ok(
          Math.abs(off) < ERRORS,
          `${mean} after ${jiffies} jiffies, expected ${expected[jiffies]}: ${off} errors`,
        );
        seen.push(jiffies);
      }),
    );
    assert.equal(run.kernel.table.dying, 4000 - 8);
    assert.deepEqual(seen, times);
  });

  test("are a little fewer with timer slack, by less than the 1/256 that it may add", () => {
    finished(
      { ...scenario, kernel: "2.6.35", connections: 20_000 },
      afterFlush([4 * window], (at, jiffies) => {
        const { mean, error } = retries(at);
        assert.ok(mean < expected[jiffies]!, `${mean}`);
        assert.ok(mean > expected[jiffies]! * (1 - 1 / 256) - ERRORS * error, `${mean}`);
      }),
    );
  });

  test("spread over the ticks as chance has it without slack, and bunch with it", () => {
    /** Variance over mean of the retries per tick: 1 if they come independently. */
    const dispersion = (kernel: string): number => {
      const run = new Run({ ...scenario, kernel, hz: 250, limitSeconds: 40 });
      const { ctnetlink, clock } = run.kernel;
      const perTick = new Map<number, number>();
      const send = ctnetlink.send.bind(ctnetlink);
      ctnetlink.send = (kind, entry, withProtoinfo, withPortid) => {
        if (run.figures.flushEndedAt < clock.now) perTick.set(clock.jiffies, (perTick.get(clock.jiffies) ?? 0) + 1);
        return send(kind, entry, withProtoinfo, withPortid);
      };
      while (run.advance(10_000));
      // From a window after the flush on, when the entries have lost their common start.
      const first = clock.jiffiesAt(run.figures.flushEndedAt) + 15 * 250;
      const counts = Array.from({ length: clock.jiffies - first }, (_, tick) => perTick.get(first + tick) ?? 0);
      const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
      return counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length / mean;
    };
    const without = dispersion("2.6.31");
    assert.ok(without > 0.9 && without < 1.15, `2.6.31: ${without}`);
    const with_ = dispersion("3.6");
    assert.ok(with_ > 5 && with_ < 15, `3.6: ${with_}`);
  });
});

describe("the first drain", () => {
  test("is linear for a reader that is never late: D · (1 − t/R) are undelivered, and none after R", () => {
    const window = 15 * 250;
    const entries = 3000;
    const scenario = withoutCosts(
      flushScenario({
        seed: "drain",
        connections: entries,
        listeners: [{ bufferBytes: 8192, policy: "reliable", serviceNanoseconds: 0 }],
      }),
    );
    const times = [1, 2, 3, 4, 5, 6, 7].map((eighths) => Math.round((eighths * window) / 8));
    const run = finished(
      scenario,
      afterFlush([...times, window], (at, jiffies) => {
        const failed = at.figures.dyingAfterFlush;
        const { dying } = at.kernel.table;
        if (jiffies === window) assert.equal(dying, 0);
        else {
          // A delay of 0 fires at the first jiffy, so one delay more is over than jiffies have passed.
          const over = (jiffies + 1) / window;
          const error = Math.sqrt(failed * over * (1 - over));
          assert.ok(Math.abs(dying - failed * (1 - over)) < ERRORS * error, `${dying} of ${failed} after ${jiffies}`);
          assert.ok(Math.abs(dying - failed * (1 - jiffies / window)) < ERRORS * error);
        }
      }),
    );
    const report = reportOf(run, false);
    assert.equal(run.figures.dyingAfterFlush, entries - report.socket.capacityMessages);
    // Two attempts in the flush, one retry each.
    assert.deepEqual(report.resends.perEntry, { mean: 2, p50: 2, p90: 2, p99: 2, max: 2 });
    assert.equal(run.figures.settled, true);
  });
});

describe("attempts that fail with a constant probability", () => {
  test("are geometric in number: mean 1/(1 − p), and as many windows as that, halved, until the delivery", () => {
    const p = 0.6;
    const entries = 4000;
    const streams = new Streams("geometric");
    const fate = streams.of("fate");
    const k = new Assembled({ random32: streams.of("grace").uint32 });
    for (let tuple = 0; tuple < entries; tuple++) k.packets.packet(tuple, ORIGINAL, ACK);
    k.sink.accepts = () => false;
    for (let tuple = 0; tuple < entries; tuple++) k.deletion.evict(k.entryOf(tuple));
    k.sink.taken();
    const start = k.clock.jiffies;
    const attempts = new Map<number, number>();
    let delays = 0;
    k.sink.accepts = ({ tuple }) => {
      attempts.set(tuple, (attempts.get(tuple) ?? 0) + 1);
      const ok = fate.uniform() >= p;
      if (ok) delays += k.clock.jiffies - start;
      return ok;
    };
    while (k.table.dying > 0) k.wait(WINDOW);

    const mean = [...attempts.values()].reduce((sum, count) => sum + count, 0) / entries;
    const deviation = Math.sqrt(p) / (1 - p);
    assert.ok(Math.abs(mean - 1 / (1 - p)) < (ERRORS * deviation) / Math.sqrt(entries), `mean ${mean}`);
    for (let beyond = 0; beyond <= 8; beyond++) {
      const share = [...attempts.values()].filter((count) => count > beyond).length / entries;
      const error = Math.sqrt((p ** beyond * (1 - p ** beyond)) / entries);
      assert.ok(
        Math.abs(share - p ** beyond) <= ERRORS * error,
        `more than ${beyond}: ${share}, expected ${p ** beyond}`,
      );
    }
    // The sum of that many uniform delays: mean 7.5 s each (less half a tick), variance R²/12 each plus that of their
    // number.
    const meanDelay = delays / entries / HZ;
    const error = Math.sqrt((15 ** 2 / 12 / (1 - p) + 7.5 ** 2 * deviation ** 2) / entries);
    assert.ok(Math.abs(meanDelay - 7.5 / (1 - p)) < ERRORS * error, `mean delay ${meanDelay} s`);
  });

  test("come of a reader that stalls for that share of every second, and have that tail", () => {
    const p = 0.5;
    const run = finished(
      withoutCosts(
        flushScenario({
          seed: "stall",
          hz: 1000,
          connections: 12_000,
          listeners: [
            {
              bufferBytes: 4096,
              policy: "reliable",
              serviceNanoseconds: 0,
              stall: { everyNanoseconds: 1e9, forNanoseconds: p * 1e9 },
            },
          ],
        }),
      ),
    );
    const counts = run.kernel.ledger.resendCounts();
    const atLeast = (resends: number): number => counts.slice(resends).reduce((sum, count) => sum + (count ?? 0), 0);
    // The first resend is the flush's own second attempt. In each stall 15 messages still fit, so p is a little less.
    for (let resends = 2; resends <= 5; resends++) {
      const ratio = atLeast(resends + 1) / atLeast(resends);
      const error = Math.sqrt((p * (1 - p)) / atLeast(resends));
      assert.ok(ratio > p - 0.02 * resends - ERRORS * error && ratio < p + ERRORS * error, `${resends}: ${ratio}`);
    }
  });
});

describe("messages that fit while nobody reads, as recorded", () => {
  const asked = [2048, 4096, 8192, 65_536, 106_496, 212_992];
  const of1280 = [4, 7, 13, 103, 167, 333];
  const of400 = [11, 21, 41, 328, 533, 1065];
  for (const [version, skBuffBytes, truesize, capacity] of [
    ["2.6.35.6", 208, 400, of400],
    ["3.6.0", 256, 1280, of1280],
    ["3.10.108", 256, 1280, of1280],
  ] as const) {
    test(`${version}: ${capacity.join(", ")} of ${truesize} bytes in ${asked.join(", ")}`, () => {
      asked.forEach((bufferBytes, i) => {
        const run = finished(
          withoutCosts(
            flushScenario({
              kernel: version,
              kernelConfig: { ...BARE, skBuffBytes },
              connections: 1200,
              rmemMaxBytes: 1e9,
              listeners: [{ bufferBytes, policy: "reliable", heldAfterFlushNanoseconds: null }],
              limitSeconds: 0.6,
            }),
          ),
        );
        const report = reportOf(run, false);
        assert.equal(report.socket.truesizeBytes, truesize);
        assert.equal(run.kernel.sockets[0]!.queued, capacity[i], `${bufferBytes} bytes`);
        assert.equal(report.socket.capacityMessages, capacity[i]);
      });
    });
  }
});

describe("right after a flush", () => {
  /** A run up to the end of its flush. */
  function flushed(run: Run): { retries: number } {
    const { ctnetlink } = run.kernel;
    while (run.figures.flushAt === Number.POSITIVE_INFINITY) run.advance(1);
    const before = ctnetlink.attempts;
    while (run.figures.flushEndedAt === Number.POSITIVE_INFINITY) run.advance(1);
    return { retries: ctnetlink.attempts - before - run.figures.flushAttempts };
  }

  for (const [version, attempts] of [
    ["2.6.31", 2],
    ["3.6", 2],
    ["3.11", 2],
    ["3.12", 1],
    ["3.16", 1],
  ] as const) {
    test(`${version}: drops are ${attempts} × (N − capacity) on a machine that takes no time`, () => {
      for (const bufferBytes of [0, 2048, 8192, 65_536]) {
        const scenario = flushScenario({ kernel: version, connections: 700, listeners: [{ bufferBytes }] });
        const run = new Run(withoutCosts(scenario));
        const { retries } = flushed(run);
        const capacity = reportOf(run, false).socket.capacityMessages;
        assert.equal(retries, 0);
        assert.equal(run.figures.dropsAfterFlush, attempts * (700 - capacity));
        assert.equal(run.figures.dyingAfterFlush, 700 - capacity);
      }
    });
  }

  test("on one CPU they are that and the retries that came due meanwhile, all of which fail", () => {
    const scenario = flushScenario({
      kernel: "3.6",
      kernelConfig: BARE,
      cpus: 1,
      connections: 5000,
      listeners: [{ bufferBytes: 2048, serviceNanoseconds: 1_000_000 }],
    });
    const run = new Run(scenario);
    const { retries } = flushed(run);
    assert.equal(run.figures.dropsAfterFlush, 2 * (5000 - 4) + retries);
    assert.equal(run.figures.flushAttempts, 2 * (5000 - 4) + 4);
    // Half of the flush's jiffies out of a window of 3750 have passed for an entry in the mean; a delay of 0 takes one.
    const jiffies = ((run.figures.flushEndedAt - run.figures.flushAt) / 1e9) * 250;
    const expected = (5000 * (jiffies / 2 + 1)) / 3750;
    assert.ok(retries > 0 && retries < expected + ERRORS * Math.sqrt(expected), `${retries}, expected ${expected}`);
  });

  test("every DESTROY of it is delivered once in the end", () => {
    const scenario = flushScenario({ kernel: "3.6", kernelConfig: BARE, cpus: 1, connections: 5000 });
    const run = finished(withListener(scenario, { serviceNanoseconds: 1_000_000 }));
    const { view } = run.readers[0]!;
    assert.deepEqual([view.received.destroy, view.uniqueDestroy, view.duplicates], [5000, 5000, 0]);
    assert.equal(run.figures.settled, true);
    assert.deepEqual(run.invariants.violated, []);
  });

  test("with a lossy listener: one attempt each, under 1 % delivered, the dying list empty all along", () => {
    const scenario = flushScenario({ kernel: "3.6", kernelConfig: BARE, cpus: 1, connections: 5000 });
    const report = reportOf(
      finished(withListener(scenario, { policy: "lossy", serviceNanoseconds: 1_000_000 })),
      false,
    );
    assert.equal(report.events.destroy.attempts, 5000);
    assert.equal(report.events.destroy.delivered, 4);
    assert.equal(report.dying.peak, 0);
  });
});
