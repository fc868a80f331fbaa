/**
 * A log that a run replays, as the scenario has it: which file, a hash of its content, what is in it, and what it
 * lacks. The log itself is not in the scenario (workload/replay/), so that whoever repeats the run needs the file.
 */
import { choiceOf, type Described, list, nullable, quantity, shape, text, type ValueOf } from "../json-schema.js";
import { DAY, LONGEST_DURATION, type Range, SECOND } from "../units.js";
import { FAMILIES, MOST_ENTRIES, PROTOCOLS } from "./load.js";
import { parameter } from "./parameter.js";

/** Each line is a few numbers in memory. */
export const MOST_LINES = 2 ** 24;
/** An entry's timeout is put behind the end of the run, and jiffies have 31 bits. */
export const LONGEST_LOG_SECONDS = (30 * DAY) / SECOND;

const LINES: Range = { min: 0, max: MOST_LINES };
const TIME: Range = { min: 0, max: LONGEST_DURATION / SECOND };

const REPLAYED_KIND = shape("entries of one protocol and family", {
  protocol: choiceOf(PROTOCOLS, "udp, tcp or icmp"),
  family: choiceOf(FAMILIES, "ipv4 or ipv6"),
  connections: quantity("count", { min: 1, max: MOST_ENTRIES }, "entries of it, those from before the log included"),
});

const LOG = shape("a log that is replayed, of which the scenario has the name and a hash; null: none", {
  file: text("the file, as it was named", "the name of a file", { minLength: 1 }),
  sha256: text("SHA-256 of its content", "64 hexadecimal digits", { pattern: "^[0-9a-f]{64}$" }),
  seconds: quantity("seconds", { min: 0, max: LONGEST_LOG_SECONDS }, "from its first event to its last"),
  newEvents: quantity("count", LINES, "NEW of it"),
  updateEvents: quantity("count", LINES, "UPDATE of it"),
  destroyEvents: quantity("count", LINES, "DESTROY of it"),
  entriesAtStart: quantity("count", LINES, "entries whose NEW is not in it: they are there at the start"),
  entriesAtEnd: quantity("count", LINES, "entries whose DESTROY is not in it: they stay"),
  madeAgain: quantity("count", LINES, "NEW of a conversation whose last DESTROY is not in it"),
  linesLeftOut: quantity("count", LINES, "events of protocols that are not modelled"),
  enobufsLines: quantity("count", LINES, "lines that say that events were lost"),
  backwardSteps: quantity("count", LINES, "events that are earlier than the one before them: taken for as late"),
  gaps: quantity("count", LINES, "times without an event that are far longer than its own pace"),
  longestGapSeconds: quantity("seconds", TIME, "the longest time without an event"),
  kinds: list(REPLAYED_KIND, "its entries by protocol and family"),
});
export interface Replay extends ValueOf<typeof LOG> {}

export const REPLAY = parameter<Replay | null, null>(
  // Of a file the name is enough: the rest is read from the log.
  nullable({ ...LOG, needed: ["file"] } as Described<Replay>),
  null,
);
