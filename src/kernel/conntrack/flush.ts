/**
 * `conntrack -F`: the walk of nf_ct_iterate_cleanup() over all buckets, head of the chain first, restarting at the head
 * of the same bucket after each victim. It owns the order and its own position, so that the caller can stop between
 * entries (ticks, costs, readers); what happens to an entry is deletion.ts.
 */
import { AHEAD } from "../prefetch.js";
import type { Deletion } from "./deletion.js";
import type { ConntrackTable } from "./table.js";

export class Flush {
  private readonly table: ConntrackTable;
  private readonly deletion: Deletion;
  /** The first entries of the next buckets are about to be deleted: asks for the memory that this will need. */
  private readonly prefetch: (entries: Int32Array, count: number) => void;
  private bucket = 0;
  /** The first bucket whose entries were not asked for yet. */
  private prefetchedUntil = 0;
  private readonly ahead = new Int32Array(AHEAD);
  entries = 0;
  /** Buckets that the last step looked at. */
  bucketsSearched = 0;

  constructor(
    table: ConntrackTable,
    deletion: Deletion,
    prefetch: (entries: Int32Array, count: number) => void = () => {},
  ) {
    this.table = table;
    this.deletion = deletion;
    this.prefetch = prefetch;
  }

  /** Deletes the next entry. False when the walk is over. */
  step(): boolean {
    const { table } = this;
    this.bucketsSearched = 0;
    // nf_ct_iterate_cleanup_net(): of an empty table nothing is looked at.
    if (this.entries === 0 && table.active === 0) return false;
    const bucket = table.firstUsed(this.bucket);
    this.bucketsSearched = bucket - this.bucket;
    this.bucket = bucket;
    if (bucket === table.buckets) return false;
    if (bucket >= this.prefetchedUntil) this.prefetchFrom(bucket);
    this.entries++;
    this.deletion.deleteByRequest(table.first(bucket) >> 1);
    return true;
  }

  private prefetchFrom(bucket: number): void {
    const { table, ahead } = this;
    let used = bucket;
    let count = 0;
    while (count < ahead.length && used < table.buckets) {
      ahead[count++] = table.first(used) >> 1;
      used = table.firstUsed(used + 1);
    }
    this.prefetchedUntil = used;
    this.prefetch(ahead, count);
  }
}
