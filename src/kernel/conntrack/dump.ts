/**
 * A dump of the table, as `conntrack -L` and the first half of `conntrack -D` ask for: the walk of
 * ctnetlink_dump_table() over all buckets, head of the chain first, each entry by its original direction. It comes in
 * parts of what fits into one recv, and the table changes between them. It owns its position; a bucket is never split.
 */
import type { Deletion } from "./deletion.js";
import type { Expiry } from "./expiry.js";
import { ORIGINAL } from "./status.js";
import { type ConntrackTable, NIL } from "./table.js";

export class Dump {
  private readonly table: ConntrackTable;
  private readonly expiry: Expiry;
  private readonly deletion: Deletion;
  private bucket = 0;
  /** Of the last part: its entries. */
  readonly entries: number[] = [];
  /** And the buckets that it looked at. */
  bucketsSearched = 0;

  constructor(table: ConntrackTable, expiry: Expiry, deletion: Deletion) {
    this.table = table;
    this.expiry = expiry;
    this.deletion = deletion;
  }

  /** The next part, of so many entries and the rest of their bucket. False when the walk was over before. */
  part(most: number): boolean {
    const { entries, table } = this;
    const from = this.bucket;
    entries.length = 0;
    while (entries.length < most && this.bucket < table.buckets) {
      this.bucket = table.firstUsed(this.bucket);
      if (this.bucket < table.buckets) this.list(this.bucket++);
    }
    this.bucketsSearched = this.bucket - from;
    return this.bucketsSearched > 0;
  }

  /** Where entries have no timer, a dump removes the dead that it meets and does not list them. */
  private list(bucket: number): void {
    const { entries, table } = this;
    const dead: number[] = [];
    for (let node = table.first(bucket); node !== NIL; node = table.after(node)) {
      if ((node & 1) === ORIGINAL) (this.expiry.isExpired(node >> 1) ? dead : entries).push(node >> 1);
    }
    for (const entry of dead) this.deletion.evict(entry);
  }
}
