/** What holds of every run, whatever its scenario: it ends, no invariant is violated, and its report is whole. */
import assert from "node:assert/strict";
import type { Report } from "../../src/report/report.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { Run } from "../../src/simulation/loop.js";
import { reportOf } from "../../src/simulation/recorder.js";

/** More than the longest of these runs needs; one that is not over by then goes round in a circle. */
const MOST_ACTIONS = 3_000_000;

/** The run to its end, which must come. */
function reportOfRun(scenario: Scenario): Report<number> {
  const run = new Run(scenario);
  let actions = 0;
  while (run.advance(10_000)) {
    actions += 10_000;
    assert.ok(actions < MOST_ACTIONS, `not over after ${actions} actions, at ${run.seconds} s`);
  }
  run.conclude();
  assert.ok(run.figures.settled || run.seconds === scenario.limitSeconds);
  return reportOf(run, false);
}

/** Places of a report that hold something that JSON does not. */
function unsayable(value: unknown, at = "report"): string[] {
  if (value === undefined || (typeof value === "number" && !Number.isFinite(value))) return [`${at} is ${value}`];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) => unsayable(inner, `${at}.${key}`));
}

/** Figures that count something and must be whole and not negative. */
function counts(report: Report<number>): number[] {
  const { events, socket, table, dying, resends } = report;
  return [
    ...Object.values(events).flatMap((each) => Object.values(each) as number[]),
    ...(Object.values(socket) as number[]),
    ...[table.created, table.destroyed, table.active, table.earlyDrop, table.drop, table.insertFailed, table.peakCount],
    ...[table.expired.final!, table.invalid!, ...Object.values(table.dropped)],
    ...[dying.afterFlush ?? 0, dying.final, dying.peak, dying.peakDuringFlood, resends.entries, resends.total],
    ...[report.daemon.stale, report.daemon.missing, report.daemon.duplicates, report.daemon.reordered],
  ];
}

export function holds(scenario: Scenario): void {
  const report = reportOfRun(scenario);
  assert.deepEqual(report.invariants.violated, []);
  assert.deepEqual(unsayable(report), []);
  assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
  for (const count of counts(report)) assert.ok(Number.isInteger(count) && count >= 0, `${count}`);

  const { events, table, dying } = report;
  for (const { raised, delivered, unread, merged, lost, pending } of Object.values(events)) {
    assert.equal(raised, delivered + unread + merged + lost + pending);
  }
  assert.equal(table.drop, table.dropped.full + table.dropped.reopening);
  assert.ok(table.expired.final! <= table.active);
  assert.equal(table.created - table.destroyed, table.active + dying.final);
  assert.ok(events.destroy.attempts >= events.destroy.raised + events.destroy.notSubscribed - table.active);
  assert.ok(dying.peak >= dying.final && dying.peak >= dying.peakDuringFlood);
  if (scenario.listeners.length === 1) {
    const { attempts, raised, notSubscribed } = events.destroy;
    assert.equal(report.resends.total, attempts - raised - notSubscribed);
  }
}
