import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ExpectationResult, Report } from "../../src/report/report.js";
import { bindExpectation, type Knowledge, type RunReports } from "../../src/report/verdict.js";
import { UsageError } from "../../src/scenario/errors.js";
import { parseExpectation } from "../../src/scenario/expectation.js";
import { sampleReport } from "./sample.js";

const KNOWLEDGE: Knowledge = {
  backend: "simulation",
  flush: true,
  worker: false,
  queue: false,
  dumps: false,
  otherListeners: 0,
  classes: 1,
  listedTraffic: 0,
};

const runOf = (change: (report: Report) => void = () => {}, others: Record<string, Report> = {}): RunReports => ({
  report: sampleReport(change),
  variants: new Map(Object.entries(others)),
});

function judge(
  written: string,
  runs: readonly RunReports[],
  variants: Record<string, Knowledge> = {},
): ExpectationResult {
  return bindExpectation(parseExpectation(written), KNOWLEDGE, new Map(Object.entries(variants))).judge(runs);
}

/** Sets what the tables below ask for. */
const figures = runOf((report) => {
  Object.assign(report.events.destroy, { raised: 1000, delivered: 7, lost: 993 });
  Object.assign(report.events.update, { raised: 0, delivered: 0 });
  Object.assign(report.dying, { peak: 999, final: 0, emptyAfterFlushSeconds: 12.5, meanDuringFlood: 2.5 });
  Object.assign(report.table, { created: 1000, max: 2000, drop: 0 });
  Object.assign(report.daemon, { inSync: true, inSyncAfterFlushSeconds: null });
  Object.assign(report.socket, { peakRmemBytes: 4096, rcvbufBytes: 4096 });
  Object.assign(report.scenario, { packetGapNanoseconds: 500_000, connections: 1000, ratePerSecond: null });
});

const HOLDS = [
  "drain == 12500ms",
  "drain <= 12.5s",
  "drain < 1m",
  "drain != never",
  "dying.emptyAfterFlushSeconds >= 12s",
  "daemon.inSyncAfterFlushSeconds == never",
  "daemon.inSyncAfterFlushSeconds > 100d",
  "daemon.inSyncAfterFlushSeconds > drain",
  "drain < daemon.inSyncAfterFlushSeconds",
  "daemon.inSync == true",
  "daemon.inSync != false",
  "scenario.flush == true",
  "destroy.delivered == 0.7%",
  "events.destroy.delivered <= 0.7%",
  "destroy.delivered == 7",
  "destroy.lost == 99.3%",
  "destroy.lost == 99.3% of table.created",
  "dying.peak == 99.9%",
  "dying.peak == 0.999k",
  "dying.peak < 50% of table.max",
  "dying.meanDuringFlood == 2.5",
  "table.drop == 0%",
  "table.drop == 0",
  "table.created == 1k",
  "table.max == 2 * table.created",
  "table.created >= dying.peak",
  "socket.peakRmemBytes == 100%",
  "socket.peakRmemBytes == 4k",
  "socket.peakRmemBytes == 4 KiB",
  "socket.peakRmemBytes <= socket.rcvbufBytes",
  "scenario.packetGapNanoseconds == 500us",
  "kernel.hz == 250",
  "daemon.inSync == scenario.flush",
];
const FAILS = [
  "drain < 12.5s",
  "drain == never",
  "daemon.inSyncAfterFlushSeconds <= 100d",
  "daemon.inSyncAfterFlushSeconds != never",
  "daemon.inSync == false",
  "daemon.inSync != true",
  "destroy.delivered > 0.7%",
  "destroy.delivered == 1%",
  "table.drop > 0",
  "dying.peak >= 50% of table.max",
];
/** Of nothing there is no share, and what nobody knows is neither small nor large. */
const UNKNOWN = [
  "update.delivered == 100%",
  "update.delivered == 0%",
  "update.delivered != 5%",
  "update.delivered >= 0%",
  "update.delivered <= 100%",
  "drain >= 0% of flush.atSeconds",
  "scenario.ratePerSecond <= 1000",
  "scenario.ratePerSecond != 1000",
  "scenario.ratePerSecond >= 0",
];

