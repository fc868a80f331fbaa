import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Backend, Observer } from "../../src/report/backend.js";
import type { Report } from "../../src/report/report.js";
import { pool } from "../../src/study/pool.js";
import { builtPackage, removePackage } from "../built.js";
import { floodScenario } from "../simulation/scenarios.js";
import { endingWorkers } from "./ending-worker.js";

const scenarios = Array.from({ length: 5 }, (_, index) => floodScenario({ connections: 10, seed: String(index) }));
const work = {
  count: scenarios.length,
  scenario: (index: number) => scenarios[index]!,
  name: (index: number) => `run ${index}`,
  keep: "report" as const,
};
const tell = { missing() {}, note() {}, signal: new AbortController().signal };

describe("in this thread", () => {
  const here = (run: Backend["run"]): Backend => ({ run });
  const report = (fields: Partial<Report>): Report => fields as Report;

  test("one run follows the other, each with its place", async () => {
    const told: [number, string | null][] = [];
    const runAll = pool(
      1,
      here(async ({ seed }) => report({ seed })),
      undefined as unknown as Observer["progress"],
    );
    await runAll(work, { ...tell, done: (index, { seed }) => void told.push([index, seed]) });
    assert.deepEqual(
      told,
      scenarios.map(({ seed }, index) => [index, seed]),
    );
  });

  test("a run is asked to stop, told nothing of, and followed by none", async () => {
    const stop = new AbortController();
    let started = 0;
    const told: number[] = [];
    const backend = here(async ({ seed }, observer) => {
      started++;
      if (seed === "1") stop.abort();
      return report(observer?.stopRequested() === true ? { seed, interrupted: true } : { seed });
    });
    await pool(1, backend, () => {})(work, { ...tell, done: (index) => void told.push(index), signal: stop.signal });
    assert.deepEqual([started, told], [2, [0]]);
  });

  test("what goes wrong in a run goes wrong for all", async () => {
    const backend = here(() => Promise.reject(new Error("boom")));
    await assert.rejects(pool(1, backend, () => {})(work, { ...tell, done() {} }), /boom/);
  });
});

