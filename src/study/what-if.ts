/**
 * What one setting, changed by itself, makes of a run: the same scenario with the same seed is run again with it, and what went wrong
 * (harm.ts) is compared. Advice is such a run: the best of the promising changes that improves something and worsens nothing, tried
 * within a budget. The budget counts simulated actions and not seconds, so that every machine gives the same advice.
 */
import type { Report } from "../report/report.js";
import { type Overrides, resolveScenario } from "../scenario/defaults.js";
import { ParameterError } from "../scenario/errors.js";
import { mergeParameters } from "../scenario/merge.js";
import type { Scenario } from "../scenario/scenario.js";
import { simulateWithin } from "../simulation/simulation.js";
import { allChanges, type Change, promisingChanges } from "./change.js";
import { compareHarms, HARMS, type Harm, type Harms, harmsOf, isWrong, removedShare } from "./harm.js";

/** A change and what it made of the run. */
export interface Effect extends Change {
  before: Harms;
  after: Harms;
  /** What of that which went wrong it improves by a tenth at least, the gravest first. */
  better: readonly Harm[];
  /** What goes wrong with it, and more than before. */
  worse: readonly Harm[];
  /** It improves something and worsens nothing. */
  helps: boolean;
}

export interface Watch {
  /** The actions that all runs together may take. */
  budget: number;
  /** From parameters on top of those that the run had to its scenario; by default on top of the scenario itself. */
  vary?(over: Overrides): Scenario;
  /** Called between slices of a run. */
  breathe?(): Promise<void> | void;
  stopRequested?(): boolean;
}

/** Below this, runs take less time than a person notices. */
const LEAST_BUDGET = 1_000_000;
const MOST_BUDGET = 8_000_000;

/** About as much as the run itself took, more for a short run and less for a very long one. */
export function adviceBudget(report: Report): number {
  return Math.min(MOST_BUDGET, Math.max(LEAST_BUDGET, 2 * actionsOf(report)));
}

/** The run's own actions, near enough: its packets, its attempts to deliver, and what its readers read. */
export function actionsOf({ events, daemon, otherListeners, scenario: { connections, packets } }: Report): number {
  const attempts = [events.new, events.update, events.destroy].reduce((sum, { attempts }) => sum + (attempts ?? 0), 0);
  const received = [daemon, ...otherListeners.map((listener) => listener.daemon)]
    .map((reader) => reader.received.new + reader.received.update + reader.received.destroy)
    .reduce((sum, messages) => sum + messages, 0);
  return connections * packets + attempts + received;
}

/** Null: nothing went wrong, nothing that was tried helps, or the budget was too small to tell. `report`: of a simulation. */
export async function adviceFor(report: Report, watch: Watch): Promise<Effect | null> {
  const before = harmsOf(report);
  if (!HARMS.some((harm) => isWrong(harm, before[harm], report.table.max))) return null;
  const tried = await tryAll(report, promisingChanges(report), watch);
  return (
    ranked(
      tried.filter(({ helps }) => helps),
      COARSE,
    )[0] ?? null
  );
}

/** All changes, the most helpful first. What did not end within the budget is missing. */
export async function whatIf(report: Report, watch: Watch): Promise<Effect[]> {
  return ranked(await tryAll(report, allChanges(report), watch), FINE);
}

async function tryAll(report: Report, changes: readonly Change[], watch: Watch): Promise<Effect[]> {
  const { scenario } = report;
  const vary = watch.vary ?? ((over) => resolveScenario(scenario.experiment, mergeParameters(given(scenario), over)));
  const effects: Effect[] = [];
  let left = watch.budget;
  for (const change of changes) {
    if (watch.stopRequested?.() === true) break;
    const changed = scenarioWith(change, vary);
    if (changed === null) continue;
    const run = await simulateWithin(changed, left, watch);
    left -= run.actions;
    if (run.report !== null) effects.push(effectOf(change, report, run.report));
  }
  return effects;
}

/** What a user may say of a scenario is all of it but its experiment. */
function given({ experiment: _, ...parameters }: Scenario): Overrides {
  return parameters as Overrides;
}

/** Null: the change contradicts another setting of the run. */
function scenarioWith({ overrides }: Change, vary: (over: Overrides) => Scenario): Scenario | null {
  try {
    return vary(overrides);
  } catch (error) {
    if (error instanceof ParameterError) return null;
    throw error;
  }
}

export function effectOf(change: Change, was: Report, is: Report): Effect {
  const [before, after] = [harmsOf(was), harmsOf(is)];
  const { better, worse } = compareHarms(before, after, was.table.max);
  // A run that ended too early had less time to lose anything.
  const compared =
    change.knob === "limit" ? { better: better.filter((harm) => harm === "cut"), worse: [] } : { better, worse };
  return { ...change, before, after, ...compared, helps: compared.better.length > 0 && compared.worse.length === 0 };
}

/** How many steps of more or less of a harm are told apart. */
const FINE = 100;
/** For advice: of changes that remove most of it, or all of it, the one that asks least of a person, which was tried first. */
const COARSE = 4;

/** What helps comes first, and of the rest what worsens least; among alike the order in which they were tried. */
function ranked(effects: readonly Effect[], steps: number): Effect[] {
  const scored = effects.map((effect) => ({ effect, scores: scoresOf(effect, steps) }));
  scored.sort((a, b) => Number(b.effect.helps) - Number(a.effect.helps) || compareScores(a.scores, b.scores));
  return scored.map(({ effect }) => effect);
}

/** For each harm, the gravest first, the share that is gone. */
function scoresOf({ before, after, better, worse }: Effect, steps: number): number[] {
  return HARMS.map((harm) =>
    better.includes(harm) || worse.includes(harm) ? Math.floor(steps * removedShare(before[harm]!, after[harm]!)) : 0,
  );
}

function compareScores(a: readonly number[], b: readonly number[]): number {
  const differing = a.findIndex((score, index) => score !== b[index]);
  return differing < 0 ? 0 : a[differing]! > b[differing]! ? -1 : 1;
}
