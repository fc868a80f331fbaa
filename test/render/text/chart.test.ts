import assert from "node:assert/strict";
import { test } from "node:test";
import { terminalCharts } from "../../../src/render/text/chart.js";
import { TIMELINE_COLUMNS } from "../../../src/report/report.js";
import { sampleReport } from "../../report/sample.js";

const falling = sampleReport((report) => {
  const rows = Array.from({ length: 100 }, (_, at) => [at, 0, 99 - at, 552 * (at % 8), 0, 0]);
  report.timeline = { intervalSeconds: 1, columns: TIMELINE_COLUMNS.slice(0, 6), rows };
  report.flush = null;
});

test("a chart is as wide as it may be, at every width and in both alphabets", () => {
  for (const unicode of [true, false]) {
    for (const width of [40, 61, 112]) {
      const lines = terminalCharts(falling, { width, unicode });
      const widest = Math.max(...lines.map((line) => line.length));
      // Of 100 rows there are at most 100 values: 50 characters of braille.
      assert.equal(widest, Math.min(width - 1, 12 + (unicode ? 50 : 100)), lines.join("\n"));
    }
  }
});

test("without UTF-8 there is nothing but ASCII", () => {
  assert.match(terminalCharts(falling, { width: 80, unicode: false }).join(""), /^[ -~]+$/);
});

test("what falls in the figures falls in the picture, and its top is labelled", () => {
  const [title, ...lines] = terminalCharts(falling, { width: 80, unicode: false });
  assert.equal(title, "dying entries");
  assert.match(lines[0]!, /^ +99 \|\.*#/);
  const filled = lines.slice(0, 8).map((line) => line.slice(12).replaceAll(/[^#]/g, "").length);
  assert.deepEqual(
    filled,
    [...filled].sort((a, b) => a - b),
  );
  assert.ok(filled[7]! > 7 * Math.max(1, filled[0]!), `${filled}`);
});

test("one step shows a value that is nearly nothing", () => {
  const report = sampleReport((sample) => {
    sample.timeline = {
      intervalSeconds: 1,
      columns: TIMELINE_COLUMNS.slice(0, 3),
      rows: [
        [0, 0, 100_000],
        [1, 0, 1],
        [2, 0, 0],
      ],
    };
    sample.flush = null;
  });
  assert.equal(terminalCharts(report, { width: 60, unicode: false })[8], "         0 |#.");
});

test("a buffer that is ample until the flush is drawn from the flush on", () => {
  const report = sampleReport((sample) => {
    sample.timeline = {
      intervalSeconds: 1,
      columns: TIMELINE_COLUMNS.slice(0, 6),
      rows: Array.from({ length: 20 }, (_, at) => [at, 0, 0, at < 10 ? 1e8 : 4096, 0, 0]),
    };
    sample.flush = { atSeconds: 9.5, durationSeconds: 0, entries: 1, attempts: 1, ended: "done" };
    sample.scenario = {
      ...sample.scenario,
      listeners: [{ ...sample.scenario.listeners[0]!, smallFrom: "flush" }],
    };
  });
  const [, first] = terminalCharts(report, { width: 60, unicode: false });
  assert.match(first!, /^ +4,096 B \| {11}#+$/);
});
