/**
 * What a daemon does about ENOBUFS, and with several decoders, in whole runs: the reader, the socket, the kernel's
 * table and the books together. Parts alone are in test/daemon/.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RECV_EMPTY, RECV_ENOBUFS, RECV_MESSAGE } from "../../src/kernel/netlink/socket.js";
import type { Overrides } from "../../src/scenario/defaults.js";
import type { ListenerScenario, Scenario } from "../../src/scenario/scenario.js";
import { Run } from "../../src/simulation/loop.js";
import { reportOf } from "../../src/simulation/recorder.js";
import { finished, floodScenario, flushScenario, lookingAt, recordRecvs, withListener } from "./scenarios.js";

const SECOND = 1e9;
const MILLISECOND = 1e6;
const KIB = 1024;

/** A flush past a lossy reader that is slow from the start. */
function lossyFlush(listener: Partial<ListenerScenario>, overrides: Overrides = {}): Scenario {
  return flushScenario({
    kernel: "5.4",
    connections: 2000,
    listeners: [{ policy: "lossy", slowFrom: "start", smallFrom: "start", ...listener }],
    ...overrides,
  });
}

describe("a reader that needs longer for what a program asked for", () => {
  const OF_REQUESTS = {
    policy: "reliable",
    serviceNanoseconds: 10_000,
    portidServiceNanoseconds: MILLISECOND,
  } as const;

  test("is slower for every DESTROY of a flush, the resent ones included, and for nothing else", () => {
    const run = new Run(lossyFlush({ ...OF_REQUESTS, bufferBytes: 16 * KIB }, { connections: 300 }));
    const recvs = recordRecvs(run);
    while (run.advance(1));
    const { socket, view } = run.readers[0]!;
    assert.ok(socket.drops > 0, "some are resent");
    assert.equal(view.destroyWithPortid, 300);
    const gaps = recvs
      .slice(1)
      .flatMap(({ at }, index) => (recvs[index]!.result === RECV_MESSAGE ? [at - recvs[index]!.at] : []));
    assert.equal(gaps.filter((gap) => gap >= MILLISECOND).length, 300);
    assert.ok(gaps.some((gap) => gap >= 10_000 && gap < 20_000));
  });

  test("is as fast as ever with those of entries that expired", () => {
    const run = new Run(
      floodScenario({
        kernel: "6.18.44",
        protocol: "udp",
        packets: 1,
        connections: 500,
        ratePerSecond: 10_000,
        timeoutsSeconds: { udp: 1 },
        flush: false,
        limitSeconds: 60,
        listeners: [{ ...OF_REQUESTS, policy: "lossy", bufferBytes: 4096 * KIB }],
        rmemMaxBytes: 8192 * KIB,
      }),
    );
    const recvs = recordRecvs(run);
    while (run.advance(1));
    assert.equal(run.readers[0]!.view.received.destroy, 500);
    const gaps = recvs
      .slice(1)
      .flatMap(({ at }, index) => (recvs[index]!.result === RECV_MESSAGE ? [at - recvs[index]!.at] : []));
    assert.ok(gaps.filter((gap) => gap < 20_000).length > 500);
  });
});

/** Bursts that each overrun a small buffer, far enough apart that the reader has emptied it in between. */
function bursts(listener: Partial<ListenerScenario>): Scenario {
  return floodScenario({
    kernel: "5.4",
    protocol: "udp",
    connections: 3000,
    ratePerSecond: 500,
    arrivals: "burst",
    burstConnections: 500,
    listeners: [{ policy: "lossy", bufferBytes: 16 * KIB, serviceNanoseconds: 100_000, ...listener }],
  });
}

