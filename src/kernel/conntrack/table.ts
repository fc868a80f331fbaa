/**
 * The conntrack table: records, the hash over both tuples of an entry, the count and its limit, the free list. It follows
 * nf_conntrack_core.c (__nf_conntrack_alloc, __nf_conntrack_hash_insert, nf_conntrack_free). It knows neither packets nor
 * events nor timers: those modules read and write its columns.
 *
 * A record is one index into a few typed arrays, a hash node is 2 × index + direction, and every link is an index: no object,
 * no string and no closure per entry. This file and the loops over it are where style yields to speed: ten million entries fit
 * at about 40 bytes each.
 */
import { type Direction, NO_EVENT_CACHE } from "./status.js";

/** Ends a chain and the free list. */
export const NIL = -1;

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
  insertFailed: number;
  peakCount: number;
  /** Entries that were freed without having been confirmed: their packet belonged to no conversation. */
  untracked: number;
  /** Entries that were freed and had no event cache: nobody was to hear of them. */
  silent: number;
}

export class ConntrackTable {
  readonly buckets: number;
  readonly max: number;
  capacity: number;

  /** Which conversation: the workload's tuple number. */
  tuple: Uint32Array;
  /** IPS_* bits. */
  status: Uint16Array;
  /** Events raised since the last attempt, and events of failed attempts (struct nf_conntrack_ecache). */
  cache: Uint16Array;
  missed: Uint16Array;
  /** FREE, UNCONFIRMED, ACTIVE or DYING. */
  place: Uint8Array;
  /** State of the protocol tracker; TCP keeps flags in the high nibble (tcp.ts). */
  protocolState: Uint8Array;
  /** 1 when a failed flush or delete stored the requester's netlink port. */
  portid: Uint8Array;

  private chainNext: Int32Array;
  private chainPrevious: Int32Array;
  private readonly heads: Int32Array;
  private readonly hashSeed: number;
  private freeList = NIL;
  private fresh = 0;

  active = 0;
  dying = 0;
  unconfirmed = 0;
  readonly counters: TableCounters = {
    created: 0,
    destroyed: 0,
    earlyDrop: 0,
    drop: 0,
    insertFailed: 0,
    peakCount: 0,
    untracked: 0,
    silent: 0,
  };
  private readonly onGrow: ((capacity: number) => void)[] = [];

  /** `hashSeed`: the random 32 bits that the kernel draws at its first entry (nf_conntrack_hash_rnd). */
  constructor(options: { buckets: number; max: number; capacity: number; hashSeed: number }) {
    this.buckets = options.buckets;
    this.max = options.max;
    this.capacity = Math.max(16, options.capacity);
    this.hashSeed = options.hashSeed;
    this.heads = new Int32Array(this.buckets).fill(NIL);
    this.tuple = new Uint32Array(this.capacity);
    this.status = new Uint16Array(this.capacity);
    this.cache = new Uint16Array(this.capacity);
    this.missed = new Uint16Array(this.capacity);
    this.place = new Uint8Array(this.capacity);
    this.protocolState = new Uint8Array(this.capacity);
    this.portid = new Uint8Array(this.capacity);
    this.chainNext = new Int32Array(2 * this.capacity);
    this.chainPrevious = new Int32Array(2 * this.capacity);
  }

  /** nf_conntrack_count: unconfirmed, active and dying entries. */
  get count(): number {
    return this.active + this.dying + this.unconfirmed;
  }

  /** Calls back with the new capacity whenever the records grow, so that parallel columns of other modules follow. */
  whenGrown(follow: (capacity: number) => void): void {
    this.onGrow.push(follow);
  }

  /** A zeroed record, counted and unconfirmed. The caller has tested the limit. */
  allocate(tuple: number): number {
    let entry = this.freeList;
    if (entry !== NIL) {
      this.freeList = this.chainNext[2 * entry]!;
    } else {
      if (this.fresh === this.capacity) this.grow();
      entry = this.fresh++;
    }
    this.tuple[entry] = tuple;
    this.status[entry] = 0;
    this.cache[entry] = 0;
    this.missed[entry] = 0;
    this.protocolState[entry] = 0;
    this.portid[entry] = 0;
    this.place[entry] = UNCONFIRMED;
    this.unconfirmed++;
    this.counters.created++;
    const count = this.count;
    if (count > this.counters.peakCount) this.counters.peakCount = count;
    return entry;
  }

