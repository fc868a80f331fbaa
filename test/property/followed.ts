/**
 * Advice, followed: the flags are read as the command line reads them, the scenario is run with them, and the two
 * reports are compared by what a person would look at. It shares nothing with the study that gave the advice.
 */
import fc from "fast-check";
import { EXPERIMENT_FLAGS } from "../../src/cli/experiment.js";
import { readFlags } from "../../src/cli/flag.js";
import type { Report } from "../../src/report/report.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import { mergeParameters } from "../../src/scenario/merge.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { simulate } from "../../src/simulation/simulation.js";
import { adviceOn } from "../../src/study/advice.js";
import { scenarios } from "./scenarios.js";

export interface Followed {
  scenarios: number;
  /** Those with advice. */
  advised: number;
  /** What the flags were, with the scenario that can be run again. */
  worse: string[];
  withoutEffect: string[];
  /** By flag. */
  flags: ReadonlyMap<string, number>;
}

export async function followAdvice(runs: number, seed: number): Promise<Followed> {
  const flags = new Map<string, number>();
  const followed: Followed = { scenarios: runs, advised: 0, worse: [], withoutEffect: [], flags };
  for (const [index, drawn] of fc.sample(scenarios, { numRuns: runs, seed }).entries()) {
    // A limit that cuts a run hides all else: every other scenario has time enough.
    const scenario = index % 2 === 0 ? { ...drawn, limitSeconds: 2000 } : drawn;
    const before = simulate(scenario);
    const [advice] = await adviceOn(before);
    if (advice === undefined) continue;
    followed.advised++;
    const name = advice.flags.split(" ")[0]!;
    flags.set(name, (flags.get(name) ?? 0) + 1);
    const { better, worse } = compared(before, simulate(withFlags(scenario, advice.flags)));
    const what = `${advice.flags} (${worse.join("; ")}) on ${JSON.stringify(scenario)}`;
    if (worse.length > 0) followed.worse.push(what);
    else if (!better) followed.withoutEffect.push(what);
  }
  return followed;
}

function withFlags({ experiment, ...given }: Scenario, flags: string): Scenario {
  const words = flags.split(" ");
  const typed = words.flatMap((word, at) =>
    word.startsWith("--")
      ? [{ flag: EXPERIMENT_FLAGS.find(({ name }) => `--${name}` === word)!, text: words[at + 1]! }]
      : [],
  );
  const { overrides } = readFlags(EXPERIMENT_FLAGS, typed);
  return resolveScenario(experiment, mergeParameters(given as Overrides, overrides));
}

/** What did not arrive, what was dropped, what the daemon gets wrong, and how long it took: less is better. */
function figuresOf({ events, table, daemon, dying, flush, scenario }: Report): Record<string, number> {
  const missing = ({ lost, unread, pending }: Report["events"]["new"]): number => lost! + unread! + pending!;
  const resends = scenario.listeners.some(({ policy }) => policy === "reliable" || policy === "broadcast-error");
  return {
    DESTROY: missing(events.destroy),
    NEW: missing(events.new),
    UPDATE: missing(events.update),
    drops: table.drop + table.insertFailed,
    stale: daemon.stale!,
    ...(resends ? { peak: dying.peak! } : {}),
    ...(resends && flush !== null ? { drain: dying.emptyAfterFlushSeconds ?? Number.POSITIVE_INFINITY } : {}),
  };
}

/** Where nothing was resent there is no drain to compare. A time below a second is none that a person waits for. */
function compared(before: Report, after: Report): { better: boolean; worse: string[] } {
  // Of a flood that was cut short there are no figures yet.
  if (before.ended === "limit" && after.ended === "settled") return { better: true, worse: [] };
  const [was, is] = [figuresOf(before), figuresOf(after)];
  const both = Object.keys(was).filter((key) => key in is);
  const worse = both.filter((key) => {
    if (key === "drain") return is.drain! >= 1 && is.drain! > 1.01 * was.drain!;
    if (key === "peak") return before.table.max > 0 && is.peak! > 0.1 * before.table.max && is.peak! > 1.01 * was.peak!;
    return is[key]! > was[key]!;
  });
  return {
    better: both.some((key) => is[key]! < was[key]!),
    worse: worse.map((key) => `${key}: ${was[key]} before, ${is[key]} after`),
  };
}
