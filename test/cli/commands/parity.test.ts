/** `parity` with another simulator in the place of the kernel: what the command does with what it is given. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { type Dependencies, installed, type Live } from "../../../src/cli/dependencies.js";
import { resolveScenario } from "../../../src/scenario/defaults.js";
import type { Parity } from "../../../src/study/parity.js";
import { run } from "../harness.js";

const folder = mkdtempSync(path.join(tmpdir(), "ct-reliable-parity-"));
after(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, "own.yaml");
writeFileSync(file, "title: own\nscenario:\n  experiment: flush\n  connections: 40\n  ratePerSecond: 1000\n");

const COSTS = {
  packetNanoseconds: 2000,
  flushEntryNanoseconds: 900,
  attemptNanoseconds: 500,
  recvNanoseconds: 800,
  wakeupNanoseconds: 5000,
};
const real = await installed.live();
/** What the live backend was asked to run, and what it tells of each run beside its report. */
function machine(ran: string[] = [], change: Partial<Live> = {}): Partial<Dependencies> {
  const live: Live = {
    ...real,
    whyNotLive: async () => null,
    measuredCosts: async () => [COSTS],
    liveBackend: ({ recorded } = {}) => ({
      async run(scenario, observer) {
        const simulator = await installed.backend();
        ran.push(scenario.seed);
        recorded?.({ tool: "test", scenario: { connections: scenario.connections } } as never);
        return simulator.run(scenario, observer ?? { progress() {}, stopRequested: () => false });
      },
    }),
    ...change,
  };
  return { live: async () => live, backend: installed.backend };
}
const parity = (argv: readonly string[], dependencies: Partial<Dependencies>) =>
  run(["parity", ...argv], { resolve: resolveScenario, dependencies });

describe("parity", () => {
  test("runs a file as often as it is asked to, and gives the figures of both sides", async () => {
    const ran: string[] = [];
    const { code, stdout, stderr } = await parity([file, "--runs", "2", "--format", "json"], machine(ran));
    assert.deepEqual([code, stderr], [0, ""]);
    const { runs, cases } = JSON.parse(stdout) as Parity;
    assert.deepEqual([ran.length, runs, cases.map(({ name }) => name)], [2, 2, ["own"]]);
    const created = cases[0]!.metrics.find(({ metric }) => metric === "table.created");
    assert.deepEqual(created!.live, { min: 40, median: 40, max: 40 });
    assert.equal(created!.inside, true);
  });

  test("--record has a line for every live run", async () => {
    const recorded = path.join(folder, "kernel.jsonl");
    const { code } = await parity([file, "--runs", "3", "--record", recorded, "--quiet"], machine());
    assert.equal(code, 0);
    const lines = readFileSync(recorded, "utf8").trim().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).scenario.connections),
      [40, 40, 40],
    );
  });

  test("--only takes a part of the built-in ones, and says which there are where it is of none", async () => {
    const { code, stdout, stderr } = await parity(["--only", "drian"], machine());
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^ct-reliable: --only: expected a part of [^\n]+, got "drian"[^\n]*\n$/);
  });

  test("where the kernel cannot be had it says why and runs nothing", async () => {
    const ran: string[] = [];
    const impossible = machine(ran, { whyNotLive: async () => "no kernel of ours" });
    const { code, stdout, stderr } = await parity([file], impossible);
    assert.deepEqual([code, stdout, ran], [3, "", []]);
    assert.match(stderr, /no kernel of ours/);
  });
});
