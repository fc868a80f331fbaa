/**
 * The gc worker in its five forms: how much of the table a run looks at, when the next one comes, what ends a run
 * early, where a walk over a chain goes when it kills, and whom the worker evicts from a table that is nearly full.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TABLE_FULL } from "../../../src/kernel/conntrack/packet.js";
import { IPS_ASSURED, IPS_SEEN_REPLY } from "../../../src/kernel/conntrack/status.js";
import type { ConntrackTable } from "../../../src/kernel/conntrack/table.js";
import {
  SYN,
  TCP_CLOSE,
  TCP_CLOSE_WAIT,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT,
  TCP_LAST_ACK,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_TIME_WAIT,
} from "../../../src/kernel/conntrack/trackers/tcp-states.js";
import { coarseExpiry } from "../../../src/kernel/delayed-work.js";
import { KIND_DESTROY } from "../../../src/kernel/events/kinds.js";
import { FLAGS, nodeOf, PROTOCOL_STATE, PROTOCOL_STATE_SHIFT } from "../../../src/kernel/records.js";
import { Generation, type GenerationOptions, versions, versionsWith } from "../generations.js";

const LAZY = versions("4.9");
const FRACTION_128 = versionsWith(({ gc }) => gc === "fraction-128");
const PASS = versionsWith(({ gc }) => gc.startsWith("pass-"));
const isPass = (k: Generation): boolean => k.release.gc.startsWith("pass-");

const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => from + i);

describe("from 4.10 to 5.13 a run", () => {
  for (const version of FRACTION_128) {
    test(`${version}: looks at 1/128 of the buckets, so that 128 runs see each once`, () => {
      const k = new Generation({ version, buckets: 128 * 12 });
      k.request(...range(400));
      k.waitSeconds(31);
      let gone = 0;
      for (let run = 0; run < 128; run++) {
        assert.equal(k.runGc().buckets, 12);
        if (run === 63) gone = 400 - k.table.count;
      }
      // A kill on an original node leaves the rest of its chain for another scan: an entry of which both nodes were
      // behind one waits.
      assert.ok(k.table.count < 8, `${k.table.count}`);
      for (let run = 0; run < 128; run++) k.runGc();
      assert.equal(k.table.count, 0);
      // Half of the buckets have met about three quarters of the entries: each has two nodes.
      assert.ok(gone > 250 && gone < 350, `${gone}`);
    });
  }

  test("looks at one bucket of a small table", () => {
    assert.equal(new Generation({ version: "5.10", buckets: 64 }).runGc().buckets, 1);
  });

  test("goes on at the bucket after the last one, wherever it began", () => {
    for (const gcPhase of [0, 0.3, 0.999]) {
      const k = new Generation({ version: "5.10", buckets: 128, gcPhase });
      const [first] = k.tuplesIn((Math.floor(gcPhase * 128) + 1) % 128, 1);
      const [second] = k.tuplesIn((Math.floor(gcPhase * 128) + 2) % 128, 1);
      k.request(first!, second!);
      k.waitSeconds(31);
      k.runGc();
      assert.deepEqual(k.active([first!, second!]), [second]);
      k.runGc();
      assert.equal(k.table.count, 0);
    }
  });
});

describe("from 4.10 to 5.13 the interval", () => {
  // 16 s / 128, and the step by which it grows: 1/128 s, but a jiffy at least.
  for (const [hz, longest, step] of [
    [100, 12, 1],
    [250, 31, 1],
    [1000, 125, 7],
  ] as const) {
    test(`with HZ ${hz} is ${longest} jiffies while little is expired, so that a whole scan takes 16 s`, () => {
      const k = new Generation({ version: "5.10", hz, buckets: 1280 });
      k.request(...range(100));
      for (let run = 0; run < 5; run++) assert.equal(k.runGc().delay, longest);
      assert.ok(Math.abs((128 * longest) / hz - 16) < 0.7);
    });

    test(`with HZ ${hz} falls to ${step} when more than half of what a run saw is expired, and grows by ${step} a run`, () => {
      const k = new Generation({ version: "5.10", hz, buckets: 128 });
      k.request(...k.tuplesIn(1, 3));
      k.waitSeconds(31);
      const delays = range(40).map(() => k.runGc().delay);
      assert.deepEqual(
        delays,
        range(40).map((run) => Math.min((run + 1) * step, longest)),
      );
    });
  }

  test("is met where the wheel meets it", () => {
    const k = new Generation({ version: "5.10", hz: 1000, buckets: 128 });
    const { delay } = k.runGc();
    assert.equal(k.gc.work.due, k.clock.timeOf(coarseExpiry(k.clock.jiffies + delay, delay)));
  });

  test("does not fall for exactly half", () => {
    const delayWith = (expired: number, alive: number): number => {
      const k = new Generation({ version: "5.10", buckets: 128 });
      // Only their reply nodes lie in the bucket that the run looks at.
      const tuples = range(10_000).filter(
        (tuple) => k.table.bucketOf(tuple, 1) === 1 && k.table.bucketOf(tuple, 0) > 5,
      );
      k.request(...tuples.slice(0, expired));
      k.waitSeconds(20);
      k.request(...tuples.slice(20, 20 + alive));
      k.waitSeconds(11);
      const { delay } = k.runGc();
      assert.equal(k.table.count, alive);
      return delay;
    };
    assert.equal(delayWith(4, 4), 31);
    assert.equal(delayWith(0, 4), 31);
    assert.equal(delayWith(0, 0), 31);
    assert.equal(delayWith(5, 4), 1);
    assert.equal(delayWith(4, 0), 1);
  });
});

describe("from 5.14 on a run", () => {
  for (const version of PASS) {
    test(`${version}: is a pass over all buckets`, () => {
      const k = new Generation({ version, buckets: 3000 });
      k.request(...range(200));
      k.waitSeconds(31);
      assert.equal(k.runGc().buckets, 3000);
      assert.ok(k.table.count < 8, `${k.table.count}`);
    });
  }

  for (const [hz, most] of [
    [1000, 64],
    [250, 256],
    [100, 640],
  ] as const) {
    test(`with HZ ${hz} is over at the next entry after more than ${most} expired ones, and goes on at the next tick`, () => {
      const k = new Generation({ version: "6.18.44", hz, buckets: 1 << 16 });
      k.request(...range(3 * most));
      k.waitSeconds(31);
      const gone: number[] = [];
      for (let left = k.table.count; left > 0; left = k.table.count) {
        const { delay } = k.runGc();
        gone.push(left - k.table.count);
        if (k.table.count > 0) assert.equal(delay, 1);
      }
      assert.deepEqual(gone, [most + 1, most + 1, most - 2]);
    });
  }

  test("is over at that entry also in the middle of a chain", () => {
    const k = new Generation({ version: "6.18.44", buckets: 64, random32: () => 29 });
    k.request(...range(1000));
    assert.equal(k.table.count, 1000);
    k.waitSeconds(31);
    k.runGc();
    // Where both nodes of an entry lie side by side, the second is met dead and counts again.
    assert.ok(k.table.count >= 1000 - 257 && k.table.count < 1000 - 240, `${k.table.count}`);
  });

  test("that met too many goes on at once when its pass is 60 s old", () => {
    const k = new Generation({ version: "6.18.44", buckets: 1 << 16 });
    k.request(...range(1000));
    k.waitSeconds(31);
    assert.equal(k.runGc().delay, 1);
    k.waitSeconds(59);
    assert.equal(k.runGc().delay, 1);
    k.waitSeconds(2);
    assert.equal(k.runGc().delay, 0);
    assert.equal(k.gc.work.due, k.clock.now);
  });

  // msecs_to_jiffies(10), and over at the tick after.
  for (const [hz, ticks] of [
    [1000, 10],
    [250, 3],
    [100, 1],
  ] as const) {
    test(`with HZ ${hz} is over when ${ticks} ticks have passed, and goes on at once where it stopped`, () => {
      const buckets = 40_000;
      const k = new Generation({ version: "6.18.44", hz, buckets });
      k.request(...range(500));
      k.clock.now = k.gc.work.due;
      let searched = 0;
      for (let delay = 0; delay === 0; ) {
        const start = k.clock.jiffies;
        const run = k.runGc(() => k.wait(1));
        searched += run.buckets;
        delay = run.delay;
        if (delay === 0) {
          assert.equal(k.clock.jiffies - start, ticks + 1);
          assert.equal(k.gc.work.due, k.clock.now);
          assert.ok(searched < buckets);
        }
      }
      assert.equal(searched, buckets);
      assert.ok(k.gcDelays.length > 5);
    });
  }
});

describe("from 6.1 on the interval", () => {
  /**
   * Seconds from the start of one pass to the start of the next one that it asks for, with all entries having the same
   * time left.
   */
  function intervalWith(entries: number, secondsLeft: number, options: Partial<GenerationOptions> = {}): number {
    const hz = options.hz ?? 250;
    const k = new Generation({ version: "6.18.44", buckets: 4096, ...options, timeoutsSeconds: { udp: secondsLeft } });
    k.clock.now = k.gc.work.due;
    k.request(...range(entries));
    // The pass took no time, which counts as a jiffy.
    return (k.runGc().delay + 1) / hz;
  }

  for (const [nodes, secondsLeft, expected, within] of [
    [1000, 30, 33.9, 0.05],
    [5000, 30, 33.9, 0.05],
    [5000, 15, 19.8, 0.05],
    [10, 30, 57, 0.5],
    [0, 30, 60, 0],
    [1000, 60, 60, 0],
    [1000, 120, 60, 0],
    [1000, 432_000, 60, 0],
  ] as const) {
    test(`for ${nodes} nodes of ${secondsLeft} s is ${expected} s`, () => {
      // An entry has two nodes.
      const interval = intervalWith(nodes / 2, secondsLeft);
      assert.ok(Math.abs(interval - expected) <= within, `${interval} s`);
    });
  }

  test("is the mean in whole jiffies from 60 s and 100 nodes on, which stalls before it arrives, for every HZ", () => {
    for (const hz of [100, 250, 300, 1000]) {
      for (const [nodes, secondsLeft] of [
        [40, 30],
        [200, 10],
        [2000, 30],
        [6000, 2],
        [6000, 1],
      ] as const) {
        let mean = 60 * hz;
        for (let count = 101; count <= 100 + nodes; count++) mean += Math.trunc((secondsLeft * hz - mean) / count);
        assert.equal(intervalWith(nodes / 2, secondsLeft, { hz, buckets: 1 << 16 }) * hz, mean);
        // So a pass never comes as early as the mean alone would have it: e + √(100 · |60 s − e| / HZ).
        const stalled = secondsLeft + Math.sqrt((100 * (60 - secondsLeft)) / hz);
        if (nodes > 1000) assert.ok(Math.abs(mean / hz - stalled) < 0.12 * stalled, `${mean / hz} s, ${stalled} s`);
      }
    }
  });

  test("counts what has less than 1 s left as 1 s, and more than 300 s as 300 s", () => {
    assert.equal(intervalWith(500, 0.2), intervalWith(500, 1));
    const mixed = (long: number): number => {
      const k = new Generation({ version: "6.18.44", buckets: 4096 });
      k.clock.now = k.gc.work.due;
      k.request(...range(400));
      for (const tuple of range(5)) k.expiry.refresh(k.entryOf(tuple), long * 250);
      return k.runGc().delay;
    };
    assert.equal(mixed(432_000), mixed(300));
    assert.ok(mixed(300) > mixed(200));
  });

  test("runs from the start of the pass: one that took long is followed sooner, but by a jiffy at least", () => {
    const delayAfter = (jiffies: number): number => {
      const k = new Generation({ version: "6.18.44", buckets: 512, timeoutsSeconds: { udp: 100 } });
      let passed = false;
      const { delay } = k.runGc(() => {
        if (!passed) k.wait(jiffies);
        passed = true;
      });
      return delay;
    };
    assert.equal(delayAfter(0), 60 * 250 - 1);
    assert.equal(delayAfter(2), 60 * 250 - 2);
    const k = new Generation({ version: "6.18.44", buckets: 512 });
    // The 10 ms end the run after its first step; the pass ends with the next one, 70 s after its start.
    assert.equal(k.runGc(() => k.waitSeconds(70)).delay, 0);
    assert.equal(k.runGc().delay, 1);
  });

  test("is one of a pass, also when it had pauses: the mean is not begun anew", () => {
    const pausing = (pause: () => void): number => {
      const k = new Generation({ version: "6.18.44", buckets: 4096, timeoutsSeconds: { udp: 20 } });
      k.clock.now = k.gc.work.due;
      const start = k.clock.jiffies;
      k.request(...range(500));
      let run = k.runGc(() => {
        k.wait(1);
        pause();
      });
      while (run.delay === 0) {
        run = k.runGc(() => {
          k.wait(1);
          pause();
        });
      }
      return k.clock.jiffies - start + run.delay;
    };
    const interval = pausing(() => {});
    // About 16 jiffies pass, so the later entries have a little less left.
    assert.ok(Math.abs(interval / 250 - intervalWith(500, 20)) < 0.1, `${interval / 250} s`);
  });
});

