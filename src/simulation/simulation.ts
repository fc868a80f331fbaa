/**
 * The simulated kernel as a Backend: runs a scenario in virtual time, as fast as it goes. Between slices of the run the
 * observer may show progress or end it.
 */
import type { Backend, Observer } from "../report/backend.js";
import type { Report } from "../report/report.js";
import type { Scenario } from "../scenario/scenario.js";
import { reportOf } from "./recorder.js";
import { Run } from "./run.js";

/** Actions between two looks at the observer: some milliseconds. */
const SLICE_ACTIONS = 50_000;

/** Runs a scenario to its end without an observer. */
export function simulate(scenario: Scenario): Report<number> {
  const run = new Run(scenario);
  while (run.advance(SLICE_ACTIONS));
  run.conclude();
  return reportOf(run, false);
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