describe("a buffer that grows", () => {
  test("is as large again after each ENOBUFS, while what it asks for is within its limit", () => {
    const run = new Run(bursts({ bufferMaxBytes: 64 * KIB }));
    const [socket] = run.kernel.sockets;
    const sizes = [socket!.rcvbufBytes / KIB];
    let enobufs = 0;
    while (run.advance(1)) {
      if (socket!.enobufs === enobufs) continue;
      enobufs = socket!.enobufs;
      sizes.push(socket!.rcvbufBytes / KIB);
    }
    assert.ok(enobufs > 3);
    assert.deepEqual(sizes.slice(0, 4), [32, 64, 128, 128]);
    assert.ok(sizes.slice(3).every((size) => size === 128));
  });

  test("stops at the last size within a limit that no doubling meets", () => {
    const run = finished(bursts({ bufferMaxBytes: 63 * KIB }));
    assert.equal(run.kernel.sockets[0]!.rcvbufBytes, 64 * KIB);
  });

  test("is not capped by rmem_max, from its first request on", () => {
    const scenario = { ...bursts({ bufferMaxBytes: 64 * KIB }), rmemMaxBytes: 4 * KIB };
    assert.equal(new Run(scenario).kernel.sockets[0]!.rcvbufBytes, 32 * KIB);
    assert.equal(finished(scenario).kernel.sockets[0]!.rcvbufBytes, 128 * KIB);
    const capped = new Run(withListener(scenario, { bufferMaxBytes: null }));
    assert.equal(capped.kernel.sockets[0]!.rcvbufBytes, 8 * KIB);
  });

  test("meets fewer ENOBUFS than one that does not grow, and its peak is within the last bound", () => {
    const fixed = reportOf(finished(bursts({})), false);
    const grown = reportOf(finished(bursts({ bufferMaxBytes: 1024 * KIB })), false);
    assert.ok(grown.socket.enobufs < fixed.socket.enobufs, `${grown.socket.enobufs} of ${fixed.socket.enobufs}`);
    assert.ok(grown.socket.peakRmemBytes > 2 * fixed.socket.peakRmemBytes);
    assert.equal(grown.socket.rcvbufBytes, fixed.socket.rcvbufBytes);
    assert.deepEqual(grown.invariants.violated, []);
  });

  test("keeps its peak when it grows", () => {
    const run = new Run(bursts({ bufferMaxBytes: 64 * KIB }));
    const [socket] = run.kernel.sockets;
    let peak = 0;
    while (run.advance(1)) {
      assert.ok(socket!.peakRmem >= peak);
      peak = socket!.peakRmem;
    }
    assert.ok(peak > 64 * KIB);
  });
});

