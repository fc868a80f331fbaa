/**
 * early_drop(): a full table makes room by killing un-assured entries near the bucket of the new tuple. It owns the
 * search for the victim and the rule that decides whether the slot counts as freed; the killing is deletion.ts. The
 * cost of a search is the number of buckets that it looked at, which it reports: with an empty table it walks all of
 * them.
 */
import type { Release } from "../release.js";
import type { Deletion } from "./deletion.js";
import type { Expiry } from "./expiry.js";
import { IPS_ASSURED } from "./status.js";
import { type ConntrackTable, NIL } from "./table.js";

/** NF_CT_EVICTION_RANGE: a search ends once so many nodes were looked at; from 4.8 on, after so many buckets. */
const EVICTION_RANGE = 8;

export class EarlyDrop {
  private readonly table: ConntrackTable;
  private readonly expiry: Expiry;
  private readonly deletion: Deletion;
  private readonly rule: Release["earlyDrop"];
  /** Buckets that the last search looked at. */
  bucketsSearched = 0;
  /**
   * A stretch of buckets that a search in vain found empty, and how many entries had been made by then. A table that is
   * full of dying entries has nothing in its hash, and the next packet would walk all of it again.
   */
  private empty = { from: 0, length: 0, created: -1 };

  constructor(table: ConntrackTable, expiry: Expiry, deletion: Deletion, release: Release) {
    this.table = table;
    this.expiry = expiry;
    this.deletion = deletion;
    this.rule = release.earlyDrop;
  }

  /** Whether a slot was freed, or counts as freed. */
  tryFree(bucket: number): boolean {
    return this.rule.victim === "whole-buckets" ? this.clearBuckets(bucket) : this.killOne(bucket);
  }

  private killOne(bucket: number): boolean {
    const victim = this.findVictim(bucket);
    if (victim === NIL) return false;
    const delivered = this.deletion.evict(victim);
    if (!delivered && !this.rule.undeliveredCountsAsFreed) return false;
    this.table.counters.earlyDrop++;
    return true;
  }

  /**
   * From 4.8 on: every un-assured entry of the first of eight buckets in which one could be delivered; the others are
   * dying.
   */
  private clearBuckets(from: number): boolean {
    const { table } = this;
    this.bucketsSearched = 0;
    for (let step = 0; step < EVICTION_RANGE; step++) {
      this.bucketsSearched++;
      const freed = this.clearBucket((from + step) % table.buckets);
      if (freed > 0) {
        table.counters.earlyDrop += freed;
        return true;
      }
    }
    return false;
  }

  private clearBucket(bucket: number): number {
    const { table } = this;
    let freed = 0;
    let node = table.first(bucket);
    while (node !== NIL) {
      const entry = node >> 1;
      const expired = this.expiry.isExpired(entry);
      if (!expired && (table.statusOf(entry) & IPS_ASSURED) !== 0) {
        node = table.after(node);
        continue;
      }
      const beyond = table.afterOther(node);
      const delivered = this.deletion.evict(entry);
      if (delivered && !expired) freed++;
      // The walk goes down the dying list, where nobody is left to kill.
      if (this.isCaught(node, delivered)) return freed;
      node = beyond;
    }
    return freed;
  }

  private isCaught(node: number, delivered: boolean): boolean {
    const { dyingList } = this.deletion;
    if (!dyingList.catches(node, delivered)) return false;
    this.bucketsSearched += dyingList.bucketsFor(dyingList.behind(delivered));
    return true;
  }

  private findVictim(from: number): number {
    const { table } = this;
    let bucket = from;
    let seen = 0;
    /** Buckets that were empty before the first that was not. */
    let leading = 0;
    for (let searched = 1; searched <= table.buckets; searched++) {
      const known = Math.min(this.knownEmptyFrom(bucket), table.buckets - searched + 1);
      if (known > 0) {
        if (seen === 0) leading += known;
        searched += known - 1;
        this.bucketsSearched = searched;
        bucket = (bucket + known) % table.buckets;
        continue;
      }
      this.bucketsSearched = searched;
      let victim = NIL;
      for (let node = table.first(bucket); node !== NIL; node = table.after(node)) {
        seen++;
        if ((table.statusOf(node >> 1) & IPS_ASSURED) !== 0) continue;
        if (victim === NIL || this.rule.victim === "oldest") victim = node >> 1;
      }
      if (victim !== NIL) return victim;
      if (seen >= EVICTION_RANGE) break;
      if (seen === 0) leading++;
      bucket = bucket + 1 === table.buckets ? 0 : bucket + 1;
    }
    this.rememberEmpty(from, leading);
    return NIL;
  }

  private knownEmptyFrom(bucket: number): number {
    const { empty, table } = this;
    if (empty.created !== table.counters.created) return 0;
    const into = (bucket - empty.from + table.buckets) % table.buckets;
    return Math.max(0, empty.length - into);
  }

  /** It holds until an entry enters the hash, which one that is not in it yet could do without being counted. */
  private rememberEmpty(from: number, length: number): void {
    const { created } = this.table.counters;
    const isLonger = this.empty.created !== created || length > this.empty.length;
    if (this.table.unconfirmed === 0 && isLonger) this.empty = { from, length, created };
  }
}
