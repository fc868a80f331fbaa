/**
 * The running kernel as a Backend, and its costs. This side stays in the namespace that the user is in: it refuses what
 * cannot be live, starts the program inside, hands progress to the observer, passes on a request to stop. What runs is
 * child.ts.
 */
import { fileURLToPath } from "node:url";
import { releaseFor } from "../kernel/release.js";
import type { Backend, Observer } from "../report/backend.js";
import type { MeasuredCosts, Measurement } from "../report/measurement.js";
import { median } from "../report/median.js";
import { UsageError } from "../scenario/errors.js";
import type { ListenerScenario, Scenario } from "../scenario/scenario.js";
import { liveHost } from "./host/host.js";
import { LiveImpossibleError } from "./host/impossible.js";
import { requireNamespaces, spawnInNamespace } from "./host/namespace.js";
import { refuseUnlive } from "./host/refusal.js";
import { loadSystemCalls } from "./host/system-calls.js";
import type { Daemon, FromChild, Order, ToChild } from "./messages.js";
import { asConntrackd, requireConntrackd } from "./readers/conntrackd.js";
import { asProgram, type ProgramCommand } from "./readers/program.js";
import type { LiveRecording } from "./run/recording.js";

/** How often a request to stop is looked for between two reports of progress. */
const LISTENING_MILLISECONDS = 50;

const SILENT: Observer = { progress: () => {}, stopRequested: () => false };

interface LiveOptions {
  /** Called with each run that the format of recordings can say. */
  recorded?(recording: LiveRecording): void;
  /** Reads in the place of the first listener. */
  daemon?: Daemon | null;
}

/**
 * Its runs throw UsageError when the scenario cannot be live on this machine, and LiveImpossibleError when nothing can.
 */
export function liveBackend({ recorded, daemon = null }: LiveOptions = {}): Backend {
  return {
    async run(wanted, observer = SILENT) {
      const host = liveHost();
      const [first, ...others] = wanted.listeners;
      const scenario = daemon === null ? wanted : { ...wanted, listeners: [asDaemon(first!, daemon), ...others] };
      refuseUnlive(scenario, host, daemon !== null);
      if (daemon === "conntrackd") requireConntrackd();
      const { report, recording } = await answerTo({ what: "run", scenario, daemon, host }, "report", observer);
      if (recording !== null) recorded?.(recording);
      return report;
    },
  };
}

/** What things cost on this machine, with the sysctls of a scenario, measured some times. Throws what a run throws. */
export async function measuredCosts(scenario: Scenario): Promise<readonly MeasuredCosts[]> {
  refuseUnlive(scenario, liveHost());
  return (await answerTo({ what: "calibrate", scenario }, "costs", SILENT)).costs;
}

/** What a message costs a program, and everything else this machine. Throws what a run throws. */
export async function measuredProgram(
  scenario: Scenario,
  command: ProgramCommand,
  { progress, stopRequested }: { progress(done: number, of: number): void; stopRequested(): boolean },
): Promise<Measurement> {
  const [first] = scenario.listeners;
  const read = { ...scenario, listeners: [asProgram(first!)] };
  refuseUnlive(read, liveHost(), true);
  const costs = medianCosts(await measuredCosts(scenario));
  const order = { what: "measure" as const, scenario: { ...read, costs: { ...scenario.costs, ...costs } }, command };
  const stages = { progress: () => {}, stopRequested, stage: progress };
  return (await answerTo(order, "measurement", stages)).measurement;
}

/** Of each cost, over the rounds of a measurement. */
export function medianCosts(rounds: readonly MeasuredCosts[]): MeasuredCosts {
  const keys = Object.keys(rounds[0]!) as (keyof MeasuredCosts)[];
  const medians = keys.map((key) => [key, Math.round(median(rounds.map((round) => round[key])))] as const);
  return Object.fromEntries(medians) as unknown as MeasuredCosts;
}

/** Why nothing can run live on this machine, in a sentence; null: something can. */
export async function whyNotLive(): Promise<string | null> {
  const { system, release } = liveHost();
  if (system !== "Linux") return `live mode needs Linux, this is ${system}`;
  if (releaseFor(release) === null) return `live mode knows no Linux ${release}`;
  try {
    await loadSystemCalls();
    requireNamespaces();
    return null;
  } catch (error) {
    if (error instanceof LiveImpossibleError) return error.message;
    throw error;
  }
}

function asDaemon(listener: ListenerScenario, daemon: Daemon): ListenerScenario {
  return daemon === "conntrackd" ? asConntrackd(listener) : asProgram(listener);
}

type Answer<What extends FromChild["what"]> = Extract<FromChild, { what: What }>;

/** Gives an order to a program in a namespace of its own and waits for its answer; both are gone afterwards. */
async function answerTo<What extends "report" | "costs" | "measurement">(
  order: Order,
  what: What,
  observer: Observer & { stage?(done: number, of: number): void },
): Promise<Answer<What>> {
  // Not installed is better said here than from inside.
  await loadSystemCalls();
  const program = fileURLToPath(new URL("./child.js", import.meta.url));
  const child = spawnInNamespace(program, order.what === "run" && order.daemon === "conntrackd");
  let errors = "";
  child.stderr!.on("data", (text) => {
    errors += text;
  });
  const tell = (message: ToChild): void => void child.send(message);
  const listening = setInterval(() => {
    if (!observer.stopRequested() || !child.connected) return;
    clearInterval(listening);
    tell({ what: "stop" });
  }, LISTENING_MILLISECONDS);
  try {
    return await new Promise((resolve, reject) => {
      child.on("message", (message: FromChild) => {
        if (message.what === "progress") void observer.progress(message.progress);
        else if (message.what === "stage") observer.stage?.(message.done, message.of);
        else if (message.what === "failure") reject(failureOf(message));
        else if (message.what === what) resolve(message as Answer<What>);
      });
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        const said = errors.trim();
        reject(new Error(`the process in the namespace ended with ${signal ?? code}${said === "" ? "" : `: ${said}`}`));
      });
      tell(order);
    });
  } finally {
    clearInterval(listening);
    child.kill("SIGKILL");
  }
}

function failureOf({ kind, text, stack }: Answer<"failure">): Error {
  if (kind === "impossible") return new LiveImpossibleError(text);
  if (kind === "usage") return new UsageError(text);
  const error = new Error(text);
  error.stack = stack;
  return error;
}
