/** What the report advises can be typed: each flag exists, its value is read, and it is in canonical form already. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { EXPERIMENT_FLAGS } from "../../src/cli/experiment.js";
import { readFlags } from "../../src/cli/flag.js";
import { simulate } from "../../src/simulation/simulation.js";
import { adviceOn } from "../../src/study/advice.js";
import { floodScenario, flushScenario } from "../simulation/scenarios.js";

const RUNS = {
  "a small buffer": flushScenario({ connections: 2000, kernel: "6.18.44" }),
  "a lossy listener": flushScenario({ connections: 2000, listeners: [{ policy: "lossy" }] }),
  "a full table": floodScenario({ connections: 2000, nfConntrackMax: 500, kernel: "5.4" }),
  "a limit": floodScenario({ connections: 2000, limitSeconds: 5 }),
  "a grace window": flushScenario({ connections: 300, listeners: [{ serviceNanoseconds: 1000 }] }),
};

for (const [name, scenario] of Object.entries(RUNS)) {
  test(`advice is flags that the command line takes: ${name}`, async () => {
    const [advice] = await adviceOn(simulate(scenario));
    assert.ok(advice, "expected advice");
    const words = advice.flags.split(" ");
    const given = [];
    for (let at = 0; at < words.length; at += 2) {
      const flag = EXPERIMENT_FLAGS.find((candidate) => `--${candidate.name}` === words[at]);
      assert.ok(flag, advice.flags);
      given.push({ flag, text: words[at + 1]! });
    }
    assert.deepEqual([...readFlags(EXPERIMENT_FLAGS, given).canonical].sort(), [...words].sort());
  });
}
