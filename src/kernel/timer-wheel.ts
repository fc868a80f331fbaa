/**
 * Timers on jiffies, as kernel/time/timer.c (kernel/timer.c before 3.15) has them: one timer per id, the slack of
 * mod_timer(), and all timers of a jiffy firing in the order in which they were armed. It does not know what a timer is
 * for.
 *
 * A timer is the id of a record (records.ts), and every list is intrusive. Three levels of slots hold the jiffies of
 * the current block of 4096, the blocks of the current 2^24, and the rest. A timer is filed by the block that it shares
 * with the present, not by its distance, so a list that cascades is complete before anything is armed into its block
 * directly: this keeps the order of arming exact, where the kernel's own wheel keeps it nearly.
 */
import type { KernelClock } from "./clock.js";
import { type EntryRecords, EXPIRES, extensionOf, nodeOf, TIMER_NEXT, TIMER_PREVIOUS, TIMER_SLOT } from "./records.js";

const BITS = 12;
const SLOTS = 1 << BITS;
const MASK = SLOTS - 1;
const LEVEL2_SLOTS = 1 << 8;
/** Where the slots of a level begin. The zero of an unused record is no slot. */
const NOT_PENDING = 0;
const LEVEL0 = 1;
const LEVEL1 = LEVEL0 + SLOTS;
const LEVEL2 = LEVEL1 + SLOTS;
/** The extra list, of the jiffy that is firing: `take` empties it. */
const FIRING = LEVEL2 + LEVEL2_SLOTS;
/** The slot of the one timer that is pending and not in a list yet. */
const UNFILED = FIRING + 1;
const NONE = -1;

export class TimerWheel {
  private readonly clock: KernelClock;
  private readonly slack: boolean;
  private readonly head = new Int32Array(FIRING + 1).fill(NONE);
  private readonly tail = new Int32Array(FIRING + 1).fill(NONE);
  private readonly records: EntryRecords;
  private base: number;
  private readonly pendingByLevel = [0, 0, 0];
  private nextCached = NONE;
  /**
   * The timer that a packet moved last, or NONE. The next packet of its connection moves it again: only when another is
   * armed does its place behind those before it matter.
   */
  private unfiled = NONE;

  /** `slack`: whether this kernel applies timer slack at all (2.6.35 on). */
  constructor(clock: KernelClock, records: EntryRecords, slack: boolean) {
    this.clock = clock;
    this.records = records;
    this.slack = slack;
    this.base = clock.jiffies + 1;
  }

  /** Jiffies at which a timer fires or fired, slack included. */
  expiresAt(id: number): number {
    return this.records.nodes[nodeOf(id) + EXPIRES]!;
  }

  isPending(id: number): boolean {
    return this.records.extensions[extensionOf(id) + TIMER_SLOT] !== NOT_PENDING;
  }

  /** add_timer() and mod_timer(): applies the kernel's slack. A pending timer moves. */
  arm(id: number, expires: number): void {
    const { jiffies } = this.clock;
    const when = this.slack ? withSlack(expires, jiffies) : expires;
    this.takeOut(id, jiffies);
    this.records.nodes[nodeOf(id) + EXPIRES] = when;
    this.file(id, when);
  }

  /** mod_timer_pending(), as a packet moves the timer of its entry: no slack. */
  armExact(id: number, expires: number): void {
    const { jiffies } = this.clock;
    if (id !== this.unfiled || this.base <= jiffies) {
      this.takeOut(id, jiffies);
      this.unfiled = id;
      this.records.extensions[extensionOf(id) + TIMER_SLOT] = UNFILED;
    }
    this.records.nodes[nodeOf(id) + EXPIRES] = expires;
    if (Math.max(expires, this.base) < this.nextCached) this.nextCached = NONE;
  }

  /** del_timer(): whether it was pending. */
  disarm(id: number): boolean {
    if (!this.isPending(id)) return false;
    this.unlink(id);
    return true;
  }

  /**
   * The next jiffy at which something has to be done, or -1. It may be the start of a block whose timers lie later:
   * then `fire` finds nothing and files them.
   */
  nextJiffy(): number {
    if (this.nextCached === NONE) {
      this.fileLast();
      this.nextCached = this.findNext();
    }
    return this.nextCached;
  }

  /** Opens the jiffy for firing; call `take` until it returns -1. Timers armed meanwhile fire at later jiffies. */
  fire(jiffy: number): void {
    this.fileLast();
    this.advance(jiffy);
    this.moveAside(LEVEL0 + (jiffy & MASK));
    this.nextCached = NONE;
    this.advanceBase(jiffy + 1);
  }

  /** The next timer of the open jiffy, no longer pending, or -1. */
  take(): number {
    const { head } = this;
    const { extensions } = this.records;
    const id = head[FIRING]!;
    if (id === NONE) return NONE;
    const at = extensionOf(id);
    const next = extensions[at + TIMER_NEXT]!;
    head[FIRING] = next;
    if (next === NONE) this.tail[FIRING] = NONE;
    else extensions[extensionOf(next) + TIMER_PREVIOUS] = NONE;
    extensions[at + TIMER_SLOT] = NOT_PENDING;
    return id;
  }

