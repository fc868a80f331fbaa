/**
 * What the figures mean: one sentence, the first of a list in the order of their weight that holds, and after it those
 * about what else was dropped or did not arrive. They look back only; what to change is advice.
 */
import { shortLoad } from "../../kernel/steady-load.js";
import type { Figure, Report } from "../../report/report.js";
import { SECOND } from "../../scenario/units.js";
import { polledText, pollsOnly } from "./dumps.js";
import { firstIsReliable, isReliable, readerStopped, some, unaskedGroups } from "./facts.js";
import { count, duration, percent, plural } from "./numbers.js";
import { shortLoadText } from "./short-load.js";

interface Finding {
  holds(report: Report): boolean;
  says(report: Report): string;
  /** Something is wrong that a line about DESTROY and the daemon's table does not tell. */
  isTrouble?: true;
}

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
    isTrouble: true,
    holds: ({ table }) => some(table.dropped.full),
    says: ({ table, gc }) => {
      const dropped = `The table was full: ${plural(table.dropped.full, "packet was", "packets were")} dropped`;
      if (table.full === null) return `${dropped}.`;
      const held = `${dropped}. When that began, it held ${contentsOf(table.full)}.`;
      const pause = gc?.longestPauseSeconds ?? null;
      if (table.full.expired <= table.full.alive || pause === null) return held;
      return `${held} Most of it was dead: the gc worker paused for up to ${duration(pause)} between two looks.`;
    },
  },
  {
    // The same where the kernel does not tell why.
    isTrouble: true,
    holds: ({ table }) => table.dropped.full === null && table.drop > 0,
    says: ({ table }) => `The kernel dropped ${plural(table.drop, "packet", "packets")} (its counter drop).`,
  },
  {
    // Every sentence about events would be about none.
    holds: (report) => pollsOnly(report) && report.daemon.dumps !== null,
    says: ({ daemon }) => polledText(daemon.dumps!),
  },
  {
    // Reliable delivery waits for ever on a reader that is open and does not read.
    holds: (report) => readerStopped(report) !== null && firstIsReliable(report) && some(report.dying.final),
    says: (report) =>
      `The reader stopped ${readerStopped(report)}, and ${plural(report.dying.final, "entry waits", "entries wait")} on the dying list for as long as its socket stays open.`,
  },
  {
    // The run did not settle: shares of what arrived depend on when it ended.
    holds: ({ dying }) => some(dying.final),
    says: ({ dying, events }) =>
      `When the run ended, ${shareOf(events.destroy.delivered, events.destroy.raised)} of DESTROY had arrived and ${plural(dying.final, "entry was", "entries were")} still on the dying list.`,
  },
  {
    // With no listener left to refuse it, the kernel counts an event as delivered and frees the entry.
    holds: (report) => some(report.events.destroy.lost) && firstIsReliable(report) && closed(report),
    says: ({ events }) =>
      `${plural(events.destroy.lost, "DESTROY is", "DESTROY are")} lost. The reader closed its socket, and what it did not have then is not sent again.`,
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
    says: (report) => {
      const { events, daemon } = report;
      const lost = `${shareOf(events.destroy.lost, events.destroy.raised)} of DESTROY never arrived`;
      if (unaskedGroups(report).length > 0) return `${lost}.`;
      if (some(daemon.stale)) {
        return `${lost} and the daemon still believes in ${plural(daemon.stale, "dead entry", "dead entries")}.`;
      }
      if (daemon.stale === null) return `${lost}.`;
      if (some(daemon.resyncs)) {
        return `${lost}; the daemon asked for the whole table ${plural(daemon.resyncs, "time", "times")} and believes in no dead entry.`;
      }
      return `${lost}, though the daemon believes in no dead entry.`;
    },
  },
  {
    // "Every DESTROY arrived" would be true of none.
    holds: ({ events }) => events.destroy.raised === 0 && some(events.destroy.notSubscribed),
    says: () => "The listener did not ask for DESTROY, so none was sent to it.",
  },
  {
    // With nf_conntrack_events=2 a flow that begins while there is no listener has no events.
    isTrouble: true,
    holds: (report) =>
      report.events.destroy.raised === 0 &&
      some(report.table.destroyed) &&
      !some(report.events.destroy.notSubscribed) &&
      !pollsOnly(report),
    says: ({ table, scenario }) =>
      `${plural(table.destroyed, "entry", "entries")} died, and no DESTROY was raised for any of them${why(scenario)}.`,
  },
  {
    holds: ({ events }) => events.destroy.raised === 0,
    says: ({ table }) =>
      `No entry died: ${plural(table.active, "is", "are")} still alive at the end, so no DESTROY was put to the test.`,
  },
  {
    holds: ({ events }) => events.destroy.raised === null,
    says: ({ events }) =>
      `${plural(events.destroy.delivered, "DESTROY", "DESTROY")} arrived; how many were raised is not known.`,
  },
  {
    // Admitted is not arrived.
    holds: ({ events }) => some(events.destroy.unread),
    says: ({ events: { destroy } }) =>
      `${count(destroy.delivered)} of ${count(destroy.raised)} DESTROY arrived; ${plural(destroy.unread, "was", "were")} in the socket and never read.`,
  },
  {
    // What comes next claims that every DESTROY arrived.
    holds: ({ events }) => events.destroy.raised !== null && (events.destroy.delivered ?? 0) < events.destroy.raised,
    says: ({ events }) =>
      `${shareOf(events.destroy.delivered, events.destroy.raised)} of DESTROY arrived before the run ended.`,
  },
  {
    // Nothing waited: reliable delivery had nothing to do, or would have done nothing.
    holds: ({ resends, dying }) => !some(resends.entries) && dying.peak === 0,
    says: (report) => {
      if (!noneResends(report))
        return "Every DESTROY arrived at the first attempt, and no entry ever waited on the dying list.";
      return report.socket.drops === 0
        ? "Every DESTROY arrived: nothing was refused. With this policy, what is refused is lost."
        : "Every DESTROY arrived, but no refused one would have been sent again.";
    },
  },
  {
    // What remains is the case that the commit is about.
    holds: () => true,
    says: (report) => `Every DESTROY arrived: ${resent(report)}, and ${emptied(report)}${underLoad(report)}.`,
  },
];

