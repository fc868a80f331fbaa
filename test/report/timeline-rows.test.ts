import assert from "node:assert/strict";
import { test } from "node:test";
import { TimelineRows } from "../../src/report/timeline-rows.js";

const peaks = (): TimelineRows<[at: number, peak: number]> =>
  new TimelineRows(10, ([, gone], [at, kept]) => [at, Math.max(gone, kept)]);

/** A row whenever one is due, until the end. */
function sampled(rows: TimelineRows<[number, number]>, end: number): void {
  while (rows.due <= end) rows.add([rows.due, rows.due === 70 ? 99 : 1]);
}

test("rows stay bounded, one interval apart, and no peak is lost", () => {
  const rows = peaks();
  sampled(rows, 10 * 5000);
  assert.ok(rows.rows.length > 150 && rows.rows.length <= 301, `${rows.rows.length}`);
  for (const [index, [at]] of rows.rows.entries()) assert.equal(at, index * rows.intervalNanoseconds);
  assert.equal(Math.max(...rows.rows.map(([, peak]) => peak)), 99);
});

test("from the flush on rows have an interval of their own, however long it took to get there", () => {
  const rows = peaks();
  sampled(rows, 1e6);
  const before = rows.rows.length;
  assert.equal(rows.drainIntervalNanoseconds, null);
  rows.flushBegins(1e6 + 3, 2);
  sampled(rows, 1e6 + 400);
  assert.equal(rows.rows.length - before, 199);
  assert.deepEqual(rows.rows[before], [1e6 + 3, 1]);
  assert.equal(rows.drainIntervalNanoseconds, 2);
});
