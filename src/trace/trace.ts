/**
 * Runs that are listened to: to find an entry, to follow it, to take down every message of the first listener. Each is
 * a run of the same scenario with the same seed, so each is the run of the report.
 */
import type { Scenario } from "../scenario/scenario.js";
import type { SimulatedKernel } from "../simulation/kernel.js";
import { Run } from "../simulation/loop.js";
import { attachTap, type Tap } from "../simulation/tap.js";
import { finderFor, type Wanted } from "./find.js";
import { type Life, LifeRecorder } from "./life.js";
import { MessageRecorder, type TracedMessage } from "./messages.js";

/** Actions between two looks at the watcher. */
const SLICE_ACTIONS = 50_000;

/** Who waits for a trace. */
export interface Watcher {
  /** Between two slices of a run. */
  breathe(): Promise<void> | void;
  /** True: the run ends here, and the trace with it. */
  stopRequested(): boolean;
}

/** Null: no entry answers the question. */
export async function traceLife(scenario: Scenario, wanted: Wanted, watcher?: Watcher): Promise<Life | null> {
  let entry = typeof wanted === "object" && "entry" in wanted ? wanted.entry : 0;
  if (entry === 0) {
    const finder = await listenedTo(
      scenario,
      (kernel) => finderFor(wanted, kernel)!,
      watcher,
      ({ isDone }) => isDone,
    );
    entry = finder.found;
    if (entry === 0) return null;
  }
  return (await listenedTo(scenario, (kernel) => new LifeRecorder(kernel, entry, scenario), watcher)).life();
}

/** `emit`: called for each message in the order in which the trace has them. */
export async function traceMessages(
  scenario: Scenario,
  emit: (message: TracedMessage) => void,
  watcher?: Watcher,
): Promise<void> {
  await listenedTo(scenario, (kernel) => new MessageRecorder(kernel, scenario, emit), watcher);
}

async function listenedTo<T extends Tap>(
  scenario: Scenario,
  make: (kernel: SimulatedKernel) => T,
  watcher: Watcher | undefined,
  isDone: (tap: T) => boolean = () => false,
): Promise<T> {
  const run = new Run(scenario);
  const tap = make(run.kernel);
  attachTap(run.kernel, tap);
  while (run.advance(SLICE_ACTIONS) && !isDone(tap)) {
    await watcher?.breathe();
    if (watcher?.stopRequested() === true) break;
  }
  return tap;
}
