/**
 * What samples of a foreign socket say of the program that reads it. The kernel tells what waits and what was dropped,
 * our meters how much was offered: what was admitted and what was read follow. The pace comes from stretches in which
 * messages waited all the time, because only then was the reader, and not the traffic, what set it. It is arithmetic
 * over samples; who takes them is program-watch.ts.
 */
import type { Figure } from "../../report/report.js";
import { EVENT_GROUPS, type EventGroup } from "../../scenario/scenario.js";

/** One look. Times are nanoseconds of any one clock. */
export interface SocketSample {
  at: number;
  rmemBytes: number;
  rcvbufBytes: Figure;
  drops: number;
  /** Messages that the kernel has offered so far to sockets with these groups, by kind; 0 for groups it is not in. */
  offered: Readonly<Record<EventGroup, number>>;
  /** What the thread that reads it has done so far. */
  reader: ReaderTimes;
}

export interface ReaderTimes {
  cpuNanoseconds: number;
  /** Ready to run, and without a CPU: what others take is not its pace. */
  cpuWaitNanoseconds: number;
}

export interface SocketFigures {
  /** Since the first sample. */
  offered: number;
  admitted: number;
  drops: number;
  /** Waiting at the last sample. */
  unread: number;
  rcvbufBytes: Figure;
  rcvbufBytesAtEnd: Figure;
  peakRmemBytes: number;
  /** Time in which one more message would not have fitted, as far as samples show. */
  fullSeconds: number;
  pace: Pace | null;
}

/** How fast messages were read while some were waiting. */
export interface Pace extends KindPace {
  /** Nine tenths of stretches of some hundred messages lie between these; null: there were too few. */
  fastMicroseconds: Figure;
  slowMicroseconds: Figure;
  /** Of stretches in which all messages were of one kind; null: there were too few. */
  kinds: Readonly<Record<EventGroup, KindPace | null>>;
}

interface KindPace {
  microsecondsPerMessage: number;
  /** With the time in which it was ready to run and others had the CPU. */
  clockMicrosecondsPerMessage: number;
  messages: number;
}

/** Time that messages took. */
class Spent {
  nanoseconds = 0;
  clockNanoseconds = 0;
  messages = 0;

  add(worked: number, clock: number, messages: number): void {
    this.nanoseconds += worked;
    this.clockNanoseconds += clock;
    this.messages += messages;
  }

  pace(): KindPace | null {
    const { nanoseconds, clockNanoseconds, messages } = this;
    if (messages < FEWEST_MESSAGES) return null;
    return {
      microsecondsPerMessage: nanoseconds / messages / 1000,
      clockMicrosecondsPerMessage: clockNanoseconds / messages / 1000,
      messages,
    };
  }
}

const STRETCH_MESSAGES = 100;
/** Longer than a tick, by which the kernel is late with what a process has run. */
const LONGEST_STRETCH_NANOSECONDS = 40e6;
/** Of fewer messages a stretch says how long the reader took to wake, and not how fast it reads. */
const FEWEST_IN_A_STRETCH = 10;
/** Fewer messages than this tell no pace. */
const FEWEST_MESSAGES = 50;
const FEWEST_STRETCHES = 10;

export class SocketBooks {
  private readonly truesizeBytes: number;
  private readonly first: SocketSample;
  private last: SocketSample;
  private peakRmemBytes: number;
  private fullNanoseconds = 0;
  private readonly busy = new Spent();
  private readonly busyByKind = { new: new Spent(), update: new Spent(), destroy: new Spent() };
  /** Of each kind: when so many messages have been read, none that was offered so far is left in the queue. */
  private readonly readBy: Record<EventGroup, number> = { new: 0, update: 0, destroy: 0 };
  /** Nanoseconds per message of each stretch that had enough of them, and the one under way. */
  private readonly stretches: number[] = [];
  private stretch: { begin: SocketSample; end: SocketSample; kind: EventGroup | null } | null = null;

  constructor(truesizeBytes: number, first: SocketSample) {
    this.truesizeBytes = truesizeBytes;
    this.first = first;
    this.last = first;
    this.peakRmemBytes = first.rmemBytes;
  }

