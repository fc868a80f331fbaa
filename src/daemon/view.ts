/**
 * The daemon's own table: what a conntrackd knows from events alone, keyed by tuple and CTA_ID together (so that a
 * dying flow and its successor with the same tuple are two entries). It counts what it can see from there: duplicates,
 * a DESTROY of an entry that it never knew, and reordering. It does not see the kernel's table.
 *
 * Open addressing over typed arrays, with a step of its own for each key. A destroyed key stays as a mark, because a
 * second DESTROY for it is a duplicate while one for an unknown key is normal under loss; a NEW for it starts a new
 * life (the kernel reuses addresses, and so ids). It believes what it applies last: where several decoders apply a NEW
 * after its DESTROY, the dead entry is alive to it for good.
 */
import { KIND_DESTROY, KIND_NEW } from "../kernel/events/kinds.js";

const EMPTY = 0;
const ALIVE = 1;
/** Beside ALIVE: known from an UPDATE or a dump, so that its first NEW is no duplicate. */
const WITHOUT_NEW = 2;
/** Beside ALIVE: in the dump that is being read. */
const LISTED = 4;
const DESTROYED = 8;
/** Was alive, and a dump did not have it. Kept apart from DESTROYED because its DESTROY is no duplicate. */
const PURGED = 16;

export class DaemonView {
  private size = 1024;
  private used = 0;
  /** Three numbers per slot, side by side because they are used together: tuple, id, state. */
  private slots = new Uint32Array(3 * this.size);
  /** Newest id seen per tuple; only kept where a workload uses a tuple twice. */
  private readonly newestId: Map<number, number> | null;

  /** What was read ahead, without which an engine may leave the read out. */
  protected prefetched = 0;

  alive = 0;
  readonly received = { new: 0, update: 0, destroy: 0 };
  destroyWithPortid = 0;
  /** Lives whose DESTROY arrived at least once. */
  uniqueDestroy = 0;
  destroyWithoutNew = 0;
  duplicates = 0;
  reordered = 0;

  constructor(tuplesAreReused: boolean) {
    this.newestId = tuplesAreReused ? new Map() : null;
  }

  /** Applies one event. +1: the entry became alive, -1: it died, 0: nothing changed. */
  apply(kind: number, tuple: number, id: number, portid: number): -1 | 0 | 1 {
    const at = this.locate(tuple, id);
    const state = this.slots[at + 2]!;
    if (kind === KIND_DESTROY) return this.destroy(at, state, tuple, id, portid);
    if (kind === KIND_NEW) {
      this.received.new++;
      this.newestId?.set(tuple, id);
      if (state === ALIVE) this.duplicates++;
      this.write(at, state, tuple, id, ALIVE);
    } else {
      this.received.update++;
      if ((state & ALIVE) === 0) this.write(at, state, tuple, id, ALIVE | WITHOUT_NEW);
    }
    if ((state & ALIVE) !== 0) return 0;
    this.alive++;
    return 1;
  }

  /** A message of this tuple will be applied soon: asks for the memory that this needs (kernel/prefetch.ts). */
  prefetch(tuple: number): void {
    this.prefetched = this.slots[3 * (tuple & (this.size - 1))]!;
  }

  /** An entry of a dump of the kernel's table; `purge` must follow the last one. */
  list(tuple: number, id: number): void {
    const at = this.locate(tuple, id);
    const state = this.slots[at + 2]!;
    const wasAlive = (state & ALIVE) !== 0;
    this.newestId?.set(tuple, id);
    if (!wasAlive) this.alive++;
    this.write(at, state, tuple, id, LISTED | (wasAlive ? state : ALIVE | WITHOUT_NEW));
  }

  /** The dump is over: what it did not list is gone. */
  purge(): void {
    const { slots } = this;
    for (let at = 2; at < slots.length; at += 3) {
      const state = slots[at]!;
      if ((state & LISTED) !== 0) slots[at] = state & ~LISTED;
      else if ((state & ALIVE) !== 0) {
        slots[at] = PURGED;
        this.alive--;
      }
    }
  }

  private destroy(at: number, state: number, tuple: number, id: number, portid: number): -1 | 0 {
    this.received.destroy++;
    if (portid !== 0) this.destroyWithPortid++;
    const newest = this.newestId?.get(tuple);
    if (newest !== undefined && newest !== id) this.reordered++;
    if (state === DESTROYED) {
      this.duplicates++;
      return 0;
    }
    this.uniqueDestroy++;
    this.write(at, state, tuple, id, DESTROYED);
    if ((state & ALIVE) === 0) {
      if (state === EMPTY) this.destroyWithoutNew++;
      return 0;
    }
    this.alive--;
    return -1;
  }

  private write(at: number, before: number, tuple: number, id: number, state: number): void {
    const { slots } = this;
    slots[at + 2] = state;
    if (before !== EMPTY) return;
    slots[at] = tuple;
    slots[at + 1] = id;
    if (++this.used * 3 > this.size * 2) this.rehash();
  }

  /** Where the slot of a key begins, or the empty slot where it belongs. */
  private locate(tuple: number, id: number): number {
    const mask = this.size - 1;
    // Tuples that come once are counted up: in their own order they lie side by side, and so do the memory accesses.
    let slot = (this.newestId === null ? tuple : mixed(tuple, id)) & mask;
    if (this.isTakenByAnother(slot, tuple, id)) {
      // Not the next slot: a tuple that lives twice after all (its SYN was dropped, its next packet was not) would walk
      // through all of its neighbours.
      const step = mixed(id, tuple) | 1;
      do slot = (slot + step) & mask;
      while (this.isTakenByAnother(slot, tuple, id));
    }
    return 3 * slot;
  }

  private isTakenByAnother(slot: number, tuple: number, id: number): boolean {
    const { slots } = this;
    const at = 3 * slot;
    return slots[at + 2] !== EMPTY && (slots[at] !== tuple || slots[at + 1] !== id);
  }

  private rehash(): void {
    const old = this.slots;
    this.size *= 2;
    this.slots = new Uint32Array(3 * this.size);
    for (let from = 0; from < old.length; from += 3) {
      if (old[from + 2] === EMPTY) continue;
      const to = this.locate(old[from]!, old[from + 1]!);
      this.slots[to] = old[from]!;
      this.slots[to + 1] = old[from + 1]!;
      this.slots[to + 2] = old[from + 2]!;
    }
  }
}

function mixed(tuple: number, id: number): number {
  const hash = Math.imul(tuple, 0x9e37_79b1) ^ Math.imul(id, 0x85eb_ca6b);
  return hash ^ (hash >>> 15);
}
