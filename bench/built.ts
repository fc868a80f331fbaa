/**
 * The compiled package in dist/, which is what users run: measured through a TypeScript loader, its helpers would be
 * measured too.
 */
const built = (file: string): string => new URL(`../dist/${file}`, import.meta.url).href;

export const { resolveScenario, simulate, simulation } = (await import(
  built("index.js")
)) as typeof import("../src/index.js");
export const { Run } = (await import(built("simulation/run.js"))) as typeof import("../src/simulation/run.js");
export const { liveBackend, whyNotLive } = (await import(
  built("live/live.js")
)) as typeof import("../src/live/live.js");
export const { liveHost, liveOverrides } = (await import(
  built("live/host.js")
)) as typeof import("../src/live/host.js");
