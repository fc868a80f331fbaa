/**
 * The conntrack table: records, the hash over both tuples of an entry, the count and its limit, the free list. It
 * follows nf_conntrack_core.c (__nf_conntrack_alloc, __nf_conntrack_hash_insert, nf_conntrack_free). It knows neither
 * packets nor events nor timers: those modules read and write its columns.
 *
 * An entry is an index of its record (records.ts), a hash node is 2 × entry + direction, and every link is an index.
 */
import {
  CACHED,
  CHAIN_NEXT,
  CHAIN_PREVIOUS,
  CLASS,
  CLASS_SHIFT,
  chainNextOf,
  chainPreviousOf,
  EntryRecords,
  EVENTS,
  extensionOf,
  FLAGS,
  HAS_PORTID,
  MISSED,
  MISSED_SHIFT,
  NIL,
  nodeOf,
  PLACE,
  PLACE_SHIFT,
  PROTOCOL_STATE,
  PROTOCOL_STATE_SHIFT,
  STATUS,
  TUPLE,
} from "../records.js";
import { type Direction, NO_EVENT_CACHE, ORIGINAL, REPLY } from "./status.js";

export { NIL } from "../records.js";

/** Where an entry is. `FREE` and `DYING` entries are in no chain. */
export const FREE = 0;
export const UNCONFIRMED = 1;
export const ACTIVE = 2;
export const DYING = 3;

/** The kernel's object size on x86_64 is near this; only the spacing of addresses, and so of ids, depends on it. */
const OBJECT_BYTES = 320;
const FIRST_ADDRESS = 0x1a00_0000;

export interface TableCounters {
  created: number;
  destroyed: number;
  earlyDrop: number;
  drop: number;
  /** Of `drop`: for want of room, and SYNs of a connection whose old DESTROY was refused. */
  full: number;
  reopening: number;
  insertFailed: number;
  /** Packets that the tracker found invalid. */
  invalid: number;
  peakCount: number;
  /** Entries that were freed without having been confirmed: their packet belonged to no conversation. */
  untracked: number;
  /** Entries that were freed and had no event cache: nobody was to hear of them. */
  silent: number;
}

export class ConntrackTable {
  readonly buckets: number;
  readonly max: number;
  readonly records: EntryRecords;

  private readonly hashSeed: number;
  /** Where the number of buckets is a power of two, other than 1: which. 0 elsewhere. */
  private readonly bucketBits: number;
  private freeList = NIL;
  /** The entry that entered the chains last, or NIL once it has left them. */
  private linked = NIL;
  private fresh = 0;

  active = 0;
  dying = 0;
  unconfirmed = 0;
  readonly counters: TableCounters = {
    created: 0,
    destroyed: 0,
    earlyDrop: 0,
    drop: 0,
    full: 0,
    reopening: 0,
    insertFailed: 0,
    invalid: 0,
    peakCount: 0,
    untracked: 0,
    silent: 0,
  };

  /** `hashSeed`: the random 32 bits that the kernel draws at its first entry (nf_conntrack_hash_rnd). */
  constructor(options: { buckets: number; max: number; capacity: number; hashSeed: number }) {
    this.buckets = options.buckets;
    this.max = options.max;
    this.records = new EntryRecords(Math.max(16, options.capacity), this.buckets);
    this.hashSeed = options.hashSeed | 0;
    this.bucketBits = (this.buckets & (this.buckets - 1)) === 0 ? 31 - Math.clz32(this.buckets) : 0;
  }

  get capacity(): number {
    return this.records.capacity;
  }

  /** nf_conntrack_count: unconfirmed, active and dying entries. */
  get count(): number {
    return this.active + this.dying + this.unconfirmed;
  }

  /** Which conversation: the workload's tuple number. */
  tupleOf(entry: number): number {
    return this.records.nodes[nodeOf(entry) + TUPLE]! >>> 0;
  }

  /** IPS_* bits. */
  statusOf(entry: number): number {
    return this.records.nodes[nodeOf(entry) + FLAGS]! & STATUS;
  }

