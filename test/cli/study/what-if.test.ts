import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { installed } from "../../../src/cli/dependencies.js";
import { duration } from "../../../src/render/text/numbers.js";
import { simulate } from "../../../src/simulation/simulation.js";
import { simulated } from "./simulated.js";

const FLUSH = ["flush", "--connections", "1000", "--kernel", "6.1"];

describe("--what-if", () => {
  test("ranks settings below the report, what helps first, with the figures before and after", async () => {
    const { code, stdout } = await simulated([...FLUSH, "--what-if"], { columns: 120 });
    assert.equal(code, 0);
    const [report, below] = stdout.split("What if? ");
    assert.equal(`${report}`, `${(await simulated(FLUSH, { columns: 120 })).stdout}\n`);
    const lines = below!.trimEnd().split("\n").slice(1);
    const kinds = lines.map((line) => /^(helps|worse)?/.exec(line)![0]);
    assert.equal(kinds[0], "helps");
    assert.equal(kinds.lastIndexOf("helps"), kinds.filter((kind) => kind === "helps").length - 1);
    assert.match(lines[0]!, /--buffer \S+.*:? +drain [\d.]+ m?s → [\d.]+ m?s/);
    assert.ok(lines.some((line) => line.includes("--kernel")));
  });

  test("says what the run with that flag says", async () => {
    const { stdout } = await simulated([...FLUSH, "--what-if"], { columns: 120 });
    const [, flags, drain] = /helps +((?:--\S+ [^\s:]+:? ?)+) *drain \S+ \S+ → ([\d.]+ m?s)/.exec(stdout)!;
    const dependencies = { renderers: installed.renderers };
    const argv = [...FLUSH, ...flags!.replace(":", "").trim().split(" "), "--format", "json"];
    const report = JSON.parse((await simulated(argv, { dependencies })).stdout);
    assert.equal(duration(report.dying.emptyAfterFlushSeconds), drain, flags);
  });

  test("is a part of the report for programs, with the same figures as in the text", async () => {
    const text = (await simulated([...FLUSH, "--what-if"], { columns: 200 })).stdout;
    const { whatIf, ...report } = JSON.parse((await simulated([...FLUSH, "--what-if", "--format", "json"])).stdout);
    assert.deepEqual(report, JSON.parse((await simulated([...FLUSH, "--format", "json"])).stdout));
    const lines = text.split("What if? ")[1]!.trimEnd().split("\n").slice(1);
    assert.ok(whatIf.tried.every(({ flags }: { flags: string }) => text.includes(flags)));
    const [first] = whatIf.tried;
    assert.equal(first.helps, true);
    assert.ok(lines[0]!.includes(first.flags) && lines[0]!.includes(duration(first.better[0].after)), lines[0]);
    assert.ok(first.better[0].after < first.better[0].before);
  });

  for (const format of ["markdown", "html"]) {
    test(`is in ${format}, a row for each setting`, async () => {
      const { stdout } = await simulated([...FLUSH, "--what-if", "--format", format]);
      assert.match(stdout, /What if\? Each setting changed alone/);
      assert.match(stdout, /--buffer \S+.*drain [\d.]+ m?s → [\d.]+ m?s/);
    });
  }

  for (const [what, argv, sentence] of [
    [
      "of a live run",
      ["flush", "--live", "--what-if"],
      /--what-if: expected a simulation, got --live|live mode is not possible/,
    ],
    [
      "where no format shows it",
      ["flush", "--what-if", "--format", "csv"],
      /--what-if: expected --format or --export text, json, markdown or html, got csv/,
    ],
  ] as const) {
    test(`${what} is refused`, async () => {
      const { stderr, stdout } = await simulated(argv, { backend: (scenario) => simulate(scenario) });
      assert.equal(stdout, "");
      assert.match(stderr, sentence);
    });
  }
});
