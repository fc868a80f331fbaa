/**
 * Many runs on all cores: worker threads that each take the next run when they are done with one. It owns the threads
 * and nothing of what runs in them (run-worker.ts). A run depends on its scenario alone, so it does not matter which
 * thread has it; what is kept of each is told as it comes, with its place. No thread takes a run before the last one's
 * result is dealt with, so that nothing piles up however slow whoever keeps it is; but one more waits in the thread
 * already, so that it never waits for us. A thread that ends takes only its own run with it: another one has the run
 * once more, because a thread may be out of memory through what it had before, and a run that ends two is missing.
 */
import { Worker } from "node:worker_threads";
import type { Backend, Observer } from "../report/backend.js";
import type { Scenario } from "../scenario/scenario.js";
import { memoryBytes } from "../simulation/memory.js";
import { refuseTooLarge } from "./fits.js";
import { type Keep, type Kept, keptOf } from "./kept.js";

export interface Work<K extends Keep> {
  count: number;
  /** Made when its turn comes: ten thousand scenarios need not be in memory. */
  scenario(index: number): Scenario;
  /** What to call the run where it fails. */
  name(index: number): string;
  keep: K;
  /** Of runs that differ by their seed alone the first; absent: all differ. */
  different?: readonly number[];
}

export interface Tell<K extends Keep> {
  /** Of one that was cut short nothing is told. */
  done(index: number, kept: Kept<K>): Promise<void> | void;
  /** Two workers ended in it; what it would have come to is not known. */
  missing(index: number, why: string): void;
  /** For a person: which worker has ended, and what becomes of its run. */
  note(sentence: string): void;
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
 * the next work and keep no process alive. `availableBytes`: of memory; no more runs go on at once than fit. Throws
 * UsageError where one alone does not.
 */
export function pool(
  workers: number,
  here: Backend,
  breathe: Observer["progress"],
  availableBytes = Number.POSITIVE_INFINITY,
): RunAll {
  const idle: Thread[] = [];
  return async (work, tell) => {
    const { signal } = tell;
    const size = Math.min(workers, Math.floor(work.count / RUNS_OF_A_WORKER), mostAtOnce(work, availableBytes));
    if (work.count > 0) here.prepare?.(work.scenario(0), Math.ceil(work.count / Math.max(1, size)));
    let next = 0;
    // Near the end nothing is taken ahead: a run would wait for one thread while another has nothing to do.
    const take = (ahead: boolean): number =>
      next < work.count - (ahead ? RUNS_AT_THE_END * size : 0) && !signal.aborted ? next++ : -1;
    if (size > 1) {
      await inThreads(borrowed(size, idle), idle, (thread) => takeTurns(thread, work, take, tell), signal);
      return;
    }
    const observer: Observer = { progress: breathe, stopRequested: () => signal.aborted };
    for (let index = take(false); index >= 0; index = take(false)) {
      const report = await here.run(work.scenario(index), observer);
      if (report.interrupted !== true) await tell.done(index, keptOf(report, work.keep));
    }
  };
}

/** How many of the largest run fit. Throws UsageError. */
function mostAtOnce<K extends Keep>({ count, scenario, name, different }: Work<K>, availableBytes: number): number {
  if (availableBytes === Number.POSITIVE_INFINITY) return count;
  let largest = 0;
  for (const index of different ?? Array(count).keys()) {
    const one = scenario(index);
    refuseTooLarge(one, availableBytes, name(index));
    largest = Math.max(largest, memoryBytes(one));
  }
  return Math.floor(availableBytes / largest);
}

/** From those that wait, and new ones. */
function borrowed(size: number, idle: Thread[]): Thread[] {
  return Array.from({ length: size }, () => idle.pop() ?? new Thread());
}

/** All of them end with the first that fails, and where they are when the runs are to stop. */
async function inThreads(
  threads: readonly Thread[],
  idle: Thread[],
  job: (thread: Thread) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const stop = () => Promise.all(threads.map((thread) => thread.stop()));
  signal.addEventListener("abort", stop);
  try {
    await Promise.all(threads.map(job));
  } catch (error) {
    await stop();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
  if (signal.aborted) return void (await stop());
  for (const thread of threads) thread.rest();
  idle.push(...threads);
}

/** A run that a thread has been asked for. */
interface Asked<K extends Keep> {
  index: number;
  answer: Promise<Kept<K> | Ended | null>;
}

async function takeTurns<K extends Keep>(
  thread: Thread,
  { scenario, name, keep }: Work<K>,
  take: (ahead: boolean) => number,
  { done, missing, note }: Tell<K>,
): Promise<void> {
  const next = (ahead: boolean): Asked<K> | null => {
    const index = take(ahead);
    if (index < 0) return null;
    const question = { scenario: scenario(index), keep };
    const answer = thread.ask(question, { name: name(index), note }) as Promise<Kept<K> | Ended | null>;
    // Whoever awaits it hears of a failure; until then nobody has to.
    answer.catch(() => {});
    return { index, answer };
  };
  let [now, then] = [next(false), next(true)];
  while (now !== null) {
    const answer = await now.answer;
    if (answer === null) return;
    if (answer instanceof Ended) missing(now.index, answer.why);
    else await done(now.index, answer);
    [now, then] = [then ?? next(false), next(true)];
  }
}

/** What is answered of a run that workers ended in. */
class Ended {
  readonly why: string;
  constructor(why: string) {
    this.why = why;
  }
}

interface Open {
  question: Question;
  name: string;
  note(sentence: string): void;
  /** Workers that ended in it. */
  ends: number;
  resolve(answer: Kept<Keep> | Ended | null): void;
  reject(error: Error): void;
}

const MOST_ENDS = 2;

/** A worker that answers what it was asked one after the other, and another one in its place where it ends. */
class Thread {
  private worker: Worker | null = null;
  private stopped = false;
  private readonly open: Open[] = [];

  /** Null: it was stopped before it answered. */
  ask(question: Question, { name, note }: Pick<Open, "name" | "note">): Promise<Kept<Keep> | Ended | null> {
    if (this.stopped) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.open.push({ question, name, note, ends: 0, resolve, reject });
      this.worker ??= this.start();
      this.worker.ref();
      this.worker.postMessage(question);
    });
  }

