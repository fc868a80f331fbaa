/**
 * The rules between the values of a listener: a sentence for each contradiction, and nothing against what is none.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { UsageError } from "../../src/scenario/errors.js";
import type { ListenerScenario } from "../../src/scenario/scenario.js";

describe("a listener is refused", () => {
  const refusal = (listener: Partial<ListenerScenario>): string => {
    try {
      resolveScenario("flush", { listeners: [listener] });
    } catch (error) {
      assert.ok(error instanceof UsageError);
      return error.message;
    }
    return "accepted";
  };

  test("whose buffer would grow to less than it has", () => {
    assert.equal(
      refusal({ bufferBytes: 4096, bufferMaxBytes: 2048 }),
      "listeners.0.bufferMaxBytes: expected at least listeners.0.bufferBytes (4096), got 2048",
    );
    assert.equal(refusal({ bufferBytes: 4096, bufferMaxBytes: 4096 }), "accepted");
  });

  test("that stops at an ENOBUFS and is to do something about it", () => {
    const expected = "listeners.0.stopsAtEnobufs: expected a reader that does nothing after its first ENOBUFS, got ";
    assert.equal(
      refusal({ stopsAtEnobufs: true, bufferMaxBytes: 4096 }),
      `${expected}listeners.0.bufferMaxBytes beside it`,
    );
    assert.equal(
      refusal({ stopsAtEnobufs: true, resyncAfterNanoseconds: 1 }),
      `${expected}listeners.0.resyncAfterNanoseconds beside it`,
    );
    assert.equal(refusal({ stopsAtEnobufs: true }), "accepted");
  });
});

test("a seed that would be drawn is none for whoever wants the same run again", () => {
  assert.throws(
    () => resolveScenario("flush", { seed: "random" }),
    /seed: expected a seed that repeats the run, got random$/,
  );
});
