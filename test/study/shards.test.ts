import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Study } from "../../src/study/grid.js";
import { merged } from "../../src/study/merge.js";
import { headerLine, type Runs, readRuns, resumed, runLine } from "../../src/study/runs.js";
import { inShard, parseShard, type Shard, shardOfEnvironment } from "../../src/study/shard.js";
import { sweepReport } from "../../src/study/sweep.js";
import { study, swept } from "./studies.js";

const TOOL = { name: "ct-reliable", version: "x" } as const;

/** The file that a part of the study leaves, cut off after so many runs. */
async function part(of: Study, shard: Shard | null, upTo = Number.POSITIVE_INFINITY): Promise<string> {
  const lines = [headerLine(of, shard)];
  await swept(of, { shard, keep: (run, figures) => void lines.push(runLine(run, figures)) });
  return lines.slice(0, 1 + upTo).join("");
}

const bytes = (runs: Runs): string => JSON.stringify(sweepReport(runs, TOOL));

describe("the parts of a study", () => {
  test("merged are the whole study to the last byte, in whatever order they come", async () => {
    const whole = bytes(await swept(study()));
    for (const of of [1, 2, 3, 7, 18]) {
      const shards = Array.from({ length: of }, (_, index) => ({ index: index + 1, of }));
      const texts = await Promise.all(shards.map((shard) => part(study(), shard)));
      const files = texts.map((text, index) => readRuns(text, `part-${index}`));
      assert.equal(bytes(merged(files.reverse())), whole);
    }
  });

  test("are refused where one is missing, with its number", async () => {
    const files = [1, 3].map(async (index) => readRuns(await part(study(), { index, of: 3 }), `${index}`));
    const read = await Promise.all(files);
    assert.throws(() => merged(read), /^UsageError: expected all 18 runs, got 12: part 2\/3 is missing$/);
  });

  test("are refused where one was cut off, with its path", async () => {
    const texts = [await part(study(), { index: 1, of: 2 }), await part(study(), { index: 2, of: 2 }, 4)];
    const files = texts.map((text, index) => readRuns(text, `p${index}`));
    assert.throws(() => merged(files), /expected all 18 runs, got 13: part 2\/2 in p1 is not finished$/);
  });

  test("are refused where one comes twice, with both paths and the run", async () => {
    const texts = await Promise.all([1, 2, 2].map((index) => part(study(), { index, of: 2 })));
    const files = texts.map((text, index) => readRuns(text, `p${index}`));
    assert.throws(() => merged(files), /expected every run once, got run 2 of 18 \(.*seed 1-2\) in p1 and in p2$/);
  });

  test("are refused where one is of another study: other values, seeds, measures or parameters", async () => {
    const one = readRuns(await part(study(), { index: 1, of: 2 }), "one");
    for (const other of [
      { runs: 2 },
      { measures: ["drain"] },
      { overrides: { connections: 61 } },
      { axes: study().axes.slice(1) },
    ]) {
      const two = readRuns(await part(study(other), { index: 2, of: 2 }), "two");
      assert.throws(() => merged([one, two]), /two: expected a part of the study of one, got one of another study/);
    }
  });

  test("that die and are run again change nothing", async () => {
    const whole = bytes(await swept(study()));
    const cut = `${await part(study(), { index: 2, of: 2 }, 3)}[9,0.`;
    const file = readRuns(cut, "part");
    assert.equal(cut.slice(file.wholeLength), "[9,0.");
    const runs = resumed(file, study(), { index: 2, of: 2 });
    const more: string[] = [];
    await swept(study(), {
      runs,
      shard: { index: 2, of: 2 },
      keep: (run, figures) => void more.push(runLine(run, figures)),
    });
    const again = cut.slice(0, file.wholeLength) + more.join("");
    const first = readRuns(await part(study(), { index: 1, of: 2 }), "first");
    assert.equal(bytes(merged([first, readRuns(again, "again")])), whole);
  });

  test("hold every run once", () => {
    for (const of of [1, 2, 5]) {
      for (let run = 0; run < 20; run++) {
        const owners = Array.from({ length: of }, (_, index) => inShard({ index: index + 1, of }, run)).filter(Boolean);
        assert.equal(owners.length, 1);
      }
    }
  });
});

