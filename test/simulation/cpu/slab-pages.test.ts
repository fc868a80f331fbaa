/** When freed entries keep RCU busy: pages of 16 entries that lie anywhere, looked at tick by tick. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SlabPages } from "../../../src/simulation/cpu/slab-pages.js";

/** The first tick at which pages wait while entries go one by one, as the share that is gone. */
function firstWait(entries: number): number {
  const table = { count: entries };
  const pages = new SlabPages(table);
  pages.wait();
  while (table.count > 0) {
    table.count--;
    if (pages.wait()) return 1 - table.count / entries;
  }
  return 1;
}

test("no page is empty before most of the entries are gone, of a large table earlier than of a small one", () => {
  assert.ok(firstWait(1000) > 0.75 && firstWait(1000) < 0.8, `${firstWait(1000)}`);
  assert.ok(firstWait(20_000) > 0.6 && firstWait(20_000) < 0.65, `${firstWait(20_000)}`);
});

test("nothing waits while the table grows or stays as it is", () => {
  const table = { count: 1000 };
  const pages = new SlabPages(table);
  pages.wait();
  table.count = 10;
  assert.equal(pages.wait(), true);
  assert.equal(pages.wait(), false);
  table.count = 20;
  assert.equal(pages.wait(), false);
});
