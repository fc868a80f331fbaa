/** What ended before it was done, in sentences: the flood, the flush, a second flood, or the run with entries left. */
import type { PartEnd, Report } from "../../report/report.js";
import { count, duration, plural } from "./numbers.js";

/** The gravest part only: what comes after a flood that was cut was cut as well. Null: everything came to its end. */
export function endingOf(report: Report): string | null {
  const { load, flush, scenario, ended } = report;
  if (ended === "settled") return null;
  const cause = (end: PartEnd): string =>
    end === "interrupted" ? "The interruption" : `The limit of ${duration(scenario.limitSeconds)}`;
  const by = cause(ended);
  if (load.ended !== "done") {
    const rest = scenario.flush ? "; there was no flush" : "";
    return `${by} ended the flood: ${opened(load)} were opened${rest}.`;
  }
  if (scenario.flush && flush === null) return `${by} came before the flush: there was none.`;
  if (flush !== null && flush.ended !== "done") {
    return `${by} ended the flush: it had deleted ${plural(flush.entries, "entry", "entries")}.`;
  }
  const second = load.secondFlood;
  if (second !== null && second.ended !== "done") {
    return second.openedConnections === 0
      ? `${by} came before the second flood: none of its ${plural(second.askedConnections, "connection", "connections")} was opened.`
      : `${by} ended the second flood: ${opened(second)} were opened.`;
  }
  return `${by} ended the run with ${leftOf(report)}.`;
}

function opened({ openedConnections, askedConnections }: { openedConnections: number; askedConnections: number }) {
  return `${count(openedConnections)} of ${plural(askedConnections, "connection", "connections")}`;
}

/** What a run that is not settled still had to do. */
function leftOf({ table, dying, events }: Report): string {
  const { new: created, update, destroy } = events;
  const unread = (created.unread ?? 0) + (update.unread ?? 0) + (destroy.unread ?? 0);
  const parts = [
    ...((table.active ?? 0) > 0 ? [`${plural(table.active, "entry", "entries")} alive`] : []),
    ...((dying.final ?? 0) > 0 ? [`${count(dying.final)} on the dying list`] : []),
    ...(unread > 0 ? [`${plural(unread, "event", "events")} unread`] : []),
  ];
  return parts.length === 0 ? "a reader that was not done" : parts.join(" and ");
}