  addStatus(entry: number, bits: number): void {
    this.records.nodes[nodeOf(entry) + FLAGS]! |= bits;
  }

  /** FREE, UNCONFIRMED, ACTIVE or DYING. */
  placeOf(entry: number): number {
    return this.records.nodes[nodeOf(entry) + FLAGS]! >>> PLACE_SHIFT;
  }

  /** Which class of traffic it is of. */
  classOf(entry: number): number {
    return (this.records.nodes[nodeOf(entry) + FLAGS]! & CLASS) >> CLASS_SHIFT;
  }

  /** State of the protocol tracker; TCP keeps flags in the high nibble (tcp.ts). */
  protocolStateOf(entry: number): number {
    return (this.records.nodes[nodeOf(entry) + FLAGS]! & PROTOCOL_STATE) >> PROTOCOL_STATE_SHIFT;
  }

  /** Events raised since the last attempt (struct nf_conntrack_ecache). */
  cacheOf(entry: number): number {
    return this.records.extensions[extensionOf(entry) + EVENTS]! & CACHED;
  }

  /** Events of failed attempts (struct nf_conntrack_ecache). */
  missedOf(entry: number): number {
    return (this.records.extensions[extensionOf(entry) + EVENTS]! & MISSED) >> MISSED_SHIFT;
  }

  /** Whether a failed flush or delete stored the requester's netlink port. */
  hasPortid(entry: number): boolean {
    return (this.records.extensions[extensionOf(entry) + EVENTS]! & HAS_PORTID) !== 0;
  }

  /** A zeroed record, counted and unconfirmed. The caller has tested the limit. */
  allocate(tuple: number, flowClass = 0): number {
    const { records } = this;
    let entry = this.freeList;
    if (entry !== NIL) {
      this.freeList = records.nodes[nodeOf(entry) + CHAIN_NEXT]!;
    } else {
      if (this.fresh === records.capacity) records.grow();
      entry = this.fresh++;
    }
    const { nodes } = records;
    const at = nodeOf(entry);
    nodes[at + TUPLE] = tuple;
    nodes[at + FLAGS] = (UNCONFIRMED << PLACE_SHIFT) | (flowClass << CLASS_SHIFT);
    records.extensions[extensionOf(entry) + EVENTS] = 0;
    this.unconfirmed++;
    this.counters.created++;
    const { count } = this;
    if (count > this.counters.peakCount) this.counters.peakCount = count;
    return entry;
  }

  /**
   * nf_conntrack_free(): an entry in no chain goes back to the free list, which is last in, first out like a slab's.
   */
  free(entry: number): void {
    const { nodes } = this.records;
    const { counters } = this;
    const at = nodeOf(entry);
    const flags = nodes[at + FLAGS]!;
    const place = flags >>> PLACE_SHIFT;
    if (place !== UNCONFIRMED && (flags & NO_EVENT_CACHE) !== 0) counters.silent++;
    if (place === DYING) this.dying--;
    else if (place === ACTIVE) this.active--;
    else {
      this.unconfirmed--;
      counters.untracked++;
    }
    nodes[at + FLAGS] = (flags & ~PLACE) | (FREE << PLACE_SHIFT);
    nodes[at + CHAIN_NEXT] = this.freeList;
    this.freeList = entry;
    counters.destroyed++;
  }

  /** Both nodes enter their chains at the head: the entry is confirmed. */
  link(entry: number): void {
    const { nodes } = this.records;
    const at = nodeOf(entry);
    const tuple = nodes[at + TUPLE]!;
    this.linkNode(2 * entry, at, this.bucketOf(tuple, ORIGINAL));
    this.linkNode(2 * entry + 1, at + 1, this.bucketOf(tuple, REPLY));
    nodes[at + FLAGS] = (nodes[at + FLAGS]! & ~PLACE) | (ACTIVE << PLACE_SHIFT);
    this.linked = entry;
    this.unconfirmed--;
    this.active++;
  }

