/** Listeners as real programs set them up: what a name brings, and what wins over it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { LISTENER } from "../../src/scenario/parameters/listener.js";
import { PRESET_NAMES, presetOf } from "../../src/scenario/parameters/preset.js";
import type { ListenerScenario } from "../../src/scenario/scenario.js";
import { finished, flushScenario } from "../simulation/scenarios.js";

const first = (listener: Partial<ListenerScenario>): ListenerScenario =>
  resolveScenario("flood", { kernel: "6.12.57", listeners: [listener] }).listeners[0]!;

describe("a preset of a listener", () => {
  for (const preset of PRESET_NAMES) {
    test(`${preset} sets parameters that there are, and the scenario tells its name`, () => {
      const { sets } = presetOf(preset);
      for (const key of Object.keys(sets)) assert.ok(key in LISTENER.properties, key);
      const listener = first({ preset });
      assert.equal(listener.preset, preset);
      for (const [key, value] of Object.entries(sets)) {
        assert.deepEqual(listener[key as keyof ListenerScenario], value, key);
      }
    });
  }

  test("gives way to what is given beside it", () => {
    const listener = first({ preset: "conntrackd", policy: "reliable", bufferMaxBytes: null });
    assert.deepEqual([listener.policy, listener.bufferMaxBytes], ["reliable", null]);
    assert.equal(listener.bufferBytes, 1_048_576);
  });

  test("is for every listener", () => {
    const { listeners } = resolveScenario("flood", { listeners: [{}, { preset: "ulogd" }] });
    assert.equal(listeners[1]!.overrunAs, "ulogd");
  });

  test("ulogd grows as ulogd was measured to: 434,176 to 1,736,704 at the first ENOBUFS, and not again", () => {
    const scenario = flushScenario({
      kernel: "6.12.57",
      connections: 20_000,
      listeners: [{ preset: "ulogd", slowFrom: "start", smallFrom: "start" }],
    });
    const run = finished(scenario);
    assert.ok(run.kernel.sockets[0]!.enobufs > 0);
    assert.equal(run.kernel.sockets[0]!.rcvbufBytes, 1_736_704);
  });
});
