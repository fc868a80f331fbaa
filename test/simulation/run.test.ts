/**
 * The run loop: when a run is over, what happens at the same instant in which order, who has the CPU, and when readers
 * read. The figures of whole runs are in test/property/.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TABLE_FULL } from "../../src/kernel/conntrack/packet.js";
import { RECV_ENOBUFS, RECV_MESSAGE } from "../../src/kernel/netlink/socket.js";
import { Run } from "../../src/simulation/loop.js";
import {
  BARE,
  finished,
  floodScenario,
  flushScenario,
  lookingAt,
  recordRecvs,
  withListener,
  withoutCosts,
} from "./scenarios.js";

const SECOND = 1e9;

describe("a run settles", () => {
  test("when the table is empty and every reader has read all there was", () => {
    const run = finished(flushScenario({ connections: 300, listeners: [{ serviceNanoseconds: 2_000_000 }, {}] }));
    assert.equal(run.figures.settled, true);
    assert.equal(run.kernel.table.count, 0);
    for (const { socket } of run.readers) assert.deepEqual([socket.queued, socket.readable], [0, false]);
    assert.ok(run.seconds < run.machine.scenario.limitSeconds);
  });

  test("at the moment of the last recv, not later", () => {
    const run = new Run(flushScenario({ connections: 300, listeners: [{ serviceNanoseconds: 2_000_000 }] }));
    const recvs = recordRecvs(run);
    while (run.advance(1));
    assert.equal(run.kernel.clock.now, recvs.at(-1)!.at);
  });

  test("without a flush when the last entry has expired", () => {
    const run = finished(floodScenario({ connections: 20, ratePerSecond: 10, protocol: "icmp", flush: false }));
    assert.equal(run.figures.settled, true);
    assert.equal(run.kernel.ledger.kinds[2].delivered, 20);
    assert.ok(run.seconds >= 30 && run.seconds < 40);
  });

  test("with a second flood only after that has expired too", () => {
    const run = finished(
      flushScenario({
        connections: 100,
        listeners: [{ bufferBytes: 100_000 }],
        secondFlood: { connections: 50, afterFlushSeconds: 20 },
      }),
    );
    assert.equal(run.figures.settled, true);
    assert.equal(run.kernel.table.counters.created, 150);
    assert.ok(run.seconds >= 0.5 + 20 + 30, `${run.seconds} s`);
  });

  test("at once when there is nothing to do", () => {
    const run = finished(flushScenario({ connections: 0, flushDelayNanoseconds: 0 }));
    assert.equal(run.figures.settled, true);
    assert.equal(run.seconds, 0);
  });

  test("with a listener that never reads again only once that is gone or nothing is dying", () => {
    const stuck = flushScenario({
      connections: 100,
      listeners: [{ heldAfterFlushNanoseconds: null }],
      limitSeconds: 200,
    });
    assert.equal(finished(stuck).figures.settled, false);
    const lossy = finished(withListener(stuck, { policy: "lossy" }));
    assert.equal(lossy.figures.settled, true);
    assert.ok(lossy.kernel.sockets[0]!.queued > 0);
    const closed = finished(withListener(stuck, { closesAfterFlushNanoseconds: 5 * SECOND }));
    assert.equal(closed.figures.settled, true);
  });
});

describe("a run does not settle", () => {
  test("before a listener that is to leave has left", () => {
    const scenario = flushScenario({ connections: 10, listeners: [{ bufferBytes: 100_000 }] });
    assert.ok(finished(scenario).seconds < 1);
    const leaving = finished(withListener(scenario, { closesAfterFlushNanoseconds: 30 * SECOND }));
    assert.equal(leaving.figures.settled, true);
    assert.equal(leaving.kernel.clock.now, leaving.figures.flushAt + 30 * SECOND);
  });
});

describe("the limit", () => {
  test("ends a run that does not settle, exactly then, and what is undelivered stays pending", () => {
    const run = finished(
      flushScenario({ connections: 100, listeners: [{ heldAfterFlushNanoseconds: null }], limitSeconds: 42.5 }),
    );
    assert.equal(run.figures.settled, false);
    assert.equal(run.seconds, 42.5);
    assert.ok(run.kernel.table.dying > 80);
    assert.equal(run.kernel.ledger.pending()[2], run.kernel.table.dying);
    assert.deepEqual(run.invariants.violated, []);
  });

  test("may come before the flush, or in its middle", () => {
    for (const limitSeconds of [0.001, 0.5006, 0.502]) {
      const run = finished(flushScenario({ connections: 1000, limitSeconds }));
      assert.equal(run.seconds, limitSeconds);
      assert.equal(run.figures.settled, false);
      assert.deepEqual(run.invariants.violated, []);
    }
  });

  test("stops nothing in a run that settles before it: the same run with a later one is the same", () => {
    const scenario = flushScenario({ connections: 200 });
    const [soon, late] = [600, 6000].map((limitSeconds) => finished({ ...scenario, limitSeconds }));
    assert.equal(soon!.kernel.clock.now, late!.kernel.clock.now);
  });
});

describe("after a listener has left", () => {
  test("entries go at their next retry, so all are gone within the grace window", () => {
    const run = finished(
      flushScenario({
        connections: 500,
        listeners: [{ heldAfterFlushNanoseconds: null, closesAfterFlushNanoseconds: 3 * SECOND }],
      }),
    );
    assert.equal(run.figures.settled, true);
    const gone = (run.kernel.clock.now - run.figures.flushAt) / SECOND;
    assert.ok(gone > 3 && gone <= 3 + 15, `${gone} s`);
    assert.ok(run.kernel.ledger.kinds[2].lost > 400);
  });
});

describe("at one instant", () => {
  // A retry after 1 s, a reader without a delay: everything happens at the tick.
  const scenario = withoutCosts(
    flushScenario({
      kernel: "2.6.31",
      connections: 50,
      graceMaxSeconds: 1,
      listeners: [{ bufferBytes: 0, policy: "reliable", serviceNanoseconds: 0, heldAfterFlushNanoseconds: 1 }],
    }),
  );

  test("timers fire first, then readers read, and whoever samples sees both", () => {
    const plain = new Run(scenario);
    while (plain.figures.flushAt === Number.POSITIVE_INFINITY) plain.advance(1);
    const { clock } = plain.kernel;
    const ticks = Array.from({ length: 260 }, (_, i) => clock.timeOf(clock.jiffies + 1 + i));
    let seen = 0;
    const run = finished(
      scenario,
      lookingAt(ticks, ({ kernel: { clock: now, table, timers, sockets }, readers: { list: readers } }) => {
        // Nothing of this tick or before is left to fire.
        assert.ok(timers.nextJiffy() < 0 || now.timeOf(timers.nextJiffy()) > now.now);
        assert.equal(sockets[0]!.queued, 0);
        // All that is not dying was delivered and read.
        assert.equal(readers[0]!.view.received.destroy, 50 - table.dying);
        seen++;
      }),
    );
    assert.equal(run.figures.settled, true);
    assert.ok(seen > 200);
  });

  test("all timers of a jiffy fire before a reader runs: with room for one message one gets through per jiffy", () => {
    const delivered = new Map<number, number>();
    const failed = new Map<number, number>();
    const run = new Run(scenario);
    const { broadcast, clock } = run.kernel;
    const send = broadcast.send.bind(broadcast);
    broadcast.send = (kind, truesize, entry, message) => {
      const ok = send(kind, truesize, entry, message);
      const into = ok ? delivered : failed;
      if (run.figures.flushAt < clock.now) into.set(clock.jiffies, (into.get(clock.jiffies) ?? 0) + 1);
      return ok;
    };
    while (run.advance(1000));
    assert.ok([...failed.values()].some((count) => count > 0));
    // rcvbuf 256 and a truesize of 552: the old rule takes one message.
    for (const [jiffy, count] of delivered) assert.equal(count, 1, `jiffy ${jiffy}`);
    for (const jiffy of failed.keys()) assert.ok(delivered.has(jiffy), `jiffy ${jiffy}`);
  });
});

describe("a reader", () => {
  const busy = flushScenario({
    kernel: "3.6",
    connections: 2000,
    kernelConfig: BARE,
    listeners: [{ bufferBytes: 8192, policy: "reliable", serviceNanoseconds: 100_000 }],
  });

  test("on a CPU of its own drains during the flush, on a shared one never between two entries of it", () => {
    for (const cpus of [1, 2] as const) {
      const run = new Run({ ...busy, cpus });
      const recvs = recordRecvs(run);
      while (run.advance(10_000));
      const during = recvs.filter(({ at }) => at > run.figures.flushAt && at < run.figures.flushEndedAt).length;
      assert.equal(during > 0, cpus === 2, `${during} recvs with ${cpus} CPUs`);
    }
  });

  test("takes its service time after every message, and none after an ENOBUFS", () => {
    const run = new Run(withoutCosts(withListener({ ...busy, cpus: 2 }, { policy: "broadcast-error" })));
    const recvs = recordRecvs(run);
    while (run.advance(10_000));
    const after = recvs.filter(({ at }) => at > run.figures.flushEndedAt);
    assert.ok(after.length > 1000);
    let errors = 0;
    for (let i = 1; i < after.length; i++) {
      const pause = after[i]!.at - after[i - 1]!.at;
      if (after[i - 1]!.result === RECV_MESSAGE) assert.ok(pause >= 100_000);
      if (after[i - 1]!.result === RECV_ENOBUFS) {
        assert.equal(pause, 0);
        errors++;
      }
    }
    assert.ok(errors > 0);
  });

  test("with an exponential service time takes that long in the mean", () => {
    const scenario = withListener(withoutCosts({ ...busy, cpus: 2 }), {
      serviceDistribution: "exponential",
      bufferBytes: 0,
    });
    const run = new Run(scenario);
    const recvs = recordRecvs(run);
    while (run.advance(10_000));
    const messages = recvs.filter(({ at, result }) => at >= run.figures.flushAt && result === RECV_MESSAGE);
    const next = new Map(recvs.slice(1).map((recv, i) => [recvs[i]!, recv.at]));
    const pauses = messages.flatMap((recv) => (next.has(recv) ? [next.get(recv)! - recv.at] : []));
    const mean = pauses.reduce((sum, pause) => sum + pause, 0) / pauses.length;
    assert.ok(pauses.length > 1500);
    assert.ok(Math.abs(mean / 100_000 - 1) < 4 / Math.sqrt(pauses.length), `mean ${mean} ns`);
  });

  test("reads nothing during a stall, and stalls once in every period after the first", () => {
    const stall = { everyNanoseconds: 2 * SECOND, forNanoseconds: 700_000_000 };
    const run = new Run(withListener({ ...busy, cpus: 2 }, { stall, smallFrom: "start", slowFrom: "start" }));
    const recvs = recordRecvs(run);
    while (run.advance(10_000));
    assert.ok(run.seconds > 6);
    for (const { at } of recvs)
      assert.ok(at < 2 * SECOND || at % stall.everyNanoseconds >= stall.forNanoseconds, `${at}`);
  });

  for (const cpus of [1, 2] as const) {
    const hold = (seconds: number | null): Run =>
      new Run(
        withListener(
          { ...busy, cpus, limitSeconds: 60 },
          {
            heldAfterFlushNanoseconds: seconds === null ? null : seconds * SECOND,
          },
        ),
      );

    test(`that is held reads nothing from the flush until its hold ends, with ${cpus} CPUs`, () => {
      const run = hold(3);
      const recvs = recordRecvs(run);
      while (run.advance(10_000));
      const first = recvs.find(({ at }) => at >= run.figures.flushAt)!;
      assert.ok(first.at >= run.figures.flushAt + 3 * SECOND && first.at < run.figures.flushAt + 3.1 * SECOND);
      assert.equal(run.figures.settled, true);
    });

    test(`that never reads again does not, with ${cpus} CPUs`, () => {
      const run = hold(null);
      const recvs = recordRecvs(run);
      while (run.advance(10_000));
      assert.equal(recvs.filter(({ at }) => at >= run.figures.flushAt).length, 0);
    });
  }

  test("that is held reads nothing also when it was waiting for its turn on the one CPU", () => {
    const scenario = flushScenario({
      seed: "2",
      cpus: 1,
      connections: 3000,
      flushDelayNanoseconds: 0,
      secondFlood: { connections: 500, afterFlushSeconds: 1 },
      limitSeconds: 4,
      rmemMaxBytes: 1e8,
      costs: { recvNanoseconds: 50_000 },
      listeners: [
        {
          bufferBytes: 4_000_000,
          policy: "reliable",
          serviceNanoseconds: 0,
          slowFrom: "start",
          smallFrom: "start",
          heldAfterFlushNanoseconds: null,
        },
      ],
    });
    const run = new Run(scenario);
    const recvs = recordRecvs(run);
    while (run.advance(10_000));
    assert.equal(recvs.filter(({ at }) => at > run.figures.flushAt).length, 0);
  });
});

describe("the process that floods", () => {
  test("does not get the one CPU when it has nothing left to send", () => {
    for (let connections = 0; connections < 12; connections++) {
      for (const seed of ["1", "2", "3", "4"]) {
        const listeners = [{ heldAfterFlushNanoseconds: 1 }];
        const run = finished(floodScenario({ seed, cpus: 1, connections, listeners }));
        assert.equal(run.figures.settled, true);
      }
    }
  });

  test("sends nothing more of a connection whose first packet was refused, without a gap between packets", () => {
    assert.equal(packetsOfRefused(0), 0);
  });

  test("sends nothing more of one with a gap between packets either", () => {
    assert.equal(packetsOfRefused(500_000), 0);
  });

  /** Packets that were sent of connections of which the first packet had been dropped. */
  function packetsOfRefused(packetGapNanoseconds: number): number {
    const run = new Run(
      floodScenario({ kernel: "3.6", connections: 300, ratePerSecond: 1000, nfConntrackMax: 4, packetGapNanoseconds }),
    );
    const { packets } = run.kernel;
    const packet = packets.packet.bind(packets);
    const refused = new Set<number>();
    let more = 0;
    packets.packet = (tuple, direction, segment) => {
      if (refused.has(tuple)) more++;
      const verdict = packet(tuple, direction, segment);
      if (verdict === TABLE_FULL) refused.add(tuple);
      return verdict;
    };
    while (run.figures.floodEndedAt === Number.POSITIVE_INFINITY) run.advance(1);
    assert.ok(refused.size > 100);
    return more;
  }
});

