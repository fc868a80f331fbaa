/**
 * Many runs on all cores: worker threads that each take the next run when they are done with one. It owns the threads
 * and nothing of what runs in them (run-worker.ts). A run depends on its scenario alone, so it does not matter which
 * thread has it; what is kept of each is told as it comes, with its place. No thread takes a run before the last one's
 * result is dealt with, so that nothing piles up however slow whoever keeps it is; but one more waits in the thread
 * already, so that it never waits for us.
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

/** Of each worker, the last runs, which it takes one by one. */
const RUNS_AT_THE_END = 4;

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
    if (work.count > 0) here.prepare?.(work.scenario(0), Math.ceil(work.count / Math.max(1, size)));
    let next = 0;
    // Near the end nothing is taken ahead: a run would wait for one thread while another has nothing to do.
    const take = (ahead: boolean): number =>
      next < work.count - (ahead ? RUNS_AT_THE_END * size : 0) && !signal.aborted ? next++ : -1;
    if (size > 1) {
      await inThreads(borrowed(size, idle), idle, (worker) => takeTurns(worker, work, take, tell), signal);
      return;
    }
    const observer: Observer = { progress: breathe, stopRequested: () => signal.aborted };
    for (let index = take(false); index >= 0; index = take(false)) {
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

/** A run that a thread has been asked for. */
interface Asked<K extends Keep> {
  index: number;
  answer: Promise<Kept<K> | null>;
}

async function takeTurns<K extends Keep>(
  worker: Worker,
  { scenario, name, keep }: Work<K>,
  take: (ahead: boolean) => number,
  tell: Tell<K>,
): Promise<void> {
  const thread = new Thread(worker, tell.signal);
  const next = (ahead: boolean): Asked<K> | null => {
    const index = take(ahead);
    if (index < 0) return null;
    const answer = thread.ask({ scenario: scenario(index), keep }, name(index)) as Promise<Kept<K> | null>;
    // Whoever awaits it hears of a failure; until then nobody has to.
    answer.catch(() => {});
    return { index, answer };
  };
  try {
    let [now, then] = [next(false), next(true)];
    while (now !== null) {
      const kept = await now.answer;
      if (kept === null) return;
      await tell.done(now.index, kept);
      [now, then] = [then ?? next(false), next(true)];
    }
  } finally {
    thread.forget();
  }
}

/** A worker that answers what it was asked one after the other. */
class Thread {
  private readonly worker: Worker;
  private readonly open: { name: string; resolve(kept: Kept<Keep> | null): void; reject(error: Error): void }[] = [];
  private readonly answered = (answer: Answer): void => {
    const { name, resolve, reject } = this.open.shift()!;
    if ("error" in answer) reject(new Error(`${name}: ${answer.error}`));
    else resolve(answer.kept);
  };
  private readonly failed = (error: Error): void => {
    for (const { name, reject } of this.open.splice(0))
      reject(new Error(`${name}: ${error.message}`, { cause: error }));
  };
  private readonly ended: (code: number) => void;

  constructor(worker: Worker, signal: AbortSignal) {
    this.worker = worker;
    this.ended = (code) => {
      if (signal.aborted) for (const { resolve } of this.open.splice(0)) resolve(null);
      else this.failed(new Error(`its worker ended with code ${code}`));
    };
    worker.on("message", this.answered).on("error", this.failed).on("exit", this.ended);
  }

  /** Null: the runs were to stop before it answered. */
  ask(question: Question, name: string): Promise<Kept<Keep> | null> {
    return new Promise((resolve, reject) => {
      this.open.push({ name, resolve, reject });
      this.worker.postMessage(question);
    });
  }

  forget(): void {
    this.worker.off("message", this.answered).off("error", this.failed).off("exit", this.ended);
  }
}
