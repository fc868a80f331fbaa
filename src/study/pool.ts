/**
 * Many runs on all cores: worker threads that each take the next run when they are done with one. It owns the threads
 * and nothing of what runs in them (run-worker.ts). A run depends on its scenario alone, so it does not matter which
 * thread has it; what is kept of each is told as it comes, with its place. No thread takes a run before the last one's
 * result is dealt with, so that nothing piles up however slow whoever keeps it is.
 */
import { Worker } from "node:worker_threads";
import type { Backend, Observer } from "../report/backend.js";
import type { Scenario } from "../scenario/scenario.js";
import { type Keep, type Kept, keptOf } from "./kept.js";

export interface Work<K extends Keep> {
  count: number;
  /** Made when its turn comes: ten thousand scenarios need not be in memory. */
  scenario(index: number): Scenario;
  /** What to call the run where it fails. */
  name(index: number): string;
  keep: K;
}

export interface Tell<K extends Keep> {
  /** Of one that was cut short nothing is told. */
  done(index: number, kept: Kept<K>): Promise<void> | void;
  signal: AbortSignal;
}

/** Runs scenarios, in any order and as many at once as it likes, and tells of each when it is done. */
export type RunAll = <K extends Keep>(work: Work<K>, tell: Tell<K>) => Promise<void>;

/** A worker takes a while to start: with fewer runs than this for each it is not worth it. */
const RUNS_OF_A_WORKER = 2;

/** What a worker is asked. */
export interface Question {
  scenario: Scenario;
  keep: Keep;
}

/** Its answer: what is kept of the run, or what went wrong in it. */
export type Answer = { kept: Kept<Keep> } | { error: string };

/**
 * `breathe`: gives the event loop its turn while runs go on in this thread. Threads that have nothing to do wait for
 * the next work and keep no process alive.
 */
export function pool(workers: number, here: Backend, breathe: Observer["progress"]): RunAll {
  const idle: Worker[] = [];
  return async (work, tell) => {
    const { signal } = tell;
    const size = Math.min(workers, Math.floor(work.count / RUNS_OF_A_WORKER));
    let next = 0;
    const take = (): number => (next < work.count && !signal.aborted ? next++ : -1);
    if (size > 1) {
      await inThreads(borrowed(size, idle), idle, (worker) => takeTurns(worker, work, take, tell), signal);
      return;
    }
    const observer: Observer = { progress: breathe, stopRequested: () => signal.aborted };
    for (let index = take(); index >= 0; index = take()) {
      const report = await here.run(work.scenario(index), observer);
      if (report.interrupted !== true) await tell.done(index, keptOf(report, work.keep));
    }
  };
}

/** From those that wait, and new ones. */
function borrowed(size: number, idle: Worker[]): Worker[] {
  return Array.from({ length: size }, () => {
    const worker = idle.pop() ?? new Worker(new URL("./run-worker.js", import.meta.url));
    worker.ref();
    return worker;
  });
}

/** All of them end with the first that fails, and where they are when the runs are to stop. */
async function inThreads(
  workers: readonly Worker[],
  idle: Worker[],
  job: (worker: Worker) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const stop = () => Promise.all(workers.map((worker) => worker.terminate()));
  signal.addEventListener("abort", stop);
  try {
    await Promise.all(workers.map(job));
  } catch (error) {
    await stop();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
  if (signal.aborted) return void (await stop());
  for (const worker of workers) worker.unref();
  idle.push(...workers);
}

async function takeTurns<K extends Keep>(
  worker: Worker,
  { scenario, name, keep }: Work<K>,
  take: () => number,
  tell: Tell<K>,
): Promise<void> {
  for (let index = take(); index >= 0; index = take()) {
    const answer = await ask(worker, { scenario: scenario(index), keep }, { signal: tell.signal, name: name(index) });
    if (answer === null) return;
    if ("error" in answer) throw new Error(`${name(index)}: ${answer.error}`);
    await tell.done(index, answer.kept as Kept<K>);
  }
}

/** Null: the runs were to stop before it answered. */
function ask(
  worker: Worker,
  question: Question,
  { signal, name }: { signal: AbortSignal; name: string },
): Promise<Answer | null> {
  return new Promise((resolve, reject) => {
    const answered = (answer: Answer | null): void => {
      forget();
      resolve(answer);
    };
    const failed = (error: Error): void => {
      forget();
      reject(new Error(`${name}: ${error.message}`, { cause: error }));
    };
    const ended = (code: number): void => {
      if (signal.aborted) answered(null);
      else failed(new Error(`its worker ended with code ${code}`));
    };
    const forget = (): void => {
      worker.off("message", answered).off("error", failed).off("exit", ended);
    };
    worker.on("message", answered).on("error", failed).on("exit", ended);
    worker.postMessage(question);
  });
}
