/**
 * The accounts of a run, kept beside the model and never read by it: what became of every event of the observed listener,
 * how often each DESTROY was attempted, and which entries the daemon and the kernel both know. The model calls it through
 * `EventObserver`; the run calls it when the observed reader has read a message.
 *
 * The unit is an event: a set of new bits of one entry. Events that wait in a missed mask are counted per entry in parallel
 * columns; that their sum is raised − delivered − merged − lost is what invariants.ts checks.
 */
import { DaemonView } from "../daemon/view.js";
import { type EventObserver, KIND_DESTROY, KIND_NEW, KIND_UPDATE, type MessageKind } from "../kernel/events/ecache.js";
import { ACTIVE, type ConntrackTable, grown } from "../kernel/conntrack/table.js";
import type { Broadcast } from "../kernel/netlink/broadcast.js";
import type { NetlinkSocket } from "../kernel/netlink/socket.js";
import { LatencyHistogram } from "./latency-histogram.js";

export interface KindAccount {
  raised: number;
  delivered: number;
  merged: number;
  lost: number;
  attempts: number;
  refused: number;
}

const account = (): KindAccount => ({ raised: 0, delivered: 0, merged: 0, lost: 0, attempts: 0, refused: 0 });

export class Ledger implements EventObserver {
  private readonly table: ConntrackTable;
  private readonly broadcast: Broadcast;
  private readonly view: DaemonView;
  /** By message kind. */
  readonly kinds: readonly [KindAccount, KindAccount, KindAccount] = [account(), account(), account()];
  /** Events of an entry that no message carried yet. */
  private waitingNew: Uint8Array;
  private waitingUpdates: Uint16Array;
  private waitingDestroy: Uint8Array;
  /** Attempts to deliver the entry's DESTROY. */
  private tries: Uint32Array;
  /** 1: the entry is active and the daemon believes it alive. */
  private known: Uint8Array;
  private knownCount = 0;
  /** Index: resends of an entry, value: entries that had so many and are freed. */
  private readonly resends: number[] = [];
  private destroyAttemptsTotal = 0;
  readonly destroyLatency = new LatencyHistogram();

  constructor(table: ConntrackTable, broadcast: Broadcast, view: DaemonView) {
    this.table = table;
    this.broadcast = broadcast;
    this.view = view;
    this.waitingNew = new Uint8Array(table.capacity);
    this.waitingUpdates = new Uint16Array(table.capacity);
    this.waitingDestroy = new Uint8Array(table.capacity);
    this.tries = new Uint32Array(table.capacity);
    this.known = new Uint8Array(table.capacity);
    table.whenGrown((capacity) => {
      this.waitingNew = grown(this.waitingNew, new Uint8Array(capacity));
      this.waitingUpdates = grown(this.waitingUpdates, new Uint16Array(capacity));
      this.waitingDestroy = grown(this.waitingDestroy, new Uint8Array(capacity));
      this.tries = grown(this.tries, new Uint32Array(capacity));
      this.known = grown(this.known, new Uint8Array(capacity));
    });
  }

  raised(entry: number, kind: MessageKind): void {
    this.kinds[kind].raised++;
    if (kind === KIND_NEW) this.waitingNew[entry] = 1;
    else if (kind === KIND_UPDATE) this.waitingUpdates[entry]!++;
    else {
      this.waitingDestroy[entry] = 1;
      this.tries[entry] = 0;
      // The entry leaves the table in this same step.
      if (this.known[entry] === 1) {
        this.known[entry] = 0;
        this.knownCount--;
      }
    }
  }

  attempted(entry: number, kind: MessageKind, kept: boolean): void {
    const account = this.kinds[kind];
    account.attempts++;
    if (kind === KIND_DESTROY) {
      this.tries[entry]!++;
      this.destroyAttemptsTotal++;
    }
    if (this.broadcast.observedRefused) account.refused++;
    if (this.broadcast.observedAdmitted) this.carried(entry, kind);
    else if (!kept) this.lost(entry);
  }

  freed(entry: number): void {
    const resent = this.tries[entry]! - 1;
    if (resent > 0) this.countResends(resent);
    this.waitingNew[entry] = 0;
    this.waitingUpdates[entry] = 0;
    this.waitingDestroy[entry] = 0;
  }

  /** The observed reader read the message that its socket holds, and its view changed by `change`. */
  read(socket: NetlinkSocket, change: -1 | 0 | 1, now: number): void {
    if (socket.kind === KIND_DESTROY) this.destroyLatency.add(now - socket.raisedAt);
    if (change !== 1) return;
    const { entry } = socket;
    if (
      this.table.place[entry] === ACTIVE &&
      this.table.tuple[entry] === socket.tuple &&
      this.table.idOf(entry) === socket.id &&
      this.known[entry] === 0
    ) {
      this.known[entry] = 1;
      this.knownCount++;
    }
  }

  /** Entries that the daemon believes alive and the kernel has freed or put on the dying list. */
  get stale(): number {
    return this.view.alive - this.knownCount;
  }

  /** Active entries that the daemon does not know. */
  get missing(): number {
    return this.table.active - this.knownCount;
  }

  get destroyAttempts(): number {
    return this.destroyAttemptsTotal;
  }

  /** Events still waiting, counted entry by entry, by message kind. */
  pending(): [number, number, number] {
    const sum: [number, number, number] = [0, 0, 0];
    for (let entry = 0; entry < this.table.capacity; entry++) {
      sum[KIND_NEW] += this.waitingNew[entry]!;
      sum[KIND_UPDATE] += this.waitingUpdates[entry]!;
      sum[KIND_DESTROY] += this.waitingDestroy[entry]!;
    }
    return sum;
  }

  /** Entries by number of resends (index), those still dying included. */
  resendCounts(): readonly number[] {
    const counts = [...this.resends];
    for (let entry = 0; entry < this.table.capacity; entry++) {
      if (this.waitingDestroy[entry] === 1 && this.tries[entry]! > 1) {
        const resent = this.tries[entry]! - 1;
        counts[resent] = (counts[resent] ?? 0) + 1;
      }
    }
    return counts;
  }

  private countResends(resent: number): void {
    this.resends[resent] = (this.resends[resent] ?? 0) + 1;
  }

  private carried(entry: number, kind: MessageKind): void {
    if (this.waitingNew[entry] === 1) {
      this.waitingNew[entry] = 0;
      if (kind === KIND_NEW) this.kinds[KIND_NEW].delivered++;
      else this.kinds[KIND_NEW].merged++;
    }
    const updates = this.waitingUpdates[entry]!;
    if (updates > 0) {
      this.waitingUpdates[entry] = 0;
      if (kind === KIND_UPDATE) this.kinds[KIND_UPDATE].delivered += updates;
      else this.kinds[KIND_UPDATE].merged += updates;
    }
    if (kind === KIND_DESTROY && this.waitingDestroy[entry] === 1) {
      this.waitingDestroy[entry] = 0;
      this.kinds[KIND_DESTROY].delivered++;
    }
  }

  private lost(entry: number): void {
    this.kinds[KIND_NEW].lost += this.waitingNew[entry]!;
    this.kinds[KIND_UPDATE].lost += this.waitingUpdates[entry]!;
    this.kinds[KIND_DESTROY].lost += this.waitingDestroy[entry]!;
    this.waitingNew[entry] = 0;
    this.waitingUpdates[entry] = 0;
    this.waitingDestroy[entry] = 0;
  }
}