describe("a file of runs", () => {
  test("gives back every figure to the last bit, and what never came", () => {
    const figures = [0.1 + 0.2, null, 1 / 3, 5e-324, 1.7976931348623157e308];
    const of = study({ measures: ["a", "b", "c", "d", "e"] });
    const { runs } = readRuns(headerLine(of, null) + runLine(7, figures), "f");
    assert.deepEqual(runs, [{ run: 7, figures }]);
  });

  test("goes on with the study that it is of, and with no other", async () => {
    const file = readRuns(await part(study(), null, 4), "f");
    assert.equal(resumed(file, study(), null).finished, 4);
    assert.throws(
      () => resumed(file, study({ runs: 4 }), null),
      /f: expected runs of this study, got those of another/,
    );
    assert.throws(
      () => resumed(file, study(), { index: 1, of: 2 }),
      /f: expected runs of part 1\/2, got those of the whole/,
    );
  });

  for (const [what, text, sentence] of [
    ["something else", "hello\n", /^UsageError: f: expected a file of runs that a study wrote, got "hello"$/],
    ["nothing", "", /^UsageError: f: expected a file of runs that a study wrote, got ""$/],
    ["a number", "5\n", /expected a file of runs that a study wrote/],
    ["a run that the study does not have", `${headerLine(study(), null)}[18,0,0,0]\n`, /^UsageError: f:2: expected/],
    [
      "a run with a figure too few",
      `${headerLine(study(), null)}[1,0,0]\n`,
      /f:2: expected .* 3 figures, got "\[1,0,0\]"/,
    ],
    ["a broken line in the middle", `${headerLine(study(), null)}[1,0,\n[2,0,0,0]\n`, /f:2: expected/],
    [
      "runs of another version",
      headerLine(study(), null).replace(/"tool":"[^"]+"/, '"tool":"0.0.9"'),
      /got those of "0.0.9"/,
    ],
  ] as const) {
    test(`that is ${what} is refused`, () => {
      assert.throws(() => readRuns(text, "f"), sentence);
    });
  }
});

describe("which part this machine is", () => {
  test("is said as 2/3", () => {
    assert.deepEqual(parseShard("2/3"), { index: 2, of: 3 });
    for (const text of ["0/3", "4/3", "2", "2/3/4", "-1/3", "02/3", "2/0", "a/b", ""]) {
      assert.throws(() => parseShard(text), /expected a part such as 2\/3 .*, or auto, got/);
    }
  });

  for (const [name, env, shard] of [
    [
      "a Slurm array from 5 to 9",
      { SLURM_ARRAY_TASK_ID: "7", SLURM_ARRAY_TASK_MIN: "5", SLURM_ARRAY_TASK_COUNT: "5" },
      { index: 3, of: 5 },
    ],
    ["a Kubernetes Indexed Job", { JOB_COMPLETION_INDEX: "0", JOB_COMPLETIONS: "4" }, { index: 1, of: 4 }],
    ["an AWS Batch array", { AWS_BATCH_JOB_ARRAY_INDEX: "3", AWS_BATCH_JOB_ARRAY_SIZE: "4" }, { index: 4, of: 4 }],
    ["a GitLab parallel job", { CI_NODE_INDEX: "2", CI_NODE_TOTAL: "8" }, { index: 2, of: 8 }],
    ["a GitHub matrix", { STRATEGY_JOB_INDEX: "1", STRATEGY_JOB_TOTAL: "3" }, { index: 2, of: 3 }],
  ] as const) {
    test(`is known of ${name}`, () => {
      assert.deepEqual(shardOfEnvironment(env), shard);
    });
  }

  test("is not known without a variable, and not guessed", () => {
    assert.throws(
      () => shardOfEnvironment({}),
      /expected one of the variables SLURM_ARRAY_TASK_ID of a Slurm job array/,
    );
  });

  test("is not known where the number of parts is not set", () => {
    assert.throws(
      () => shardOfEnvironment({ JOB_COMPLETION_INDEX: "0" }),
      /expected a whole number in JOB_COMPLETIONS .*manifest has to set .*, got nothing/,
    );
  });

  test("is known of an array with steps, and not of a list with gaps", () => {
    const array = { SLURM_ARRAY_TASK_ID: "8", SLURM_ARRAY_TASK_MIN: "0", SLURM_ARRAY_TASK_COUNT: "3" };
    assert.deepEqual(shardOfEnvironment({ ...array, SLURM_ARRAY_TASK_STEP: "4" }), { index: 3, of: 3 });
    for (const step of ["1", "5"]) {
      const gaps = { ...array, SLURM_ARRAY_TASK_STEP: step };
      assert.throws(
        () => shardOfEnvironment(gaps),
        /expected SLURM_ARRAY_TASK_ID from 0 to .* list of indices with gaps/,
      );
    }
  });
});
