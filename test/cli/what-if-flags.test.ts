import assert from "node:assert/strict";
import { test } from "node:test";
import { EXPERIMENT_FLAGS } from "../../src/cli/experiment.js";
import { type Given, readFlags } from "../../src/cli/flag.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import type { ListenerScenario } from "../../src/scenario/scenario.js";
import { simulate } from "../../src/simulation/simulation.js";
import { allChanges, promisingChanges } from "../../src/study/change.js";

const listener = (fields: Partial<ListenerScenario>): Overrides => ({ connections: 300, listeners: [fields] });

const SUBJECTS: readonly Overrides[] = [
  listener({}),
  listener({ policy: "lossy", serviceDistribution: "exponential" }),
  listener({ bufferMaxBytes: 4096, resyncAfterNanoseconds: 20_000_000_000 }),
  { ...listener({ bufferBytes: 1_048_576 }), limitSeconds: 2, nfConntrackMax: 400 },
  { ...listener({ serviceNanoseconds: 1_234_567 }), kernel: "6.18.44" },
  listener({ serviceNanoseconds: 1_000_000, portidServiceNanoseconds: 3_000_000 }),
];

/** As the command line reads the text of a change. */
function read(flags: string): Overrides {
  const words = flags.split(" ");
  const given = words.flatMap((word, index): Given[] => {
    const flag = EXPERIMENT_FLAGS.find(({ name }) => word === `--${name}`);
    return flag === undefined ? [] : [{ flag, text: words[index + 1]! }];
  });
  assert.equal(2 * given.length, words.length, flags);
  return readFlags(EXPERIMENT_FLAGS, given).overrides;
}

test("the flags of a change are what it changes", () => {
  for (const subject of SUBJECTS) {
    const report = simulate(resolveScenario("flush", subject));
    const changes = [...promisingChanges(report), ...allChanges(report)];
    assert.ok(changes.length > 8);
    for (const { flags, overrides } of changes) assert.deepEqual(read(flags), overrides, flags);
  }
});
