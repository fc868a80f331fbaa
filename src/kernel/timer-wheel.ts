/**
 * Timers on jiffies, as kernel/time/timer.c (kernel/timer.c before 3.15) has them: one timer per id, the slack of
 * mod_timer(), and all timers of a jiffy firing in the order in which they were armed. It does not know what a timer is for.
 *
 * Ids are small integers, so a timer is one entry in a few typed arrays and every list is intrusive. Three levels of slots
 * hold the jiffies of the current block of 4096, the blocks of the current 2^24, and the rest. A timer is filed by the
 * block that it shares with the present, not by its distance, so a list that cascades is complete before anything is armed
 * into its block directly: this keeps the order of arming exact, where the kernel's own wheel keeps it nearly.
 */
import type { KernelClock } from "./clock.js";

const BITS = 12;
const SLOTS = 1 << BITS;
const MASK = SLOTS - 1;
const LEVEL2_SLOTS = 1 << 8;
/** The extra list, of the jiffy that is firing: `take` empties it. */
const FIRING = 2 * SLOTS + LEVEL2_SLOTS;
const NONE = -1;
/** Offsets in a timer's four numbers; the first is the next timer of its list. */
const PREVIOUS = 1;
const SLOT = 2;
const EXPIRES = 3;

export class TimerWheel {
  private readonly clock: KernelClock;
  private readonly slack: boolean;
  private readonly head = new Int32Array(FIRING + 1).fill(NONE);
  private readonly tail = new Int32Array(FIRING + 1).fill(NONE);
  /** Four numbers per timer, side by side because they are used together: next, previous, slot, expires. */
  private timers: Int32Array;
  private base: number;
  private readonly pendingByLevel = [0, 0, 0];
  private nextCached = NONE;

  /** `slack`: whether this kernel applies timer slack at all (2.6.35 on). */
  constructor(clock: KernelClock, capacity: number, slack: boolean) {
    this.clock = clock;
    this.slack = slack;
    this.base = clock.jiffies + 1;
    this.timers = new Int32Array(4 * capacity).fill(NONE);
  }

  grow(capacity: number): void {
    const grown = new Int32Array(4 * capacity).fill(NONE, this.timers.length);
    grown.set(this.timers);
    this.timers = grown;
  }

  /** Jiffies at which a timer fires or fired, slack included. */
  expiresAt(id: number): number {
    return this.timers[4 * id + EXPIRES]!;
  }

  isPending(id: number): boolean {
    return this.timers[4 * id + SLOT] !== NONE;
  }

  /** add_timer() and mod_timer(): applies the kernel's slack. A pending timer moves. */
  arm(id: number, expires: number): void {
    this.armExact(id, this.slack ? withSlack(expires, this.clock.jiffies) : expires);
  }

  /** mod_timer_pending(): no slack. */
  armExact(id: number, expires: number): void {
    if (this.timers[4 * id + SLOT] !== NONE) this.unlink(id);
    this.advance(this.clock.jiffies + 1);
    this.timers[4 * id + EXPIRES] = expires;
    this.file(id, expires);
  }

  /** del_timer(): whether it was pending. */
  disarm(id: number): boolean {
    if (this.timers[4 * id + SLOT] === NONE) return false;
    this.unlink(id);
    return true;
  }

  /**
   * The next jiffy at which something has to be done, or -1. It may be the start of a block whose timers lie later: then
   * `fire` finds nothing and files them.
   */
  nextJiffy(): number {
    if (this.nextCached === NONE) this.nextCached = this.findNext();
    return this.nextCached;
  }

  /** Opens the jiffy for firing; call `take` until it returns -1. Timers armed meanwhile fire at later jiffies. */
  fire(jiffy: number): void {
    this.advance(jiffy);
    this.moveAside(jiffy & MASK);
    this.nextCached = NONE;
    this.advanceBase(jiffy + 1);
  }

  /** The next timer of the open jiffy, no longer pending, or -1. */
  take(): number {
    const id = this.head[FIRING]!;
    if (id !== NONE) this.unlink(id);
    return id;
  }

