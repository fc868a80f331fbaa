/**
 * What a kernel's name does not tell, and what that makes of a run: the same scenario with the same seed is run again
 * with each rule that the kernel may have (kernel/open-rules.ts), and the one that changes most comes first. The worst
 * is a wrong all-clear, so a loss that the run itself has not outweighs every other change. Each run may take a little
 * longer than the run itself, and all of them as much as advice at most; what takes more is named and left to the
 * reader.
 */
import { type OpenRule, openRules } from "../kernel/open-rules.js";
import type { Report, WhatIf } from "../report/report.js";
import { actionsOf, LEAST_BUDGET, MOST_BUDGET } from "./actions.js";
import { whatIfOf } from "./advice.js";
import type { Change } from "./change.js";
import type { Harm, Harms } from "./harm.js";
import { type Effect, tryAll, type Watch } from "./what-if.js";

/** Null: the name hides nothing that can be set. `report`: of a simulation. */
export async function hiddenRulesOn(report: Report, pause: Omit<Watch, "budget"> = {}): Promise<WhatIf | null> {
  const rules = openRules(report.scenario);
  if (rules.length === 0) return null;
  const each = LEAST_BUDGET + actionsOf(report);
  let left = MOST_BUDGET;
  const { effects, unfinished } = await tryAll(report, rules.map(changeOf), pause, {
    allowed: () => Math.min(each, left),
    taken(actions) {
      left -= actions;
    },
  });
  const ranked = effects.map((effect) => ({ effect, weights: weightsOf(effect) }));
  ranked.sort((a, b) => compareWeights(b.weights, a.weights));
  return whatIfOf({ effects: ranked.map(({ effect }) => effect), unfinished });
}

function changeOf({ name, flags, rules, chainEvents }: OpenRule): Change {
  const overrides = chainEvents === undefined ? { kernelRules: rules } : { kernelConfig: { chainEvents } };
  return { knob: name, flags, overrides };
}

const LOSSES: readonly Harm[] = [
  ...(["cut", "destroyNotArrived", "newNotArrived", "packetsDropped"] as const),
  ...(["updateNotArrived", "goneUnlisted", "stale"] as const),
];

/** A loss that the run has not; then how much of a loss is more or less, of the drain, of the dying list's peak. */
function weightsOf({ before, after }: Effect): number[] {
  const most = (harms: readonly Harm[]): number => Math.max(...harms.map((harm) => changedShare(before, after, harm)));
  const isNew = LOSSES.some((harm) => before[harm] === 0 && (after[harm] ?? 0) > 0);
  return [isNew ? 1 : 0, most(LOSSES), most(["drainSeconds"]), most(["peakDying"])];
}

/** Of the greater of the two; 0: as before, or one of the runs has no such figure. */
function changedShare(before: Harms, after: Harms, harm: Harm): number {
  const [was, is] = [before[harm], after[harm]];
  if (was === null || is === null || was === is) return 0;
  const [less, more] = was < is ? [was, is] : [is, was];
  return more === Number.POSITIVE_INFINITY ? 1 : (more - less) / more;
}

function compareWeights(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((weight, index) => weight !== b[index]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
