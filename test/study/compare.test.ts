import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compareReport } from "../../src/study/compare.js";
import type { Study, Value } from "../../src/study/grid.js";
import { Runs } from "../../src/study/runs.js";
import { study, swept } from "./studies.js";

const TOOL = { name: "ct-reliable", version: "x" } as const;

function compared(values: readonly Value[], fields: Partial<Study> = {}): Study {
  return study({ kind: "compare", axes: [{ name: "variant", values }], runs: 8, ...fields });
}

const plain: Value = { text: "plain", overrides: {} };

/** A comparison of made figures: of each variant one measure over the seeds. */
function made(measure: string, ...variants: (number | null)[][]) {
  const names = ["a", "b", "c"].slice(0, variants.length);
  const of = compared(
    names.map((text) => ({ text, overrides: {} })),
    { measures: [measure], runs: variants[0]!.length },
  );
  const runs = new Runs(of);
  for (const [cell, figures] of variants.entries()) {
    for (const [seed, figure] of figures.entries()) runs.set(cell * of.runs + seed, [figure]);
  }
  return compareReport(runs, TOOL).comparisons;
}

describe("a comparison", () => {
  test("of a variant with itself sees no difference", async () => {
    const runs = await swept(compared([plain, { text: "same", overrides: {} }]));
    const [{ sentence, differences } = { sentence: "", differences: [] }] = compareReport(runs, TOOL).comparisons;
    assert.equal(sentence, "No difference seen between plain and same in 8 runs of each.");
    assert.ok(differences.every(({ seen, difference }) => seen === false && (difference.mean ?? 0) === 0));
  });

  test("of two kernels says in one sentence how much slower the dying list drains", async () => {
    const values = ["2.6.31", "5.4"].map((kernel) => ({ text: kernel, overrides: { kernel } }));
    const runs = await swept(compared(values, { overrides: { connections: 300 } }));
    const [{ sentence } = { sentence: "" }] = compareReport(runs, TOOL).comparisons;
    assert.match(
      sentence,
      /^5\.4 drains [\d.]+( ± [\d.]+)? times (slower|faster) than 2\.6\.31: [\d.]+ s → [\d.]+ s \(8 runs of each\)\.$/,
    );
  });

  test("pairs the runs of one seed, so that a small steady difference is seen in a large scatter", () => {
    const before = [10, 200, 35, 70, 150, 90];
    const [{ sentence } = { sentence: "" }] = made(
      "dying.peak",
      before,
      before.map((value, seed) => value + 2 + 0.1 * seed),
    );
    assert.match(sentence, /^dying\.peak is 2\.25 ± [\d.]+ entries higher with b than with a/);
  });

  test("of what is faster names the factor above one", () => {
    const [{ sentence } = { sentence: "" }] = made("drain", [20, 22, 24], [10, 11, 12]);
    assert.equal(sentence, "b drains 2 times faster than a: 22 s → 11 s (3 runs of each).");
  });

  test("of shares is in percentage points", () => {
    const [{ sentence } = { sentence: "" }] = made("destroy.lost%", [0, 0, 0], [0.6, 0.6, 0.6]);
    assert.equal(
      sentence,
      "destroy.lost% is 60 percentage points higher with b than with a: 0 % → 60 % (3 runs of each).",
    );
  });

  test("of a moment that never comes in one of them says so, and gives no figure", () => {
    const [{ sentence, differences } = { sentence: "", differences: [] }] = made(
      "drain",
      [20, 22, 24],
      [null, null, null],
    );
    assert.equal(sentence, "drain never comes in 3 of 3 runs with b, and in 0 of 3 runs with a.");
    assert.equal(differences[0]!.seen, true);
  });

  test("of scatter alone sees nothing", () => {
    assert.equal(made("drain", [20, 22, 24, 21], [22, 20, 21, 24])[0]!.differences[0]!.seen, false);
  });

  test("of one run each does not claim to tell chance from a difference", () => {
    const [{ sentence, differences } = { sentence: "", differences: [] }] = made("drain", [20], [40]);
    assert.equal(differences[0]!.seen, null);
    assert.equal(sentence, "One run of each tells no difference from chance: --runs 20 does.");
  });

  test("of three variants has a sentence for each after the first", () => {
    const all = made("drain", [20, 21], [40, 42], [20, 21]);
    assert.deepEqual(
      all.map(({ from, to }) => [from, to]),
      [
        ["a", "b"],
        ["a", "c"],
      ],
    );
    assert.match(all[1]!.sentence, /^No difference seen/);
  });
});