/** What else there is to know, when the first sentence is not about that. */
const ASIDES: readonly Finding[] = [
  {
    // Where nothing waits for it, the first sentence is about what was lost, and this is why.
    isTrouble: true,
    holds: (report) => readerStopped(report) !== null && !(firstIsReliable(report) && some(report.dying.final)),
    says: (report) => `The reader stopped ${readerStopped(report)} and read nothing after that.`,
  },
  {
    // No socket counts it, and no ENOBUFS tells of it.
    isTrouble: true,
    holds: ({ daemon }) => some(daemon.queue?.dropped ?? null),
    says: ({ daemon }) =>
      `The program's own queue was full: ${plural(daemon.queue!.dropped, "message was", "messages were")} read and dropped, which no socket counts.`,
  },
  {
    // The table says so first, and what a poll was told of comes after it.
    holds: (report) =>
      pollsOnly(report) && report.daemon.dumps !== null && (report.table.dropped.full ?? report.table.drop) > 0,
    says: ({ daemon }) => polledText(daemon.dumps!),
  },
  {
    isTrouble: true,
    holds: ({ daemon }) => some(daemon.dumps?.refused ?? null),
    says: ({ daemon }) =>
      `${plural(daemon.dumps!.refused, "dump", "dumps")} found no room on the socket of the events and told nothing.`,
  },
  {
    // Where a sentence of more weight came first.
    holds: ({ events, table, dying }) =>
      some(events.destroy.lost) && (some(table.dropped.full ?? table.drop) || some(dying.final)),
    says: ({ events }) => `${shareOf(events.destroy.lost, events.destroy.raised)} of DESTROY never arrived.`,
  },
  {
    // Connections that were forgotten while they lived: no event is missing, and no packet need have been dropped.
    isTrouble: true,
    holds: ({ table }) => some(table.earlyDrop),
    says: ({ table }) =>
      `${plural(table.earlyDrop, "entry was", "entries were")} evicted from the full table to make room (early_drop).`,
  },
  {
    isTrouble: true,
    holds: ({ table }) => some(table.dropped.reopening),
    says: ({ table }) =>
      `${plural(table.dropped.reopening, "SYN was", "SYNs were")} dropped that reopened a connection whose DESTROY had been refused.`,
  },
  {
    isTrouble: true,
    holds: ({ table }) => some(table.dropped.insertion),
    says: ({ table }) =>
      `${plural(table.dropped.insertion, "packet was", "packets were")} dropped because the entry could not be inserted (insert_failed).`,
  },
  {
    holds: ({ events, scenario }) =>
      scenario.listeners[0]?.filter === null &&
      some(events.destroy.notSubscribed) &&
      some(events.new.raised) &&
      events.new.delivered === events.new.raised,
    says: () => "Every NEW arrived.",
  },
  {
    // Every event that arrived is every event of those that the filter lets pass.
    holds: ({ events, scenario }) =>
      (scenario.listeners[0]?.filter ?? null) !== null && some(events.destroy.notSubscribed),
    says: ({ events }) =>
      `That is said of what its filter lets pass: of ${plural(events.destroy.notSubscribed, "other entry", "other entries")} the reader knows nothing.`,
  },
  {
    holds: ({ daemon }) => some(daemon.missing),
    says: ({ daemon }) =>
      `The daemon does not know ${plural(daemon.missing, "entry that is", "entries that are")} alive.`,
  },
  {
    isTrouble: true,
    holds: ({ events }) => some(events.new.lost) || some(events.update.lost),
    says: ({ events }) => `${lostOf(events)} lost.`,
  },
  {
    holds: ({ events }) => some(events.new.unread) || some(events.update.unread),
    says: ({ events }) =>
      `${plural((events.new.unread ?? 0) + (events.update.unread ?? 0), "NEW or UPDATE was", "NEW and UPDATE were")} in the socket and never read.`,
  },
  {
    // A flood ends with a flush unless it is told not to: who asks about a load has to know which of the two lost it.
    holds: ({ scenario, flush, events }) =>
      scenario.experiment === "flood" && some(flush?.entries ?? null) && some(events.destroy.lost),
    says: ({ flush }) =>
      `The conntrack -F at the end destroyed ${plural(flush!.entries, "entry", "entries")} at once; --no-flush asks about the load alone.`,
  },
  {
    holds: ({ events }) => merged(events) > 0,
    says: ({ events }) =>
      `${plural(merged(events), "NEW or UPDATE", "NEW and UPDATE")} went inside a later message${late(events.new)}.`,
  },
];

