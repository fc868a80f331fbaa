/**
 * One sentence that says what the figures mean, and where it matters a second one about NEW and UPDATE. A list of
 * findings in the order of their weight: the first that holds speaks. It looks back only; what to change is
 * advice.ts's.
 */
import type { Figure, Report } from "../../report/report.js";
import { firstIsReliable, isReliable, readerStopped, some } from "./facts.js";
import { count, duration, percent, plural } from "./numbers.js";

interface Finding {
  holds(report: Report): boolean;
  says(report: Report): string;
}

/** Up to this share of all entries, waiting on the fly is what the commit calls "very few". */
const VERY_FEW = 0.01;
/** From this share on, the dying list under load is a fact of its own. */
const MANY = 0.1;

const FINDINGS: readonly Finding[] = [
  {
    // Without connections every other sentence would be true and say nothing.
    holds: ({ table }) => table.created === 0,
    says: ({ scenario }) =>
      scenario.connections === 0
        ? "No connection was asked for, so there was no event to deliver."
        : "No connection was tracked before the run ended, so there was no event to deliver.",
  },
  {
    // What the listener does not see: packets of users were refused. It outweighs any event.
    holds: ({ table }) => table.drop > 0,
    says: ({ table, dying }) => {
      const dropped = `The table was full: ${plural(table.drop, "packet was", "packets were")} dropped`;
      if (dying.peak === null) return `${dropped}.`;
      if (dying.peak < MANY * table.max) return `${dropped}, its ${count(table.max)} places taken by live entries.`;
      return `${dropped} — dying entries count too, and up to ${count(dying.peak)} of its ${count(table.max)} places were held by them.`;
    },
  },
  {
    // Reliable delivery waits for ever on a reader that is open and does not read.
    holds: (report) => readerStopped(report) !== null && firstIsReliable(report) && some(report.dying.final),
    says: (report) =>
      `The reader stopped ${readerStopped(report)}, and ${plural(report.dying.final, "entry waits", "entries wait")} on the dying list for as long as its socket stays open.`,
  },
  {
    // Ctrl-C ended it, not the limit, and what is left says nothing about the setting.
    holds: (report) => some(report.dying.final) && report.interrupted === true,
    says: ({ dying, events }) =>
      `So far ${shareOf(events.destroy.delivered, events.destroy.raised)} of DESTROY arrived, and ${plural(dying.final, "entry is", "entries are")} still on the dying list.`,
  },
  {
    // The run did not settle: shares of what arrived depend on the limit.
    holds: ({ dying }) => some(dying.final),
    says: ({ dying, scenario }) =>
      `Still ${plural(dying.final, "entry", "entries")} on the dying list when the limit of ${duration(scenario.limitSeconds)} ended the run.`,
  },
  {
    // With no listener left to refuse it, the kernel counts an event as delivered and frees the entry.
    holds: (report) => some(report.events.destroy.lost) && firstIsReliable(report) && closes(report),
    says: ({ events }) =>
      `When the reader closed its socket, the kernel let go of ${plural(events.destroy.lost, "entry", "entries")} whose DESTROY nobody will ever see.`,
  },
  {
    // The promise that the policy asked for was not kept.
    holds: (report) => some(report.events.destroy.lost) && firstIsReliable(report),
    says: ({ events }) =>
      `${shareOf(events.destroy.lost, events.destroy.raised)} of DESTROY never arrived although the listener asked for reliable delivery.`,
  },
  {
    // The ordinary loss, told by what it leaves behind in the daemon.
    holds: ({ events }) => some(events.destroy.lost),
    says: ({ events, daemon }) => {
      const lost = `${shareOf(events.destroy.lost, events.destroy.raised)} of DESTROY never arrived`;
      if (some(daemon.stale)) {
        return `${lost} and the daemon still believes in ${plural(daemon.stale, "dead entry", "dead entries")}.`;
      }
      if (daemon.resyncs > 0) return `${lost}; the daemon is right again only because it asked for the whole table.`;
      return `${lost}, though the daemon believes in no dead entry.`;
    },
  },
  {
    // "Every DESTROY arrived" would be true of none.
    holds: ({ events }) => events.destroy.raised === 0,
    says: ({ table }) =>
      `No entry died: ${plural(table.active, "is", "are")} still alive at the end, so no DESTROY was put to the test.`,
  },
  {
    // What comes next claims that every DESTROY arrived.
    holds: ({ events }) => events.destroy.raised !== null && events.destroy.delivered < events.destroy.raised,
    says: ({ events }) =>
      `${shareOf(events.destroy.delivered, events.destroy.raised)} of DESTROY arrived before the run ended.`,
  },
  {
    // Nothing waited: reliable delivery had nothing to do, or would have done nothing.
    holds: ({ resends, dying }) => !some(resends.entries) && dying.peak === 0,
    says: (report) =>
      noneResends(report)
        ? "Every DESTROY arrived, but none would have been sent again: this reader kept up."
        : "Every DESTROY arrived at the first attempt, and no entry ever waited on the dying list.",
  },
  {
    // What remains is the case that the commit is about.
    holds: () => true,
    says: (report) => `Every DESTROY arrived: ${resent(report)}, and ${emptied(report)}${underLoad(report)}.`,
  },
];