describe("an expectation", () => {
  for (const [expressions, ok] of [
    [HOLDS, true],
    [FAILS, false],
  ] as const) {
    for (const expression of expressions) {
      test(`${expression} ${ok ? "holds" : "fails"}`, () => {
        assert.equal(judge(expression, [figures]).ok, ok);
      });
    }
  }

  for (const expression of UNKNOWN) {
    test(`${expression} of nothing never holds, nor over seeds, nor behind a run that is known`, () => {
      const nothing = runOf((report) => {
        Object.assign(report, figures.report);
        report.flush = { ...report.flush!, atSeconds: 0 };
      });
      const fine = runOf((report) => {
        Object.assign(report.events.update, { raised: 10, delivered: 5 });
        Object.assign(report.scenario, { ratePerSecond: 999 });
        Object.assign(report.dying, { emptyAfterFlushSeconds: 1 });
      });
      assert.equal(judge(expression, [nothing]).actual, null);
      const [metric, rest] = [expression.split(" ")[0]!, expression.slice(expression.indexOf(" "))];
      for (const over of [
        expression,
        `${expression} over 3 seeds`,
        ...["mean", "min", "median", "max", "p10"].map((made) => `${made}(${metric})${rest} over 3 seeds`),
      ]) {
        for (const runs of [
          [nothing, fine, fine],
          [fine, nothing, fine],
          [fine, fine, nothing],
        ]) {
          assert.equal(judge(over, runs).ok, false, over);
        }
      }
    });
  }

  test("says what was measured, what it was compared with and in which unit", () => {
    assert.deepEqual(judge("destroy.delivered == 100%", [figures]), {
      expression: "destroy.delivered == 100%",
      actual: 0.007,
      limit: 1,
      unit: "share",
      ok: false,
    });
    const { actual, limit, unit } = judge("drain > 2 * flush.durationSeconds", [figures]);
    assert.deepEqual([actual, limit, unit], [12.5, 2 * figures.report.flush!.durationSeconds, "seconds"]);
  });
});

