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
      "--buffer-max: expected at least --buffer (4096), got 2048",
    );
    assert.equal(refusal({ bufferBytes: 4096, bufferMaxBytes: 4096 }), "accepted");
  });

  test("with no decoder, a part of one, or more than 16", () => {
    for (const decoders of [0, 1.5, 17]) {
      assert.equal(refusal({ decoders }), `--decoders: expected a whole number from 1 to 16, got ${decoders}`);
    }
    assert.equal(refusal({ decoders: 16 }), "accepted");
  });

  test("that stops at an ENOBUFS and is to do something about it", () => {
    const expected = "--stop-at-enobufs: expected a reader that does nothing after its first ENOBUFS, got ";
    assert.equal(refusal({ stopsAtEnobufs: true, bufferMaxBytes: 4096 }), `${expected}--buffer-max beside it`);
    assert.equal(refusal({ stopsAtEnobufs: true, resyncAfterNanoseconds: 1 }), `${expected}--resync beside it`);
    assert.equal(refusal({ stopsAtEnobufs: true }), "accepted");
  });
});
