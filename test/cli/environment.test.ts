import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Overrides } from "../../src/scenario/defaults.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { run } from "./harness.js";

const overridesOf = async (argv: readonly string[], env: Record<string, string>): Promise<Overrides | undefined> => {
  const { code, stderr, overrides } = await run(["flood", "--format", "json", ...argv], { env });
  assert.deepEqual([code, stderr], [0, ""]);
  return overrides;
};

describe("a variable of the environment", () => {
  test("stands for the flag of its name", async () => {
    assert.deepEqual(await overridesOf([], { CT_RELIABLE_NF_CONNTRACK_MAX: "4k", CT_RELIABLE_HZ: "100" }), {
      nfConntrackMax: 4000,
      hz: 100,
    });
  });

  test("gives way to the flag, and to a flag of the same load", async () => {
    assert.deepEqual(await overridesOf(["--hz", "250"], { CT_RELIABLE_HZ: "100" }), { hz: 250 });
    const env = { CT_RELIABLE_CONNECTIONS: "100", CT_RELIABLE_RATE: "10/s" };
    assert.deepEqual(await overridesOf([], env), { connections: 100, ratePerSecond: 10 });
    assert.deepEqual(await overridesOf(["--duration", "5s"], env), { ratePerSecond: 10, durationSeconds: 5 });
    assert.deepEqual(await overridesOf(["--duration", "5s", "--rate", "7/s"], env), {
      ratePerSecond: 7,
      durationSeconds: 5,
    });
    assert.deepEqual(
      await overridesOf(["--connections", "7"], { CT_RELIABLE_RATE: "10/s", CT_RELIABLE_DURATION: "5s" }),
      {
        connections: 7,
        ratePerSecond: 10,
      },
    );
  });

  test("that is empty is not set, and a switch is on or off", async () => {
    assert.deepEqual(await overridesOf([], { CT_RELIABLE_HZ: "", CT_RELIABLE_NO_FLUSH: "" }), {});
    for (const on of ["1", "true"])
      assert.deepEqual(await overridesOf([], { CT_RELIABLE_NO_FLUSH: on }), { flush: false });
    for (const off of ["0", "false"]) assert.deepEqual(await overridesOf([], { CT_RELIABLE_NO_FLUSH: off }), {});
  });

  test("that is wrong is named in the sentence", async () => {
    for (const [name, text, sentence] of [
      ["CT_RELIABLE_HZ", "200", 'CT_RELIABLE_HZ: expected 100, 250, 300 or 1000, got "200"'],
      ["CT_RELIABLE_NO_FLUSH", "yes", 'CT_RELIABLE_NO_FLUSH: expected 1, true, 0 or false, got "yes"'],
    ] as const) {
      const { code, stderr, ran } = await run(["flood"], { env: { [name]: text } });
      assert.deepEqual([code, stderr, ran], [2, `ct-reliable: ${sentence}\n`, undefined]);
    }
    const env = { CT_RELIABLE_BUFFER_MAX: "1k" };
    const between = await run(["flood"], { env, resolve: resolveScenario });
    assert.equal(between.stderr, "ct-reliable: CT_RELIABLE_BUFFER_MAX: expected at least --buffer (2048), got 1024\n");
    const typed = await run(["flood", "--buffer-max=1k"], { env, resolve: resolveScenario });
    assert.equal(typed.stderr, "ct-reliable: --buffer-max: expected at least --buffer (2048), got 1024\n");
    const beside = await run(["flood", "--hz", "100"], { env: { CT_RELIABLE_HZ: "200" } });
    assert.equal(beside.code, 0, "what gives way is not read");
  });

  test("that stands for no flag of any command is noted, with a suggestion", async () => {
    const { code, stderr } = await run(["flood", "--format", "json"], {
      env: { CT_RELIABLE_CONECTIONS: "5", CT_RELIABLE_DEBUG: "1", CT_RELIABLE_ONLY: "x" },
    });
    assert.equal(code, 0);
    assert.equal(
      stderr,
      'ct-reliable: note: CT_RELIABLE_CONECTIONS in the environment stands for no flag, did you mean "CT_RELIABLE_CONNECTIONS"?\n',
    );
  });

  test("is in the command that repeats the run", async () => {
    const { stdout } = await run(["flood"], { env: { CT_RELIABLE_HZ: "100" } });
    assert.match(stdout, /"command":"ct-reliable flood --hz 100 --seed standard"/);
  });
});
