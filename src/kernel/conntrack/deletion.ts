/**
 * How an entry leaves the table: by its timer, by a flush, by early_drop, by a tracker, by a single delete. It follows
 * death_by_timeout(), nf_ct_iterate_cleanup(), ctnetlink_del_conntrack() and, from 3.12 on, nf_ct_delete(). It owns
 * when the DESTROY is attempted, how often, with which portid, and what becomes of an entry whose DESTROY failed: out
 * of the hash, onto the dying list. It does not know who listens: `DestroyEvents` does.
 */
import { EXPIRES, FLAGS, nodeOf } from "../records.js";
import type { Release } from "../release.js";
import { DyingList } from "./dying-list.js";
import type { Expiry } from "./expiry.js";
import { type Direction, IPS_DYING, ORIGINAL } from "./status.js";
import { type ConntrackTable, NIL } from "./table.js";

/** What deletion needs of the events: an attempt, and somebody who retries. */
export interface DestroyEvents {
  /** The entry is about to leave the table: its DESTROY is raised, before the first attempt. */
  raiseDestroy(entry: number): void;
  /**
   * One attempt to deliver DESTROY; `withPortid` for a requester's delete. True: delivered, or nobody has to have it.
   */
  attemptDestroy(entry: number, withPortid: boolean): boolean;
  /** The first attempt of a DESTROY failed and the entry is on the dying list: arm the retry. */
  retryLater(entry: number): void;
  /** A first attempt succeeded. */
  destroySucceeded(): void;
  /** The DESTROY is out and the entry is about to be freed. */
  freed(entry: number): void;
}

export class Deletion {
  readonly dyingList: DyingList;
  private readonly table: ConntrackTable;
  private readonly expiry: Expiry;
  private readonly events: DestroyEvents;
  private readonly flushAttempts: 1 | 2;
  private readonly dyingBeforeAttempt: boolean;

  constructor(table: ConntrackTable, expiry: Expiry, events: DestroyEvents, release: Release) {
    this.table = table;
    this.expiry = expiry;
    this.events = events;
    this.dyingList = new DyingList(release);
    this.flushAttempts = release.flushAttempts;
    this.dyingBeforeAttempt = release.dyingBeforeAttempt;
  }

  /** The entry's timer fired (it is no longer pending). */
  expire(entry: number): boolean {
    this.events.raiseDestroy(entry);
    return this.die(entry, false);
  }

  /**
   * early_drop(), nf_ct_kill() and the reaping of an expired entry: as if its timer had fired. True when the entry is
   * gone for good.
   */
  evict(entry: number): boolean {
    this.events.raiseDestroy(entry);
    this.expiry.stop(entry);
    return this.die(entry, false);
  }

  /**
   * One entry of a flush: the iterator reports with the requester's portid and, if
   * that failed, death_by_timeout() attempts again without waiting. From 3.12 on it is one attempt.
   */
  deleteByRequest(entry: number): boolean {
    this.events.raiseDestroy(entry);
    if (this.flushAttempts === 2 && this.events.attemptDestroy(entry, true)) {
      this.table.addStatus(entry, IPS_DYING);
    }
    this.expiry.stop(entry);
    return this.die(entry, this.flushAttempts === 1);
  }

  /** The node of a tuple or NIL. Without timers the walk over the chain reaps what has expired, whosever it is. */
  lookUp(tuple: number, direction: Direction): number {
    const { table, expiry } = this;
    if (!expiry.lazy) return table.find(tuple, direction);
    let node = table.first(table.bucketOf(tuple, direction));
    while (node !== NIL) {
      const entry = node >> 1;
      if (expiry.isExpired(entry)) {
        const next = table.afterOther(node);
        this.evict(entry);
        node = next;
        continue;
      }
      if (table.tupleOf(entry) === tuple && (node & 1) === direction) return node;
      node = table.after(node);
    }
    return NIL;
  }

  /**
   * IPCTNL_MSG_CT_DELETE of one tuple, and of its id where one is given: one attempt, also where a flush makes two.
   * False when there is no such entry (ENOENT). The answer does not depend on delivery.
   */
  deleteTuple(tuple: number, id: number | null = null): boolean {
    const node = this.lookUp(tuple, ORIGINAL);
    if (node === NIL) return false;
    const entry = node >> 1;
    if (id !== null && this.table.idOf(entry) !== id) return false;
    this.deleteFound(entry);
    return true;
  }

  /**
   * 2.6.31 arms the retry without stopping the entry's own timer, which corrupts the wheel (a16a1647fa6b); it is
   * stopped here for every release.
   */
  deleteFound(entry: number): void {
    this.events.raiseDestroy(entry);
    this.expiry.stop(entry);
    this.die(entry, true);
  }

  /** A retry of a dying entry. True: delivered; `finish` must follow when the kernel drops its reference. */
  attemptAgain(entry: number): boolean {
    if (!this.events.attemptDestroy(entry, false)) return false;
    this.table.addStatus(entry, IPS_DYING);
    return true;
  }

  /** The last reference of a delivered entry goes: it is freed. */
  finish(entry: number): void {
    this.events.freed(entry);
    this.table.free(entry);
  }

  private die(entry: number, withPortid: boolean): boolean {
    const { table } = this;
    const { nodes } = table.records;
    const at = nodeOf(entry) + FLAGS;
    const alreadyReported = (nodes[at]! & IPS_DYING) !== 0;
    if (this.dyingBeforeAttempt) nodes[at]! |= IPS_DYING;
    const delivered = alreadyReported || this.events.attemptDestroy(entry, withPortid);
    table.unlink(entry);
    if (!delivered) {
      table.moveToDying(entry);
      if (this.expiry.lazy) this.dyingList.expect(nodes[nodeOf(entry) + EXPIRES]!);
      this.events.retryLater(entry);
      return false;
    }
    nodes[at]! |= IPS_DYING;
    this.events.destroySucceeded();
    this.finish(entry);
    return true;
  }
}
