/**
 * The smallest buffer, the highest rate, the slowest reader that still meets some expectations over many seeds. The
 * values of a ladder are ordered from the hardest to the easiest; the search gallops from the present value to a pair
 * of which one holds and one does not, halves the distance, and then looks on both sides whether the condition is
 * monotone. Where it is not (a bigger buffer can drain slower) it says so, and scans. An expectation is judged with
 * every seed; a value that fails with the first few is given up.
 */
import { type ShortLoad, shortLoad } from "../kernel/steady-load.js";
import type { ExpectationResult, Report } from "../report/report.js";
import type { Bound, RunReports } from "../report/verdict.js";
import { type Overrides, resolveScenario } from "../scenario/defaults.js";
import { ParameterError, UsageError } from "../scenario/errors.js";
import { mergeParameters } from "../scenario/merge.js";
import { type Experiment, MOST_ENTRIES, type Scenario } from "../scenario/scenario.js";
import {
  formatCount,
  formatDuration,
  formatRate,
  formatSeconds,
  formatSize,
  GIB,
  HOUR,
  MICROSECOND,
  RATES,
} from "../scenario/units.js";
import { borderOf } from "./border.js";
import { ladder, type Rungs } from "./ladder.js";
import { ownSetting } from "./own-setting.js";
import type { RunAll } from "./pool.js";
import { seedOf } from "./suite.js";
import { BrokenInvariantError, type Flushes } from "./sweep.js";

export const FINDABLE = ["buffer", "rate", "reader", "grace-max", "nf-conntrack-max"] as const;
export type Findable = (typeof FINDABLE)[number];

interface Knob {
  /** Which end of the values is the better one, of those that hold. */
  wanted: "smallest" | "largest";
  /** As the sentence says it: `smallest buffer`. */
  noun: string;
  kind: Rungs;
  least: number;
  most: number;
  /** What one of the ladder is in canonical units. */
  unit: number;
  presentIn(scenario: Scenario): number | null;
  overridesOf(value: number, scenario: Scenario): Overrides;
  format(value: number): string;
}

const KNOBS: Readonly<Record<Findable, Knob>> = {
  buffer: {
    wanted: "smallest",
    noun: "smallest buffer",
    kind: "binary",
    least: 256,
    most: GIB,
    unit: 1,
    presentIn: ({ listeners }) => listeners[0]!.bufferBytes,
    // A buffer that rmem_max would cut could not be told from the cap. A reader that forces its buffer, as one does
    // that lets it grow, knows no cap, and may grow from there.
    overridesOf: (bytes, { rmemMaxBytes, listeners }) => {
      const { force, bufferMaxBytes } = listeners[0]!;
      if (bufferMaxBytes !== null) {
        return { listeners: [{ bufferBytes: bytes, bufferMaxBytes: Math.max(bytes, bufferMaxBytes) }] };
      }
      return {
        listeners: [{ bufferBytes: bytes }],
        ...(bytes > rmemMaxBytes && !force ? { rmemMaxBytes: bytes } : {}),
      };
    },
    format: formatSize,
  },
  rate: {
    wanted: "largest",
    noun: "highest rate",
    kind: "decimal",
    least: 1,
    most: RATES.max,
    unit: 1,
    presentIn: ({ ratePerSecond }) => ratePerSecond,
    overridesOf: (perSecond) => ({ ratePerSecond: perSecond }),
    format: formatRate,
  },
  reader: {
    wanted: "largest",
    noun: "slowest reader",
    kind: "decimal",
    least: 1,
    most: HOUR / MICROSECOND,
    unit: MICROSECOND,
    presentIn: ({ listeners }) => listeners[0]!.serviceNanoseconds,
    overridesOf: (nanoseconds) => ({
      listeners: [{ serviceNanoseconds: nanoseconds, portidServiceNanoseconds: null }],
    }),
    format: formatDuration,
  },
  "grace-max": {
    wanted: "largest",
    noun: "longest grace",
    kind: "decimal",
    least: 1,
    most: 86_400,
    unit: 1,
    presentIn: ({ graceMaxSeconds }) => graceMaxSeconds,
    overridesOf: (seconds) => ({ graceMaxSeconds: seconds }),
    format: formatSeconds,
  },
  "nf-conntrack-max": {
    wanted: "smallest",
    noun: "smallest nf_conntrack_max",
    kind: "binary",
    least: 32,
    most: MOST_ENTRIES,
    unit: 1,
    presentIn: ({ nfConntrackMax }) => nfConntrackMax,
    overridesOf: (entries) => ({ nfConntrackMax: entries }),
    format: formatCount,
  },
};

export interface SizeQuestion {
  find: Findable;
  experiment: Experiment;
  overrides: Overrides;
  expectations: readonly Bound[];
  /** Seeds with which a value must hold; an expectation may ask for more. */
  runs: number;
}

