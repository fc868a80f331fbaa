import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Io } from "../../src/cli/io.js";
import { animates, progressView, timeLeft, tracker } from "../../src/cli/progress.js";
import type { Progress } from "../../src/report/backend.js";
import { captured, run, stubReport } from "./harness.js";

const at = (phase: Progress["phase"], seconds: number, rest: Partial<Progress> = {}): Progress => ({
  phase,
  seconds,
  opened: 0,
  active: 0,
  dying: 0,
  delivered: 0,
  ...rest,
});

test("nothing moves without a terminal, on a dumb one, or under CI", () => {
  const terminal = captured(true);
  assert.equal(animates(terminal, {}), true);
  assert.equal(animates(captured(false), {}), false);
  assert.equal(animates(terminal, { TERM: "dumb" }), false);
  assert.equal(animates(terminal, { CI: "true" }), false);
  assert.equal(animates(terminal, { CI: "false" }), true);
});

describe("the line beside the bar", () => {
  test("in the flood: the share of the connections, their rate in virtual time, the dying entries", () => {
    const track = tracker(1000);
    assert.deepEqual(track(at("flood", 0)), {
      phase: "flood",
      fraction: 0,
      figures: "0.0s virtual, 0 connections/s, 0 dying",
    });
    assert.deepEqual(track(at("flood", 2, { opened: 500, active: 480, dying: 20 })), {
      phase: "flood",
      fraction: 0.5,
      figures: "2.0s virtual, 250 connections/s, 20 dying",
    });
  });

  test("after it: the share of the entries that are gone, and the rate of events", () => {
    const track = tracker(1000);
    track(at("flood", 10, { opened: 1000, active: 1000, delivered: 900 }));
    track(at("drain", 10, { active: 0, dying: 800, delivered: 900 }));
    const line = track(at("drain", 20, { dying: 200, delivered: 1500 }));
    assert.deepEqual(line, { phase: "drain", fraction: 0.75, figures: "20.0s virtual, 60 events/s, 200 dying" });
  });

  test("time that stands still and an empty table give no NaN", () => {
    const track = tracker(0);
    for (const phase of ["flood", "flush", "drain"] as const) {
      const first = track(at(phase, 1));
      const second = track(at(phase, 1));
      assert.equal(first.fraction, 0);
      assert.doesNotMatch(first.figures + second.figures, /NaN|Infinity/);
    }
  });
});

describe("the bar", () => {
  const viewOf = async (setup: { tty: boolean; env?: Record<string, string>; quiet?: boolean }, now: () => number) => {
    const stderr = captured(setup.tty, 80);
    const io: Io = { stdout: captured(), stderr, env: setup.env ?? {}, signals: { on() {}, off() {} } };
    return { stderr, view: await progressView(io, { quiet: setup.quiet ?? false, connections: 100 }, now) };
  };

  test("is drawn on a terminal, and taken away at the end", async () => {
    let time = 0;
    const { stderr, view } = await viewOf({ tty: true }, () => time);
    view.update(at("flood", 1, { opened: 10 }));
    assert.equal(stderr.text, "", "a run that is over at once shows no bar");
    time = 1000;
    view.update(at("flood", 2, { opened: 50 }));
    assert.match(stderr.text, /flood \[=+-+\] 2\.0s virtual, 40 connections\/s, 0 dying/);
    view.stop();
    view.stop();
    assert.ok(stderr.text.endsWith("\u001b[2K"), "the line is cleared");
    assert.ok(!stderr.text.includes("\u001b[?"), "no mode of the terminal is changed");
  });

  test("is not drawn with --quiet or without a terminal", async () => {
    for (const setup of [{ tty: true, quiet: true }, { tty: false }, { tty: true, env: { CI: "1" } }]) {
      let time = 0;
      const { stderr, view } = await viewOf(setup, () => (time += 1000));
      view.update(at("flood", 1));
      view.update(at("flood", 2));
      view.stop();
      assert.equal(stderr.text, "");
    }
  });

  test("stays away from stdout, and is gone when the report comes", async () => {
    const outcome = await run(["flood", "--format", "json"], {
      stderrTty: true,
      columns: 80,
      backend: async (scenario, observer) => {
        const end = performance.now() + 700;
        for (let step = 0; performance.now() < end; step++)
          await observer.progress(at("flood", step, { opened: step }));
        return stubReport(scenario);
      },
    });
    assert.equal(outcome.stdout, '{"seed":"standard"}\n');
    assert.match(outcome.stderr, /flood \[/);
    assert.ok(outcome.stderr.endsWith("\u001b[2K"));
  });
});

describe("the time that is left", () => {
  test("is told after a tenth, from what a run took so far", () => {
    assert.equal(timeLeft(0.09, 9000), "");
    assert.equal(timeLeft(0.1, 5000), ", 45 s left");
    assert.equal(timeLeft(0.5, 600_000), ", 10 min left");
    assert.equal(timeLeft(0.5, 94_000), ", 1 min 30 s left");
    assert.equal(timeLeft(0.5, 9_000_000), ", 2 h 30 min left");
    assert.equal(timeLeft(0.1, 3_600_000), ", 9 h left");
    assert.equal(timeLeft(1, 5000), "");
  });
});