describe("the first run", () => {
  test("comes anywhere in an idle cycle, by chance: 1/8 s, 120 s or 60 s", () => {
    for (const [version, longest] of [
      ["5.10", 31],
      ["5.10.262", 120 * 250],
      ["6.18.44", 60 * 250],
    ] as const) {
      for (const gcPhase of [0, 0.25, 0.5, 0.99]) {
        const k = new Generation({ version, gcPhase });
        const delay = 1 + Math.floor(gcPhase * longest);
        assert.equal(k.clock.jiffiesAt(k.gc.work.due), coarseExpiry(k.clock.jiffies + delay, delay));
      }
    }
  });
});

describe("an entry that a run meets expired", () => {
  test("is attempted once, without a portid, and is dying when that fails", () => {
    for (const version of LAZY) {
      const k = new Generation({ version, buckets: 64 });
      k.request(1, 2);
      k.waitSeconds(31);
      k.sink.taken();
      k.sink.accepts = ({ tuple }) => tuple === 2;
      for (let run = 0; run < (isPass(k) ? 1 : 64); run++) k.runGc();
      const sent = k.sink.taken().map(({ kind, tuple, withPortid, ok }) => ({ kind, tuple, withPortid, ok }));
      assert.deepEqual(
        sent.sort((a, b) => a.tuple - b.tuple),
        [
          { kind: KIND_DESTROY, tuple: 1, withPortid: false, ok: false },
          { kind: KIND_DESTROY, tuple: 2, withPortid: false, ok: true },
        ],
      );
      assert.deepEqual([k.table.active, k.table.dying], [0, 1]);
      assert.ok(k.redelivery.due < Number.POSITIVE_INFINITY);
    }
  });
});

