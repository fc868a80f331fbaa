import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { renderJson } from "../../src/render/json.js";
import { Run } from "../../src/simulation/loop.js";
import { reportOf } from "../../src/simulation/recorder.js";
import { simulate } from "../../src/simulation/simulation.js";
import { attachTap, Tap } from "../../src/simulation/tap.js";
import type { Life } from "../../src/trace/life.js";
import { renderLife } from "../../src/trace/life-text.js";
import { traceLife } from "../../src/trace/trace.js";
import { messagesOf, RUNS } from "./scenario.js";

describe("a tap changes nothing", () => {
  for (const [name, scenario] of Object.entries(RUNS)) {
    test(`${name}: the report is that of the run without one`, () => {
      const run = new Run(scenario);
      attachTap(run.kernel, new Tap());
      while (run.advance(1000));
      run.conclude();
      assert.equal(renderJson(reportOf(run, false)), renderJson(simulate(scenario)));
    });
  }
});

describe("the stream of messages", () => {
  for (const [name, scenario] of Object.entries(RUNS)) {
    test(`${name}: what is read and refused is what the report counts`, async () => {
      const report = simulate(scenario);
      const messages = await messagesOf(scenario);
      const read = (event: string) => messages.filter((one) => one.event === event && one.refused === null).length;
      assert.deepEqual({ new: read("new"), update: read("update"), destroy: read("destroy") }, report.daemon.received);
      assert.equal(messages.filter(({ refused }) => refused !== null).length, report.socket.drops);
    });

    test(`${name}: times never go back`, async () => {
      const times = (await messagesOf(scenario)).map(({ nanoseconds }) => nanoseconds);
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      );
    });
  }
});

const attemptsOf = ({ steps }: Life, event: string) =>
  steps.filter((step) => step.what === "attempt" && step.event === event);

describe("the life of an entry", () => {
  for (const [name, scenario] of Object.entries(RUNS)) {
    test(`${name}: the entry that was resent most often was so as often as the report says`, async () => {
      const { max } = simulate(scenario).resends.perEntry;
      const life = await traceLife(scenario, "most-resent");
      if (max === 0) {
        assert.equal(life, null);
        return;
      }
      assert.equal(attemptsOf(life!, "destroy").length, max + 1);
      assert.equal(life!.fate, "freed");
    });

    test(`${name}: it fits under 40 lines`, async () => {
      const life = await traceLife(scenario, "most-resent");
      if (life === null) return;
      for (const width of [80, 120]) {
        const text = renderLife(life, scenario, { colour: false, width });
        const entry = text.split("\n").filter((line) => line !== "");
        assert.ok(entry.length < 40, text);
        assert.ok(
          entry.every((line) => line.length <= width),
          text,
        );
      }
    });

    test(`${name}: the first entry is that of the first conversation`, async () => {
      const first = await traceLife(scenario, { entry: 1 });
      assert.deepEqual(first, await traceLife(scenario, { tuple: first!.tuple }));
      assert.equal(first!.tuple, 0);
      assert.equal(first!.steps[0]!.what, "packet");
    });
  }

  test("an entry that the table never made has none", async () => {
    assert.equal(await traceLife(Object.values(RUNS)[0]!, { entry: 401 }), null);
    assert.notEqual(await traceLife(Object.values(RUNS)[0]!, { entry: 400 }), null);
  });

  test("what is lost is found, and where nothing is there is none", async () => {
    const lossy = RUNS["a lossy flood of TCP over IPv6"]!;
    const life = (await traceLife(lossy, "first-lost"))!;
    const lost = life.steps.find((step) => step.what === "attempt" && step.outcome === "lost");
    assert.ok(lost !== undefined);
    assert.match(renderLife(life, lossy, { colour: false, width: 100 }), /was lost .* into the run: the/);
    assert.equal(await traceLife(RUNS["a flush on 2.6.31, one timer for each entry"]!, "first-lost"), null);
  });

  test("each refused attempt of 2.6.31 is followed by a timer within the grace window, the two of the flush by one", async () => {
    const scenario = RUNS["a flush on 2.6.31, one timer for each entry"]!;
    const life = (await traceLife(scenario, "most-resent"))!;
    const waits = life.steps.flatMap((step) => (step.what === "waits" ? [step] : []));
    assert.equal(waits.length, attemptsOf(life, "destroy").length - 2);
    for (const { requestedSeconds, armedSeconds, seconds } of waits) {
      assert.ok(requestedSeconds! >= 0 && requestedSeconds! < scenario.graceMaxSeconds);
      // A timer fires at the tick that it was armed for: less than a tick before the delay is over.
      assert.ok(Math.abs(armedSeconds! - requestedSeconds!) <= 1 / scenario.hz);
      const next = life.steps.find((step) => step.seconds > seconds)!;
      assert.ok(Math.abs(next.seconds - (seconds + armedSeconds!)) < 0.05, `${next.seconds}`);
    }
  });

  test("the daemon believes what it has read, and at the end that the entry is gone", async () => {
    const life = (await traceLife(RUNS["a flush on 6.18.44, the evict list"]!, "most-resent"))!;
    const reads = life.steps.flatMap((step) => (step.what === "read" ? [`${step.event} ${step.believes}`] : []));
    assert.deepEqual(reads, ["new alive", "destroy dead"]);
    assert.equal(life.believes, "dead");
  });
});