  private file(id: number, expires: number): void {
    const when = Math.max(expires, this.base);
    let slot: number;
    if (when >>> BITS === this.base >>> BITS) {
      slot = when & MASK;
      this.pendingByLevel[0]!++;
    } else if (when >>> (2 * BITS) === this.base >>> (2 * BITS)) {
      slot = SLOTS + ((when >>> BITS) & MASK);
      this.pendingByLevel[1]!++;
    } else {
      slot = 2 * SLOTS + ((when >>> (2 * BITS)) & (LEVEL2_SLOTS - 1));
      this.pendingByLevel[2]!++;
    }
    const { timers } = this;
    const last = this.tail[slot]!;
    timers[4 * id] = NONE;
    timers[4 * id + PREVIOUS] = last;
    timers[4 * id + SLOT] = slot;
    if (last === NONE) this.head[slot] = id;
    else timers[4 * last] = id;
    this.tail[slot] = id;
    if (when < this.nextCached) this.nextCached = NONE;
  }

  private unlink(id: number): void {
    const { timers } = this;
    const slot = timers[4 * id + SLOT]!;
    const next = timers[4 * id]!;
    const previous = timers[4 * id + PREVIOUS]!;
    if (previous === NONE) this.head[slot] = next;
    else timers[4 * previous] = next;
    if (next === NONE) this.tail[slot] = previous;
    else timers[4 * next + PREVIOUS] = previous;
    timers[4 * id + SLOT] = NONE;
    if (slot < SLOTS) this.pendingByLevel[0]!--;
    else if (slot < 2 * SLOTS) this.pendingByLevel[1]!--;
    else if (slot < FIRING) this.pendingByLevel[2]!--;
  }

  /** A slot may be filled for the next block while its timers fire. */
  private moveAside(slot: number): void {
    for (let id = this.head[slot]!; id !== NONE; id = this.timers[4 * id]!) {
      this.timers[4 * id + SLOT] = FIRING;
      this.pendingByLevel[0]!--;
    }
    this.head[FIRING] = this.head[slot]!;
    this.tail[FIRING] = this.tail[slot]!;
    this.head[slot] = NONE;
    this.tail[slot] = NONE;
  }

  /** Moves the base to `jiffy`, but never past a jiffy that still has timers: a late run catches up in order. */
  private advance(jiffy: number): void {
    while (this.base < jiffy) {
      const due = this.nextJiffy();
      const target = due !== NONE && due < jiffy ? due : jiffy;
      if (target <= this.base) return;
      this.advanceBase(target);
    }
  }

  private advanceBase(target: number): void {
    const block = this.base >>> BITS;
    this.base = target;
    if (target >>> BITS !== block) {
      if (target >>> (2 * BITS) !== block >>> BITS) {
        this.cascade(2 * SLOTS + ((target >>> (2 * BITS)) & (LEVEL2_SLOTS - 1)), 2);
      }
      this.cascade(SLOTS + ((target >>> BITS) & MASK), 1);
    }
    if (this.nextCached !== NONE && this.nextCached <= target) this.nextCached = NONE;
  }

  private cascade(slot: number, level: number): void {
    let id = this.head[slot]!;
    this.head[slot] = NONE;
    this.tail[slot] = NONE;
    while (id !== NONE) {
      const next = this.timers[4 * id]!;
      this.pendingByLevel[level]!--;
      this.file(id, this.timers[4 * id + EXPIRES]!);
      id = next;
    }
  }

  private findNext(): number {
    if (this.pendingByLevel[0]! > 0) {
      for (let jiffy = this.base; ; jiffy++) if (this.head[jiffy & MASK] !== NONE) return jiffy;
    }
    if (this.pendingByLevel[1]! > 0) {
      for (let block = (this.base >>> BITS) + 1; ; block++)
        if (this.head[SLOTS + (block & MASK)] !== NONE) return block << BITS;
    }
    if (this.pendingByLevel[2]! > 0) {
      for (let block = (this.base >>> (2 * BITS)) + 1; ; block++)
        if (this.head[2 * SLOTS + (block & (LEVEL2_SLOTS - 1))] !== NONE) return block << (2 * BITS);
    }
    return NONE;
  }
}

/**
 * apply_slack() of 2.6.35 on: a timer may fire up to 1/256 of its delay late; of the allowed jiffies it takes the one
 * with the most low bits clear, so that timers bunch.
 */
export function withSlack(expires: number, jiffies: number): number {
  const delay = expires - jiffies;
  if (delay < 256) return expires;
  const limit = expires + Math.floor(delay / 256);
  const difference = expires ^ limit;
  if (difference === 0) return expires;
  const highest = 31 - Math.clz32(difference);
  return limit & ~((1 << highest) - 1);
}
