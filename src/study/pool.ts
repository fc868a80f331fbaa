/**
 * Many runs on all cores: worker threads that each take the next scenario when they are done with one. It owns the threads and
 * nothing of what runs in them (run-worker.ts). A run depends on its scenario alone, so it does not matter which thread has
 * it; reports are told as they come, with the place of their scenario.
 */
import { Worker } from "node:worker_threads";
import type { Backend, Observer } from "../report/backend.js";
import type { Report } from "../report/report.js";
import type { Scenario } from "../scenario/scenario.js";
import type { RunAll } from "./suite.js";

/** A worker takes a while to start: with fewer runs than this for each it is not worth it. */
const RUNS_OF_A_WORKER = 2;

/** Answer of a worker: the report, or what went wrong in it. */
export type Answer = { report: Report } | { error: string };

/** `breathe`: gives the event loop its turn while runs go on in this thread. */
export function pool(workers: number, here: Backend, breathe: Observer["progress"]): RunAll {
  return async (scenarios, tell) => {
    const { signal } = tell;
    const size = Math.min(workers, Math.floor(scenarios.length / RUNS_OF_A_WORKER));
    let next = 0;
    const take = (): number => (next < scenarios.length && !signal.aborted ? next++ : -1);
    if (size > 1) {
      const failed = (error: unknown): never => {
        // The others end with the run that they have.
        next = scenarios.length;
        throw error;
      };
      await Promise.all(Array.from({ length: size }, () => work(scenarios, take, tell).catch(failed)));
      return;
    }
    const observer: Observer = { progress: breathe, stopRequested: () => signal.aborted };
    for (let index = take(); index >= 0; index = take()) {
      const report = await here.run(scenarios[index]!, observer);
      if (report.interrupted !== true) tell.done(index, report);
    }
  };
}

async function work(scenarios: readonly Scenario[], take: () => number, tell: Parameters<RunAll>[1]): Promise<void> {
  const worker = new Worker(new URL("./run-worker.js", import.meta.url));
  try {
    for (let index = take(); index >= 0; index = take()) {
      const answer = await ask(worker, scenarios[index]!, tell.signal);
      if (answer === null) return;
      if ("error" in answer) throw new Error(answer.error);
      tell.done(index, answer.report);
    }
  } finally {
    await worker.terminate();
  }
}

/** Null: the runs were to stop before it answered. */
function ask(worker: Worker, scenario: Scenario, signal: AbortSignal): Promise<Answer | null> {
  return new Promise((resolve, reject) => {
    const answered = (answer: Answer | null): void => {
      forget();
      resolve(answer);
    };
    const failed = (error: Error): void => {
      forget();
      reject(error);
    };
    const ended = (code: number): void => failed(new Error(`a worker ended with code ${code}`));
    const stopped = (): void => answered(null);
    const forget = (): void => {
      signal.removeEventListener("abort", stopped);
      worker.off("message", answered).off("error", failed).off("exit", ended);
    };
    signal.addEventListener("abort", stopped);
    worker.on("message", answered).on("error", failed).on("exit", ended);
    worker.postMessage(scenario);
  });
}
