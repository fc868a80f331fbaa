/** The sysctl nf_conntrack_events: which flows raise events. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KIND_DESTROY, KIND_NEW } from "../../src/kernel/events/kinds.js";
import { finished, flushScenario } from "./scenarios.js";

/** NEW and DESTROY raised by 50 connections whose listener comes after them, or before. */
function raised(nfConntrackEvents: 0 | 1 | 2, joins: "start" | "flush", kernel = "6.18"): [number, number] {
  const run = finished(flushScenario({ connections: 50, kernel, nfConntrackEvents, listeners: [{ joins }] }));
  assert.deepEqual(run.invariants.violated, []);
  assert.equal(run.kernel.table.count, 0);
  const { kinds } = run.kernel.ledger;
  return [kinds[KIND_NEW].raised, kinds[KIND_DESTROY].raised];
}

test("0: no flow raises any event, and all of them go without one", () => {
  assert.deepEqual(raised(0, "start"), [0, 0]);
  assert.deepEqual(raised(0, "start", "2.6.31"), [0, 0]);
});

test("1: every flow does, also one that nobody heard of when it was made", () => {
  assert.deepEqual(raised(1, "start"), [50, 50]);
  assert.equal(raised(1, "flush")[1], 50);
});

test("2: only flows that were made while a process listened do", () => {
  assert.deepEqual(raised(2, "start"), [50, 50]);
  assert.deepEqual(raised(2, "flush"), [0, 0]);
});

test("what is left out is what the release has, and 2 is none of a release without it", () => {
  const of = (kernel: string) => flushScenario({ kernel }).nfConntrackEvents;
  assert.deepEqual(["2.6.31", "5.15", "5.19", "6.18"].map(of), [1, 1, 2, 2]);
  assert.throws(() => flushScenario({ kernel: "5.15", nfConntrackEvents: 2 }), /expected 0 or 1 .* got 2 with 5\.15/);
});
