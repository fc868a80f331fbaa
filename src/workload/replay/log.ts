/**
 * A log of conntrack events as a run replays it: steps in order of time, each of an entry. A step opens an entry, is a
 * packet of it, or ends it. Arrays of numbers, because a log has millions of lines: 13 bytes a step and 6 bytes an
 * entry. It knows no file and no format (parse.ts).
 */
import type { Direction } from "../../kernel/conntrack/status.js";
import type { Segment } from "../../kernel/conntrack/trackers/tcp-states.js";
import { UsageError } from "../../scenario/errors.js";
import { FAMILIES, type Family, MOST_ENTRIES, PROTOCOLS, type Protocol } from "../../scenario/parameters/load.js";
import { MOST_LINES, type Replay } from "../../scenario/parameters/replay.js";
import { ORIGINAL, REPLY } from "./packet-kinds.js";

/** What a step is: a packet (its segment, and bits), or the end of its entry. */
const SEGMENT = 0x07;
const IS_REPLY = 0x08;
const OPENS = 0x10;
const ENDS = 0x20;

/** How an entry from before the log was, as far as its first line says. */
export const REPLIED = 1;
export const ASSURED = 2;
const AT_START = 4;

/** A time without an event is a gap from so many times the mean on, in a log that is long enough to have a pace. */
const GAP_MEANS = 50;
const GAP_SECONDS = 1;
const PACE_EVENTS = 100;

export interface Kind {
  protocol: Protocol;
  family: Family;
}

/** Index of a protocol and a family, and back. */
const numberOf = ({ protocol, family }: Kind): number =>
  PROTOCOLS.indexOf(protocol) * FAMILIES.length + FAMILIES.indexOf(family);
const kindOf = (number: number): Kind => ({
  protocol: PROTOCOLS[Math.floor(number / FAMILIES.length)]!,
  family: FAMILIES[number % FAMILIES.length]!,
});

/** What the log says of itself beside its steps. */
export interface Remarks {
  newEvents: number;
  updateEvents: number;
  destroyEvents: number;
  entriesAtStart: number;
  entriesAtEnd: number;
  madeAgain: number;
  linesLeftOut: number;
  enobufsLines: number;
  backwardSteps: number;
}

export class ReplayLog {
  private times = new Float64Array(1024);
  private codes = new Uint8Array(1024);
  private entries = new Int32Array(1024);
  length = 0;
  /** By entry: its kind, its number among those of its kind, how it was at the start. */
  private kindNumbers = new Uint8Array(1024);
  private indices = new Int32Array(1024);
  private flags = new Uint8Array(1024);
  entryCount = 0;
  private readonly counts = new Int32Array(PROTOCOLS.length * FAMILIES.length);
  readonly remarks: Remarks = {
    newEvents: 0,
    updateEvents: 0,
    destroyEvents: 0,
    entriesAtStart: 0,
    entriesAtEnd: 0,
    madeAgain: 0,
    linesLeftOut: 0,
    enobufsLines: 0,
    backwardSteps: 0,
  };

  /** An entry of a kind. Throws UsageError when there are too many. */
  entry(kind: Kind): number {
    if (this.entryCount === MOST_ENTRIES) throw new UsageError(`expected at most ${MOST_ENTRIES} entries, got more`);
    const entry = this.entryCount++;
    if (entry === this.indices.length) {
      this.kindNumbers = grown(this.kindNumbers, Uint8Array);
      this.indices = grown(this.indices, Int32Array);
      this.flags = grown(this.flags, Uint8Array);
    }
    const number = numberOf(kind);
    this.kindNumbers[entry] = number;
    this.indices[entry] = this.counts[number]!++;
    return entry;
  }

  /** The entry was there before the log. `flags`: REPLIED, ASSURED. */
  wasThere(entry: number, flags: number): void {
    this.flags[entry] = flags | AT_START;
    this.remarks.entriesAtStart++;
  }

  isReplied(entry: number): boolean {
    return (this.flags[entry]! & REPLIED) !== 0;
  }

  reply(entry: number): void {
    this.flags[entry]! |= REPLIED;
  }