describe("a resync", () => {
  const OVERRUN = { resyncAfterNanoseconds: 30 * SECOND };

  test("comes its time after the last ENOBUFS and brings the daemon into sync", () => {
    const lost = reportOf(finished(lossyFlush({})), false);
    assert.ok(lost.daemon.stale > 0);
    const run = new Run(lossyFlush(OVERRUN));
    const recvs = recordRecvs(run);
    while (run.advance(1));
    run.conclude();
    const report = reportOf(run, false);
    assert.deepEqual([report.daemon.resyncs, report.daemon.stale, report.daemon.missing], [1, 0, 0]);
    const last = recvs.filter(({ result }) => result === RECV_ENOBUFS).at(-1)!;
    const { recvNanoseconds } = run.machine.scenario.costs;
    assert.equal(run.figures.inSyncSince, last.at + recvNanoseconds + 30 * SECOND);
    assert.equal(run.figures.settled, true);
    assert.deepEqual(report.invariants.violated, []);
  });

  test("is put off by every further ENOBUFS", () => {
    const soon = reportOf(finished(bursts({ resyncAfterNanoseconds: SECOND / 2 })), false);
    const late = reportOf(finished(bursts({ resyncAfterNanoseconds: 2 * SECOND })), false);
    assert.ok(soon.daemon.resyncs >= 3, `${soon.daemon.resyncs}`);
    assert.ok(late.daemon.resyncs < soon.daemon.resyncs, `${late.daemon.resyncs}`);
    assert.ok(late.daemon.resyncs >= 1);
  });

  test("leaves nothing stale or missing in the middle of a flood, when no event waits", () => {
    const scenario = floodScenario({
      kernel: "5.4",
      protocol: "udp",
      connections: 500,
      ratePerSecond: null,
      flushDelayNanoseconds: 60 * SECOND,
      timeoutsSeconds: { udp: 100, udp_stream: 100 },
      listeners: [{ policy: "lossy", bufferBytes: 4 * KIB, resyncAfterNanoseconds: 5 * SECOND }],
    });
    const seen: number[][] = [];
    const look = lookingAt([SECOND, 10 * SECOND], ({ kernel, readers: { list: readers } }) => {
      seen.push([readers[0]!.resyncs, kernel.ledger.stale, kernel.ledger.missing, kernel.table.active]);
    });
    finished(scenario, look);
    assert.deepEqual(seen[0]!.slice(0, 2), [0, 0]);
    assert.ok(seen[0]![2]! > 0);
    assert.deepEqual(seen[1], [1, 0, 0, 500]);
  });

  for (const cpus of [1, 2] as const) {
    test(`keeps the daemon from reading for a recv per entry listed and one per entry looked for, with ${cpus} CPUs`, () => {
      const run = new Run(
        flushScenario({
          kernel: "5.4",
          cpus,
          connections: 300,
          flushDelayNanoseconds: 60 * SECOND,
          timeoutsSeconds: { udp: 120 },
          costs: { recvNanoseconds: MILLISECOND },
          listeners: [
            {
              policy: "lossy",
              bufferBytes: 4 * KIB,
              slowFrom: "start",
              smallFrom: "start",
              resyncAfterNanoseconds: 5 * SECOND,
            },
          ],
        }),
      );
      const recvs = recordRecvs(run);
      const [reader] = run.readers;
      while (reader!.resyncs === 0) assert.ok(run.advance(1));
      const dumpedAt = run.kernel.clock.now;
      assert.equal(run.kernel.table.active, 300);
      while (recvs.at(-1)!.at < dumpedAt) assert.ok(run.advance(1));
      assert.equal(recvs.at(-1)!.at, dumpedAt + 600 * MILLISECOND);
    });
  }

  test("does not keep a queued NEW from making a gone entry stale, until the queued DESTROY", () => {
    // NEW of all and DESTROY of some fit into the queue of a reader that is held. It dumps an empty table before it
    // reads them.
    const run = new Run(
      lossyFlush(
        {
          bufferBytes: 16 * KIB,
          serviceNanoseconds: 10 * MILLISECOND,
          heldAfterFlushNanoseconds: 5 * SECOND,
          resyncAfterNanoseconds: 1,
        },
        { connections: 20, flushDelayNanoseconds: 0 },
      ),
    );
    const { ledger } = run.kernel;
    const [reader] = run.readers;
    const { view } = reader!;
    const applied = () => view.received.new + view.received.destroy;
    while (reader!.resyncs === 0) assert.ok(run.advance(1));
    assert.deepEqual([run.kernel.table.count, ledger.stale, view.alive], [0, 0, 0]);
    const before = applied();
    const stale: number[] = [];
    while (run.advance(1)) if (applied() - before > stale.length) stale.push(ledger.stale);
    run.conclude();
    const news = 20 - before;
    const destroys = view.received.destroy;
    assert.ok(destroys > 0 && destroys < 20);
    assert.deepEqual(
      stale.slice(0, news),
      Array.from({ length: news }, (_, read) => read + 1),
    );
    assert.equal(Math.max(...stale), news);
    assert.ok(stale.at(-1)! < news && stale.at(-1)! >= news - destroys, `${stale}`);
    assert.deepEqual([view.duplicates, ledger.missing, run.invariants.violated], [0, 0, []]);
  });

  test("knows a flow that raises no events, which is stale when it goes without a DESTROY", () => {
    // From 5.19 on a flow made while nobody listens raises none. This daemon joins at the end of the flood.
    const scenario = lossyFlush(
      { joins: "flush", bufferBytes: 4 * KIB, resyncAfterNanoseconds: 1 },
      {
        kernel: "6.1",
        connections: 3,
        flush: false,
        timeoutsSeconds: { udp: 60 },
        secondFlood: { connections: 100, afterFlushSeconds: 59 },
      },
    );
    const run = new Run(scenario);
    const { ledger, table } = run.kernel;
    while (run.readers[0]!.resyncs === 0) assert.ok(run.advance(1));
    while (table.active > 100) assert.ok(run.advance(1));
    assert.deepEqual([ledger.stale, ledger.missing], [3, 0]);
  });

  test("serves a listener beside the observed one, too", () => {
    const scenario = lossyFlush(
      {},
      {
        listeners: [
          { policy: "reliable", bufferBytes: 512 * KIB },
          { bufferBytes: 2 * KIB, serviceNanoseconds: MILLISECOND, ...OVERRUN },
        ],
      },
    );
    const [other] = reportOf(finished(scenario), false).otherListeners;
    assert.ok(other!.daemon.enobufs > 0);
    assert.ok(other!.daemon.resyncs > 0);
    assert.equal(other!.daemon.inSync, true);
  });

  test("never comes to a reader that is held for good, and does not keep its run from ending", () => {
    const held = finished(lossyFlush({ ...OVERRUN, heldAfterFlushNanoseconds: null }));
    assert.deepEqual([held.figures.settled, held.readers[0]!.resyncs], [true, 0]);
  });
});

