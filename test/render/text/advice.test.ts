import assert from "node:assert/strict";
import { test } from "node:test";
import { adviceText, adviceTexts } from "../../../src/render/text/advice.js";
import { lossyReport, quietWatersReport } from "../../report/sample.js";

test("advice says what its run changed, and in place of what", () => {
  const improves = [{ figure: "drainSeconds" as const, before: 26, after: 1.7 }];
  assert.equal(
    adviceText({ flags: "--buffer 208k", setting: null, improves, costs: [] }),
    "Try --buffer 208k: the dying list is empty 1.7 s after the flush, in place of 26 s.",
  );
});

test("what is gone is not called 0 of it", () => {
  const improves = [
    { figure: "newNotArrived" as const, before: 1601, after: 0 },
    { figure: "packetsDropped" as const, before: 1, after: 0 },
    { figure: "stale" as const, before: 9, after: 0 },
  ];
  assert.equal(
    adviceText({ flags: "--policy reliable", setting: null, improves, costs: [] }),
    "Try --policy reliable: no NEW is lost (1,601 were); no packet is dropped (1 was).",
  );
});

test("a dying list that never emptied has no time that it is in place of", () => {
  const improves = [{ figure: "drainSeconds" as const, before: null, after: 3 }];
  assert.equal(
    adviceText({ flags: "--policy reliable", setting: null, improves, costs: [] }),
    "Try --policy reliable: the dying list is empty 3 s after the flush.",
  );
});

test("what grows with it is told as its cost", () => {
  const improves = [{ figure: "destroyNotArrived" as const, before: 15_010, after: 12 }];
  const costs = [
    { figure: "drainSeconds" as const, before: null, after: 20 },
    { figure: "refused" as const, before: 15_010, after: 60_000 },
    { figure: "merged" as const, before: 0, after: 900 },
  ];
  assert.equal(
    adviceText({ flags: "--policy reliable", setting: null, improves, costs }),
    "Try --policy reliable: 12 DESTROY do not arrive, in place of 15,010. " +
      "Its cost: the dying list is empty 20 s after the flush; 60,000 attempts are refused, in place of 15,010; " +
      "900 events go inside a later message.",
  );
});

test("a run too large for advice to try anything says so where something went wrong, and what tries it", () => {
  const sentence = "No other setting was tried, since the run is large: --what-if tries each.";
  const large = { ...lossyReport(), advice: [] };
  assert.deepEqual(adviceTexts(large), []);
  large.events.update.attempts = 10_000_000;
  assert.deepEqual(adviceTexts(large), [sentence]);
  assert.deepEqual(adviceTexts({ ...large, advice: null }), []);
  assert.deepEqual(adviceTexts({ ...large, backend: "live" }), []);
  assert.deepEqual(adviceTexts({ ...large, whatIf: { tried: [], unfinished: [] } }), []);
  const clean = { ...quietWatersReport(), advice: [] };
  clean.events.update.attempts = 10_000_000;
  assert.deepEqual(adviceTexts(clean), []);
});
