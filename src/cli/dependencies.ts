/**
 * What the commands run on: the backend, the resolver of scenarios, the renderers, the explainer, each behind a loader, so
 * that `--help` and `--version` never wait for the simulator and tests put stubs in their places; and the machine's own
 * kernel. It decides nothing.
 */
import os from "node:os";
import type { explainBuffer } from "../kernel/netlink/capacity.js";
import type { Backend } from "../report/backend.js";
import type { renderExplanation, renderReleaseTable } from "../report/explanation.js";
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
  explainer(): Promise<Explainer>;
  /** As uname -s and uname -r say it. */
  host(): { system: string; release: string };
}

export interface Explainer {
  explainBuffer: typeof explainBuffer;
  renderExplanation: typeof renderExplanation;
  renderReleaseTable: typeof renderReleaseTable;
}

export const installed: Dependencies = {
  backend: async () => (await import("../simulation/simulation.js")).simulation,
  resolve: async () => (await import("../scenario/defaults.js")).resolveScenario,
  renderers: async () => (await import("../report/renderers.js")).renderers,
  explainer: async () => ({
    ...(await import("../kernel/netlink/capacity.js")),
    ...(await import("../report/explanation.js")),
  }),
  host: () => ({ system: os.type(), release: os.release() }),
};
