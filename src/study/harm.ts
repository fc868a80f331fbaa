/**
 * What went wrong in a run, as figures that can be compared with those of another run: events that did not arrive,
 * packets that were dropped, dead entries that the daemon believes in, a dying list that takes long to drain or takes
 * much of the table. Every figure is one where less is better. What counts as going wrong, and what as better or worse,
 * is said here and nowhere else.
 */
import { HARMS, type Report } from "../report/report.js";
import { POLICY } from "../scenario/scenario.js";

export type Harm = (typeof HARMS)[number];

/**
 * `cut` is 1 where the time limit ended the run. Null: the run has no such figure, because nothing is resent or there
 * was no flush. A dying list that never emptied has Infinity.
 */
export type Harms = Readonly<Record<Harm, number | null>>;

/** A dying list that is empty sooner is nothing that a person waits for. */
const DRAIN_SECONDS = 1;
/** Of nf_conntrack_max: a dying list below this takes no connection's place. */
const PEAK_SHARE = 0.1;
/** An improvement that a person would see. */
const SEEN = 0.1;
/**
 * Two runs that differ by less in a time or in a peak differ by chance. Counts of what is lost have no such tolerance.
 */
const CHANCE = 0.01;

export function harmsOf(report: Report): Harms {
  const { events, table, daemon, dying, flush, scenario } = report;
  const notArrived = ({ raised, delivered, merged }: Report["events"]["new"]): number | null =>
    raised === null || merged === null || delivered === null ? null : raised - delivered - merged;
  // Without a listener that has refused events resent, nothing waits: that its list is empty is no merit.
  const resends = scenario.listeners.some(({ policy }) => POLICY[policy].broadcastError);
  return {
    cut: endedByLimit(report) ? 1 : 0,
    destroyNotArrived: notArrived(events.destroy),
    newNotArrived: notArrived(events.new),
    packetsDropped: table.drop + table.insertFailed,
    updateNotArrived: scenario.listeners[0]!.groups.includes("update") ? notArrived(events.update) : null,
    goneUnlisted: scenario.listeners[0]!.poll?.withEvents === false ? (daemon.dumps?.goneUnlisted ?? null) : null,
    stale: daemon.stale,
    drainSeconds: !resends || flush === null ? null : (dying.emptyAfterFlushSeconds ?? Number.POSITIVE_INFINITY),
    peakDying: resends ? dying.peak : null,
  };
}

/** Whether the run was over before everything had settled. */
export function endedByLimit({ ended }: Report): boolean {
  return ended === "limit";
}

/** Whether the figure says that something went wrong, and not only that something happened. */
export function isWrong(harm: Harm, figure: number | null, tableMax: number): boolean {
  if (figure === null) return false;
  if (harm === "drainSeconds") return figure >= DRAIN_SECONDS;
  if (harm === "peakDying") return tableMax > 0 && figure >= PEAK_SHARE * tableMax;
  return figure > 0;
}

export interface Comparison {
  better: readonly Harm[];
  worse: readonly Harm[];
}

/** What a change made of all that went wrong; what one of the runs has no figure for is neither. */
export function compareHarms(before: Harms, after: Harms, tableMax: number): Comparison {
  const both = HARMS.filter((harm) => before[harm] !== null && after[harm] !== null);
  return {
    better: both.filter(
      (harm) => isWrong(harm, before[harm], tableMax) && removedShare(before[harm]!, after[harm]!) >= SEEN,
    ),
    worse: both.filter(
      (harm) => isWrong(harm, after[harm], tableMax) && after[harm]! > before[harm]! * (1 + toleranceOf(harm)),
    ),
  };
}

/** 1: all of it is gone; 0: as before; below: more than before. */
export function removedShare(before: number, after: number): number {
  if (after === before) return 0;
  if (before === 0 || after === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  return before === Number.POSITIVE_INFINITY ? 1 : (before - after) / before;
}

function toleranceOf(harm: Harm): number {
  return harm === "drainSeconds" || harm === "peakDying" ? CHANCE : 0;
}