describe("over many runs", () => {
  const drains = (...seconds: (number | null)[]): RunReports[] =>
    seconds.map((drain) => runOf((report) => Object.assign(report.dying, { emptyAfterFlushSeconds: drain })));
  const hundred = drains(...Array.from({ length: 100 }, (_, index) => 100 - index));

  const TABLE: readonly (readonly [expression: string, runs: RunReports[], actual: number | null, ok: boolean])[] = [
    // Each by itself: the worst is said.
    ["drain <= 5s", drains(1, 5, 3), 5, true],
    ["drain <= 4s", drains(1, 5, 3), 5, false],
    ["drain <= 4s", drains(1, null, 3), null, false],
    ["drain >= 2s", drains(3, 1, 5), 1, false],
    ["drain >= 1s", drains(3, 1, null), 1, true],
    ["drain == 2s", drains(2, 2, 9), 9, false],
    ["drain == never", drains(null, null), null, true],
    ["drain == never", drains(null, 5), 5, false],
    ["drain != never", drains(5, null), null, false],
    ["drain != 2s", drains(1, 2, 3), 2, false],
    ["drain != 4s", drains(1, 2, 5), 5, true],
    // The first so many.
    ["drain <= 4s over 2 seeds", drains(1, 3, 5), 3, true],
    ["drain <= 4s over 3 seeds", drains(1, 3, 5), 5, false],
    // One figure made of all.
    ["mean(drain) <= 3s over 3 seeds", drains(1, 3, 5), 3, true],
    ["mean(drain) <= 3s over 3 seeds", drains(1, null, 5), null, false],
    ["mean(drain) == never over 2 seeds", drains(1, null), null, true],
    ["min(drain) == 1s over 3 seeds", drains(3, 1, null), 1, true],
    ["max(drain) == 5s over 3 seeds", drains(3, 1, 5), 5, true],
    ["max(drain) <= 5s over 3 seeds", drains(3, null, 5), null, false],
    ["median(drain) == 3s over 3 seeds", drains(5, 1, 3), 3, true],
    ["median(drain) == 1s over 2 seeds", drains(5, 1), 1, true],
    ["median(drain) <= 5s over 3 seeds", drains(5, 1, null), 5, true],
    ["p90(drain) == 90s over 100 seeds", hundred, 90, true],
    ["p55(drain) == 55s over 100 seeds", hundred, 55, true],
    ["p7(drain) == 7s over 100 seeds", hundred, 7, true],
    ["p0(drain) == 1s over 100 seeds", hundred, 1, true],
    ["p99.5(drain) == 100s over 100 seeds", hundred, 100, true],
    ["p90(drain) == 4s over 1 seeds", drains(4), 4, true],
  ];
  for (const [expression, runs, actual, ok] of TABLE) {
    test(`${expression}: ${runs.length > 9 ? "1 to 100" : runs.map(({ report }) => report.dying.emptyAfterFlushSeconds)}`, () => {
      const verdict = judge(expression, runs);
      assert.deepEqual([verdict.actual, verdict.ok], [actual, ok]);
    });
  }

  test("a truth that does not hold in one run does not hold, wherever that run stands", () => {
    const sync = (...truths: boolean[]) =>
      truths.map((inSync) => runOf((report) => Object.assign(report.daemon, { inSync })));
    for (const runs of [sync(true, false), sync(false, true)]) {
      for (const expression of [
        "daemon.inSync == true",
        "daemon.inSync == false",
        "daemon.inSync != true",
        "daemon.inSync != false",
      ]) {
        assert.equal(judge(expression, runs).ok, false, expression);
      }
    }
    assert.equal(judge("daemon.inSync != false", sync(true, true)).ok, true);
    assert.equal(judge("mean(daemon.inSync) == true over 2 seeds", sync(true, false)).ok, false);
    assert.equal(judge("mean(daemon.inSync) == true over 2 seeds", sync(true, true)).ok, true);
  });

  test("another variant is compared seed by seed", () => {
    const pair = (own: number, other: number | null) =>
      runOf((report) => Object.assign(report.dying, { emptyAfterFlushSeconds: own }), {
        slow: sampleReport((report) => Object.assign(report.dying, { emptyAfterFlushSeconds: other })),
      });
    const runs = [pair(1, 3), pair(5, 9)];
    const slow = { slow: KNOWLEDGE };
    assert.equal(judge("drain < drain in slow", runs, slow).ok, true);
    assert.deepEqual(judge("drain < 0.5 * drain in slow", runs, slow), {
      expression: "drain < 0.5 * drain in slow",
      actual: 5,
      limit: 4.5,
      unit: "seconds",
      ok: false,
    });
    assert.equal(judge("mean(drain) == 0.5 * drain in slow over 2 seeds", runs, slow).limit, 3);
    assert.equal(judge("drain < drain in slow", [pair(1, null)], slow).ok, true);
    assert.equal(judge("drain < 0 * drain in slow", [pair(1, 5)], slow).ok, false);
  });
});

