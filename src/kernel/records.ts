/**
 * The memory of all entries, 60 bytes each: what struct nf_conn and its extensions hold, as far as the model has them.
 * It owns the layout and the growing; what a field means is said by the module that owns it, named below.
 *
 * A run jumps from entry to entry in no order, and a jump to memory that no cache holds costs more than all that is
 * done with an entry. So an entry has two records: `nodes` has what a walk over a chain and a packet without an event
 * look at, as small as can be, so that much of it is in the cache; `extensions` has the rest side by side. Links are
 * indices: no object, no string and no closure per entry. This is the hot path: whoever owns a field reads and writes
 * the buffers at `nodeOf(entry) + FIELD` or `extensionOf(entry) + FIELD`, and keeps none of them, because growing
 * replaces them.
 */

/** Words of a record; `nodeOf` and its neighbours multiply by them. */
const NODE = 7;
const EXTENSION = 8;

/**
 * The table: tuple, the links of both directions, and flags: status (status.ts), the tracker's byte, the class of
 * traffic, and the place (table.ts).
 */
export const TUPLE = 0;
export const CHAIN_NEXT = 1;
export const CHAIN_PREVIOUS = 3;
export const FLAGS = 5;
export const STATUS = 0xffff;
export const PROTOCOL_STATE_SHIFT = 16;
export const PROTOCOL_STATE = 0xff << PROTOCOL_STATE_SHIFT;
export const CLASS_SHIFT = 24;
export const CLASS = 0x3f << CLASS_SHIFT;
export const PLACE_SHIFT = 30;
export const PLACE = 0x3 << PLACE_SHIFT;
/** When the timer fires; without timers the deadline (timer-wheel.ts, expiry.ts). */
export const EXPIRES = 6;

/**
 * The event cache (ecache.ts): events since the last attempt, events of failed attempts, and whether a portid is
 * stored.
 */
export const EVENTS = 0;
export const CACHED = 0xff;
export const MISSED_SHIFT = 8;
export const MISSED = 0xff << MISSED_SHIFT;
export const HAS_PORTID = 1 << 16;
/** The ledger: what waits, and how often the DESTROY was attempted. */
export const WAITING = 1;
export const DESTROY_ATTEMPTS = 2;
/** The timer wheel. */
export const TIMER_NEXT = 3;
export const TIMER_PREVIOUS = 4;
export const TIMER_SLOT = 5;
/** The UDP tracker: from which jiffy on a conversation may be a stream. Kernels that ask have no timers per entry. */
export const STREAM_FROM = 3;
/** ctnetlink, a double: when the DESTROY was raised. */
const DESTROYED_AT = 3;

/** Ends a chain and the free list. */
export const NIL = -1;

/**
 * Where an entry's node and its extension begin, and where in the doubles the time of its DESTROY is. Shifts, because
 * Math.imul takes any number and so has to look what it got.
 */
export const nodeOf = (entry: number): number => (entry << 3) - entry;
export const extensionOf = (entry: number): number => entry << 3;
export const destroyedAtOf = (entry: number): number => (entry << 2) + DESTROYED_AT;

/**
 * Where in a record a node's links are: to the next node of its chain, and to the word that links to it, be it the head
 * of the chain or in the node before (pprev of struct hlist_node). Both are places in `EntryRecords.words`.
 */
export const chainNextOf = (node: number): number => nodeOf(node >> 1) + CHAIN_NEXT + (node & 1);
export const chainPreviousOf = (node: number): number => nodeOf(node >> 1) + CHAIN_PREVIOUS + (node & 1);

export class EntryRecords {
  capacity: number;
  /**
   * Heads of chains, the node of no entry, and all nodes in one piece, so that a link leads to either. Where a chain
   * ends, the link back that would be there is written to the node of no entry: to ask first whether there is one costs
   * more, because no processor can guess the answer.
   */
  words: Int32Array;
  /** Where in it the nodes begin. */
  readonly nodesFrom: number;
  /** The first node of each chain, or NIL. */
  heads: Int32Array;
  nodes: Int32Array;
  extensions: Int32Array;
  /** The extensions as doubles. */
  doubles: Float64Array;

  constructor(capacity: number, buckets = 0) {
    this.capacity = capacity;
    this.nodesFrom = buckets + NODE;
    this.words = new Int32Array(this.nodesFrom + capacity * NODE);
    this.words.fill(NIL, 0, this.nodesFrom);
    this.heads = this.words.subarray(0, buckets);
    this.nodes = this.words.subarray(this.nodesFrom);
    this.extensions = new Int32Array(capacity * EXTENSION);
    this.doubles = new Float64Array(this.extensions.buffer);
  }

  grow(): void {
    const grown = new EntryRecords(Math.ceil(this.capacity * 1.5), this.heads.length);
    grown.words.set(this.words);
    grown.extensions.set(this.extensions);
    Object.assign(this, grown);
  }
}
