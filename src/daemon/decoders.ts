/**
 * The decoders of a daemon that hands its messages to several of them: each holds one message for its service time and
 * only then applies it, so that messages finish in another order than the queue had. It owns what is in flight and
 * knows what was overtaken; when a decoder may take the next message is reader.ts, what a message means is view.ts.
 *
 * A handful of records that are used again and searched one by one: there are at most 16.
 */
import { NEVER } from "../kernel/clock.js";
import { KIND_DESTROY } from "../kernel/events/kinds.js";

/** What a daemon finds in a message, and what the books need to know of it. */
export interface ReceivedMessage {
  kind: number;
  /** Its number in the order in which the socket took messages, from 1 on. */
  order: number;
  entry: number;
  tuple: number;
  id: number;
  portid: number;
  raisedAt: number;
}

interface Decoder extends ReceivedMessage {
  busy: boolean;
  doneAt: number;
  /**
   * A later message of the same entry was applied before this one, and one of the two is a DESTROY: only then does the
   * order change what the daemon believes. That the other one is in flight at that moment tells it from a NEW that
   * begins a new life of a reused tuple and id, which the queue holds behind the DESTROY, too.
   */
  overtaken: boolean;
}

export class Decoders {
  private readonly decoders: readonly Decoder[];
  inFlight = 0;
  /** When the next of them is done. */
  due = NEVER;

  constructor(count: number) {
    this.decoders = Array.from({ length: count }, () => ({
      busy: false,
      order: 0,
      doneAt: NEVER,
      overtaken: false,
      kind: 0,
      entry: 0,
      tuple: 0,
      id: 0,
      portid: 0,
      raisedAt: 0,
    }));
  }

  get allBusy(): boolean {
    return this.inFlight === this.decoders.length;
  }

  /** From `at` on, when one of them is free. */
  freeFrom(at: number): number {
    return this.inFlight < this.decoders.length ? at : Math.max(at, this.due);
  }

  /** A free one takes the message. */
  take(message: ReceivedMessage, doneAt: number): void {
    const decoder = this.decoders.find(({ busy }) => !busy)!;
    decoder.busy = true;
    decoder.order = message.order;
    decoder.doneAt = doneAt;
    decoder.overtaken = false;
    decoder.kind = message.kind;
    decoder.entry = message.entry;
    decoder.tuple = message.tuple;
    decoder.id = message.id;
    decoder.portid = message.portid;
    decoder.raisedAt = message.raisedAt;
    this.inFlight++;
    this.due = Math.min(this.due, doneAt);
  }

  /**
   * The message that is done first, if it is done by `now`, to be applied at once. Of two at one instant the older one.
   */
  finish(now: number): Readonly<Decoder> | null {
    if (this.due > now) return null;
    let done: Decoder | null = null;
    for (const decoder of this.decoders) {
      if (!decoder.busy || decoder.doneAt > this.due) continue;
      if (done === null || decoder.order < done.order) done = decoder;
    }
    if (done === null) return null;
    done.busy = false;
    this.inFlight--;
    this.due = NEVER;
    for (const other of this.decoders) {
      if (!other.busy) continue;
      this.due = Math.min(this.due, other.doneAt);
      const sameEntry = other.tuple === done.tuple && other.id === done.id;
      if (sameEntry && other.order < done.order && (other.kind === KIND_DESTROY || done.kind === KIND_DESTROY)) {
        other.overtaken = true;
      }
    }
    return done;
  }
}