/** What became of NEW and UPDATE, when the first sentence is not about that. */
const ASIDES: readonly Finding[] = [
  {
    holds: ({ table }) => table.created === 0,
    says: () => "",
  },
  {
    holds: ({ daemon }) => some(daemon.missing),
    says: ({ daemon }) =>
      `The daemon does not know ${plural(daemon.missing, "entry that is", "entries that are")} alive.`,
  },
  {
    holds: ({ events }) => some(events.new.lost) || some(events.update.lost),
    says: ({ events }) =>
      `${shareOf(events.new.lost, events.new.raised)} of NEW and ${shareOf(events.update.lost, events.update.raised)} of UPDATE were lost.`,
  },
  {
    holds: ({ events }) => carried(events) > 0,
    says: ({ events }) => `${plural(carried(events), "NEW or UPDATE", "NEW and UPDATE")} went with a later message.`,
  },
];

export function meaningOf(report: Report): string {
  const speak = (findings: readonly Finding[]) => findings.find((finding) => finding.holds(report))?.says(report) ?? "";
  return [speak(FINDINGS), speak(ASIDES)].filter((sentence) => sentence !== "").join(" ");
}

/** NEW and UPDATE that another message carried. */
function carried({ new: created, update }: Report["events"]): number {
  return (created.merged ?? 0) + (update.merged ?? 0);
}

function resent({ resends }: Report): string {
  if (resends.entries === null) return "how many needed a resend is not known";
  if (resends.entries === 0) return "none of them needed a resend";
  return `${count(resends.entries)} of them needed a resend`;
}

function emptied({ flush, dying }: Report): string {
  if (flush === null || dying.emptyAfterFlushSeconds === null) return "nothing is left on the dying list";
  if (dying.afterFlush === 0) return "the flush left nothing on the dying list";
  return `the dying list was empty ${duration(dying.emptyAfterFlushSeconds)} after the flush`;
}

function underLoad({ dying, table }: Report): string {
  if (dying.peakDuringFlood === null) return "";
  const share = dying.peakDuringFlood / table.created;
  const waited = `${count(dying.peakDuringFlood)} of ${count(table.created)}`;
  if (share === 0) return "";
  if (share <= VERY_FEW) return `; under load at most ${waited} waited — the commit's "very few"`;
  if (share < MANY) return "";
  return `; even under load up to ${waited} waited`;
}

function closes({ scenario }: Report): boolean {
  return scenario.listeners.some((listener) => listener.closesAfterFlushNanoseconds !== null);
}

function noneResends({ scenario }: Report): boolean {
  return !scenario.listeners.some((listener) => isReliable(listener.policy));
}

/** "of 0" has no share; a sentence still needs a word. */
function shareOf(part: Figure, whole: Figure): string {
  return percent(part, whole) || "none";
}
