import assert from "node:assert/strict";
import { test } from "node:test";
import { dyingChart, resampleByMaximum, sparkline } from "../../../src/render/text/sparkline.js";
import type { Report } from "../../../src/report/report.js";
import { sampleReport } from "../../report/sample.js";

function withTimeline(dying: readonly number[], flushAt: number | null): Report {
  return sampleReport((report) => {
    const rows = dying.map((value, row) => [row, 0, value, 0, 0, 0]);
    report.timeline = { ...report.timeline, intervalSeconds: 1, rows };
    report.flush =
      flushAt === null ? null : { atSeconds: flushAt, durationSeconds: 0, entries: 1, attempts: 1, ended: "done" };
  });
}

test("the sparkline shows an empty list as a dot and anything else as a block", () => {
  assert.equal(sparkline([0, 1, 25, 50, 75, 100]), "·▁▂▄▆█");
});

test("resampling keeps the highest value of the rows that a cell stands for", () => {
  assert.deepEqual(resampleByMaximum([1, 9, 2, 3, 4, 8], 3), [9, 3, 8]);
  assert.deepEqual(resampleByMaximum([1, 2, 3], 3), [1, 2, 3]);
});

test("the sparkline is as long as the timeline, and at most as long as the width", () => {
  const dying = Array.from({ length: 50 }, (_, row) => row);
  for (const width of [10, 28, 49, 50, 51, 68, 108]) {
    assert.equal(dyingChart(withTimeline(dying, null), width)?.line.length, Math.min(50, width));
  }
});

test("the axis is never wider than the width and the flush never hides another label", () => {
  const dying = Array.from({ length: 50 }, () => 5);
  for (const width of [20, 28, 50, 68]) {
    for (let flushAt = 0; flushAt < 50; flushAt++) {
      const axis = dyingChart(withTimeline(dying, flushAt), width)!.axis;
      assert.ok(axis.length <= width, `expected at most ${width} columns, got "${axis}"`);
      assert.match(axis, /^(0 s )? *(\^ flush at \d+ s|flush at \d+ s \^|\^)( +49 s)?$/);
    }
  }
});

test("the caret stands under the first cell that has seen the flush", () => {
  const chart = dyingChart(withTimeline([0, 0, 0, 0, 0, 0, 9, 8, 7, 6], 5.5), 60)!;
  assert.equal(chart.line.indexOf("█"), 6);
  assert.equal(chart.axis, "0 s   ^ flush at 5.5 s  9 s");
});

test("without a flush the axis has its two ends", () => {
  assert.equal(dyingChart(withTimeline([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], null), 60)!.axis, "0 s    9 s");
});

test("there is no chart without a timeline, and none of a list that was always empty", () => {
  assert.equal(dyingChart(withTimeline([], 1), 60), null);
  assert.equal(dyingChart(withTimeline([0, 0, 0], 1), 60), null);
});

test("a timeline without the column of dying entries gives no chart", () => {
  const report = withTimeline([1, 2, 3], 1);
  report.timeline = { ...report.timeline, columns: ["seconds"] };
  assert.equal(dyingChart(report, 60), null);
});

test("from the flush on it is at least half of the sparkline, as long as there are rows for it", () => {
  const rows = [...Array.from({ length: 90 }, () => 0), ...Array.from({ length: 30 }, (_, row) => 30 - row)];
  for (const width of [20, 41, 60]) {
    const { line, axis } = dyingChart(withTimeline(rows, 89.5), width)!;
    assert.equal(line.indexOf("█"), axis.indexOf("^"));
    assert.ok(line.length - axis.indexOf("^") >= Math.min(30, width / 2), line);
  }
});

test("a drain that is nearly all of a run leaves a cell to what came before", () => {
  const chart = dyingChart(withTimeline([0, ...Array.from({ length: 400 }, () => 7)], 0.5), 20)!;
  assert.equal(chart.line, `·${"█".repeat(19)}`);
});
