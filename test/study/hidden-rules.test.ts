/** What a kernel's name does not tell, by runs. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hiddenRulesText } from "../../src/render/text/hidden-rules.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import { simulate } from "../../src/simulation/simulation.js";
import { hiddenRulesOn } from "../../src/study/hidden-rules.js";

const EL8 = "4.18.0-553.el8_10.x86_64";

function flushed(overrides: Overrides) {
  return simulate(resolveScenario("flush", { connections: 1000, ...overrides }));
}

describe("what a name does not tell", () => {
  test("is told by runs: each figure is that of the run with the flag", async () => {
    const report = flushed({ kernel: EL8 });
    const { tried } = (await hiddenRulesOn(report))!;
    const [most] = tried;
    assert.equal(most!.flags, "--retry evict-list-inverted");
    const [drain] = most!.better;
    const again = flushed({ kernel: EL8, kernelRules: { retry: "evict-list-inverted" } });
    assert.deepEqual(drain, {
      figure: "drainSeconds",
      before: report.dying.emptyAfterFlushSeconds,
      after: again.dying.emptyAfterFlushSeconds,
    });
    assert.match(
      hiddenRulesText({ ...report, hiddenRules: { tried, unfinished: [] } }),
      /^Of what the name 4\.18\.0\S+ does not tell, --retry evict-list-inverted would change this run most: drain [\d.]+ s → [\d.]+ s\. Of the others: --retry evict-list .*, --admission new .*No effect on it: --gc /,
    );
  });

  test("is first what would make a loss of a run that has none", async () => {
    const { tried } = (await hiddenRulesOn(flushed({ kernel: "4.19.108" })))!;
    const [most] = tried;
    assert.equal(most!.flags, "--kernel-config chain-events=on");
    assert.equal(most!.worse[0]!.figure, "destroyNotArrived");
    assert.equal(most!.worse[0]!.before, 0);
    assert.ok(most!.worse[0]!.after! > 900);
  });

  test("is nothing of a name that tells its level", async () => {
    const report = flushed({ kernel: "6.1.0-47-amd64" });
    assert.equal(await hiddenRulesOn(report), null);
    assert.equal(hiddenRulesText(report), "");
  });

  test("is said to change nothing where it changes nothing", async () => {
    const report = flushed({ kernel: EL8, listeners: [{ bufferBytes: 4_194_304, force: true }] });
    const hiddenRules = (await hiddenRulesOn(report))!;
    assert.match(
      hiddenRulesText({ ...report, hiddenRules }),
      /^What the name 4\.18\.0\S+ does not tell changes nothing/,
    );
  });

  test("is named and not told where its run takes far longer", () => {
    const report = { ...flushed({ kernel: EL8 }), hiddenRules: { tried: [], unfinished: ["--admission new"] } };
    assert.match(hiddenRulesText(report), /^Not told, because its run takes far longer: --admission new\.$/);
  });

  test("stops where the user stops it", async () => {
    const report = flushed({ kernel: EL8 });
    assert.deepEqual(await hiddenRulesOn(report, { stopRequested: () => true }), { tried: [], unfinished: [] });
  });
});