/** As if the tracker had seen the packets that lead to the state. */
function setProtocolState({ records: { nodes } }: ConntrackTable, entry: number, state: number): void {
  const at = nodeOf(entry) + FLAGS;
  nodes[at] = (nodes[at]! & ~PROTOCOL_STATE) | (state << PROTOCOL_STATE_SHIFT);
}

describe("a table that is nearly full", () => {
  const MAX = 400;
  /** 95 % of the limit, as the kernel computes it. */
  const FULL = 380;
  const STATES = [
    ["SYN_SENT", TCP_SYN_SENT, false],
    ["SYN_RECV", TCP_SYN_RECV, false],
    ["ESTABLISHED", TCP_ESTABLISHED, true],
    ["FIN_WAIT", TCP_FIN_WAIT, true],
    ["CLOSE_WAIT", TCP_CLOSE_WAIT, true],
    ["LAST_ACK", TCP_LAST_ACK, true],
    ["TIME_WAIT", TCP_TIME_WAIT, true],
    ["CLOSE", TCP_CLOSE, true],
  ] as const;

  /** So many TCP conversations, one in ten in the state and the others established; `assured`: those of the state. */
  function tableOf(version: string, count: number, state: number, assured: boolean): Generation {
    // Short chains: up to 5.18 a kill may end the walk over one.
    const k = new Generation({ version, protocol: "tcp", buckets: 4096, max: MAX, random32: () => 23 });
    range(count).forEach((tuple) => {
      k.packets.packet(tuple, 0, SYN);
      const entry = k.entryOf(tuple);
      const chosen = tuple % 10 === 0;
      setProtocolState(k.table, entry, chosen ? state : TCP_ESTABLISHED);
      if (!chosen || assured) k.table.addStatus(entry, IPS_ASSURED | IPS_SEEN_REPLY);
      k.expiry.refresh(entry, 100_000);
    });
    k.sink.taken();
    return k;
  }

  /** Enough runs to see the whole table once. */
  function wholeScan(k: Generation): void {
    const runs = isPass(k) ? 1 : 128;
    for (let run = 0; run < runs; run++) {
      k.gc.earlyDrop = true;
      k.runGc();
    }
  }

  for (const version of ["4.12", "5.4", "5.10", "5.15", "5.19", "6.18.44"]) {
    test(`${version}: loses un-assured conversations and closing TCP ones, and no others`, () => {
      for (const [name, state, assured] of STATES) {
        const k = tableOf(version, MAX, state, assured);
        wholeScan(k);
        // What is to be evicted is 40; below 95 % nobody is evicted any more: that is after 21.
        const left = name === "ESTABLISHED" ? MAX : FULL - 1;
        assert.equal(k.table.count, left, name);
        for (const tuple of range(MAX)) if (tuple % 10 !== 0) assert.notEqual(k.entryOf(tuple), -1);
      }
    });

    test(`${version}: loses none with less than 95 % of its limit in use`, () => {
      for (const [count, left] of [
        [FULL - 1, FULL - 1],
        [FULL, FULL - 1],
        [FULL + 5, FULL - 1],
      ] as const) {
        const k = tableOf(version, count, TCP_SYN_SENT, false);
        wholeScan(k);
        assert.equal(k.table.count, left, `${count} entries`);
      }
    });

    test(`${version}: loses none before an early_drop failed, and after that only in the next run`, () => {
      const k = tableOf(version, MAX, TCP_TIME_WAIT, true);
      const scan = (): void => range(isPass(k) ? 1 : 128).forEach(() => void k.runGc());
      scan();
      assert.equal(k.table.count, MAX);
      // Nobody is un-assured, so the packet finds no room.
      assert.equal(k.packets.packet(9999, 0, SYN), TABLE_FULL);
      assert.equal(k.gc.earlyDrop, true);
      // What one run does with it: a 128th, or all.
      k.runGc();
      if (isPass(k)) assert.ok(k.table.count < MAX);
      assert.equal(k.gc.earlyDrop, false);
      // Fill up without a failed early_drop: the mode is over.
      for (let tuple = 20_000; k.table.count < MAX; tuple++) {
        k.packets.packet(tuple, 0, SYN);
        k.table.addStatus(k.entryOf(tuple), IPS_ASSURED);
        k.expiry.refresh(k.entryOf(tuple), 100_000);
      }
      scan();
      assert.equal(k.table.count, MAX);
    });
  }

  test("keeps counting what it could not deliver, so a stuck listener makes it lose every one that may go", () => {
    for (const version of ["5.10", "6.18.44"]) {
      const k = tableOf(version, MAX, TCP_SYN_SENT, false);
      k.refuseDestroy();
      wholeScan(k);
      assert.deepEqual([k.table.count, k.table.dying], [MAX, 40], version);
    }
  });

  test("keeps its mode over the pauses of a pass, and loses it with the pass", () => {
    const k = new Generation({ version: "6.18.44", buckets: 4096, max: MAX });
    k.request(...range(MAX));
    k.refuseDestroy();
    k.gc.earlyDrop = true;
    let runs = 0;
    do {
      assert.equal(k.gc.earlyDrop, true);
      k.runGc(() => k.wait(4));
      runs++;
    } while (k.gcDelays.at(-1) === 0);
    assert.ok(runs > 3);
    assert.equal(k.table.dying, MAX);
    assert.equal(k.gc.earlyDrop, false);
  });

  test("of less than 100 entries never has the mode: 95 % of it count as nothing", () => {
    const k = new Generation({ version: "6.18.44", max: 99 });
    k.request(...range(99));
    k.gc.earlyDrop = true;
    k.runGc();
    assert.equal(k.table.count, 99);
  });

  test("has this mode from 4.12 on", () => {
    const k = tableOf("4.9", MAX, TCP_TIME_WAIT, true);
    wholeScan(k);
    assert.equal(k.table.count, MAX);
  });

  test("counts whom it evicts in a pass as expired, so that a run evicts no more than it may reap", () => {
    const k = new Generation({ version: "6.18.44", buckets: 1 << 14, max: 10_000 });
    k.request(...range(10_000));
    k.gc.earlyDrop = true;
    k.runGc();
    assert.ok(k.table.count >= 10_000 - 260, `${k.table.count}`);
  });
});

