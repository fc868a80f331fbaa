/**
 * Advice on a run, as the report carries it: the best of what was tried (what-if.ts), with what it makes better and
 * what grows with it although it does no harm yet. Found before anything is rendered.
 */
import type { Advice, AdviceEffect, Report, Tried, WhatIf } from "../report/report.js";
import type { PresetName } from "../scenario/parameters/preset.js";
import type { Harm } from "./harm.js";
import { ownSetting } from "./own-setting.js";
import { adviceBudget, adviceFor, type Effect, type Findings, type Watch } from "./what-if.js";

/** A refusal is no loss where it is resent, nor is a NEW that comes with its DESTROY; this much more is a cost. */
const MORE = 0.1;

interface Pause extends Pick<Watch, "untried"> {
  breathe?(): Promise<void> | void;
  stopRequested?(): boolean;
}

/** Empty: nothing went wrong, nothing that was tried helps, or it was stopped. `report`: of a simulation. */
export async function adviceOn(report: Report, pause: Pause = {}): Promise<Advice[]> {
  const effect = await adviceFor(report, { budget: adviceBudget(report), ...pause });
  return effect === null ? [] : [adviceOf(effect, report.scenario.listeners[0]!.preset)];
}

/** `preset`: the program as which the observed listener is set up. */
export function adviceOf(effect: Effect, preset: PresetName | null = null): Advice {
  const { flags, overrides, better } = effect;
  const setting = ownSetting(preset, overrides);
  return { flags, setting, improves: better.map((harm) => change(effect, harm)), costs: costsOf(effect) };
}

/** As the report carries it. */
export function whatIfOf({ effects, unfinished }: Findings): WhatIf {
  const tried = effects.map((effect): Tried => {
    const { flags, helps, better, worse } = effect;
    const changes = (harms: readonly Harm[]): AdviceEffect[] => harms.map((harm) => change(effect, harm));
    return { flags, helps, better: changes(better), worse: changes(worse) };
  });
  return { tried, unfinished };
}

function costsOf(effect: Effect): AdviceEffect[] {
  const { before, after, costs } = effect;
  // Where nothing was resent before, there was no dying list to wait for.
  const waits = (["drainSeconds", "peakDying"] as const).filter(
    (harm) => before[harm] === null && after[harm] !== null && after[harm] > 0,
  );
  const more = costs.filter((cost) => cost.after > cost.before * (1 + MORE));
  return [...waits.map((harm) => change(effect, harm)), ...more];
}

function change({ before, after }: Effect, figure: Harm): AdviceEffect {
  return { figure, before: finite(before[figure]), after: finite(after[figure]) };
}

/** JSON has no infinity: a moment that never came is null. */
function finite(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : value;
}