  /** nf_conntrack_free(): an entry in no chain goes back to the free list, which is last in, first out like a slab's. */
  free(entry: number): void {
    if ((this.status[entry]! & NO_EVENT_CACHE) !== 0 && this.place[entry] !== UNCONFIRMED) this.counters.silent++;
    if (this.place[entry] === DYING) this.dying--;
    else if (this.place[entry] === ACTIVE) this.active--;
    else {
      this.unconfirmed--;
      this.counters.untracked++;
    }
    this.place[entry] = FREE;
    this.chainNext[2 * entry] = this.freeList;
    this.freeList = entry;
    this.counters.destroyed++;
  }

  /** Both nodes enter their chains at the head: the entry is confirmed. */
  link(entry: number): void {
    this.linkNode(2 * entry);
    this.linkNode(2 * entry + 1);
    this.place[entry] = ACTIVE;
    this.unconfirmed--;
    this.active++;
  }

  /** Both nodes leave their chains. The entry still counts as active until `free` or `moveToDying`. */
  unlink(entry: number): void {
    this.unlinkNode(2 * entry);
    this.unlinkNode(2 * entry + 1);
  }

  moveToDying(entry: number): void {
    this.place[entry] = DYING;
    this.active--;
    this.dying++;
  }

  /** The node of a tuple in one direction, or NIL. */
  find(tuple: number, direction: Direction): number {
    for (let node = this.heads[this.bucketOf(tuple, direction)]!; node !== NIL; node = this.chainNext[node]!) {
      if (this.tuple[node >> 1] === tuple && (node & 1) === direction) return node;
    }
    return NIL;
  }

  /** First node of a bucket's chain, newest insertion first, or NIL. */
  first(bucket: number): number {
    return this.heads[bucket]!;
  }

  /** The node after one in its chain, or NIL. */
  after(node: number): number {
    return this.chainNext[node]!;
  }

  /** The node after one in its chain that belongs to another entry: safe to go on with when this entry is deleted. */
  afterOther(node: number): number {
    const next = this.chainNext[node]!;
    return next >> 1 === node >> 1 && next !== NIL ? this.chainNext[next]! : next;
  }

  /** Nodes in a bucket's chain, counted up to one more than `limit`. */
  chainLength(bucket: number, limit: number): number {
    let length = 0;
    for (let node = this.heads[bucket]!; node !== NIL && length <= limit; node = this.chainNext[node]!) length++;
    return length;
  }

  /** jhash and the reciprocal scale of hash_conntrack(), here a 32-bit mixer: buckets are uniform and independent. */
  bucketOf(tuple: number, direction: Direction): number {
    let hash = (tuple * 2 + direction) ^ this.hashSeed;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
    hash ^= hash >>> 16;
    return Math.floor(((hash >>> 0) * this.buckets) / 0x1_0000_0000);
  }

  /** CTA_ID before 5.x: the low 32 bits of the object's address, so it is reused as soon as the object is. */
  idOf(entry: number): number {
    return (FIRST_ADDRESS + entry * OBJECT_BYTES) >>> 0;
  }

  private linkNode(node: number): void {
    const bucket = this.bucketOf(this.tuple[node >> 1]!, (node & 1) as Direction);
    const head = this.heads[bucket]!;
    this.chainNext[node] = head;
    // The first node of a chain points back to its bucket, encoded below NIL.
    this.chainPrevious[node] = -2 - bucket;
    if (head !== NIL) this.chainPrevious[head] = node;
    this.heads[bucket] = node;
  }

  private unlinkNode(node: number): void {
    const next = this.chainNext[node]!;
    const previous = this.chainPrevious[node]!;
    if (previous < NIL) this.heads[-2 - previous] = next;
    else this.chainNext[previous] = next;
    if (next !== NIL) this.chainPrevious[next] = previous;
  }

  private grow(): void {
    const capacity = Math.ceil(this.capacity * 1.5);
    this.tuple = grown(this.tuple, new Uint32Array(capacity));
    this.status = grown(this.status, new Uint16Array(capacity));
    this.cache = grown(this.cache, new Uint16Array(capacity));
    this.missed = grown(this.missed, new Uint16Array(capacity));
    this.place = grown(this.place, new Uint8Array(capacity));
    this.protocolState = grown(this.protocolState, new Uint8Array(capacity));
    this.portid = grown(this.portid, new Uint8Array(capacity));
    this.chainNext = grown(this.chainNext, new Int32Array(2 * capacity));
    this.chainPrevious = grown(this.chainPrevious, new Int32Array(2 * capacity));
    this.capacity = capacity;
    for (const follow of this.onGrow) follow(capacity);
  }
}

type Column = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** The longer array with the content of the shorter one. */
export function grown<T extends Column>(from: T, to: T): T {
  to.set(from as never);
  return to;
}
