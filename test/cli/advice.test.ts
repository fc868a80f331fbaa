/** What the report advises can be typed: each flag exists, its value is read, and it is in canonical form already. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Live } from "../../src/cli/dependencies.js";
import { EXPERIMENT_FLAGS } from "../../src/cli/experiment.js";
import { readFlags } from "../../src/cli/flag.js";
import { simulate } from "../../src/simulation/simulation.js";
import { adviceOn } from "../../src/study/advice.js";
import { floodScenario, flushScenario } from "../simulation/scenarios.js";
import { run, stubReport } from "./harness.js";

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

test("a live run is advised on with what its own machine costs, and not with --no-advice or an unmeasured conntrackd", async () => {
  const advised = async (...more: string[]): Promise<number> => {
    let calls = 0;
    const live: Partial<Live> = {
      liveHost: () => ({}) as ReturnType<Live["liveHost"]>,
      liveOverrides: () => ({}),
      refuseUnlive() {},
      liveBackend: () => ({ run: async (scenario) => stubReport(scenario, { backend: "live", program: null }) }),
    };
    const { code, stderr } = await run(["flush", "--live", ...more], {
      dependencies: {
        live: async () => live as Live,
        advisor: async () => ({
          adviceOn: () => assert.fail("of a simulation"),
          hiddenRulesOn: () => assert.fail("of a simulation"),
          adviceOnLive: async () => {
            calls++;
            return [];
          },
        }),
      },
    });
    assert.equal(code, 0, stderr);
    return calls;
  };
  assert.deepEqual([await advised(), await advised("--no-advice"), await advised("--daemon", "conntrackd")], [1, 0, 0]);
});