/** A run that did all that was asked, and less than the question was about: what all others leave open. */
function leftOpen({ scenario, load }: Report): string[] {
  const short = load.ended === "done" ? shortLoad(scenario) : null;
  return short === null ? [] : [shortLoadText(short)];
}

/** A headline is read alone: where the kernel's name may hide a worse run, it says so at once. */
function takenFor({ scenario, hiddenRules }: Report): string[] {
  if (hiddenRules === undefined || !hiddenRules.tried.some(({ worse }) => worse.length > 0)) return [];
  return [
    `That is said of what ${scenario.kernel} is taken for; with rules that its name may hide it is worse (below).`,
  ];
}

/** Asides beyond these are in the table of events. */
const MOST_ASIDES = 4;

export function meaningOf(report: Report): string {
  const first = FINDINGS.find((finding) => finding.holds(report))!.says(report);
  const asides = report.table.created === 0 ? [] : ASIDES.filter((aside) => aside.holds(report)).slice(0, MOST_ASIDES);
  const others = asides.map((aside) => aside.says(report));
  return [first, ...takenFor(report), ...others, ...leftOpen(report)].join(" ");
}

/** What `--quiet` says beside its line. */
export function troublesOf(report: Report): string[] {
  const troubles = [...FINDINGS, ...ASIDES].filter(({ isTrouble, holds }) => isTrouble === true && holds(report));
  return report.table.created === 0 ? [] : troubles.map(({ says }) => says(report));
}

/** `6,000 alive, 7,100 expired that no gc has met yet, and 12 on the dying list`. */
function contentsOf({ alive, expired, dying }: NonNullable<Report["table"]["full"]>): string {
  const parts = [
    `${plural(alive, "entry", "entries")} alive`,
    ...(expired > 0 ? [`${count(expired)} expired that the gc had not met yet`] : []),
    `${count(dying)} on the dying list`,
  ];
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

function lostOf({ new: created, update }: Report["events"]): string {
  const parts = [
    ...(some(created.lost) ? [`${shareOf(created.lost, created.raised)} of NEW`] : []),
    ...(some(update.lost) ? [`${shareOf(update.lost, update.raised)} of UPDATE`] : []),
  ];
  return `${parts.join(" and ")} were`;
}

/** NEW and UPDATE that another message carried. */
function merged({ new: created, update }: Report["events"]): number {
  return (created.merged ?? 0) + (update.merged ?? 0);
}

/** A missed NEW goes as one with the entry's next event; what is merged met none before the end. */
function late({ merged, raised }: Report["events"]["new"]): string {
  return some(merged) ? `: of NEW ${shareOf(merged, raised)} in the DESTROY` : "";
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
  if (!some(dying.peakDuringFlood)) return "";
  const waited = `${count(dying.peakDuringFlood)} of ${count(table.created)}`;
  const share = dying.peakDuringFlood / table.created;
  return share < MANY ? `; under load at most ${waited} waited` : `; even under load up to ${waited} waited`;
}

function closed({ scenario, flush, endedAtSeconds }: Report): boolean {
  const after = scenario.listeners[0]?.closesAfterFlushNanoseconds ?? null;
  return after !== null && flush !== null && flush.atSeconds + after / SECOND <= endedAtSeconds;
}

function noneResends({ scenario }: Report): boolean {
  return !scenario.listeners.some((listener) => isReliable(listener.policy));
}

/** Of events that nobody raised. */
function why({ nfConntrackEvents }: Report["scenario"]): string {
  return nfConntrackEvents === 0 ? ": net.netfilter.nf_conntrack_events is 0" : "";
}

/** "of 0" has no share; a sentence still needs a word. */
function shareOf(part: Figure, whole: Figure): string {
  return percent(part, whole) || "none";
}
