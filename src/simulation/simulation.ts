/**
 * The simulated kernel as a Backend: runs a scenario in virtual time, as fast as it goes. Between slices of the run the
 * observer may show progress or end it.
 */
import type { Backend, Observer } from "../report/backend.js";
import type { Report } from "../report/report.js";
import type { Scenario } from "../scenario/scenario.js";
import { Run } from "./loop.js";
import { reportOf } from "./recorder.js";

/** Actions between two looks at the observer: some milliseconds. */
const SLICE_ACTIONS = 50_000;
/** Where actions are counted: of a short run, too, they should be counted nearly. */
const SHORT_SLICE_ACTIONS = 5_000;

/** Runs a scenario to its end without an observer. */
export function simulate(scenario: Scenario): Report<number> {
  const run = new Run(scenario);
  while (run.advance(SLICE_ACTIONS));
  run.conclude();
  return reportOf(run, false);
}

/** Between two slices of a run. */
interface Pause {
  breathe?(): Promise<void> | void;
  stopRequested?(): boolean;
}

/**
 * Runs a scenario, and gives it up when it takes more than so many actions: a measure that is the same on every
 * machine, as time is not. `report` is null where it was given up; `actions` is what it took, counted in slices.
 */
export async function simulateWithin(
  scenario: Scenario,
  mostActions: number,
  { breathe, stopRequested }: Pause = {},
): Promise<{ report: Report<number> | null; actions: number }> {
  const run = new Run(scenario);
  let actions = 0;
  for (let more = true; more; ) {
    const slice = Math.min(SHORT_SLICE_ACTIONS, mostActions - actions);
    if (slice <= 0 || stopRequested?.() === true) return { report: null, actions };
    more = run.advance(slice);
    actions += slice;
    await breathe?.();
  }
  run.conclude();
  return { report: reportOf(run, false), actions };
}

export const simulation = {
  async run(scenario: Scenario, observer?: Observer): Promise<Report<number>> {
    if (observer === undefined) return simulate(scenario);
    const run = new Run(scenario);
    let interrupted = false;
    while (!interrupted && run.advance(SLICE_ACTIONS)) {
      await observer.progress(run.progress());
      interrupted = observer.stopRequested();
    }
    run.conclude();
    return reportOf(run, interrupted);
  },
} satisfies Backend;