/** A value that was tried. */
export interface Trial {
  /** The how manieth it was, from 1. */
  step: number;
  value: number;
  text: string;
  holds: boolean;
  /** Runs that it took to tell. */
  runs: number;
  verdicts: readonly ExpectationResult[];
  /** Most of the socket's buffer that was in use at once, of all runs; null where nobody knows it. */
  fullest: number | null;
}

export interface SizeAnswer extends Trial {
  /** What to give to a command beside the rest of the scenario: `--buffer 1MiB --rmem-max 1MiB`. */
  flags: string;
  /** What net.core.rmem_max must be at least; null: what it is already is enough. */
  rmemMaxBytes: number | null;
  /** What it is called in the configuration of the program that reads; null: nothing there, or no such program. */
  ownSetting: string | null;
}

/** What `size --format json` prints. */
export interface SizeReport {
  schemaVersion: 1;
  tool: { name: "ct-reliable"; version: string };
  study: "size";
  of: string;
  find: Findable;
  /** As the sentence says it: `smallest buffer`. */
  wanted: string;
  expectations: readonly string[];
  runs: number;
  /** Which runs end with a flush of the table, whose events the figures count as well. */
  flushes: Flushes;
  /** What a load that goes on longer may need beyond the answer; null: nothing, or there is no answer. */
  shortLoad: ShortLoad | null;
  /** Null: no value of those that were tried holds. */
  answer: SizeAnswer | null;
  /** The next value on the harder side, which does not hold; null: the answer is at the end of what can be set. */
  refuted: Trial | null;
  /** False: between two values that hold lies one that does not. */
  monotone: boolean;
  /** All values that were tried, in their order. */
  tried: readonly Trial[];
  /** True where Ctrl-C ended the search: there is no answer. Absent otherwise. */
  interrupted?: true;
  /** Why there is no answer: runs that workers ended in, where all others of that value hold. Absent otherwise. */
  missing?: readonly string[];
}

export interface SizeWatch {
  /** Called when a value is about to be tried. */
  progress(text: string): void;
  /** For a person who waits: which worker has ended, and what becomes of its run. */
  note?: (sentence: string) => void;
  signal: AbortSignal;
}

/** Seeds with which a value is tried before all others are. */
const FIRST_RUNS = 2;

/** Every size of a buffer that nothing comes into meets what is expected, or none does. */
function refuseWithoutEvents({ find, experiment, overrides }: SizeQuestion): void {
  const { poll } = resolveScenario(experiment, overrides).listeners[0]!;
  if (find !== "buffer" || poll === null || poll.withEvents) return;
  throw new UsageError(
    "--find buffer: expected a reader that gets events, got one that polls in place of them: no buffer is too small for it",
  );
}

/** Throws UsageError where no value can be set or none matters, and what the pool throws. */
export async function sizeUp(
  question: SizeQuestion,
  runAll: RunAll,
  watch: SizeWatch,
  { of, tool }: Pick<SizeReport, "of" | "tool">,
): Promise<SizeReport> {
  const { find, expectations } = question;
  refuseWithoutEvents(question);
  const rungs = rungsOf(question);
  const trials = new Map<number, Trial>();
  const missing: string[] = [];
  let undecided = false;
  const holds = async (rung: number): Promise<boolean> => {
    // Whatever is answered now is not used.
    if (watch.signal.aborted || undecided) return true;
    const trial = await tried(question, rungs[rung]!, runAll, { ...watch, missing });
    undecided = trial === null;
    if (trial !== null) trials.set(rung, { step: trials.size + 1, ...trial });
    return trial?.holds ?? true;
  };
  const { found, monotone } = await borderOf(rungs.length, startOf(question, rungs), holds);
  const interrupted = watch.signal.aborted;
  const answer = interrupted || undecided || found === null ? undefined : trials.get(found);
  return {
    schemaVersion: 1,
    tool,
    study: "size",
    of,
    find,
    wanted: KNOBS[find].noun,
    expectations: expectations.map(({ expression }) => expression),
    runs: runsFor(question),
    flushes: rungs[0]!.scenario.flush ? "every run" : "no run",
    shortLoad: found === null ? null : shortLoad(rungs[found]!.scenario),
    answer: answer === undefined ? null : answerOf(question, answer),
    refuted: answer === undefined ? null : (trials.get(found! - 1) ?? null),
    monotone,
    tried: [...trials.values()].sort((a, b) => a.value - b.value),
    ...(interrupted ? { interrupted: true } : {}),
    ...(missing.length > 0 ? { missing } : {}),
  };
}

/** A value that can be set, and the scenario with it. */
interface Rung {
  value: number;
  overrides: Overrides;
  scenario: Scenario;
}