describe("from 4.9 to 4.9.75 a run", () => {
  const VERSION = "4.9.30";

  test("looks at 1/64 of the buckets, and comes after 2 s at most while nothing is expired", () => {
    const k = new Generation({ version: VERSION, buckets: 64 * 12 });
    const runs = range(4).map(() => k.runGc());
    assert.deepEqual(
      runs.map(({ buckets }) => buckets),
      [12, 12, 12, 12],
    );
    assert.deepEqual(
      runs.map(({ delay }) => delay),
      [500, 500, 500, 500],
    );
  });

  test("comes again after a millisecond while some of what it saw is expired, at once while nine tenths are", () => {
    const delayWith = (expired: number, alive: number): number => {
      const k = new Generation({ version: VERSION, buckets: 64 });
      // Reply nodes only, so that no kill leaves the chain.
      const tuples = range(4000).filter((tuple) => k.table.bucketOf(tuple, 1) === 1 && k.table.bucketOf(tuple, 0) > 5);
      k.request(...tuples.slice(0, expired));
      k.waitSeconds(20);
      k.request(...tuples.slice(expired, expired + alive));
      k.waitSeconds(11);
      return k.runGc().delay;
    };
    assert.equal(delayWith(9, 1), 0);
    assert.equal(delayWith(8, 1), 1);
    assert.equal(delayWith(1, 9), 1);
    assert.equal(delayWith(0, 9), 500);
  });

  test("is over in the bucket in which it has met 256", () => {
    const k = new Generation({ version: VERSION, buckets: 64 * 400 });
    k.request(...range(40_000));
    k.waitSeconds(31);
    const { buckets, delay } = k.runGc();
    assert.ok(buckets > 50 && buckets < 400, `${buckets}`);
    assert.equal(delay, 0);
  });
});

