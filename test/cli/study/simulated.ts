/** The command line on the simulator in this thread, in a folder of its own. It tests nothing itself. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installed } from "../../../src/cli/dependencies.js";
import { resolveScenario } from "../../../src/scenario/defaults.js";
import { simulate } from "../../../src/simulation/simulation.js";
import { type Outcome, run, type Setup } from "../harness.js";

export function simulated(argv: readonly string[], setup: Setup = {}): Promise<Outcome> {
  return run(argv, {
    resolve: resolveScenario,
    backend: (scenario) => simulate(scenario),
    dependencies: { renderers: installed.renderers },
    ...setup,
  });
}

export async function inFolder<T>(act: (pathOf: (name: string) => string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "ct-reliable-"));
  try {
    return await act((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
