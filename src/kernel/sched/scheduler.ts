/**
 * Who has the CPU when several tasks share one: the fair class of the kernel's scheduler, as far as a few threads of
 * equal weight show it. Two strategies behind one interface, chosen by a fact of the release: CFS (cfs.ts) up to 6.5,
 * EEVDF (eevdf.ts) from 6.6 on. What they share is here: that a wish to reschedule is a flag which is only met at
 * certain points (base class).
 *
 * A kernel built for voluntary preemption meets it at cond_resched() and on the way back to user space. A lazily
 * preempting one (PREEMPT_LAZY) meets a lazy wish only on the way back to user space, and the next tick makes it a
 * strict one, which is met everywhere.
 */
import type { Release } from "../release.js";
import { CfsScheduler } from "./cfs.js";
import { EevdfScheduler } from "./eevdf.js";

/** Facts of a release's scheduler. */
export type SchedulerFacts = Release["scheduler"];

export interface Scheduler {
  /** Freed memory waits for a grace period of RCU: its thread looks after it at ticks. */
  graceWanted: boolean;
  /** The present task is to give way, where it next can; undefined: it does so only after it has slept. */
  readonly giveWay?: boolean;
  /** The task wants to run from now on. It may make the present one give way. */
  wake(task: number): void;
  /** The task has nothing to do. */
  sleep(task: number): void;
  /** The task had the CPU for so long. */
  ran(task: number, nanoseconds: number): void;
  /**
   * The task that has the CPU at `now` (nanoseconds), or -1. `jiffies`: how often a tick has looked. `inKernel`: the
   * present task is in the middle of a system call, or is a thread of the kernel. `tickedAt`: when the last tick was.
   */
  pick(now: number, jiffies: number, inKernel: boolean, tickedAt?: number): number;
}

/**
 * `uniform`: what the tasks did before the first packet is chance. Task 0 has the CPU at first. `tickNanoseconds`: what
 * a tick takes of the task that it interrupts.
 */
export function schedulerOf(
  facts: SchedulerFacts,
  tasks: number,
  uniform: () => number,
  tickNanoseconds: number,
): Scheduler {
  if (facts.policy === "cfs") return new CfsScheduler(facts, tasks, uniform);
  return new EevdfScheduler(facts, tasks, uniform, tickNanoseconds);
}
