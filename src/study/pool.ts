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
      await inThreads(size, (worker) => work(worker, scenarios, take, tell), signal);
      return;
    }
    const observer: Observer = { progress: breathe, stopRequested: () => signal.aborted };
    for (let index = take(); index >= 0; index = take()) {
      const report = await here.run(scenarios[index]!, observer);
      if (report.interrupted !== true) tell.done(index, report);
    }
  };
}

/** All of them end with the first that fails, and where they are when the runs are to stop. */
async function inThreads(size: number, job: (worker: Worker) => Promise<void>, signal: AbortSignal): Promise<void> {
  const workers = Array.from({ length: size }, () => new Worker(new URL("./run-worker.js", import.meta.url)));
  const stop = () => Promise.all(workers.map((worker) => worker.terminate()));
  signal.addEventListener("abort", stop);
  try {
    await Promise.all(workers.map(job));
  } finally {
    signal.removeEventListener("abort", stop);
    await stop();
  }
}

async function work(
  worker: Worker,
  scenarios: readonly Scenario[],
  take: () => number,
  tell: Parameters<RunAll>[1],
): Promise<void> {
  for (let index = take(); index >= 0; index = take()) {
    const answer = await ask(worker, scenarios[index]!, tell.signal);
    if (answer === null) return;
    if ("error" in answer) throw new Error(answer.error);
    tell.done(index, answer.report);
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
    const ended = (code: number): void => {
      if (signal.aborted) answered(null);
      else failed(new Error(`a worker ended with code ${code}`));
    };
    const forget = (): void => {
      worker.off("message", answered).off("error", failed).off("exit", ended);
    };
    worker.on("message", answered).on("error", failed).on("exit", ended);
    worker.postMessage(scenario);
  });
}