describe("a reader that stops at its first ENOBUFS", () => {
  const dead = (policy: ListenerScenario["policy"], more: Overrides = {}): Scenario =>
    floodScenario({
      kernel: "5.4",
      protocol: "udp",
      connections: 3000,
      ratePerSecond: 200,
      timeoutsSeconds: { udp: 2 },
      nfConntrackMax: 1000,
      listeners: [{ policy, stopsAtEnobufs: true, serviceNanoseconds: 20 * MILLISECOND }],
      limitSeconds: 120,
      ...more,
    });

  test("makes no recv after it", () => {
    const run = new Run(dead("lossy"));
    const recvs = recordRecvs(run);
    while (run.advance(1000));
    assert.deepEqual(
      recvs.map(({ result }) => result).filter((result) => result !== RECV_EMPTY && result !== RECV_MESSAGE),
      [RECV_ENOBUFS],
    );
    assert.equal(recvs.at(-1)!.result, RECV_ENOBUFS);
    assert.equal(run.kernel.sockets[0]!.open, true);
  });

  test("loses all that comes later when it is lossy, and its run settles", () => {
    const run = finished(dead("lossy"));
    const report = reportOf(run, false);
    assert.equal(run.figures.settled, true);
    assert.equal(report.dying.peak, 0);
    assert.ok(report.events.destroy.lost > 0.99 * report.events.destroy.raised);
    assert.deepEqual(report.invariants.violated, []);
  });

  test("fills the dying list up to the limit of the table when the kernel waits for it, and packets are dropped", () => {
    const run = finished(dead("broadcast-error"));
    const report = reportOf(run, false);
    assert.equal(run.figures.settled, false);
    assert.equal(run.seconds, 120);
    assert.equal(report.dying.final, 1000);
    assert.ok(report.table.drop > 0);
    assert.deepEqual(report.invariants.violated, []);
  });

  test("never stops where it asked not to hear of ENOBUFS", () => {
    const { daemon, socket } = reportOf(finished(dead("reliable")), false);
    assert.ok(socket.drops > 0);
    assert.ok(daemon.received.destroy > 1000);
  });

  test("stays stopped when the end of a hold would wake it", () => {
    const run = finished(
      dead("lossy", {
        listeners: [{ policy: "lossy", stopsAtEnobufs: true, heldAfterFlushNanoseconds: SECOND }],
      }),
    );
    assert.ok(run.kernel.sockets[0]!.queued > 0);
    assert.equal(run.figures.settled, true);
  });
});