describe("the pass of 5.14", () => {
  for (const version of ["5.4.200", "5.10.218", "5.15.30", "5.16.19"]) {
    test(`${version}: takes everything that is expired, and is followed 120 s after its end`, () => {
      const k = new Generation({ version, buckets: 1 << 14, random32: () => 23 });
      k.request(...range(3000));
      k.waitSeconds(31);
      const { delay } = k.runGc();
      assert.ok(k.table.count < 100, `${k.table.count}`);
      assert.equal(delay, 120 * 250);
    });
  }

  test("goes on at once when 10 ms are over, and its 120 s begin at the end", () => {
    const k = new Generation({ version: "5.15.30", buckets: 2048 });
    k.clock.now = k.gc.work.due;
    const delays: number[] = [];
    do delays.push(k.runGc(() => k.wait(1)).delay);
    while (delays.at(-1) === 0);
    assert.deepEqual(delays, [0, 120 * 250]);
  });

  test("waits as long as a patched kernel is told", () => {
    const k = new Generation({ version: "5.15.30", buckets: 64, gcIntervalSeconds: 10 });
    assert.equal(k.runGc().delay, 2500);
  });
});

describe("from 5.15.34 and 5.18 to 6.0 the interval", () => {
  /** Seconds between the starts of two passes with entries of these times left, the last one met last. */
  function intervalWith(secondsLeft: readonly number[], options: Partial<GenerationOptions> = {}): number {
    const k = new Generation({ version: "5.18", buckets: 4096, ...options });
    k.clock.now = k.gc.work.due;
    // A pass meets the buckets in order, and each entry by its original node only.
    const tuples = secondsLeft.map((_, index) => k.tuplesIn(100 + index, 1, 0, [0])[0]!);
    k.request(...tuples);
    for (const [index, seconds] of secondsLeft.entries()) k.expiry.refresh(k.entryOf(tuples[index]!), seconds * 250);
    return (k.runGc().delay + 1) / 250;
  }

  test("halves its way from INT_MAX towards each entry that it meets, so that few entries leave it at 60 s", () => {
    assert.equal(intervalWith([]), 60);
    assert.equal(intervalWith([30]), 60);
    assert.equal(intervalWith([30, 30, 30, 30]), 60);
    const interval = intervalWith(Array.from({ length: 30 }, () => 30));
    assert.ok(Math.abs(interval - 30) < 0.1, `${interval}`);
  });

  test("follows the entries that it met last", () => {
    const [long, short] = [Array.from({ length: 30 }, () => 50), Array.from({ length: 30 }, () => 5)];
    const after = (secondsLeft: number[]): number => intervalWith(secondsLeft);
    // Reply nodes lie anywhere, so the end is near 5 s or near 50 s and not between.
    const k = new Generation({ version: "5.18", buckets: 4096 });
    assert.ok(k.release.gc === "pass-halving");
    assert.notEqual(after([...long, ...short]), after([...short, ...long]));
  });
});

