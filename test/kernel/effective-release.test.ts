/** The rules of a scenario's kernel: the row of its version, and what is laid over it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { effectiveRelease } from "../../src/kernel/effective-release.js";
import { releaseFor } from "../../src/kernel/release.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import type { KernelRules } from "../../src/scenario/scenario.js";

const rulesOf = (kernel: string, kernelRules: Overrides["kernelRules"] = {}) =>
  effectiveRelease(resolveScenario("flush", { kernel, kernelRules }))!;

describe("the rules of a kernel", () => {
  test("are the row of its version when nothing is said, the very object", () => {
    for (const kernel of ["2.6.31", "5.10.262", "7.3.4"]) assert.equal(rulesOf(kernel), releaseFor(kernel));
  });

  test("differ from it in what was set, and in nothing else", () => {
    const row = releaseFor("5.14.0")!;
    assert.deepEqual(rulesOf("5.14.0", { admission: "new" }), { ...row, admission: "new" });
    assert.deepEqual(rulesOf("5.14.0", { gc: "pass-mean" }), { ...row, gc: "pass-mean" });
  });

  test("have the redelivery of another release whole: its engine, its batch, its deadline", () => {
    const of = (kernel: string, retry: KernelRules["retry"]) => {
      const { redelivery, redeliveryBatch, invertedDeadline } = rulesOf(kernel, { retry });
      return [redelivery, redeliveryBatch, invertedDeadline];
    };
    assert.deepEqual(of("5.14.0", "evict-list-inverted"), ["evict-list", 0, true]);
    assert.deepEqual(of("6.1.100", "evict-list"), ["evict-list", 0, false]);
    assert.deepEqual(of("6.1.100", "workqueue"), ["workqueue", 32, false]);
    assert.deepEqual(of("4.18", "workqueue"), ["workqueue", 16, false]);
    assert.deepEqual(of("3.10", "workqueue"), ["workqueue", 16, false]);
    assert.deepEqual(of("4.8", "timer"), ["timer", 0, false]);
  });

  test("cannot have a timer and a gc worker for the same entry", () => {
    assert.throws(() => rulesOf("3.10", { gc: "pass-mean" }), /expected no gc worker with 3\.10.* got pass-mean/);
    assert.throws(() => rulesOf("5.4", { retry: "timer" }), /expected workqueue, evict-list .* got timer/);
  });
});
