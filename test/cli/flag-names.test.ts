import assert from "node:assert/strict";
import { test } from "node:test";
import { flagOf } from "../../src/cli/parameter-flags.js";

test("a parameter is named by the flag that sets it, one of the first listener by its own flag", () => {
  for (const [parameter, flag] of [
    ["ratePerSecond", "--rate"],
    ["timeoutsSeconds", "--timeout"],
    ["listeners.0.bufferBytes", "--buffer"],
    ["listeners.0.decoders", "--decoders"],
    ["listeners.0.policy", "--policy"],
    ["listeners.0.stall", "--reader-stall"],
    ["listeners.0.stopsAtEnobufs", "--stop-at-enobufs"],
    ["listeners.0.groups", "--groups"],
    // Inside of such a description.
    ["listeners.1.decoders", "decoders"],
    ["listeners.1.stall", "stall"],
    // No flag does.
    ["udpPortOpen", "udpPortOpen"],
  ] as const) {
    assert.equal(flagOf(parameter), flag);
  }
});
