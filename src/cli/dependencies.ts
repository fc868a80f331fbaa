/**
 * What the commands run on: the backend, the resolver of scenarios, the renderers, the explainer, each behind a loader,
 * so that `--help` and `--version` never wait for the simulator and tests put stubs in their places; and the machine's
 * own kernel. It decides nothing.
 */
import { readFileSync } from "node:fs";
import os from "node:os";
import { setTimeout } from "node:timers/promises";
import type { renderExplanation, renderReleaseTable } from "../explain/screen.js";
import type { explainBuffer } from "../explain/sentences.js";
import type { RunningKernel } from "../kernel/vendor.js";
import type { liveHost, liveOverrides } from "../live/host/host.js";
import type { refuseUnlive } from "../live/host/refusal.js";
import type { liveBackend, measuredCosts, measuredProgram, medianCosts, whyNotLive } from "../live/live.js";
import type { renderJson } from "../render/json.js";
import type { measurementRenderers } from "../render/measurement.js";
import type { parityRenderers } from "../render/parity.js";
import type { Renderer } from "../render/renderer.js";
import type { Format } from "../render/renderers.js";
import type { Backend } from "../report/backend.js";
import type { Report } from "../report/report.js";
import type { Overrides } from "../scenario/defaults.js";
import type { readScenarioFiles } from "../scenario/file.js";
import type { printScenarioFile } from "../scenario/print.js";
import type { Experiment, Scenario } from "../scenario/scenario.js";
import type { adviceOn } from "../study/advice.js";
import type { hiddenRulesOn } from "../study/hidden-rules.js";
import type { adviceOnLive } from "../study/live-advice.js";
import type { parity } from "../study/parity.js";
import type { paritySet } from "../study/parity-set.js";
import type { pool } from "../study/pool.js";
import type { planSuite, refuseTooMany, runSuite } from "../study/suite.js";
import type { conversationOf } from "../trace/addresses.js";
import type { renderLife, storyOf } from "../trace/life-text.js";
import type { STREAM_FORMS } from "../trace/stream.js";
import type { traceLife, traceMessages } from "../trace/trace.js";

export type Resolve = (experiment: Experiment, overrides: Overrides) => Scenario;

export interface Dependencies {
  backend(): Promise<Backend>;
  resolve(): Promise<Resolve>;
  renderers(): Promise<Readonly<Record<Format, Renderer>>>;
  explainer(): Promise<Explainer>;
  suites(): Promise<Suites>;
  live(): Promise<Live>;
  tracing(): Promise<Tracing>;
  parities(): Promise<Parities>;
  studies(): Promise<Studies>;
  advisor(): Promise<Advisors>;
  measurements(): Promise<Measurements>;
  surveying(): Promise<Surveying>;
  /** How many runs go on at once. */
  cores(): number;
  /** That can be had without taking it from others. */
  memoryBytes(): number;
  /** As uname -s, -r and -v say it, and Ubuntu's own file. */
  host(): RunningKernel & { system: string };
}

/** Of a simulated run, and of a live one. */
interface Advisors {
  adviceOn: typeof adviceOn;
  hiddenRulesOn: typeof hiddenRulesOn;
  adviceOnLive: typeof adviceOnLive;
}

/** The running kernel. */
export interface Live {
  medianCosts: typeof medianCosts;
  liveBackend: typeof liveBackend;
  liveHost: typeof liveHost;
  liveOverrides: typeof liveOverrides;
  refuseUnlive: typeof refuseUnlive;
  measuredCosts: typeof measuredCosts;
  measuredProgram: typeof measuredProgram;
  whyNotLive: typeof whyNotLive;
}

/** Live runs and simulated ones side by side. */
export interface Parities {
  parity: typeof parity;
  paritySet: typeof paritySet;
  parityRenderers: typeof parityRenderers;
}

/** Many runs, and what they say together. */
export type Studies = Pick<typeof import("../study/grid.js"), "checkStudy" | "measuresFor"> &
  Pick<typeof import("../study/runs.js"), "Runs" | "headerLine" | "readRuns" | "resumed" | "runLine"> &
  Pick<typeof import("../study/sweep.js"), "sweep"> &
  Pick<typeof import("../study/compare.js"), "firstRuns"> &
  Pick<typeof import("../study/merge.js"), "merged"> &
  Pick<typeof import("../study/pool.js"), "pool"> &
  Pick<typeof import("../study/size.js"), "sizeUp"> &
  Pick<typeof import("../study/suite.js"), "knowledgeOf"> &
  Pick<typeof import("../study/what-if.js"), "whatIf" | "whatIfBudget"> &
  Pick<typeof import("../scenario/merge.js"), "mergeParameters"> &
  Pick<typeof import("../report/verdict.js"), "bindExpectation"> &
  Pick<typeof import("../study/advice.js"), "whatIfOf"> &
  Pick<typeof import("../render/study/study.js"), "TOOL" | "renderSize" | "renderStudy">;

