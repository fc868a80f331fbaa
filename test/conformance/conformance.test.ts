/** A sample of the recordings, in every test run; `npm run conformance` compares all of them with more seeds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compareAll, OWN_RECORDINGS, recordingsOf } from "./corpus.js";
import { renderSummary } from "./summary.js";

const EVERY = 41;
const SEEDS = 8;
/** Larger runs take seconds each. */
const MOST_FLOWS = 5_000;

test("of a sample of real kernels' runs at least 96 % of the cells lie where the model expects them", async () => {
  const sample = recordingsOf([OWN_RECORDINGS])
    .filter(({ setting }) => setting.flows <= MOST_FLOWS)
    .filter((_, index) => index % EVERY === 0);
  const comparisons = await compareAll(sample, SEEDS);
  const cells = comparisons.flatMap((comparison) => comparison.cells);
  const inside = cells.filter((cell) => cell.inside).length;
  assert.ok(cells.length > 1000, `${cells.length} cells`);
  assert.ok(inside / cells.length >= 0.96, renderSummary(comparisons, SEEDS));
});

test("a recording of a kernel that nobody modelled is listed with its reason", async () => {
  const [recording] = recordingsOf([OWN_RECORDINGS]);
  const [comparison] = await compareAll([{ ...recording!, kernel: "2.4.37" }], SEEDS);
  assert.match(comparison!.reason ?? "", /expected a Linux version/);
  assert.equal(comparison!.cells.length, 0);
});