  /**
   * Copies the next timers of the open jiffy, as many as `ids` holds, and leaves them where they are. How many there
   * are.
   */
  peek(ids: Int32Array): number {
    const { extensions } = this.records;
    let count = 0;
    for (
      let id = this.head[FIRING]!;
      id !== NONE && count < ids.length;
      id = extensions[extensionOf(id) + TIMER_NEXT]!
    ) {
      ids[count++] = id;
    }
    return count;
  }

  private file(id: number, expires: number): void {
    const when = Math.max(expires, this.base);
    let slot: number;
    if (when >>> BITS === this.base >>> BITS) {
      slot = LEVEL0 + (when & MASK);
      this.pendingByLevel[0]!++;
    } else if (when >>> (2 * BITS) === this.base >>> (2 * BITS)) {
      slot = LEVEL1 + ((when >>> BITS) & MASK);
      this.pendingByLevel[1]!++;
    } else {
      slot = LEVEL2 + ((when >>> (2 * BITS)) & (LEVEL2_SLOTS - 1));
      this.pendingByLevel[2]!++;
    }
    const { extensions } = this.records;
    const at = extensionOf(id);
    const last = this.tail[slot]!;
    extensions[at + TIMER_NEXT] = NONE;
    extensions[at + TIMER_PREVIOUS] = last;
    extensions[at + TIMER_SLOT] = slot;
    if (last === NONE) this.head[slot] = id;
    else extensions[extensionOf(last) + TIMER_NEXT] = id;
    this.tail[slot] = id;
    if (when < this.nextCached) this.nextCached = NONE;
  }

  /** A timer is about to be armed, behind all that were armed before. */
  private takeOut(id: number, jiffies: number): void {
    if (this.isPending(id)) this.unlink(id);
    this.fileLast();
    if (this.base <= jiffies) this.advance(jiffies + 1);
  }

  /** Its place is in the slots as they are: to be called before the base moves. */
  private fileLast(): void {
    const id = this.unfiled;
    if (id === NONE) return;
    this.unfiled = NONE;
    this.file(id, this.expiresAt(id));
  }

  private unlink(id: number): void {
    const { extensions } = this.records;
    const at = extensionOf(id);
    const slot = extensions[at + TIMER_SLOT]!;
    if (slot === UNFILED) {
      extensions[at + TIMER_SLOT] = NOT_PENDING;
      this.unfiled = NONE;
      return;
    }
    const next = extensions[at + TIMER_NEXT]!;
    const previous = extensions[at + TIMER_PREVIOUS]!;
    if (previous === NONE) this.head[slot] = next;
    else extensions[extensionOf(previous) + TIMER_NEXT] = next;
    if (next === NONE) this.tail[slot] = previous;
    else extensions[extensionOf(next) + TIMER_PREVIOUS] = previous;
    extensions[at + TIMER_SLOT] = NOT_PENDING;
    if (slot < LEVEL1) this.pendingByLevel[0]!--;
    else if (slot < LEVEL2) this.pendingByLevel[1]!--;
    else if (slot < FIRING) this.pendingByLevel[2]!--;
  }

  /** A slot may be filled for the next block while its timers fire. */
  private moveAside(slot: number): void {
    const { extensions } = this.records;
    for (let id = this.head[slot]!; id !== NONE; id = extensions[extensionOf(id) + TIMER_NEXT]!) {
      extensions[extensionOf(id) + TIMER_SLOT] = FIRING;
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
        this.cascade(LEVEL2 + ((target >>> (2 * BITS)) & (LEVEL2_SLOTS - 1)), 2);
      }
      this.cascade(LEVEL1 + ((target >>> BITS) & MASK), 1);
    }
    if (this.nextCached !== NONE && this.nextCached <= target) this.nextCached = NONE;
  }

  private cascade(slot: number, level: number): void {
    let id = this.head[slot]!;
    this.head[slot] = NONE;
    this.tail[slot] = NONE;
    while (id !== NONE) {
      const next = this.records.extensions[extensionOf(id) + TIMER_NEXT]!;
      this.pendingByLevel[level]!--;
      this.file(id, this.expiresAt(id));
      id = next;
    }
  }

  private findNext(): number {
    if (this.pendingByLevel[0]! > 0) {
      for (let jiffy = this.base; ; jiffy++) if (this.head[LEVEL0 + (jiffy & MASK)] !== NONE) return jiffy;
    }
    if (this.pendingByLevel[1]! > 0) {
      for (let block = (this.base >>> BITS) + 1; ; block++)
        if (this.head[LEVEL1 + (block & MASK)] !== NONE) return block << BITS;
    }
    if (this.pendingByLevel[2]! > 0) {
      for (let block = (this.base >>> (2 * BITS)) + 1; ; block++)
        if (this.head[LEVEL2 + (block & (LEVEL2_SLOTS - 1))] !== NONE) return block << (2 * BITS);
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