/** What a message costs a program. */
interface Measurements {
  measurementRenderers: typeof measurementRenderers;
}

/** What is set on a host, who listens there, and what a flush would do. */
export type Surveying = Pick<
  typeof import("../live/host/survey.js"),
  "readingOf" | "sampleOf" | "surveyOf" | "thisHost"
> &
  Pick<typeof import("../explain/host-flush.js"), "assumptionsOf" | "hostScenario" | "hostVerdicts"> &
  Pick<typeof import("../render/host.js"), "renderHost" | "sampleTable"> &
  Pick<typeof import("../scenario/print.js"), "printScenarioFile"> &
  Pick<Tracing, "TOOL"> & {
    /** Resolves after so long, or at once when the signal comes; true: it came. */
    pause(milliseconds: number, signal: AbortSignal): Promise<boolean>;
    /** By a clock that never goes back. */
    seconds(): number;
  };

/** What a set of scenario files needs. */
export interface Suites {
  readScenarioFiles: typeof readScenarioFiles;
  printScenarioFile: typeof printScenarioFile;
  planSuite: typeof planSuite;
  refuseTooMany: typeof refuseTooMany;
  runSuite: typeof runSuite;
  pool: typeof pool;
}

/** Runs that are listened to. */
export interface Tracing {
  TOOL: Report["tool"];
  conversationOf: typeof conversationOf;
  renderJson: typeof renderJson;
  renderLife: typeof renderLife;
  storyOf: typeof storyOf;
  STREAM_FORMS: typeof STREAM_FORMS;
  traceLife: typeof traceLife;
  traceMessages: typeof traceMessages;
}

export interface Explainer {
  explainBuffer: typeof explainBuffer;
  renderExplanation: typeof renderExplanation;
  renderReleaseTable: typeof renderReleaseTable;
}

export const installed: Dependencies = {
  backend: async () => (await import("./engine.js")).simulator,
  resolve: async () => (await import("../scenario/defaults.js")).resolveScenario,
  renderers: async () => (await import("../render/renderers.js")).renderers,
  explainer: async () => ({
    ...(await import("../explain/sentences.js")),
    ...(await import("../explain/screen.js")),
  }),
  suites: async () => ({
    ...(await import("../scenario/file.js")),
    ...(await import("../scenario/print.js")),
    ...(await import("../study/suite.js")),
    ...(await import("../study/pool.js")),
  }),
  tracing: async () => ({
    ...(await import("../trace/trace.js")),
    ...(await import("../trace/stream.js")),
    ...(await import("../trace/addresses.js")),
    ...(await import("../trace/life-text.js")),
    ...(await import("../render/json.js")),
    TOOL: { name: "ct-reliable", version: (await import("../report/version.js")).TOOL_VERSION },
  }),
  live: async () => ({
    ...(await import("../live/live.js")),
    ...(await import("../live/host/host.js")),
    ...(await import("../live/host/refusal.js")),
  }),
  parities: async () => ({
    ...(await import("../study/parity.js")),
    ...(await import("../study/parity-set.js")),
    ...(await import("../render/parity.js")),
  }),
  studies: async () => ({
    ...(await import("../study/grid.js")),
    ...(await import("../study/runs.js")),
    ...(await import("../study/sweep.js")),
    ...(await import("../study/compare.js")),
    ...(await import("../study/merge.js")),
    ...(await import("../study/pool.js")),
    ...(await import("../study/size.js")),
    ...(await import("../study/suite.js")),
    ...(await import("../study/what-if.js")),
    ...(await import("../scenario/merge.js")),
    ...(await import("../report/verdict.js")),
    ...(await import("../render/study/study.js")),
    ...(await import("../study/advice.js")),
  }),
  advisor: async () => ({
    ...(await import("../study/advice.js")),
    ...(await import("../study/hidden-rules.js")),
    ...(await import("../study/live-advice.js")),
  }),
  measurements: () => import("../render/measurement.js"),
  surveying: async () => ({
    ...(await import("../live/host/survey.js")),
    ...(await import("../explain/host-flush.js")),
    ...(await import("../render/host.js")),
    ...(await import("../scenario/print.js")),
    TOOL: { name: "ct-reliable", version: (await import("../report/version.js")).TOOL_VERSION },
    pause: (milliseconds, signal) =>
      setTimeout(milliseconds, undefined, { signal }).then(
        () => false,
        () => true,
      ),
    seconds: () => performance.now() / 1000,
  }),
  cores: () => os.availableParallelism(),
  memoryBytes: () => os.freemem(),
  host: () => ({ system: os.type(), release: os.release(), version: os.version(), signature: versionSignature() }),
};

/** Null on every system but Ubuntu. */
function versionSignature(): string | null {
  try {
    return readFileSync("/proc/version_signature", "latin1");
  } catch {
    return null;
  }
}
