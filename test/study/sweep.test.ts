import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compareMarkdown, compareText } from "../../src/render/study/compare.js";
import { sweepCsv, sweepMarkdown, sweepText } from "../../src/render/study/sweep.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { UsageError } from "../../src/scenario/errors.js";
import { simulate } from "../../src/simulation/simulation.js";
import { compareReport } from "../../src/study/compare.js";
import { cellName, cellsOf, checkStudy, memoryBytes, runName, runsOf, scenarioAt } from "../../src/study/grid.js";
import { keptOf } from "../../src/study/kept.js";
import { measured, measureNamed, USUAL_MEASURES } from "../../src/study/measure.js";
import type { RunAll } from "../../src/study/pool.js";
import { Runs } from "../../src/study/runs.js";
import { BrokenInvariantError, spread, sweep, sweepReport } from "../../src/study/sweep.js";
import { buffers, NEVER, readers, study, swept } from "./studies.js";

const TOOL = { name: "ct-reliable", version: "x" } as const;

describe("a grid", () => {
  test("has a cell for each combination, the last axis turning fastest", () => {
    const of = study();
    assert.deepEqual([cellsOf(of), runsOf(of)], [6, 18]);
    assert.deepEqual(
      [0, 1, 2, 5].map((cell) => cellName(of, cell)),
      [
        "buffer=2048 reader=100us",
        "buffer=2048 reader=1000us",
        "buffer=8192 reader=100us",
        "buffer=65536 reader=1000us",
      ],
    );
  });

  test("lays the values of two axes over one listener", () => {
    const [listener] = scenarioAt(study(), 3).listeners;
    assert.deepEqual([listener!.bufferBytes, listener!.serviceNanoseconds], [8192, 1_000_000]);
  });

  test("of no axes is one cell", () => {
    assert.deepEqual([cellsOf(study({ axes: [] })), cellName(study({ axes: [] }), 0)], [1, ""]);
  });

  test("names a run by its cell and its seed", () => {
    assert.equal(runName(study(), 4), "run 5 of 18 (buffer=2048 reader=1000us, seed 1-2)");
  });

  test("that has a value that contradicts the rest is refused before it starts, with the cell", () => {
    const bad = { ...buffers, values: [...buffers.values, { text: "huge", overrides: { kernel: "1.0" } }] };
    assert.throws(
      () => checkStudy(study({ axes: [bad, readers] }), 1e9),
      (error) => error instanceof UsageError && error.message.startsWith("buffer=huge reader=100us: kernel: expected"),
    );
  });

  test("that does not fit into the memory is refused, with what it would need", () => {
    const of = study({ runs: 10_000 });
    assert.ok(memoryBytes(of) > 60_000 * 3 * 8);
    assert.throws(() => checkStudy(of, 1_048_576), /expected a study that fits into 1 MiB .* would need 2 MiB/);
    checkStudy(of, memoryBytes(of));
  });
});

describe("a measure", () => {
  const report = simulate(resolveScenario("flush", { connections: 60, listeners: [{ policy: "lossy" }] }));

  test("is a figure of the report, or with % a share of its whole", () => {
    assert.equal(measured(report, measureNamed("destroy.lost")), report.events.destroy.lost);
    assert.equal(measured(report, measureNamed("destroy.lost%")), report.events.destroy.lost / 60);
  });

  test("that most studies ask for is one that every run has", () => {
    const tcp = simulate(resolveScenario("flush", { connections: 60, protocol: "tcp" }));
    for (const name of USUAL_MEASURES) assert.equal(typeof measured(tcp, measureNamed(name)), "number", name);
  });

  test("is called by the short name of its metric", () => {
    assert.equal(measureNamed("events.destroy.lost%").name, "destroy.lost%");
    assert.equal(measureNamed("dying.emptyAfterFlushSeconds").name, "drain");
  });

  test("of what is no part of anything has no share", () => {
    assert.throws(() => measureNamed("drain%"), /expected a metric that is a part of something before %, got "drain%"/);
    assert.throws(() => measureNamed("drian"), /did you mean "drain"/);
  });
});