  add(sample: SocketSample): void {
    const before = this.last;
    const nanoseconds = sample.at - before.at;
    this.last = sample;
    this.peakRmemBytes = Math.max(this.peakRmemBytes, sample.rmemBytes);
    if (this.isFull(before) && this.isFull(sample)) this.fullNanoseconds += nanoseconds;
    const kind = this.onlyKind(before, sample);
    if (this.wasBusy(before, sample)) {
      if (this.stretch !== null && this.stretch.kind !== kind) this.endStretch(before);
      const begin = this.stretch?.begin ?? before;
      this.stretch = { begin, end: sample, kind };
      const enough = this.read(sample) - this.read(begin) >= FEWEST_IN_A_STRETCH;
      if (enough && sample.at - begin.at >= LONGEST_STRETCH_NANOSECONDS) this.endStretch(sample);
    } else {
      this.endStretch(sample);
    }
  }

  figures(): SocketFigures {
    const { first, last } = this;
    this.endStretch(last);
    return {
      offered: total(last) - total(first),
      admitted: this.admitted(last),
      drops: last.drops - first.drops,
      unread: this.waiting(last),
      rcvbufBytes: first.rcvbufBytes,
      rcvbufBytesAtEnd: last.rcvbufBytes,
      peakRmemBytes: this.peakRmemBytes,
      fullSeconds: this.fullNanoseconds / 1e9,
      pace: this.pace(),
    };
  }

  private pace(): Pace | null {
    const all = this.busy.pace();
    if (all === null) return null;
    const at = (share: number): Figure =>
      this.stretches.length < FEWEST_STRETCHES ? null : quantile(this.stretches, share) / 1000;
    return {
      ...all,
      fastMicroseconds: at(0.05),
      slowMicroseconds: at(0.95),
      kinds: {
        new: this.busyByKind.new.pace(),
        update: this.busyByKind.update.pace(),
        destroy: this.busyByKind.destroy.pace(),
      },
    };
  }

  /**
   * `close`: the first look after the stretch. What the reader ran and waited for a CPU is known by then, and what it
   * read, but not how much of that last while it idled: the time of the clock counts up to the end of the stretch.
   */
  private endStretch(close: SocketSample): void {
    if (this.stretch === null) return;
    const { begin, end, kind } = this.stretch;
    this.stretch = null;
    const messages = this.read(close) - this.read(begin);
    if (messages < FEWEST_IN_A_STRETCH) return;
    const ran = close.reader.cpuNanoseconds - begin.reader.cpuNanoseconds;
    const waited = close.reader.cpuWaitNanoseconds - begin.reader.cpuWaitNanoseconds;
    const notWaited = end.at - begin.at - waited;
    const worked = Math.max(ran, notWaited);
    for (const spent of kind === null ? [this.busy] : [this.busy, this.busyByKind[kind]]) {
      spent.add(worked, Math.max(worked, end.at - begin.at), messages);
    }
    // A wait that began before the stretch is told in it, what was run up to a tick after it: neither bounds the other.
    if (messages >= STRETCH_MESSAGES && notWaited > 0) this.stretches.push(worked / messages);
  }

  /**
   * Some wait at both ends, and in between either nothing came, so that the queue never was empty, or more than fitted.
   */
  private wasBusy(before: SocketSample, sample: SocketSample): boolean {
    if (this.waiting(before) === 0 || this.waiting(sample) === 0) return false;
    return total(before) === total(sample) || sample.drops > before.drops;
  }

  /**
   * The kind of all messages that were read between two looks; null: they may be of several. A queue gives what was put
   * in first, so that a kind that nothing is offered of is gone when all that was admitted until then has been read.
   */
  private onlyKind(before: SocketSample, sample: SocketSample): EventGroup | null {
    const offered = EVENT_GROUPS.filter((kind) => sample.offered[kind] !== before.offered[kind]);
    const possible = EVENT_GROUPS.filter((kind) => offered.includes(kind) || this.readBy[kind] > this.read(before));
    for (const kind of offered) this.readBy[kind] = this.admitted(sample);
    return possible.length === 1 ? possible[0]! : null;
  }

  private isFull({ rmemBytes, rcvbufBytes }: SocketSample): boolean {
    return rcvbufBytes !== null && rmemBytes + this.truesizeBytes > rcvbufBytes;
  }

  private waiting({ rmemBytes }: SocketSample): number {
    return Math.round(rmemBytes / this.truesizeBytes);
  }

  private admitted(sample: SocketSample): number {
    return total(sample) - total(this.first) - (sample.drops - this.first.drops);
  }

  private read(sample: SocketSample): number {
    return this.admitted(sample) - this.waiting(sample);
  }
}

function total({ offered }: SocketSample): number {
  return offered.new + offered.update + offered.destroy;
}

/** The figure in the place that is nearest to that share of them. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))]!;
}
