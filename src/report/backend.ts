/**
 * The seam between what runs a scenario and what uses its Report. simulation/ and live/ implement Backend; cli/ and
 * study/ never ask which one they have. Progress and interruption are the caller's: a backend asks, it never waits.
 */
import type { Scenario } from "../scenario/scenario.js";
import type { Report } from "./report.js";

/** Where a run stands. Times are run time in seconds, virtual when simulated. */
export interface Progress {
  phase: "flood" | "flush" | "drain";
  seconds: number;
  /** Connections whose first packet is out, whatever became of it: it grows on a full table, too. */
  opened: number;
  active: number;
  dying: number;
  delivered: number;
}

export interface Observer {
  /** Called now and then while the run goes on; the backend awaits what it returns. */
  progress(progress: Progress): Promise<void> | void;
  /** True: the backend ends the run and reports what it has, with `interrupted: true`. */
  stopRequested(): boolean;
}

export interface Backend {
  /** Called before so many runs of a kind are made in one thread: what the engine of all threads is told for them. */
  prepare?(scenario: Scenario, runs: number): void;
  run(scenario: Scenario, observer?: Observer): Promise<Report>;
}
