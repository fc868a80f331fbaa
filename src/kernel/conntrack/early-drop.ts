/**
 * early_drop(): a full table makes room by killing one un-assured entry near the bucket of the new tuple. It owns the
 * search for the victim and the rule that decides whether the slot counts as freed; the killing is deletion.ts. The cost of
 * a search is the number of buckets that it looked at, which it reports: with an empty table it walks all of them.
 */
import type { Release } from "../release.js";
import type { Deletion } from "./deletion.js";
import { IPS_ASSURED } from "./status.js";
import { type ConntrackTable, NIL } from "./table.js";

/** A search ends once this many nodes were looked at (NF_CT_EVICTION_RANGE). */
const EVICTION_RANGE = 8;

export class EarlyDrop {
  private readonly table: ConntrackTable;
  private readonly deletion: Deletion;
  private readonly rule: Release["earlyDrop"];
  /** Buckets that the last search looked at. */
  bucketsSearched = 0;

  constructor(table: ConntrackTable, deletion: Deletion, release: Release) {
    this.table = table;
    this.deletion = deletion;
    this.rule = release.earlyDrop;
  }

  /** Whether a slot was freed, or counts as freed. */
  tryFree(bucket: number): boolean {
    const victim = this.findVictim(bucket);
    if (victim === NIL) return false;
    const delivered = this.deletion.evict(victim);
    if (!delivered && !this.rule.undeliveredCountsAsFreed) return false;
    this.table.counters.earlyDrop++;
    return true;
  }

  private findVictim(from: number): number {
    const { table } = this;
    let bucket = from;
    let seen = 0;
    for (let searched = 1; searched <= table.buckets; searched++) {
      this.bucketsSearched = searched;
      let victim = NIL;
      for (let node = table.first(bucket); node !== NIL; node = table.after(node)) {
        seen++;
        if ((table.status[node >> 1]! & IPS_ASSURED) !== 0) continue;
        if (victim === NIL || this.rule.victim === "oldest") victim = node >> 1;
      }
      if (victim !== NIL) return victim;
      if (seen >= EVICTION_RANGE) return NIL;
      bucket = bucket + 1 === table.buckets ? 0 : bucket + 1;
    }
    return NIL;
  }
}
