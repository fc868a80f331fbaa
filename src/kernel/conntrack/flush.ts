/**
 * `conntrack -F`: the walk of nf_ct_iterate_cleanup() over all buckets, head of the chain first, restarting at the head
 * of the same bucket after each victim. An entry is in two chains: up to 3.11 it is met in the first of them, so that
 * the walk meets most entries early; later kernels look at the nodes of one direction. It owns the order and its own
 * position, so that the caller can stop between entries (ticks, costs, readers); what happens to an entry is
 * deletion.ts.
 */
import { AHEAD } from "../prefetch.js";
import type { Release } from "../release.js";
import type { Deletion } from "./deletion.js";
import { ORIGINAL, REPLY } from "./status.js";
import { type ConntrackTable, NIL } from "./table.js";

export class Flush {
  private readonly table: ConntrackTable;
  private readonly deletion: Deletion;
  /** The first entries of the next buckets are about to be deleted: asks for the memory that this will need. */
  private readonly prefetch: (entries: Int32Array, count: number) => void;
  /** ORIGINAL or REPLY; -1: either. */
  private readonly wanted: number;
  private bucket = 0;
  /** The node there by which the next entry is met. */
  private node = NIL;
  /** The first bucket whose entries were not asked for yet. */
  private prefetchedUntil = 0;
  private readonly ahead = new Int32Array(AHEAD);
  entries = 0;
  /** Buckets that the last step looked at. */
  bucketsSearched = 0;

  constructor(
    table: ConntrackTable,
    deletion: Deletion,
    direction: Release["flushDirection"],
    prefetch: (entries: Int32Array, count: number) => void = () => {},
  ) {
    this.wanted = direction === "either" ? -1 : direction === "reply" ? REPLY : ORIGINAL;
    this.table = table;
    this.deletion = deletion;
    this.prefetch = prefetch;
  }

  /** Deletes the next entry. False when the walk is over. */
  step(): boolean {
    const { table } = this;
    this.search();
    const { bucket } = this;
    if (bucket === table.buckets || this.isOfEmptyTable) return false;
    if (bucket >= this.prefetchedUntil) this.prefetchFrom(bucket);
    this.entries++;
    this.deletion.deleteByRequest(this.node >> 1);
    return true;
  }

  /** Goes on to the next bucket with an entry in it, over at most so many. Whether it is there, or at the end. */
  search(most = Number.POSITIVE_INFINITY): boolean {
    const { table } = this;
    this.bucketsSearched = 0;
    if (this.isOfEmptyTable) return true;
    const end = Math.min(table.buckets, this.bucket + most);
    let bucket = table.firstUsed(this.bucket, end);
    while (bucket < end) {
      this.node = this.nodeIn(bucket);
      if (this.node !== NIL) break;
      bucket = table.firstUsed(bucket + 1, end);
    }
    this.bucketsSearched = bucket - this.bucket;
    this.bucket = bucket;
    return bucket < end || bucket === table.buckets;
  }

  /** The first node in its chain by which an entry is met; NIL: there is none. */
  private nodeIn(bucket: number): number {
    const { table, wanted } = this;
    let node = table.first(bucket);
    if (wanted < 0) return node;
    while (node !== NIL && (node & 1) !== wanted) node = table.after(node);
    return node;
  }

  /** nf_ct_iterate_cleanup_net(): of an empty table nothing is looked at. */
  private get isOfEmptyTable(): boolean {
    return this.entries === 0 && this.bucket === 0 && this.table.active === 0;
  }

  private prefetchFrom(bucket: number): void {
    const { table, ahead } = this;
    let used = bucket;
    let count = 0;
    while (count < ahead.length && used < table.buckets) {
      const node = this.nodeIn(used);
      if (node !== NIL) ahead[count++] = node >> 1;
      used = table.firstUsed(used + 1);
    }
    this.prefetchedUntil = used;
    this.prefetch(ahead, count);
  }
}
