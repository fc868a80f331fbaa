import assert from "node:assert/strict";
import { test } from "node:test";
import { adviceText, adviceTexts } from "../../../src/render/text/advice.js";
import { lossyReport } from "../../report/sample.js";

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

test("what takes too long for advice to try is named where nothing that was tried helps, and what tries it", () => {
  const untried = ["--policy reliable", "--buffer 8MiB --rmem-max 8MiB", "--groups new+destroy", "--reader 5us"];
  const large = { ...lossyReport(), advice: [], untried };
  assert.deepEqual(adviceTexts(large), [
    "Not tried, because it takes long: --policy reliable, --buffer 8MiB --rmem-max 8MiB, --groups new+destroy and 1 more; " +
      "--what-if tries each.",
  ]);
  assert.deepEqual(adviceTexts({ ...large, whatIf: { tried: [], unfinished: [] } }), []);
  assert.deepEqual(adviceTexts({ ...lossyReport(), advice: [] }), []);
});
