import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { breathing, listenForInterrupt } from "../../src/cli/interrupt.js";
import { run, stubReport } from "./harness.js";

test("the first Ctrl-C is heard, the second is the system's again", () => {
  const signals = new EventEmitter();
  let heard = 0;
  const interrupt = listenForInterrupt(signals, () => heard++);
  assert.equal(interrupt.requested(), false);
  signals.emit("SIGINT");
  assert.equal(interrupt.requested(), true);
  assert.equal(signals.listenerCount("SIGINT"), 0);
  assert.equal(heard, 1);
});

test("after the run no signal is listened for any more", () => {
  const signals = new EventEmitter();
  listenForInterrupt(signals, () => {}).release();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) assert.equal(signals.listenerCount(signal), 0);
});

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  test(`a run that ${signal} ended prints its summary and exits with ${code}`, async () => {
    const outcome = await run(["flood", "--format", "json"], {
      backend: (scenario, observer, io) => {
        (io.signals as EventEmitter).emit(signal, signal);
        assert.equal(observer.stopRequested(), true);
        return stubReport(scenario, { interrupted: true });
      },
    });
    assert.equal(outcome.code, code);
    assert.equal(outcome.stdout, '{"seed":"standard","interrupted":true}\n');
  });
}

test("the event loop gets its turn when one is due, and only then", async () => {
  let time = 0;
  const breathe = breathing(() => time);
  assert.equal(breathe(), undefined);
  time = 50;
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  await breathe();
  assert.equal(turned, true);
  assert.equal(breathe(), undefined);
});

test("an interrupted run prints its summary, a note, and exits with 130", async () => {
  const outcome = await run(["flood", "--format", "json"], {
    backend: (scenario, observer, io) => {
      assert.ok(io.signals instanceof EventEmitter);
      assert.equal(observer.stopRequested(), false);
      io.signals.emit("SIGINT");
      assert.equal(observer.stopRequested(), true);
      return stubReport(scenario, { interrupted: true });
    },
  });
  assert.equal(outcome.code, 130);
  assert.equal(outcome.stdout, '{"seed":"standard","interrupted":true}\n');
  assert.equal(
    outcome.stderr,
    "ct-reliable: stopping; Ctrl-C again ends at once\nct-reliable: interrupted: the report is the summary so far\n",
  );
});

test("a run that settles in the very moment of Ctrl-C is a whole run", async () => {
  const outcome = await run(["flood"], {
    backend: (scenario, _observer, io) => {
      if (io.signals instanceof EventEmitter) io.signals.emit("SIGINT");
      return stubReport(scenario);
    },
  });
  assert.equal(outcome.code, 0);
});

describe("a real process", () => {
  const start = (mode: "listens" | "deaf"): ChildProcess =>
    spawn(process.execPath, [fileURLToPath(new URL("interrupt-process.js", import.meta.url)), mode], {
      stdio: ["ignore", "pipe", "pipe"],
    });
  const linesOf = (child: ChildProcess) => {
    const seen = { text: "" };
    child.stderr?.on("data", (chunk: Buffer) => {
      seen.text += chunk.toString();
      child.emit("said");
    });
    const until = async (pattern: RegExp) => {
      while (!pattern.test(seen.text)) await once(child, "said");
    };
    return { seen, until };
  };

  test("busy simulating, it hears Ctrl-C and ends with 130", { timeout: 30_000 }, async () => {
    const child = start("listens");
    const { until } = linesOf(child);
    await until(/running/);
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "close"), [130, null]);
  });

  test("that no longer listens, it is ended by the second Ctrl-C", { timeout: 30_000 }, async () => {
    const child = start("deaf");
    const { until } = linesOf(child);
    await until(/running/);
    child.kill("SIGINT");
    await until(/Ctrl-C again/);
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "close"), [null, "SIGINT"]);
  });
});
