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
  /** Of slots, a power of two. */
  private size: number;
  private used = 0;
  /** Tuple and id of a slot, side by side because they are used together; and the states, of which a line has many. */
  private keys: Uint32Array;
  private states: Uint8Array;
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

  /** `tuples`: how many it will hear of, where that is known; memory that it never touches costs nothing. */
  constructor(tuplesAreReused: boolean, tuples = 0) {
    this.newestId = tuplesAreReused ? new Map() : null;
    this.size = 1024;
    while (isFull(this.size, tuples)) this.size *= 2;
    this.keys = new Uint32Array(2 * this.size);
    this.states = new Uint8Array(this.size);
  }

  /** Applies one event. +1: the entry became alive, -1: it died, 0: nothing changed. */
  apply(kind: number, tuple: number, id: number, portid: number): -1 | 0 | 1 {
    const slot = this.locate(tuple, id);
    const state = this.states[slot]!;
    if (kind === KIND_DESTROY) return this.destroy(slot, state, tuple, id, portid);
    if (kind === KIND_NEW) {
      this.received.new++;
      this.newestId?.set(tuple, id);
      if (state === ALIVE) this.duplicates++;
      this.write(slot, state, tuple, id, ALIVE);
    } else {
      this.received.update++;
      if ((state & ALIVE) === 0) this.write(slot, state, tuple, id, ALIVE | WITHOUT_NEW);
    }
    if ((state & ALIVE) !== 0) return 0;
    this.alive++;
    return 1;
  }

  /** A message of this tuple will be applied soon: asks for the memory that this needs (kernel/prefetch.ts). */
  prefetch(tuple: number): void {
    const slot = tuple & (this.size - 1);
    this.prefetched = this.states[slot]! + this.keys[2 * slot]!;
  }

  /** A dump begins whose parts come among the events (dumping-view.ts). */
  beginDump(): void {}

  /** An entry of a dump of the kernel's table; `purge` must follow the last one. */
  list(tuple: number, id: number): void {
    const slot = this.locate(tuple, id);
    const state = this.states[slot]!;
    const wasAlive = (state & ALIVE) !== 0;
    this.newestId?.set(tuple, id);
    if (!wasAlive) this.alive++;
    this.write(slot, state, tuple, id, LISTED | (wasAlive ? state : ALIVE | WITHOUT_NEW));
  }

  /** The dump is over: what it did not list is gone. */
  purge(): void {
    const { states } = this;
    for (let slot = 0; slot < states.length; slot++) {
      const state = states[slot]!;
      if ((state & LISTED) !== 0) states[slot] = state & ~LISTED;
      else if ((state & ALIVE) !== 0) {
        states[slot] = PURGED;
        this.alive--;
      }
    }
  }

  private destroy(slot: number, state: number, tuple: number, id: number, portid: number): -1 | 0 {
    this.received.destroy++;
    if (portid !== 0) this.destroyWithPortid++;
    const newest = this.newestId?.get(tuple);
    if (newest !== undefined && newest !== id) this.reordered++;
    if (state === DESTROYED) {
      this.duplicates++;
      return 0;
    }
    this.uniqueDestroy++;
    this.write(slot, state, tuple, id, DESTROYED);
    if ((state & ALIVE) === 0) {
      if (state === EMPTY) this.destroyWithoutNew++;
      return 0;
    }
    this.alive--;
    return -1;
  }

  private write(slot: number, before: number, tuple: number, id: number, state: number): void {
    this.states[slot] = state;
    if (before !== EMPTY) return;
    this.keys[2 * slot] = tuple;
    this.keys[2 * slot + 1] = id;
    if (isFull(this.size, ++this.used)) this.rehash();
  }

  /** The slot of a key, or the empty one where it belongs. */
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
    return slot;
  }

  private isTakenByAnother(slot: number, tuple: number, id: number): boolean {
    const { keys } = this;
    return this.states[slot] !== EMPTY && (keys[2 * slot] !== tuple || keys[2 * slot + 1] !== id);
  }

  private rehash(): void {
    const { keys, states } = this;
    this.size *= 2;
    this.keys = new Uint32Array(2 * this.size);
    this.states = new Uint8Array(this.size);
    for (let from = 0; from < states.length; from++) {
      if (states[from] === EMPTY) continue;
      const to = this.locate(keys[2 * from]!, keys[2 * from + 1]!);
      this.keys[2 * to] = keys[2 * from]!;
      this.keys[2 * to + 1] = keys[2 * from + 1]!;
      this.states[to] = states[from]!;
    }
  }
}

function isFull(size: number, used: number): boolean {
  return used * 3 > size * 2;
}

function mixed(tuple: number, id: number): number {
  const hash = Math.imul(tuple, 0x9e37_79b1) ^ Math.imul(id, 0x85eb_ca6b);
  return hash ^ (hash >>> 15);
}