  opens(nanoseconds: number, entry: number, segment: Segment): void {
    this.add(nanoseconds, entry, OPENS | segment);
  }

  packet(nanoseconds: number, entry: number, direction: Direction, segment: Segment): void {
    this.add(nanoseconds, entry, segment | (direction === REPLY ? IS_REPLY : 0));
  }

  ends(nanoseconds: number, entry: number): void {
    this.add(nanoseconds, entry, ENDS);
  }

  /** Steps that were added in no order are put in that of their times; those of one time keep theirs. */
  sort(): void {
    const { times, codes, entries, length } = this;
    const order = Uint32Array.from({ length }, (_, at) => at).sort((a, b) => times[a]! - times[b]! || a - b);
    this.times = Float64Array.from(order, (at) => times[at]!);
    this.codes = Uint8Array.from(order, (at) => codes[at]!);
    this.entries = Int32Array.from(order, (at) => entries[at]!);
  }

  timeOf(step: number): number {
    return this.times[step]!;
  }

  entryOf(step: number): number {
    return this.entries[step]!;
  }

  isOpening(step: number): boolean {
    return (this.codes[step]! & OPENS) !== 0;
  }

  isEnd(step: number): boolean {
    return (this.codes[step]! & ENDS) !== 0;
  }

  directionOf(step: number): Direction {
    return (this.codes[step]! & IS_REPLY) === 0 ? ORIGINAL : REPLY;
  }

  segmentOf(step: number): Segment {
    return (this.codes[step]! & SEGMENT) as Segment;
  }

  /** Number of the entry's kind among `kinds`. */
  kindOf(entry: number): number {
    return this.places[this.kindNumbers[entry]!]!;
  }

  /** Number of the entry among those of its kind. */
  indexOf(entry: number): number {
    return this.indices[entry]!;
  }

  /** REPLIED and ASSURED of an entry that is there at the start, or null. */
  atStart(entry: number): number | null {
    const flags = this.flags[entry]!;
    return (flags & AT_START) === 0 ? null : flags & ~AT_START;
  }

  get kinds(): Replay["kinds"] {
    return Array.from(this.counts, (connections, number) => ({ ...kindOf(number), connections })).filter(
      ({ connections }) => connections > 0,
    );
  }

  /** What the scenario has of it beside its file. */
  summary(): Omit<Replay, "file" | "sha256"> {
    const { length, times } = this;
    const nanoseconds = length === 0 ? 0 : times[length - 1]!;
    const least = Math.max(GAP_SECONDS * 1e9, (GAP_MEANS * nanoseconds) / Math.max(1, length));
    let gaps = 0;
    let longest = 0;
    for (let step = 1; step < length; step++) {
      const pause = times[step]! - times[step - 1]!;
      if (pause > least && length >= PACE_EVENTS) gaps++;
      if (pause > longest) longest = pause;
    }
    return {
      ...this.remarks,
      seconds: nanoseconds / 1e9,
      gaps,
      longestGapSeconds: longest / 1e9,
      kinds: this.kinds,
    };
  }

  /** By number of a kind: its place among the kinds that there are. */
  private get places(): Int8Array {
    if (this.placesOfKinds === null) {
      let place = 0;
      this.placesOfKinds = Int8Array.from(this.counts, (count) => (count > 0 ? place++ : -1));
    }
    return this.placesOfKinds;
  }
  private placesOfKinds: Int8Array | null = null;

  private add(nanoseconds: number, entry: number, code: number): void {
    if (this.length === MOST_LINES) throw new UsageError(`expected at most ${MOST_LINES} events, got more`);
    if (this.length === this.times.length) {
      this.times = grown(this.times, Float64Array);
      this.codes = grown(this.codes, Uint8Array);
      this.entries = grown(this.entries, Int32Array);
    }
    const at = this.length++;
    this.times[at] = nanoseconds;
    this.codes[at] = code;
    this.entries[at] = entry;
  }
}

function grown<T extends Float64Array | Int32Array | Uint8Array>(old: T, Of: new (length: number) => T): T {
  const larger = new Of(2 * old.length);
  larger.set(old);
  return larger;
}
