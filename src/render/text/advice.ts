/** Advice in words: the flags of a run that was made, what is less with them, and what they cost. */
import type { Advice, AdviceEffect, AdviceFigure, Report } from "../../report/report.js";
import { count, duration, plural } from "./numbers.js";

/** Effects that a sentence has room for. */
const MOST_EFFECTS = 2;
/** Settings that it has. */
const MOST_NAMED = 3;

/** What was advised, a sentence each; of a live run they say that they are from a simulation. */
export function adviceTexts(report: Report): string[] {
  const { backend, program, advice, untried, whatIf } = report;
  if (untried !== undefined && whatIf === undefined) {
    const named = untried.slice(0, MOST_NAMED).join(", ");
    const more = untried.length > MOST_NAMED ? ` and ${untried.length - MOST_NAMED} more` : "";
    return [`Not tried, because it takes long: ${named}${more}; --what-if tries each.`];
  }
  const where =
    backend === "live"
      ? `In a simulation with the costs of this machine and the ${program === null ? "reader" : "program's pace"} of this run: `
      : "";
  return (advice ?? []).map((each) => where + adviceText(each, backend === "live" && program !== null));
}

/** `ofProgram`: a program of the user that is as it is, so that its own setting is what can be changed. */
export function adviceText({ flags, setting, improves, costs }: Advice, ofProgram = false): string {
  const gains = improves.slice(0, MOST_EFFECTS).map(effectText).join("; ");
  const own = setting === null ? flags : `${flags} (its own setting: ${setting})`;
  const what = !ofProgram
    ? own
    : setting === null
      ? `what ${flags} sets, by the program's own means`
      : `${setting} of the program`;
  return `Try ${what}: ${gains}.${costs.length === 0 ? "" : ` Its cost: ${costs.map(effectText).join("; ")}.`}`;
}

interface Nouns {
  one: string;
  many: string;
  /** Of none. */
  none: string;
  /** How many there were before, where there is none after. */
  were(before: number): string;
}

const counted =
  ({ one, many, none, were }: Nouns) =>
  ({ before, after }: AdviceEffect): string => {
    if (after === 0 && before !== null) return `${none} (${count(before)} ${were(before)})`;
    return `${plural(after, one, many)}${instead(before === null ? null : count(before))}`;
  };

const was = (before: number): string => (before === 1 ? "was" : "were");

/** Of NEW and UPDATE: what goes inside a later message is not lost, and has not arrived as what it is. */
const lost = (name: string) =>
  counted({ one: `${name} is lost`, many: `${name} are lost`, none: `no ${name} is lost`, were: was });

const WORDS: Readonly<Record<AdviceFigure, (effect: AdviceEffect) => string>> = {
  cut: () => "the run comes to its end",
  destroyNotArrived: counted({
    one: "DESTROY does not arrive",
    many: "DESTROY do not arrive",
    none: "every DESTROY arrives",
    were: () => "did not",
  }),
  newNotArrived: lost("NEW"),
  updateNotArrived: lost("UPDATE"),
  packetsDropped: counted({
    one: "packet is dropped",
    many: "packets are dropped",
    none: "no packet is dropped",
    were: was,
  }),
  goneUnlisted: counted({
    one: "entry is in no dump",
    many: "entries are in no dump",
    none: "every entry is in a dump",
    were: () => "were not",
  }),
  stale: counted({
    one: "dead entry is believed alive",
    many: "dead entries are believed alive",
    none: "no dead entry is believed alive",
    were: was,
  }),
  drainSeconds: ({ before, after }) =>
    after === null
      ? "the dying list does not become empty"
      : `the dying list is empty ${duration(after)} after the flush${instead(before === null ? null : duration(before))}`,
  peakDying: counted({
    one: "entry at most waits on the dying list",
    many: "entries at most wait on the dying list",
    none: "no entry waits on the dying list",
    were: (before) => (before === 1 ? "did" : "did at most"),
  }),
  refused: counted({
    one: "attempt is refused",
    many: "attempts are refused",
    none: "no attempt is refused",
    were: was,
  }),
  merged: ({ before, after }) =>
    `${plural(after, "event goes", "events go")} inside a later message${instead(before === null || before === 0 ? null : count(before))}`,
};

function effectText(effect: AdviceEffect): string {
  return WORDS[effect.figure](effect);
}

/** `null`: before there was none, or it never came. */
function instead(before: string | null): string {
  return before === null ? "" : `, in place of ${before}`;
}
