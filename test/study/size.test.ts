import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sentencesOf } from "../../src/render/study/size.js";
import { bindExpectation } from "../../src/report/verdict.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import { parseExpectation } from "../../src/scenario/expectation.js";
import { mergeParameters } from "../../src/scenario/merge.js";
import type { Experiment } from "../../src/scenario/scenario.js";
import { simulate } from "../../src/simulation/simulation.js";
import { keptOf } from "../../src/study/kept.js";
import type { RunAll } from "../../src/study/pool.js";
import { type Findable, type SizeReport, sizeUp } from "../../src/study/size.js";
import { knowledgeOf } from "../../src/study/suite.js";
import { here, NEVER } from "./studies.js";

interface Asked {
  experiment?: Experiment;
  overrides?: Overrides;
  expect: readonly string[];
  runs?: number;
  signal?: AbortSignal;
  progress?: (text: string) => void;
  runAll?: RunAll;
}

function sized(
  find: Findable,
  { experiment = "flush", overrides = {}, expect, runs = 4, runAll = here, ...watch }: Asked,
) {
  const knowledge = knowledgeOf(resolveScenario(experiment, overrides), "simulation");
  const expectations = expect.map((text) => bindExpectation(parseExpectation(text), knowledge));
  const question = { find, experiment, overrides, expectations, runs };
  const named = { of: experiment, tool: { name: "ct-reliable", version: "x" } } as const;
  return sizeUp(question, runAll, { progress() {}, signal: NEVER, ...watch }, named);
}

const NO_LOSS = ["destroy.lost == 0"];
const LOSSY: Overrides = { connections: 200, listeners: [{ policy: "lossy", serviceNanoseconds: 200_000 }] };

/** Whether no DESTROY is lost with a buffer, over seeds. */
function losesNone(bufferBytes: number, seeds: readonly string[]): boolean {
  return seeds.every((seed) => {
    const over = { seed, listeners: [{ bufferBytes }], rmemMaxBytes: 2 ** 30 };
    return simulate(resolveScenario("flush", mergeParameters(LOSSY, over))).events.destroy.lost === 0;
  });
}

describe("the smallest buffer", () => {
  test("of a reader that polls in place of events is none, and with events there is one", async () => {
    const polling = (withEvents: boolean): Overrides => ({
      ...LOSSY,
      kernel: "6.1",
      listeners: [{ ...LOSSY.listeners![0], poll: { everyNanoseconds: 1e9, withEvents } }],
    });
    await assert.rejects(sized("buffer", { overrides: polling(false), expect: ["dying.peak == 0"] }), {
      name: "UsageError",
      message: /^--find buffer: expected a reader that gets events, got one that polls in place of them/,
    });
    const { answer } = await sized("buffer", { overrides: polling(true), expect: NO_LOSS });
    assert.ok(answer!.value > 256);
  });

  test("is not told where a run is missing without which nobody knows whether a value holds", async () => {
    const withoutThird: RunAll = async ({ count, scenario, keep }, { done, missing }) => {
      for (let index = 0; index < count; index++) {
        if (scenario(index).seed === "1-3") missing(index, "two workers ended in it");
        else await done(index, keptOf(simulate(scenario(index)), keep));
      }
    };
    const report = await sized("buffer", { overrides: LOSSY, expect: NO_LOSS, runAll: withoutThird });
    assert.deepEqual([report.answer, report.refuted, report.interrupted], [null, null, undefined]);
    assert.match(report.missing![0]!, /^buffer=.* with seed 1-3: two workers ended in it$/);
    assert.ok(report.tried.every(({ holds }) => !holds));
    assert.match(sentencesOf(report)[0]!, /^No answer to the smallest buffer for .*: 1 run is missing: buffer=/);
    // One run that fails decides, whatever is missing.
    const hopeless = await sized("buffer", { overrides: LOSSY, expect: ["destroy.lost > 1000"], runAll: withoutThird });
    assert.deepEqual([hopeless.answer, hopeless.missing], [null, undefined]);
  });

  test("holds, and one step below does not", async () => {
    const report = await sized("buffer", { overrides: LOSSY, expect: NO_LOSS });
    const seeds = ["1", "1-2", "1-3", "1-4"];
    assert.equal(report.monotone, true);
    assert.ok(losesNone(report.answer!.value, seeds));
    assert.ok(!losesNone(report.refuted!.value, seeds));
    assert.ok(report.refuted!.value / report.answer!.value > 0.96);
    assert.equal(report.answer!.runs, 4);
  });

  test("above rmem_max says what rmem_max it needs, and below says nothing of it", async () => {
    const few = await sized("buffer", { overrides: LOSSY, expect: NO_LOSS });
    assert.ok(few.answer!.value <= resolveScenario("flush", LOSSY).rmemMaxBytes);
    assert.deepEqual([few.answer!.rmemMaxBytes, few.answer!.flags], [null, `--buffer ${few.answer!.text}`]);
    const many = await sized("buffer", { overrides: { ...LOSSY, connections: 2000 }, expect: NO_LOSS });
    assert.equal(many.answer!.rmemMaxBytes, many.answer!.value);
    assert.equal(many.answer!.flags, `--buffer ${many.answer!.text} --rmem-max ${many.answer!.text}`);
  });

  test("has a margin: how full the buffer was at most", async () => {
    const { answer } = await sized("buffer", { overrides: LOSSY, expect: NO_LOSS });
    assert.ok(answer!.fullest! > 0.8 && answer!.fullest! <= 1.1, String(answer!.fullest));
  });

  test("is none where no buffer helps, and every value that was tried says why", async () => {
    const report = await sized("buffer", { overrides: { connections: 50 }, expect: ["table.created == 51"], runs: 1 });
    assert.deepEqual([report.answer, report.monotone], [null, true]);
    assert.ok(report.tried.length > 5);
    assert.ok(report.tried.every(({ verdicts }) => verdicts[0]!.actual === 50));
  });

  test("of a condition that holds in a band alone is not monotone, and is scanned", async () => {
    const { monotone, answer, refuted, tried } = await sized("buffer", {
      overrides: LOSSY,
      expect: ["socket.peakRmemBytes <= 40k", "socket.peakRmemBytes >= 10k"],
      runs: 1,
    });
    assert.equal(monotone, false);
    assert.ok(answer !== null && refuted !== null && !refuted.holds);
    assert.ok(tried.some(({ value, holds }) => value > answer.value && !holds));
  });
});

