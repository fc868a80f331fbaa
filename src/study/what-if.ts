/**
 * What one setting, changed by itself, makes of a run: the same scenario with the same seed is run again with it, and
 * what went wrong (harm.ts) is compared. Advice is such a run: the best of the promising changes that improves
 * something and worsens nothing, tried within a budget. The budget counts simulated actions and not seconds, so that
 * every machine gives the same advice.
 */
import { COSTS_OF_ADVICE, HARMS, type Report } from "../report/report.js";
import { type Overrides, resolveScenario } from "../scenario/defaults.js";
import { ParameterError } from "../scenario/errors.js";
import { mergeParameters } from "../scenario/merge.js";
import type { Scenario } from "../scenario/scenario.js";
import { simulateWithin } from "../simulation/simulation.js";
import { actionsOf, LEAST_BUDGET, MOST_BUDGET } from "./actions.js";
import { allChanges, type Change, promisingChanges } from "./change.js";
import { compareHarms, type Harm, type Harms, harmsOf, isWrong, removedShare } from "./harm.js";

interface Cost {
  figure: (typeof COSTS_OF_ADVICE)[number];
  before: number;
  after: number;
}

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
  costs: readonly Cost[];
}

export interface Watch {
  /** The actions that all runs of advice may take together; of a what-if, each of them. */
  budget: number;
  /** From parameters on top of those that the run had to its scenario; by default on top of the scenario itself. */
  vary?(over: Overrides): Scenario;
  /** Of advice: called with the flags of what took more than is left, where nothing helps. */
  untried?(flags: readonly string[]): void;
  /** Called before each run. */
  trying?(change: Change): void;
  /** Called between slices of a run. */
  breathe?(): Promise<void> | void;
  stopRequested?(): boolean;
}

/** About as much as the run itself took, more for a short run and less for a very long one. */
export function adviceBudget(report: Report): number {
  return Math.min(MOST_BUDGET, Math.max(LEAST_BUDGET, 2 * actionsOf(report)));
}

/** For each change: what takes far longer than the run itself is not waited for. */
export function whatIfBudget(report: Report): number {
  return LEAST_BUDGET + 20 * actionsOf(report);
}

/**
 * Null: nothing went wrong, nothing that was tried helps, or the budget was too small to tell. `report`: of a
 * simulation.
 */
export async function adviceFor(report: Report, watch: Watch): Promise<Effect | null> {
  const before = harmsOf(report);
  if (!HARMS.some((harm) => isWrong(harm, before[harm], report.table.max))) return null;
  let left = watch.budget;
  const { effects, unfinished } = await tryAll(report, promisingChanges(report), watch, {
    allowed: () => left,
    taken(actions) {
      left -= actions;
    },
  });
  const helpful = effects.filter(({ helps }) => helps);
  if (helpful.length === 0 && unfinished.length > 0) watch.untried?.(unfinished);
  return ranked(helpful, COARSE)[0] ?? null;
}

export interface Findings {
  effects: readonly Effect[];
  /** The flags of changes whose runs took more than the budget, or were stopped. */
  unfinished: readonly string[];
}

/** All changes, each by itself. */
export async function whatIf(report: Report, watch: Watch): Promise<Findings> {
  const { effects, unfinished } = await tryAll(report, allChanges(report), watch, {
    allowed: () => watch.budget,
    taken() {},
  });
  return { effects: ranked(effects, FINE), unfinished };
}

/** What a run may take, and what it took. */
interface Account {
  allowed(): number;
  taken(actions: number): void;
}

/** Each change by itself, in their order. */
export async function tryAll(
  report: Report,
  changes: readonly Change[],
  watch: Omit<Watch, "budget">,
  account: Account,
): Promise<{ effects: Effect[]; unfinished: string[] }> {
  const { scenario } = report;
  const vary = watch.vary ?? ((over) => resolveScenario(scenario.experiment, mergeParameters(given(scenario), over)));
  const effects: Effect[] = [];
  const unfinished: string[] = [];
  for (const change of changes) {
    if (watch.stopRequested?.() === true) break;
    const changed = scenarioWith(change, vary);
    if (changed === null) continue;
    watch.trying?.(change);
    const run = await simulateWithin(changed, account.allowed(), watch);
    account.taken(run.actions);
    if (run.report === null) unfinished.push(change.flags);
    else effects.push(effectOf(change, report, run.report));
  }
  return { effects, unfinished };
}

/** What a user may say of a scenario is all of it but its experiment. */
export function given({ experiment: _, ...parameters }: Scenario): Overrides {
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
  const helps = compared.better.length > 0 && compared.worse.length === 0;
  const costs = COSTS_OF_ADVICE.map((figure) => ({ figure, before: sumOf(was, figure), after: sumOf(is, figure) }));
  return { ...change, before, after, ...compared, helps, costs };
}

function sumOf({ events }: Report, figure: Cost["figure"]): number {
  return [events.new, events.update, events.destroy].reduce((sum, kind) => sum + (kind[figure] ?? 0), 0);
}

/** How many steps of more or less of a harm are told apart. */
const FINE = 100;
/**
 * For advice: of changes that remove most of it, or all of it, the one that asks least of a person, which was tried
 * first.
 */
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
