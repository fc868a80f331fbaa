/**
 * The event cache: bits that packets raise, bits of failed attempts, and when a message is attempted. It follows
 * nf_conntrack_event_cache(), nf_ct_deliver_cached_events() and nf_conntrack_eventmask_report(), and the choice of
 * ctnetlink_conntrack_event() from mask to message. It does not know how sockets fill (`MessageSink`) nor who retries a
 * DESTROY (redelivery/).
 */
import type { DestroyEvents } from "../conntrack/deletion.js";
import type { PacketEvents } from "../conntrack/packet.js";
import {
  IPCT_DESTROY,
  IPCT_NEW,
  IPCT_PROTOINFO,
  IPCT_RELATED,
  IPS_CONFIRMED,
  IPS_DYING,
  NO_EVENT_CACHE,
} from "../conntrack/status.js";
import type { ConntrackTable } from "../conntrack/table.js";
import {
  CACHED,
  type EntryRecords,
  EVENTS,
  extensionOf,
  FLAGS,
  HAS_PORTID,
  MISSED,
  MISSED_SHIFT,
  nodeOf,
} from "../records.js";
import type { Release } from "../release.js";
import { KIND_DESTROY, KIND_NEW, KIND_UPDATE, type MessageKind } from "./kinds.js";
import type { Redelivery } from "./redelivery/redelivery.js";

/** ctnetlink_conntrack_event(): DESTROY beats NEW beats the rest. The mask is not zero. */
export const kindOf = (mask: number): MessageKind => {
  if ((mask & IPCT_DESTROY) !== 0) return KIND_DESTROY;
  return (mask & (IPCT_NEW | IPCT_RELATED)) !== 0 ? KIND_NEW : KIND_UPDATE;
};

/** Builds a message and broadcasts it. */
export interface MessageSink {
  /** True: success, also when nobody listens. False: -ENOBUFS. */
  send(kind: MessageKind, entry: number, withProtoinfo: boolean, withPortid: boolean): boolean;
  /** Whether any process listens to any group. */
  hasListener(): boolean;
  /** The entry's DESTROY is raised now; its messages remember when. */
  stampDestroy(entry: number): void;
}

/** Watches what becomes of events; the accounts of a run (simulation/ledger.ts). */
export interface EventObserver {
  /** A packet or a deletion raised a set of new bits; `kind` is the kind that the bits alone would give. */
  raised(entry: number, kind: MessageKind): void;
  /** An attempt ended. `kept`: the bits stay and will be attempted again. */
  attempted(entry: number, kind: MessageKind, kept: boolean): void;
  /** Both at once, where nothing waited before: the usual case. */
  raisedAndAttempted(entry: number, kind: MessageKind, kept: boolean): void;
  /** The entry is freed. */
  freed(entry: number): void;
}

export class EventCache implements PacketEvents, DestroyEvents {
  private readonly table: ConntrackTable;
  private readonly records: EntryRecords;
  private readonly sink: MessageSink;
  private readonly observer: EventObserver;
  private readonly missedOnlyRetry: boolean;
  private readonly events: Release["events"];
  /** Set once by whoever wires the kernel: redelivery needs the cache, and the cache hands it the failures. */
  redelivery!: Redelivery;

  constructor(table: ConntrackTable, sink: MessageSink, observer: EventObserver, release: Release) {
    this.table = table;
    this.records = table.records;
    this.sink = sink;
    this.observer = observer;
    this.missedOnlyRetry = release.missedOnlyRetry;
    this.events = release.events;
  }

  /**
   * nf_ct_ecache_ext_add(): with nf_conntrack_events=2 a flow that is made while nobody listens gets no event cache,
   * with 0 none does.
   */
  entryCreated(entry: number): void {
    const { events } = this;
    if (events === "off" || (events === "auto" && !this.sink.hasListener()))
      this.table.addStatus(entry, NO_EVENT_CACHE);
  }

  cache(entry: number, bits: number): void {
    // Also where the entry has no event cache: `deliverCached` throws them away then.
    this.records.extensions[extensionOf(entry) + EVENTS]! |= bits;
  }

  deliverCached(entry: number): void {
    const { nodes, extensions } = this.records;
    const at = extensionOf(entry) + EVENTS;
    const word = extensions[at]!;
    const events = word & CACHED;
    const missed = (word & MISSED) >> MISSED_SHIFT;
    if (events === 0 && (missed === 0 || !this.missedOnlyRetry)) return;
    extensions[at] = word & ~CACHED;
    if ((nodes[nodeOf(entry) + FLAGS]! & (IPS_CONFIRMED | IPS_DYING | NO_EVENT_CACHE)) !== IPS_CONFIRMED) return;
    if (missed !== 0) {
      this.deliverMissed(entry, events, missed);
      return;
    }
    const kind = kindOf(events);
    const ok = this.sink.send(kind, entry, (events & IPCT_PROTOINFO) !== 0, false);
    if (!ok) extensions[at] = (word & ~CACHED) | (events << MISSED_SHIFT);
    this.observer.raisedAndAttempted(entry, kind, !ok);
  }

  /** What failed before goes with what was raised since, if anything was. */
  private deliverMissed(entry: number, events: number, missed: number): void {
    const { extensions } = this.records;
    const at = extensionOf(entry) + EVENTS;
    const mask = events | missed;
    const kind = kindOf(mask);
    if (events !== 0) this.observer.raised(entry, kindOf(events));
    const ok = this.sink.send(kind, entry, (mask & IPCT_PROTOINFO) !== 0, false);
    extensions[at] = (extensions[at]! & ~MISSED) | (ok ? 0 : mask << MISSED_SHIFT);
    this.observer.attempted(entry, kind, !ok);
  }

  raiseDestroy(entry: number): void {
    if ((this.records.nodes[nodeOf(entry) + FLAGS]! & NO_EVENT_CACHE) !== 0) return;
    this.sink.stampDestroy(entry);
    this.observer.raised(entry, KIND_DESTROY);
  }

  attemptDestroy(entry: number, withPortid: boolean): boolean {
    const { nodes, extensions } = this.records;
    if ((nodes[nodeOf(entry) + FLAGS]! & NO_EVENT_CACHE) !== 0) return true;
    const ok = this.sink.send(KIND_DESTROY, entry, false, withPortid);
    if (!ok && withPortid) extensions[extensionOf(entry) + EVENTS]! |= HAS_PORTID;
    this.observer.attempted(entry, KIND_DESTROY, !ok);
    return ok;
  }

  retryLater(entry: number): void {
    this.redelivery.add(entry);
  }

  destroySucceeded(): void {
    this.redelivery.destroySucceeded();
  }

  freed(entry: number): void {
    this.observer.freed(entry);
  }
}