describe("a walk that kills", () => {
  /** Entries in one bucket by one of their nodes: of the directions given, met in this order. */
  function chainOf(k: Generation, directions: readonly (0 | 1)[]): number[] {
    const tuples: number[] = [];
    for (let tuple = 0; tuples.length < directions.length; tuple++) {
      const direction = directions[tuples.length]!;
      const other = k.table.bucketOf(tuple, direction === 0 ? 1 : 0);
      if (k.table.bucketOf(tuple, direction) === 1 && other > 20) tuples.push(tuple);
    }
    // The newest is met first.
    k.request(...tuples.toReversed());
    return tuples;
  }
  const pass = (version: string): Generation => new Generation({ version, buckets: 4096 });

  test("leaves its chain for the dying list at an original node, up to 5.18 whether or not the DESTROY was delivered", () => {
    for (const version of ["5.4", "5.10.218", "5.15.30", "5.15.100"]) {
      const k = pass(version);
      const tuples = chainOf(k, [1, 0, 1, 1]);
      k.waitSeconds(31);
      k.sink.taken();
      while (k.entryOf(tuples[0]!) >= 0) k.runGc();
      // The second entry's original node was the last one met; the others are found by their other nodes, in later
      // buckets.
      const met = k.sink.taken().map(({ tuple }) => tuple);
      assert.deepEqual(met.filter((tuple) => tuples.includes(tuple)).slice(0, 2), tuples.slice(0, 2), version);
    }
  });

  test("from 5.19 on leaves it only when the DESTROY failed", () => {
    for (const [refused, left] of [
      [false, []],
      [true, [2, 3]],
    ] as const) {
      const k = pass("6.1");
      const tuples = chainOf(k, [1, 0, 1, 1]);
      k.waitSeconds(31);
      k.sink.taken();
      if (refused) k.refuseDestroy();
      k.gc.step();
      assert.deepEqual(
        k.active(tuples),
        left.map((index) => tuples[index]),
      );
    }
  });

  test("counts what it meets on the dying list as expired, so that a run is soon over", () => {
    const k = new Generation({ version: "6.1", buckets: 1 << 14, random32: () => 29 });
    k.request(...range(2000));
    k.waitSeconds(31);
    k.refuseDestroy();
    const runs: number[] = [];
    for (let left = k.table.active; left > 0; left = k.table.active) {
      k.runGc();
      runs.push(left - k.table.active);
    }
    // The first run kills some twenty before the list has 257 entries behind them; a later one ends with its first
    // original node.
    assert.ok(runs[0]! > 20 && runs[0]! < 60, `${runs[0]}`);
    const later = runs.slice(20, -20);
    assert.ok(
      later.every((killed) => killed >= 1 && killed < 20),
      later.join(),
    );
    // Half of the nodes are original ones: two kills a run.
    assert.ok(later.length > 300, `${runs.length} runs`);
  });
});

