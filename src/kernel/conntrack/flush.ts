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
  /** The first entries of the next buckets are about to be deleted: whoever needs more memory for them may ask for it. */
  private readonly expect: (entries: Int32Array, count: number) => void;
  private bucket = 0;
  /** The first bucket whose entries nobody expects yet. */
  private expected = 0;
  private readonly ahead = new Int32Array(AHEAD);
  entries = 0;

  constructor(table: ConntrackTable, deletion: Deletion, expect: (entries: Int32Array, count: number) => void) {
    this.table = table;
    this.deletion = deletion;
    this.expect = expect;
  }

  /** Deletes the next entry. False when the walk is over. */
  step(): boolean {
    const { table } = this;
    for (; this.bucket < table.buckets; this.bucket++) {
      if (this.bucket === this.expected) this.expectNext();
      const node = table.first(this.bucket);
      if (node === NIL) continue;
      this.entries++;
      this.deletion.deleteByRequest(node >> 1);
      return true;
    }
    return false;
  }

  private expectNext(): void {
    const { table, ahead } = this;
    const until = Math.min(this.expected + AHEAD, table.buckets);
    let count = 0;
    for (let bucket = this.expected; bucket < until; bucket++) {
      const node = table.first(bucket);
      if (node !== NIL) ahead[count++] = node >> 1;
    }
    this.expected += AHEAD;
    this.expect(ahead, count);
  }
}