describe("a sweep", () => {
  test("gives each cell the figures of its runs, as single runs have them", async () => {
    const report = sweepReport(await swept(study()), TOOL);
    assert.equal(report.cells.length, 6);
    const { at, figures } = report.cells[3]!;
    assert.deepEqual(at, { buffer: "8192", reader: "1000us" });
    const drains = ["1", "1-2", "1-3"].map(
      (seed) => simulate({ ...scenarioAt(study(), 3), seed }).dying.emptyAfterFlushSeconds!,
    );
    assert.deepEqual([figures.drain!.min, figures.drain!.max], [Math.min(...drains), Math.max(...drains)]);
    assert.equal(figures.drain!.runs, 3);
    assert.equal(report.interrupted, undefined);
  });

  test("is the same whatever the order in which runs come back", async () => {
    const backwards: RunAll = async ({ count, scenario, keep }, { done }) => {
      for (let index = count - 1; index >= 0; index--) await done(index, keptOf(simulate(scenario(index)), keep));
    };
    const runs = new Runs(study());
    await sweep(runs, null, backwards, { progress() {}, signal: NEVER });
    assert.equal(JSON.stringify(sweepReport(runs, TOOL)), JSON.stringify(sweepReport(await swept(study()), TOOL)));
  });

  test("names the runs that are missing, counts the others, and compares no variant that lacks one", async () => {
    const withoutFourth: RunAll = async ({ count, scenario, keep }, { done, missing }) => {
      for (let index = 0; index < count; index++) {
        if (index === 4) missing(index, "two workers ended in it");
        else await done(index, keptOf(simulate(scenario(index)), keep));
      }
    };
    const of = study({ kind: "compare", axes: [buffers] });
    const runs = new Runs(of);
    await sweep(runs, null, withoutFourth, { progress() {}, signal: NEVER });
    const report = compareReport(runs, TOOL);
    assert.equal(report.interrupted, undefined);
    assert.equal(report.missing?.length, 1);
    assert.match(report.missing[0]!, /^run \d of 9 \(buffer=\d+, seed 1(-\d)?\): two workers ended in it$/);
    const counted = report.cells.map(({ figures }) => figures["dying.peak"]!.runs);
    assert.deepEqual(counted.toSorted(), [2, 3, 3]);
    const whole = report.cells.filter((_, cell) => counted[cell] === 3).map(({ at }) => at.buffer);
    assert.ok(report.comparisons.every(({ from, to }) => whole.includes(from) && whole.includes(to)));
    const options = { colour: false, width: 200, command: "", quiet: false };
    for (const text of [compareText, compareMarkdown, sweepText, sweepMarkdown].map((render) =>
      render(report, options),
    )) {
      assert.match(text.replaceAll("\\", ""), /1 run is missing: run \d of 9 /);
    }
    const rows = sweepCsv(report).split("\r\n").slice(1, 4);
    assert.deepEqual(
      rows.map((row) => Number(row.split(",")[1])),
      counted,
    );
  });

  test("that is interrupted has the runs that are done, and says so", async () => {
    const stop = new AbortController();
    const runs = await swept(study(), {
      signal: stop.signal,
      progress: (done) => {
        if (done === 7) stop.abort();
      },
    });
    const report = sweepReport(runs, TOOL);
    assert.equal(report.interrupted, true);
    const done = report.cells.reduce((sum, { figures }) => sum + figures["dying.peak"]!.runs, 0);
    assert.equal(done, 7);
  });

  test("takes its runs from all over the grid, each once: any tenth of them is like any other", () => {
    for (const count of [0, 1, 2, 7, 100, 1000, 4096]) {
      const order = spread(count);
      assert.deepEqual(
        [...order].sort((a, b) => a - b),
        Array.from({ length: count }, (_, index) => index),
      );
    }
    const tenth = spread(1000).slice(0, 100);
    const inEachTenth = Array.from(
      { length: 10 },
      (_, index) => tenth.filter((run) => Math.floor(run / 100) === index).length,
    );
    assert.ok(
      inEachTenth.every((runs) => runs >= 7 && runs <= 13),
      inEachTenth.join(" "),
    );
  });

  test("tells of progress against the runs that are left", async () => {
    const runs = await swept(study({ axes: [] }));
    const told: [number, number][] = [];
    await swept(runs.study, { runs, progress: (done, of) => void told.push([done, of]) });
    assert.deepEqual(told, []);
  });

  test("in which an invariant breaks ends with the run's name", async () => {
    const broken: RunAll = async ({ keep }, { done }) =>
      done(1, { figures: [0, 0, 0], violated: ["a rule: broken"] } as unknown as ReturnType<
        typeof keptOf<typeof keep>
      >);
    await assert.rejects(
      sweep(new Runs(study()), null, broken, { progress() {}, signal: NEVER }),
      (error) => error instanceof BrokenInvariantError && /^run 12 of 18 .*a rule: broken$/.test(error.message),
    );
  });
});
