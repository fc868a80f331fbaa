/**
 * The package as a library: resolve a scenario, simulate it, render the report. The same functions that the command
 * line uses; no I/O, no clock.
 *
 * @example const report = simulate(resolveScenario("flush", { connections: 5000, kernel: "6.18.44" }));
 * console.log(report.dying.emptyAfterFlushSeconds);
 */

export type { Renderer, RenderOptions } from "./render/renderer.js";
export { renderers } from "./render/renderers.js";
export type { Backend, Observer, Progress } from "./report/backend.js";
export type { DaemonReport, EventCounts, Report, SocketReport } from "./report/report.js";
export { type Overrides, resolveScenario } from "./scenario/defaults.js";
export { UsageError } from "./scenario/errors.js";
export type { Costs, KernelConfig, ListenerScenario, Policy, Scenario } from "./scenario/scenario.js";
export { simulate, simulation } from "./simulation/simulation.js";
