/** Whether the time that is left, as the bar tells it, is the time that it then takes: by a clock of the test's own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { timeLeft } from "../../../src/cli/progress.js";
import { runsOf, type Study } from "../../../src/study/grid.js";
import type { RunAll } from "../../../src/study/pool.js";
import { Runs } from "../../../src/study/runs.js";
import { sweep } from "../../../src/study/sweep.js";
import { NEVER, study } from "../../study/studies.js";

const axis = (name: string, values: number) => ({
  name,
  values: Array.from({ length: values }, (_, index) => ({ text: String(index), overrides: {} })),
});

/** Two workers, of which each takes the next run when it is done with one; a run takes what its cell costs. */
function clocked(of: Study, seconds: (cell: number) => number) {
  const clock = { now: 0 };
  const runAll: RunAll = async (work, tell) => {
    const lanes = [0, 0];
    const ends: { at: number; index: number; actions: number }[] = [];
    for (let index = 0; index < work.count; index++) {
      const run = Number(/^run (\d+) of/.exec(work.name(index))![1]) - 1;
      const lane = lanes[0]! <= lanes[1]! ? 0 : 1;
      const cost = seconds(Math.floor(run / of.runs));
      // A run takes more or less than its actions say.
      lanes[lane]! += cost * (0.9 + 0.02 * (run % 11));
      ends.push({ at: lanes[lane]!, index, actions: Math.round(1e4 * cost) });
    }
    for (const { at, index, actions } of ends.sort((a, b) => a.at - b.at)) {
      clock.now = 1000 * at;
      await tell.done(index, { figures: of.measures.map(() => 0), violated: [], actions } as never);
    }
  };
  return { clock, runAll };
}

for (const [what, axes, seconds] of [
  ["cells that all cost the same", [axis("a", 4), axis("b", 5)], () => 0.5],
  [
    "cells that cost up to a hundred times as much",
    [axis("a", 10), axis("b", 10)],
    (cell: number) => 0.02 * (1 + Math.floor(cell / 10)) * (1 + (cell % 10)),
  ],
  ["one row that costs thirty times the others", [axis("a", 3), axis("b", 3)], (cell: number) => (cell < 3 ? 3 : 0.1)],
  ["costs that double from value to value", [axis("a", 8)], (cell: number) => 0.05 * 2 ** cell],
] as const) {
  test(`${what}: after the first tenth the time that is left is told within a fifth`, async () => {
    const of = study({ axes, runs: 60 });
    const { clock, runAll } = clocked(of, seconds);
    const told: { at: number; left: number }[] = [];
    await sweep(new Runs(of), null, runAll, {
      progress(_, __, share) {
        const text = timeLeft(share, clock.now);
        const parts = [...text.matchAll(/(\d+) (s|min)/g)].map(
          ([, of, unit]) => Number(of) * (unit === "min" ? 60 : 1),
        );
        if (text !== "") told.push({ at: clock.now / 1000, left: parts.reduce((sum, part) => sum + part, 0) });
      },
      signal: NEVER,
    });
    const end = clock.now / 1000;
    assert.ok(told.length > 0.2 * runsOf(of), `${told.length} times`);
    const grain = 1 + Math.max(...Array.from({ length: runsOf(of) / of.runs }, (_, cell) => seconds(cell)));
    for (const { at, left } of told) {
      // The line has whole seconds, and what runs at the moment is not told.
      assert.ok(Math.abs(left - (end - at)) <= 0.2 * (end - at) + grain, `at ${at} s of ${end} s: ${left} s left`);
    }
  });
}