/** From the hardest to the easiest. */
function rungsOf({ find, experiment, overrides }: SizeQuestion): Rung[] {
  const { kind, least, most, unit, wanted, overridesOf } = KNOBS[find];
  const base = resolveScenario(experiment, overrides);
  let refused: ParameterError | null = null;
  const rungs = ladder(kind, least, most).flatMap((step): Rung[] => {
    const value = step * unit;
    const own = overridesOf(value, base);
    try {
      return [{ value, overrides: own, scenario: resolveScenario(experiment, mergeParameters(overrides, own)) }];
    } catch (error) {
      if (!(error instanceof ParameterError)) throw error;
      refused ??= error;
      return [];
    }
  });
  if (rungs.length === 0 && refused !== null) throw refused;
  return wanted === "smallest" ? rungs : rungs.reverse();
}

/** The rung that is nearest to what is set now. */
function startOf({ find, experiment, overrides }: SizeQuestion, rungs: readonly Rung[]): number {
  const present = KNOBS[find].presentIn(resolveScenario(experiment, overrides)) ?? Number.MAX_VALUE;
  const distances = rungs.map(({ value }) => Math.abs(value - present));
  return distances.indexOf(Math.min(...distances));
}

function runsFor({ runs, expectations }: SizeQuestion): number {
  return Math.max(runs, ...expectations.map(({ seeds }) => seeds ?? 1));
}

/** Null: it cannot tell, because it was stopped or because runs are missing and all others hold. */
async function tried(
  question: SizeQuestion,
  { value, scenario }: Rung,
  runAll: RunAll,
  watch: SizeWatch & { missing: string[] },
): Promise<Omit<Trial, "step"> | null> {
  const text = KNOBS[question.find].format(value);
  const { expectations } = question;
  const runs = runsFor(question);
  watch.progress(text);
  // What is about all seeds together cannot be told from the first few.
  const single = expectations.every(({ seeds }) => seeds === null);
  const nameOf = (run: number): string => `${question.find}=${text} with seed ${seedOf(scenario.seed, run)}`;
  const byRun: Report[] = [];
  const missing: string[] = [];
  let from = 0;
  for (const upTo of single ? [Math.min(FIRST_RUNS, runs), runs] : [runs]) {
    const first = from;
    await runAll(
      {
        count: upTo - first,
        scenario: (index) => ({ ...scenario, seed: seedOf(scenario.seed, first + index) }),
        name: (index) => nameOf(first + index),
        keep: "report",
      },
      {
        done(index, report) {
          byRun[first + index] = report;
        },
        missing(index, why) {
          missing[first + index] = `${nameOf(first + index)}: ${why}`;
        },
        note: (sentence) => watch.note?.(sentence),
        signal: watch.signal,
      },
    );
    if (watch.signal.aborted) return null;
    from = upTo;
    const reports = byRun.filter(Boolean);
    const broken = reports.find(({ invariants }) => invariants.violated.length > 0);
    if (broken !== undefined)
      throw new BrokenInvariantError(`${question.find}=${text}: ${broken.invariants.violated.join("; ")}`);
    // That one run fails is enough where each is judged by itself; that all hold is known where all are there.
    if (missing.length > 0 && (!single || reports.length === 0)) continue;
    const all = reports.map((report): RunReports => ({ report, variants: new Map() }));
    const verdicts = expectations.map((bound) => bound.judge(all));
    const holds = verdicts.every(({ ok }) => ok);
    if (holds && (upTo < runs || missing.length > 0)) continue;
    return { value, text, holds, runs: reports.length, verdicts, fullest: fullestOf(reports) };
  }
  watch.missing.push(...missing.filter(Boolean));
  return null;
}

function fullestOf(reports: readonly Report[]): number | null {
  const shares = reports.map(({ socket }) =>
    socket.peakRmemBytes === null || socket.rcvbufBytes === null ? null : socket.peakRmemBytes / socket.rcvbufBytes,
  );
  return shares.includes(null) ? null : Math.max(...(shares as number[]));
}

function answerOf({ find, experiment, overrides }: SizeQuestion, trial: Trial): SizeAnswer {
  const base = resolveScenario(experiment, overrides);
  const { rmemMaxBytes = null, listeners } = KNOBS[find].overridesOf(trial.value, base);
  const { preset, bufferMaxBytes } = base.listeners[0]!;
  const { bufferMaxBytes: most = bufferMaxBytes, ...changed } = listeners?.[0] ?? {};
  const flags = [
    `--${find} ${trial.text}`,
    ...(most === bufferMaxBytes ? [] : [`--buffer-max ${formatSize(most!)}`]),
    ...(rmemMaxBytes === null ? [] : [`--rmem-max ${formatSize(rmemMaxBytes)}`]),
  ].join(" ");
  return { ...trial, flags, rmemMaxBytes, ownSetting: ownSetting(preset, { listeners: [changed] }) };
}