describe("the phases", () => {
  test("the flush begins its delay after the end of the flood, and what was big and fast becomes small and slow", () => {
    const run = new Run(flushScenario({ connections: 100, flushDelayNanoseconds: 7 * SECOND }));
    while (run.figures.flushAt === Number.POSITIVE_INFINITY) run.advance(1);
    assert.equal(run.figures.flushAt, run.figures.floodEndedAt + 7 * SECOND);
    assert.equal(run.kernel.sockets[0]!.rcvbufBytes, 4096);
    assert.equal(run.kernel.sockets[0]!.received, 100);
    assert.equal(run.kernel.sockets[0]!.drops, 0);
  });

  test("arrivals come at their rate, one after the other or in bursts with the same mean", () => {
    for (const [arrivals, burstConnections] of [
      ["constant", 1],
      ["burst", 20],
    ] as const) {
      const run = new Run(
        withoutCosts(
          floodScenario({ connections: 201, ratePerSecond: 100, arrivals, burstConnections, protocol: "udp" }),
        ),
      );
      const created = new Map<number, number>();
      while (run.figures.flushAt === Number.POSITIVE_INFINITY) {
        run.advance(1);
        created.set(run.kernel.clock.now, run.kernel.table.counters.created);
      }
      const times = [...created].filter(([, count], i, all) => i === 0 || count !== all[i - 1]![1]).map(([at]) => at);
      assert.equal(times.length, Math.ceil(201 / burstConnections));
      times.forEach((at, i) => {
        assert.equal(at, i * burstConnections * 10_000_000);
      });
      assert.equal(run.figures.floodEndedAt, 2 * SECOND);
    }
  });
});
