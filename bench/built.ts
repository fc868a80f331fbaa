/** What the package's bundle has for the rows: see bundle.ts. */
import { BUILT } from "./bundle.js";

const built = (file: string): string => new URL(file, BUILT).href;

export const { resolveScenario, simulate, simulation } = (await import(
  built("index.js")
)) as typeof import("../src/index.js");
export const { Run } = (await import(built("loop.js"))) as typeof import("../src/simulation/loop.js");
export const { liveBackend, whyNotLive } = (await import(built("live.js"))) as typeof import("../src/live/live.js");
export const { liveHost, liveOverrides } = (await import(
  built("host.js")
)) as typeof import("../src/live/host/host.js");
export const { prepareEngine } = (await import(built("engine.js"))) as typeof import("../src/cli/engine.js");
