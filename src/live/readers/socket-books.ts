/**
 * What samples of a foreign socket say of the program that reads it. The kernel tells what waits and what was dropped,
 * our meters how much was offered: what was admitted and what was read follow. The pace comes from stretches in which
 * messages waited all the time, because only then was the reader, and not the traffic, what set it. It is arithmetic
 * over samples; who takes them is program-watch.ts.
 */
import type { Figure } from "../../report/report.js";

/** One look. Times are nanoseconds of any one clock. */
export interface SocketSample {
  at: number;
  rmemBytes: number;
  rcvbufBytes: Figure;
  drops: number;
  /** Messages that the kernel has offered to sockets with these groups so far. */
  offered: number;
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
export interface Pace {
  microsecondsPerMessage: number;
  /** With the time in which it was ready to run and others had the CPU. */
  clockMicrosecondsPerMessage: number;
  /** Nine tenths of stretches of some hundred messages lie between these; null: there were too few. */
  fastMicroseconds: Figure;
  slowMicroseconds: Figure;
  messages: number;
}

const STRETCH_MESSAGES = 100;
/** Longer than a tick, by which the kernel is late with what a process has run. */
const LONGEST_STRETCH_NANOSECONDS = 40e6;
/** Fewer messages than this tell no pace. */
const FEWEST_MESSAGES = 50;
const FEWEST_STRETCHES = 10;

export class SocketBooks {
  private readonly truesizeBytes: number;
  private readonly first: SocketSample;
  private last: SocketSample;
  private peakRmemBytes: number;
  private fullNanoseconds = 0;
  private busyNanoseconds = 0;
  private clockNanoseconds = 0;
  private busyMessages = 0;
  /** Nanoseconds per message of each stretch that had enough of them, and the one under way. */
  private readonly stretches: number[] = [];
  private stretch: { begin: SocketSample; end: SocketSample } | null = null;

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
    if (this.wasBusy(before, sample)) {
      this.stretch = { begin: this.stretch?.begin ?? before, end: sample };
      if (sample.at - this.stretch.begin.at >= LONGEST_STRETCH_NANOSECONDS) this.endStretch(sample);
    } else {
      this.endStretch(sample);
    }
  }

  figures(): SocketFigures {
    const { first, last } = this;
    this.endStretch(last);
    return {
      offered: last.offered - first.offered,
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
    if (this.busyMessages < FEWEST_MESSAGES) return null;
    const sorted = [...this.stretches].sort((a, b) => a - b);
    const at = (share: number): Figure =>
      sorted.length < FEWEST_STRETCHES ? null : sorted[Math.round(share * (sorted.length - 1))]! / 1000;
    return {
      microsecondsPerMessage: this.busyNanoseconds / this.busyMessages / 1000,
      clockMicrosecondsPerMessage: this.clockNanoseconds / this.busyMessages / 1000,
      fastMicroseconds: at(0.05),
      slowMicroseconds: at(0.95),
      messages: this.busyMessages,
    };
  }

  /**
   * `close`: the first look after the stretch. What the reader ran and waited for a CPU is known by then, and what it
   * read, but not how much of that last while it idled: the time of the clock counts up to the end of the stretch.
   */
  private endStretch(close: SocketSample): void {
    if (this.stretch === null) return;
    const { begin, end } = this.stretch;
    this.stretch = null;
    const ran = close.reader.cpuNanoseconds - begin.reader.cpuNanoseconds;
    const waited = close.reader.cpuWaitNanoseconds - begin.reader.cpuWaitNanoseconds;
    const worked = Math.max(ran, end.at - begin.at - waited);
    const messages = this.read(close) - this.read(begin);
    this.busyNanoseconds += worked;
    this.clockNanoseconds += Math.max(worked, end.at - begin.at);
    this.busyMessages += messages;
    if (messages >= STRETCH_MESSAGES) this.stretches.push(worked / messages);
  }

  /**
   * Some wait at both ends, and in between either nothing came, so that the queue never was empty, or more than fitted.
   */
  private wasBusy(before: SocketSample, sample: SocketSample): boolean {
    if (this.waiting(before) === 0 || this.waiting(sample) === 0) return false;
    return before.offered === sample.offered || sample.drops > before.drops;
  }

  private isFull({ rmemBytes, rcvbufBytes }: SocketSample): boolean {
    return rcvbufBytes !== null && rmemBytes + this.truesizeBytes > rcvbufBytes;
  }

  private waiting({ rmemBytes }: SocketSample): number {
    return Math.round(rmemBytes / this.truesizeBytes);
  }

  private admitted(sample: SocketSample): number {
    return sample.offered - this.first.offered - (sample.drops - this.first.drops);
  }

  private read(sample: SocketSample): number {
    return this.admitted(sample) - this.waiting(sample);
  }
}
