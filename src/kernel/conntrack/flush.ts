/**
 * `conntrack -F`: the walk of nf_ct_iterate_cleanup() over all buckets, head of the chain first, restarting at the head of
 * the same bucket after each victim. It owns the order and its own position, so that the caller can stop between entries
 * (ticks, costs, readers); what happens to an entry is deletion.ts.
 */
import type { Deletion } from "./deletion.js";
import { AHEAD, type ConntrackTable, NIL } from "./table.js";

export class Flush {
  private readonly table: ConntrackTable;
  private readonly deletion: Deletion;
  private bucket = 0;
  /** The first bucket whose entries the table does not expect yet. */
  private expected = 0;
  entries = 0;

  constructor(table: ConntrackTable, deletion: Deletion) {
    this.table = table;
    this.deletion = deletion;
  }

  /** Deletes the next entry. False when the walk is over. */
  step(): boolean {
    const { table } = this;
    for (; this.bucket < table.buckets; this.bucket++) {
      if (this.bucket === this.expected) {
        table.expectDeletion(this.bucket);
        this.expected += AHEAD;
      }
      const node = table.first(this.bucket);
      if (node === NIL) continue;
      this.entries++;
      this.deletion.deleteByRequest(node >> 1);
      return true;
    }
    return false;
  }
}