describe("in threads of their own", () => {
  let folder: string;
  before(async () => {
    folder = await builtPackage();
  });
  after(() => removePackage(folder));

  /** A process on the build; what it prints last is what is looked at. */
  function inProcess(body: string, env = process.env) {
    const script = join(folder, "script.mjs");
    writeFileSync(
      script,
      `const { pool } = await import("./dist/study/pool.js");
      const { resolveScenario } = await import("./dist/scenario/defaults.js");
      const here = { run: () => Promise.reject(new Error("here")) };
      const scenarios = (count, more = {}) => Array.from({ length: count }, (_, index) =>
        resolveScenario("flood", { connections: 50, seed: String(index), ...more }));
      const work = (all, keep = "report") =>
        ({ count: all.length, scenario: (index) => all[index], name: (index) => "run " + index, keep });
      const signal = new AbortController().signal;
      const tell = { done() {}, missing() {}, note() {}, signal };
      ${body}`,
    );
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
      encoding: "utf8",
      timeout: 60_000,
      env,
    });
    assert.deepEqual([status, stderr], [0, ""]);
    return JSON.parse(stdout);
  }

  test("every report comes once and belongs to its scenario, without a warning on many cores", () => {
    const seeds = inProcess(`
      const told = [];
      await pool(12, here, () => {})(work(scenarios(24)), { done: (index, { seed }) => told.push([index, seed]), signal });
      console.log(JSON.stringify(told.sort(([a], [b]) => a - b)));`);
    assert.deepEqual(
      seeds,
      Array.from({ length: 24 }, (_, index) => [index, String(index)]),
    );
  });

  test("Ctrl-C ends them in the middle of a run", () => {
    const { told, seconds } = inProcess(`
      const stop = new AbortController();
      let told = 0;
      setTimeout(() => stop.abort(), 300);
      const start = performance.now();
      const long = scenarios(4, { connections: 1e7, ratePerSecond: null, nfConntrackMax: 1e7 });
      await pool(2, here, () => {})(work(long), { done: () => told++, signal: stop.signal });
      console.log(JSON.stringify({ told, seconds: (performance.now() - start) / 1000 }));`);
    assert.equal(told, 0);
    assert.ok(seconds < 5, `${seconds} s`);
  });

  test("of each run no more comes over than the figures that were asked for", () => {
    const told = inProcess(`
      const told = [];
      const some = work(scenarios(4), ["table.created", "destroy.lost%", "drain"]);
      await pool(2, here, () => {})(some, { done: (index, kept) => told.push([index, kept]), signal });
      console.log(JSON.stringify(told.sort(([a], [b]) => a - b)));`);
    assert.equal(told.length, 4);
    for (const [, { figures, violated, actions, ...rest }] of told) {
      assert.ok(actions > 0);
      assert.deepEqual([figures.slice(0, 2), violated, rest], [[50, 0], [], {}]);
    }
  });

  test("no thread takes a run before the last one's result is dealt with", () => {
    const most = inProcess(`
      let open = 0;
      let most = 0;
      const done = async () => {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 20));
        open--;
      };
      await pool(2, here, () => {})(work(scenarios(20)), { done, signal });
      console.log(JSON.stringify(most));`);
    assert.ok(most <= 2, `${most} results at once`);
  });

  const TWICE = `
    const [told, missing, notes] = [[], [], []];
    const all = {
      done: (index, { seed }) => told.push([index, seed]),
      missing: (...one) => missing.push(one),
      note: (sentence) => notes.push(sentence),
      signal,
    };
    await pool(2, here, () => {})(work(scenarios(9)), all);
    await pool(2, here, () => {})(work(scenarios(4)), all);
    console.log(JSON.stringify({ told: told.sort(([a], [b]) => a - b), missing, notes }));`;
  const seeds = (count: number) => Array.from({ length: count }, (_, index) => [index, String(index)]);
  const sorted = (told: [number, string][]) => told.sort(([a], [b]) => a - b);
  const NOTE = "run 3: its worker ended with code 137; another one has the run once more";

  test("a run whose worker ends is made by another one, as are those that waited behind it", () => {
    const { told, missing, notes } = inProcess(TWICE, endingWorkers("3", join(folder, "ended")));
    assert.deepEqual([told, missing, notes], [sorted([...seeds(9), ...seeds(4)] as [number, string][]), [], [NOTE]]);
  });

  test("a run that ends two workers is missing, and all others are made", () => {
    const { told, missing, notes } = inProcess(TWICE, endingWorkers("3"));
    const others = [...seeds(9), ...seeds(4)].filter(([index]) => index !== 3) as [number, string][];
    const why = "two workers ended in it, the last with code 137";
    assert.deepEqual(
      [told, missing, notes],
      [
        sorted(others),
        [
          [3, why],
          [3, why],
        ],
        [NOTE, NOTE],
      ],
    );
  });

  test("a worker that runs out of memory is one that ended, and is said to have had too little", () => {
    const { missing } = inProcess(`
      const { Worker } = await import("node:worker_threads");
      const start = Worker.prototype.postMessage;
      Worker.prototype.postMessage = function (question) {
        if (question.scenario.seed !== "1") return start.call(this, question);
        this.emit("error", Object.assign(new Error("out of memory"), { code: "ERR_WORKER_OUT_OF_MEMORY" }));
        void this.terminate();
      };
      const missing = [];
      await pool(2, here, () => {})(work(scenarios(6)), { ...tell, missing: (...one) => missing.push(one) });
      console.log(JSON.stringify({ missing }));`);
    assert.deepEqual(missing, [[1, "two workers ended in it, the last because it was out of memory"]]);
  });

  test("a worker that ends while it has nothing to do takes nothing with it", () => {
    const told = inProcess(`
      const { Worker } = await import("node:worker_threads");
      const workers = new Set();
      const post = Worker.prototype.postMessage;
      Worker.prototype.postMessage = function (question) {
        workers.add(this);
        post.call(this, question);
      };
      const told = [];
      const all = { ...tell, done: (index) => told.push(index) };
      const runAll = pool(2, here, () => {});
      await runAll(work(scenarios(4)), all);
      await Promise.all([...workers].map((worker) => worker.terminate()));
      await runAll(work(scenarios(4)), all);
      console.log(JSON.stringify(told.sort()));`);
    assert.deepEqual(told, [0, 0, 1, 1, 2, 2, 3, 3]);
  });

  test("what goes wrong in one is said, and the others take no more runs", () => {
    const { message, told } = inProcess(`
      let told = 0;
      const all = [null, ...scenarios(40)];
      const message = await pool(2, here, () => {})(work(all), { done: () => told++, signal }).catch((error) => error.message);
      await new Promise((resolve) => setTimeout(resolve, 100));
      console.log(JSON.stringify({ message, told }));`);
    assert.match(message, /^run 0: .*null/);
    assert.ok(told < 40, `${told} runs after it`);
  });
});