test("of the dying list only those past their deadline count as expired, so that few of many call for no run at once", () => {
  for (const [waited, someWait] of [
    [1, true],
    [31, false],
  ] as const) {
    const k = new Generation({ version: "4.9", buckets: 1024 });
    k.request(...range(20));
    k.waitSeconds(30);
    k.die(...range(200, 20_000));
    k.refuseDestroy();
    k.waitSeconds(waited);
    const delays: number[] = [];
    for (let left = k.table.active; left > 0; ) {
      const { delay } = k.runGc();
      if (k.table.active < left) delays.push(delay);
      left = k.table.active;
    }
    // A run that meets an entry by its reply's node does not come to the dying list.
    assert.equal(
      delays.some((delay) => delay > 0),
      someWait,
      `${waited} s: ${delays.join(" ")}`,
    );
  }
});

describe("what a run costs", () => {
  /** A pass over entries that are met by their original nodes, each in a chain of its own. */
  function bucketsOfPass(refuses: boolean): number {
    const k = new Generation({ version: "6.1", buckets: 64 });
    const tuples = range(10_000).filter((tuple) => k.table.bucketOf(tuple, 0) < k.table.bucketOf(tuple, 1));
    const chosen = range(4).map((index) => tuples.find((tuple) => k.table.bucketOf(tuple, 0) === 10 + index)!);
    k.request(...chosen);
    k.waitSeconds(31);
    if (refuses) k.refuseDestroy();
    const { buckets } = k.runGc();
    assert.equal(k.table.active, 0);
    return buckets;
  }

  test("is the buckets that it looks at, and six for every entry of the dying list that it walks over", () => {
    assert.equal(bucketsOfPass(false), 64);
    // Behind the four lie none, one, two and three.
    assert.equal(bucketsOfPass(true), 64 + 6 * (0 + 1 + 2 + 3));
  });

  test("comes in steps that end with a bucket in which something was killed, so that others have the CPU between", () => {
    for (const version of ["4.19", "6.1"]) {
      const k = new Generation({ version, buckets: version === "6.1" ? 64 : 64 * 128 });
      const tuples = range(20_000).filter((tuple) => k.table.bucketOf(tuple, 0) < k.table.bucketOf(tuple, 1));
      k.request(...[10, 12].map((bucket) => tuples.find((tuple) => k.table.bucketOf(tuple, 0) === bucket)!));
      k.waitSeconds(31);
      const left: number[] = [];
      for (let runs = 0; runs < 200 && k.table.active > 0; runs++) {
        k.clock.now = Math.max(k.clock.now, k.gc.work.due);
        do {
          k.gc.step();
          if (left.at(-1) !== k.table.active) left.push(k.table.active);
        } while (k.gc.running);
      }
      assert.deepEqual(left.slice(-2), [1, 0], version);
    }
  });

  test("when the 10 ms are over is one bucket more", () => {
    const k = new Generation({ version: "5.15.30", buckets: 2048 });
    k.clock.now = k.gc.work.due;
    k.gc.step();
    k.wait(4);
    k.gc.step();
    assert.deepEqual([k.gc.running, k.gc.bucketsSearched], [false, 1]);
    k.gc.step();
    assert.equal(k.gc.bucketsSearched, 256);
  });
});

describe("the worker's own figures", () => {
  test("are its runs and the longest pause between two", () => {
    const k = new Generation({ version: "5.15.30", buckets: 64 });
    assert.deepEqual([k.gc.runs, k.gc.longestPauseNanoseconds], [0, 0]);
    k.runGc();
    assert.deepEqual([k.gc.runs, k.gc.longestPauseNanoseconds], [1, 0]);
    k.runGc();
    assert.equal(k.gc.runs, 2);
    // The wheel of 4.8 is late for so long a delay.
    assert.ok(k.gc.longestPauseNanoseconds >= 120e9 && k.gc.longestPauseNanoseconds < 123e9);
  });
});
