/**
 * What the commands run on: the backend, the resolver of scenarios and the renderers, each behind a loader, so that
 * `--help` and `--version` never wait for the simulator and tests put stubs in their places. It decides nothing.
 */
import type { Backend } from "../report/backend.js";
import type { Renderer, renderers } from "../report/renderers.js";
import type { Overrides } from "../scenario/defaults.js";
import type { Experiment, Scenario } from "../scenario/scenario.js";

export type Resolve = (experiment: Experiment, overrides: Overrides) => Scenario;

/** The names that --format takes. */
export type Format = keyof typeof renderers;

export interface Dependencies {
  backend(): Promise<Backend>;
  resolve(): Promise<Resolve>;
  renderers(): Promise<Readonly<Record<Format, Renderer>>>;
}

export const installed: Dependencies = {
  backend: async () => (await import("../simulation/simulation.js")).simulation,
  resolve: async () => (await import("../scenario/defaults.js")).resolveScenario,
  renderers: async () => (await import("../report/renderers.js")).renderers,
};
