/** Dumps of the table in words: what a poll costs, and what it was told of. */
import type { DumpsReport, Report } from "../../report/report.js";
import { SECOND } from "../../scenario/units.js";
import { some } from "./facts.js";
import { count, duration, percent, plural } from "./numbers.js";

/** It has no event socket: every sentence about events would be about nothing. */
export function pollsOnly({ scenario }: Report): boolean {
  return scenario.listeners[0]?.poll?.withEvents === false;
}

/** What it did and cost. */
export function dumpsText({ endedAtSeconds }: Report, dumps: DumpsReport): string {
  const { begun, completed, refused, parts, entries, longestSeconds, cpuSeconds } = dumps;
  const whole = begun - refused === completed ? "" : `, ${count(completed)} to their end`;
  const share = percent(cpuSeconds, Math.max(endedAtSeconds, cpuSeconds));
  return [
    `${plural(begun - refused, "dump", "dumps")}${whole}: ${plural(entries, "entry", "entries")} in ${plural(parts, "part", "parts")}`,
    ...(completed > 0 ? [`the longest took ${duration(longestSeconds)}`] : []),
    `${duration(cpuSeconds)} of CPU time${share === "" ? "" : `, ${share} of a CPU`}`,
    ...(refused > 0 ? [`${count(refused)} more found no room on the socket of the events`] : []),
  ].join("; ");
}

/** What of the entries that ended it was told of, in one or two sentences. */
export function polledText({ goneListed, goneUnlisted, meanUntoldSeconds, completed }: DumpsReport): string {
  if (completed === 0) return "No dump came to its end, so the poll was told of nothing.";
  if (goneListed === null || goneUnlisted === null) {
    return "How many of the entries that ended were in no dump is not known.";
  }
  const gone = goneListed + goneUnlisted;
  if (gone === 0) return "No entry ended, so no end was put to the test.";
  const never = some(goneUnlisted)
    ? `${count(goneUnlisted)} of ${plural(gone, "entry that ended was", "entries that ended were")} in no dump (${percent(goneUnlisted, gone)})`
    : `Every one of ${plural(gone, "entry that ended", "entries that ended")} was in a dump`;
  if (!some(goneListed)) return `${never}.`;
  if (meanUntoldSeconds === null) {
    return `${never}; when ${some(goneUnlisted) ? "the others" : "they"} ended is not known.`;
  }
  const which = some(goneUnlisted) ? "of the others" : "of each";
  return `${never}; ${which} the last ${duration(meanUntoldSeconds)} on average were not told, nor the end itself.`;
}

export function pollOf(poll: NonNullable<Report["scenario"]["listeners"][number]["poll"]>): string {
  const pace = `dumps the table ${duration(poll.everyNanoseconds / SECOND)} after the end of the last dump`;
  return poll.withEvents ? pace : `${pace}, in place of events`;
}