describe("several decoders", () => {
  /** Slow workers on a few short flows, so that one of them may hold a NEW until the DESTROY has overtaken it. */
  const workers = (decoders: number, serviceNanoseconds: number, more: Overrides = {}): Scenario =>
    floodScenario({
      kernel: "3.6",
      protocol: "udp",
      connections: 500,
      ratePerSecond: 1,
      timeoutsSeconds: { udp: 1 },
      flush: false,
      listeners: [
        { policy: "reliable", bufferBytes: 64 * KIB, serviceDistribution: "exponential", decoders, serviceNanoseconds },
      ],
      ...more,
    });

  test("apply events of an entry in the wrong order, and each NEW after its DESTROY is a stale entry for good", () => {
    const { daemon, invariants, events } = reportOf(finished(workers(2, 500 * MILLISECOND)), false);
    assert.ok(daemon.reordered > 0);
    assert.equal(daemon.stale, daemon.reordered);
    assert.deepEqual([daemon.missing, daemon.duplicates], [0, 0]);
    assert.equal(daemon.received.destroy, events.destroy.raised);
    assert.deepEqual(invariants.violated, []);
  });

  test("do not reorder with a service time that is always the same, nor does one decoder with any", () => {
    const one = reportOf(finished(workers(1, 250 * MILLISECOND)), false);
    assert.deepEqual([one.daemon.reordered, one.daemon.stale], [0, 0]);
    const scenario = withListener(workers(2, 500 * MILLISECOND), { serviceDistribution: "fixed" });
    const even = reportOf(finished(scenario), false);
    assert.deepEqual([even.daemon.reordered, even.daemon.stale], [0, 0]);
  });

  test("are counted as reordering also where a tuple and id come again, and new lives in order are not", () => {
    const lives = (decoders: number) =>
      reportOf(
        finished(
          floodScenario({
            kernel: "5.4",
            connections: 1000,
            tuples: 10,
            timeoutsSeconds: { tcp_time_wait: 5 },
            listeners: [
              {
                policy: "reliable",
                bufferBytes: 64 * KIB,
                serviceDistribution: "exponential",
                serviceNanoseconds: decoders * 500_000,
                decoders,
              },
            ],
          }),
        ),
        false,
      ).daemon;
    assert.equal(lives(1).reordered, 0);
    assert.ok(lives(2).reordered > 0);
  });

  for (const cpus of [1, 2] as const) {
    test(`are as fast together as their number, with ${cpus} CPUs`, () => {
      const drained = (decoders: number) =>
        finished(
          lossyFlush(
            { decoders, policy: "reliable", serviceNanoseconds: 10 * MILLISECOND, bufferBytes: 212_992 },
            { cpus, connections: 150, flushDelayNanoseconds: 0 },
          ),
        ).seconds;
      const ratio = drained(1) / drained(4);
      assert.ok(ratio > 3.9 && ratio < 4.1, `${ratio}`);
    });

    test(`hold at most one message each, and a run settles when all are applied, with ${cpus} CPUs`, () => {
      const run = new Run(workers(3, 700 * MILLISECOND, { cpus, connections: 100 }));
      const [reader] = run.readers;
      let most = 0;
      while (run.advance(1)) most = Math.max(most, reader!.inFlight);
      run.conclude();
      assert.equal(most, 3);
      assert.deepEqual([run.figures.settled, reader!.inFlight, run.invariants.violated], [true, 0, []]);
    });
  }

  test("that are cut off by the limit still hold what they took", () => {
    const run = finished({ ...workers(4, 5 * SECOND), limitSeconds: 20 });
    assert.ok(run.readers[0]!.inFlight > 0);
    assert.deepEqual(run.invariants.violated, []);
  });

  test("read nothing while they are held, and apply what they hold only afterwards", () => {
    const run = new Run(
      lossyFlush(
        { decoders: 2, serviceNanoseconds: 10 * MILLISECOND, heldAfterFlushNanoseconds: 5 * SECOND },
        { flushDelayNanoseconds: 0 },
      ),
    );
    const recvs = recordRecvs(run);
    while (run.figures.flushAt === Number.POSITIVE_INFINITY) assert.ok(run.advance(1));
    const before = recvs.length;
    while (recvs.length === before) assert.ok(run.advance(1));
    assert.ok(recvs.at(-1)!.at >= run.figures.flushAt + 5 * SECOND);
  });
});
