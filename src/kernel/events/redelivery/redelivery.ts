/**
 * Who tries again to deliver the DESTROY of a dying entry. Linux has had three mechanisms; each is one file behind this
 * interface: `timer` (2.6.31 to 3.16), `workqueue` (3.17 to 5.18), `evict-list` (5.19 on).
 */
import type { DelayedWork } from "../../delayed-work.js";

export interface WorkerRuns {
  runs: number;
  delivered: number;
  mostInOneRun: number;
}

/** A run is over that delivered so many. */
export function countRun(runs: WorkerRuns, delivered: number): void {
  runs.runs++;
  runs.delivered += delivered;
  runs.mostInOneRun = Math.max(runs.mostInOneRun, delivered);
}

/** The delays until a retry that were drawn so far. */
export interface DelayBounds {
  shortestJiffies: number;
  longestJiffies: number;
}

export interface Redelivery {
  /** What the worker did so far; null where there is none. */
  readonly runs: WorkerRuns | null;
  /** The bounds of the retry delays; null where none are drawn. */
  readonly delays: DelayBounds | null;
  /** The first attempt of this entry's DESTROY failed; it is on the dying list. */
  add(entry: number): void;
  /** A DESTROY was delivered at its first attempt. */
  destroySucceeded(): void;
  /** The timer of a dying entry fired; never where a worker does the work. */
  fire(entry: number): void;
  /** The work item of the worker; null where there is none. */
  readonly work: DelayedWork | null;
  /** When the worker wants to run, in nanoseconds; infinite where there is none or it has nothing to do. */
  readonly due: number;
  /** A run of the worker is under way: it goes on before anything else on its CPU. */
  readonly running: boolean;
  /** The run has let go of its lock for a moment: on one CPU others may run. */
  readonly mayYield: boolean;
  /** One attempt of the worker, or the end of its run. */
  step(): void;
}