describe("what cannot be asked is refused before the run:", () => {
  const REFUSED: readonly (readonly [expression: string, sentence: RegExp])[] = [
    ["drian <= 20s", /^expected a metric \(ct-reliable metrics lists them\), got "drian", did you mean "drain"\?$/],
    ["drain <= 5% of tabel.max", /got "tabel.max", did you mean "table.max"\?$/],
    ["drain <= 2 * drian", /got "drian", did you mean "drain"\?$/],
    ["drain <= 20", /^expected a duration such as 200us, 15s or 2m, got "20"$/],
    ["drain <= 20 apples", /^expected a duration such as .*, got "20apples"$/],
    ["drain <= 2 0s", /^expected a duration such as .*, got "2 0s"$/],
    ["socket.peakRmemBytes <= 5s", /^expected a size such as .*, got "5s"$/],
    ["scenario.packetGapNanoseconds == 5", /^expected a duration such as/],
    ["table.drop == 5s", /^expected a number such as 4, 20k or 5% for table.drop, got "5s"$/],
    ["table.created == 1.5G", /^expected a number such as 4, 20k for table.created, got "1.5G"$/],
    ["table.drop == never", /^expected a number such as .*, got "never"$/],
    ["table.drop == true", /^expected a number such as .*, got "true"$/],
    ["daemon.inSync == 1", /^expected true or false for daemon.inSync, got "1"$/],
    ["daemon.inSync >= true", /^expected == or != for daemon.inSync, which is true or false, got >=$/],
    [
      "daemon.inSync == 100%",
      /^expected a value in true or false, or a share "of" another metric, because daemon.inSync is no part of anything/,
    ],
    ["drain == 100%", /^expected a value in seconds, .* got "drain == 100%"$/],
    [
      "drain <= 5% of table.max",
      /^expected a metric in seconds to compare dying.emptyAfterFlushSeconds with, got table.max in entries$/,
    ],
    ["drain <= table.max", /^expected a metric in seconds to compare .* with, got table.max in entries$/],
    [
      "table.max <= daemon.inSync",
      /^expected a metric in entries to compare table.max with, got daemon.inSync in true or false$/,
    ],
    [
      "redelivery.runs > 0",
      /^expected a metric that this run has, got redelivery.runs \(every entry has a timer of its own in this kernel\)$/,
    ],
    ["resends.total < redelivery.runs", /got redelivery.runs \(every entry has a timer/],
    ["resends.total < 5% of redelivery.runs", /got redelivery.runs \(every entry has a timer/],
    [
      "otherListeners[0].socket.drops == 0",
      /got otherListeners\[0\].socket.drops \(the run has 0 of them, counted from 0\)$/,
    ],
    ["socket.drops == otherListeners[3].socket.drops", /\(the run has 0 of them, counted from 0\)$/],
    ["scenario.listeners[1].bufferBytes == 2k", /\(the run has 1 of them, counted from 0\)$/],
    ["otherListeners[0].daemon.inSyncAfterFlushSeconds == never", /^expected a metric/],
    ["schemaVersion == 1", /^expected a metric/],
    ["timeline.rows == 1", /^expected a metric/],
    ["drain <= drain in slwo", /^expected another variant of the file, got "slwo", did you mean "slow"\?$/],
    ["drain <= flush.durationSeconds in unflushed", /got flush.durationSeconds \(there is no flush in this run\)$/],
  ];
  for (const [expression, sentence] of REFUSED) {
    test(expression, () => {
      const variants = { slow: KNOWLEDGE, unflushed: { ...KNOWLEDGE, flush: false } };
      assert.throws(
        () => judge(expression, [], variants),
        (error) => error instanceof UsageError && sentence.test(error.message),
      );
    });
  }

  test("a flush where there is none, and nothing where there is one", () => {
    const bind = (written: string, knowledge: Partial<Knowledge>) => () =>
      bindExpectation(parseExpectation(written), { ...KNOWLEDGE, ...knowledge });
    for (const metric of ["drain <= 20s", "flush.entries == 0", "daemon.inSyncAfterFlushSeconds <= 1s"]) {
      assert.throws(bind(metric, { flush: false }), /\(there is no flush in this run\)$/);
      assert.doesNotThrow(bind(metric, { flush: true }));
    }
    assert.doesNotThrow(bind("redelivery.runs > 0", { worker: true }));
    assert.doesNotThrow(bind("otherListeners[1].socket.drops == 0", { otherListeners: 2 }));
    assert.doesNotThrow(bind("scenario.listeners[2].bufferBytes > 0", { otherListeners: 2 }));
    assert.doesNotThrow(bind("classes[1].openedConnections > 0", { classes: 2 }));
    assert.throws(bind("classes[1].openedConnections > 0", {}), /the run has 1 of them, counted from 0/);
  });
});
