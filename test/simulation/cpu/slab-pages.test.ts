/** When freed entries keep RCU busy: pages of 16 entries that lie anywhere, looked at tick by tick. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SlabPages } from "../../../src/simulation/cpu/slab-pages.js";

/** The first tick at which pages wait while entries go one by one, as the share that is gone. */
function firstWait(entries: number): number {
  const pages = new SlabPages();
  for (let count = entries; count >= 0; count--) if (pages.wait(count)) return 1 - count / entries;
  return 1;
}

test("no page is empty before most of the entries are gone, of a large table earlier than of a small one", () => {
  assert.ok(firstWait(1000) > 0.75 && firstWait(1000) < 0.8, `${firstWait(1000)}`);
  assert.ok(firstWait(20_000) > 0.6 && firstWait(20_000) < 0.65, `${firstWait(20_000)}`);
});

test("nothing waits while the table grows or stays as it is", () => {
  const pages = new SlabPages();
  const waits = [1000, 10, 10, 20].map((count) => pages.wait(count));
  assert.deepEqual(waits, [false, true, false, false]);
});
