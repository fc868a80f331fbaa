/**
 * The queue of a program between the thread that receives and the workers that decode: a bounded channel of messages,
 * first in, first out. It owns what waits in it, how long it was full and what it had to drop.
 *
 * A ring of records that are used again; it grows up to its bound, since most programs never fill theirs.
 */
import type { ReceivedMessage } from "./decoders.js";

const FIRST_SIZE = 64;

export class MessageQueue {
  /** Messages that it holds at most. */
  private readonly bound: number;
  private ring: ReceivedMessage[] = [];
  private first = 0;
  length = 0;
  peak = 0;
  /** Messages that found no room in it. */
  dropped = 0;
  private fullSince = 0;
  private fullBefore = 0;

  constructor(bound: number) {
    this.bound = bound;
  }

  get full(): boolean {
    return this.length === this.bound;
  }

  /** There is room for it. */
  put({ kind, order, entry, tuple, id, portid, raisedAt }: ReceivedMessage, now: number): void {
    if (this.length === this.ring.length) this.grow();
    const slot = this.ring[(this.first + this.length) % this.ring.length]!;
    Object.assign(slot, { kind, order, entry, tuple, id, portid, raisedAt });
    this.length++;
    if (this.length > this.peak) this.peak = this.length;
    if (this.full) this.fullSince = now;
  }

  /** The oldest message, to be used before another is put. It is not empty. */
  take(now: number): ReceivedMessage {
    if (this.full) this.fullBefore += now - this.fullSince;
    const message = this.ring[this.first]!;
    this.first = (this.first + 1) % this.ring.length;
    this.length--;
    return message;
  }

  /** Nanoseconds that it was full so far. */
  fullNanoseconds(now: number): number {
    return this.fullBefore + (this.full ? now - this.fullSince : 0);
  }

  private grow(): void {
    const size = Math.min(this.bound, Math.max(FIRST_SIZE, 2 * this.ring.length));
    this.ring = Array.from(
      { length: size },
      (_, index) =>
        (index < this.length ? this.ring[(this.first + index) % this.ring.length] : undefined) ?? {
          kind: 0,
          order: 0,
          entry: 0,
          tuple: 0,
          id: 0,
          portid: 0,
          raisedAt: 0,
        },
    );
    this.first = 0;
  }
}