describe("the largest", () => {
  test("rate that a reader survives holds, and the next is too much", async () => {
    const report = await sized("rate", {
      experiment: "flood",
      overrides: { connections: 400, flush: false, listeners: [{ policy: "lossy", serviceNanoseconds: 1_000_000 }] },
      expect: ["new.lost == 0"],
    });
    assert.ok(report.refuted!.value > report.answer!.value);
    assert.match(report.answer!.flags, /^--rate [\d.]+k?\/s$/);
    assert.equal(report.wanted, "highest rate");
  });

  test("grace that drains in time is in whole seconds", async () => {
    const report = await sized("grace-max", { overrides: { connections: 300 }, expect: ["drain <= 5s"] });
    assert.match(report.answer!.flags, /^--grace-max \d+s$/);
    assert.ok(report.refuted!.value === report.answer!.value + 1);
  });

  test("service time of a reader goes up to where its rungs end where everything holds", async () => {
    const report = await sized("reader", { overrides: { connections: 5 }, expect: ["table.created == 5"], runs: 1 });
    assert.deepEqual([report.answer!.text, report.refuted], ["1h", null]);
  });
});

test("the smallest table is the one that drops no packet", async () => {
  const report = await sized("nf-conntrack-max", {
    overrides: { connections: 300, nfConntrackMax: 100, kernel: "6.18.44" },
    expect: ["table.drop == 0", "table.earlyDrop == 0"],
    runs: 2,
  });
  assert.ok(report.refuted!.value < 300 && report.answer!.value >= 300, report.answer!.text);
});

test("an expectation over seeds is judged with as many as it asks for", async () => {
  const report = await sized("grace-max", {
    overrides: { connections: 100 },
    expect: ["mean(drain) <= 5s over 6 seeds"],
    runs: 2,
  });
  assert.deepEqual([report.runs, report.answer!.runs], [6, 6]);
});

test("a value that fails with the first seeds is given up before the others run", async () => {
  const { tried } = await sized("buffer", { overrides: LOSSY, expect: NO_LOSS, runs: 10 });
  const failing = tried.filter(({ holds }) => !holds);
  assert.ok(failing.some(({ runs }) => runs === 2));
  assert.ok(tried.every(({ runs, holds }) => !holds || runs === 10));
});

test("that is interrupted has no answer, and says so", async () => {
  const stop = new AbortController();
  let asked = 0;
  const progress = (): void => {
    if (++asked === 4) stop.abort();
  };
  const report: SizeReport = await sized("buffer", {
    overrides: LOSSY,
    expect: NO_LOSS,
    signal: stop.signal,
    progress,
  });
  assert.deepEqual([report.answer, report.refuted, report.interrupted], [null, null, true]);
  assert.equal(report.tried.length, 3);
});