  /** Until it is asked again it keeps no process alive. */
  rest(): void {
    this.worker?.unref();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.worker?.terminate();
  }

  private start(): Worker {
    let outOfMemory = false;
    return new Worker(new URL("./run-worker.js", import.meta.url))
      .on("message", (answer: Answer) => this.answered(answer))
      .on("error", (error: Error & { code?: string }) => {
        outOfMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
        if (!outOfMemory) this.failed(error);
      })
      .on("exit", (code) => this.ended(outOfMemory ? "because it was out of memory" : `with code ${code}`));
  }

  private answered(answer: Answer): void {
    const { name, resolve, reject } = this.open.shift()!;
    if ("error" in answer) reject(new Error(`${name}: ${answer.error}`));
    else resolve(answer.kept);
  }

  private failed(error: Error): void {
    for (const { name, reject } of this.open.splice(0))
      reject(new Error(`${name}: ${error.message}`, { cause: error }));
  }

  private ended(how: string): void {
    this.worker = null;
    if (this.stopped) for (const { resolve } of this.open.splice(0)) resolve(null);
    const [first] = this.open;
    if (first === undefined) return;
    if (++first.ends < MOST_ENDS) {
      first.note(`${first.name}: its worker ended ${how}; another one has the run once more`);
    } else {
      this.open.shift();
      first.resolve(new Ended(`two workers ended in it, the last ${how}`));
    }
    if (this.open.length === 0) return;
    this.worker = this.start();
    for (const { question } of this.open) this.worker.postMessage(question);
  }
}
