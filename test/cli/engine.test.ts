import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { simulator } from "../../src/cli/engine.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { simulate } from "../../src/simulation/simulation.js";

const ENGINE = new URL("../../src/cli/engine.js", import.meta.url).href;

describe("the engine", () => {
  test("knows the flags that a long run sets: it would say so of one that it does not know", () => {
    // In a process of its own, because they hold for all of it.
    const program = `const { prepareEngine } = await import(${JSON.stringify(ENGINE)});
      prepareEngine({ connections: 1_000_000, packets: 1 });`;
    const argv = ["--input-type=module", "--eval", program];
    const { status, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  });

  test("runs what the simulator runs", async () => {
    const scenario = resolveScenario("flush", { connections: 300 });
    assert.deepEqual(await simulator.run(scenario), simulate(scenario));
  });
});