  /** Both nodes leave their chains. The entry still counts as active until `free` or `moveToDying`. */
  unlink(entry: number): void {
    const at = nodeOf(entry);
    this.unlinkNode(at);
    this.unlinkNode(at + 1);
    if (entry === this.linked) this.linked = NIL;
  }

  moveToDying(entry: number): void {
    const { nodes } = this.records;
    const at = nodeOf(entry) + FLAGS;
    nodes[at] = (nodes[at]! & ~PLACE) | (DYING << PLACE_SHIFT);
    this.active--;
    this.dying++;
  }

  /** The node of a tuple in one direction, or NIL. A tuple is in the table once at most. */
  find(tuple: number, direction: Direction): number {
    const { heads, nodes } = this.records;
    // The packets of a conversation often come one after the other.
    if (this.linked !== NIL && nodes[nodeOf(this.linked) + TUPLE] === (tuple | 0)) return 2 * this.linked + direction;
    let node = heads[this.bucketOf(tuple, direction)]!;
    while (node !== NIL) {
      const at = nodeOf(node >> 1);
      if ((node & 1) === direction && nodes[at + TUPLE] === (tuple | 0)) break;
      node = nodes[at + CHAIN_NEXT + (node & 1)]!;
    }
    return node;
  }

  /** First node of a bucket's chain, newest insertion first, or NIL. */
  first(bucket: number): number {
    return this.records.heads[bucket]!;
  }

  /** The first bucket from `from` on that has a chain, or `end`. */
  firstUsed(from: number, end = this.buckets): number {
    const { heads } = this.records;
    let bucket = from;
    while (bucket < end && heads[bucket] === NIL) bucket++;
    return bucket;
  }

  /** The node after one in its chain, or NIL. */
  after(node: number): number {
    return this.records.nodes[chainNextOf(node)]!;
  }

  /** The node after one in its chain that belongs to another entry: safe to go on with when this entry is deleted. */
  afterOther(node: number): number {
    const after = this.after(node);
    return after >> 1 === node >> 1 && after !== NIL ? this.after(after) : after;
  }

  /** Nodes in a bucket's chain, counted up to one more than `limit`. */
  chainLength(bucket: number, limit: number): number {
    let length = 0;
    for (let node = this.first(bucket); node !== NIL && length <= limit; node = this.after(node)) length++;
    return length;
  }

  /** jhash and the reciprocal scale of hash_conntrack(), here a 32-bit mixer: buckets are uniform and independent. */
  bucketOf(tuple: number, direction: Direction): number {
    let hash = ((tuple << 1) | direction) ^ this.hashSeed;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
    hash ^= hash >>> 16;
    // The same for a power of two, without leaving the integers.
    if (this.bucketBits > 0) return hash >>> (32 - this.bucketBits);
    return Math.floor(((hash >>> 0) * this.buckets) / 0x1_0000_0000);
  }

  /** CTA_ID before 5.x: the low 32 bits of the object's address, so it is reused as soon as the object is. */
  idOf(entry: number): number {
    return (FIRST_ADDRESS + entry * OBJECT_BYTES) >>> 0;
  }

  /** `at`: where the record of its entry begins, one further for the reply. */
  private linkNode(node: number, at: number, bucket: number): void {
    const { nodesFrom, words } = this.records;
    const head = words[bucket]!;
    const next = nodesFrom + at + CHAIN_NEXT;
    words[next] = head;
    words[nodesFrom + at + CHAIN_PREVIOUS] = bucket;
    words[nodesFrom + chainPreviousOf(head)] = next;
    words[bucket] = node;
  }

  private unlinkNode(at: number): void {
    const { nodesFrom, words } = this.records;
    const next = words[nodesFrom + at + CHAIN_NEXT]!;
    const previous = words[nodesFrom + at + CHAIN_PREVIOUS]!;
    words[previous] = next;
    words[nodesFrom + chainPreviousOf(next)] = previous;
  }
}
