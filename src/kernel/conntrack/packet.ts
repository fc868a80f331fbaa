/**
 * A packet's way through conntrack, as all protocols have it: look-up or new entry (with nf_conntrack_max and
 * early_drop), the tracker, the confirm hook. It follows nf_conntrack_in(), init_conntrack(), __nf_conntrack_alloc()
 * and __nf_conntrack_confirm(). What a protocol makes of its packet is trackers/; where event bits go is
 * `PacketEvents`.
 */
import type { Family, Path, Protocol } from "../../scenario/scenario.js";
import { type EntryRecords, EVENTS, extensionOf, FLAGS, nodeOf } from "../records.js";
import type { Release } from "../release.js";
import type { Deletion } from "./deletion.js";
import { EarlyDrop } from "./early-drop.js";
import type { Expiry } from "./expiry.js";
import {
  type Direction,
  IPCT_NEW,
  IPCT_REPLY,
  IPS_ASSURED,
  IPS_CONFIRMED,
  IPS_SEEN_REPLY,
  ORIGINAL,
  REPLY,
} from "./status.js";
import { type ConntrackTable, NIL } from "./table.js";
import { trackerOf } from "./trackers/by-protocol.js";
import { ACK, type Segment, SYN } from "./trackers/tcp-states.js";
import {
  type BitCache,
  DROPPED,
  KILLED,
  REPEAT,
  type Tracker,
  type TrackerOptions,
  UNTRACKED,
} from "./trackers/tracker.js";

export interface PacketEvents extends BitCache {
  /** A new entry, before its first event. */
  entryCreated(entry: number): void;
  /** nf_ct_deliver_cached_events(): the confirm hook of one packet. */
  deliverCached(entry: number): void;
}

/**
 * What became of a packet. `TABLE_FULL`: dropped because no entry could be made for it (counter `drop`, EPERM at the
 * sender).
 */
export const ACCEPTED = 0;
export const TABLE_FULL = 1;
/** The tracker or the confirm hook dropped it. */
const SYN_DROPPED = 2;
const CHAIN_TOO_LONG = 3;
export type Verdict = typeof ACCEPTED | typeof TABLE_FULL | typeof SYN_DROPPED | typeof CHAIN_TOO_LONG;

export interface PacketOptions extends Omit<TrackerOptions, "family"> {
  events: PacketEvents;
  /** Of the classes of traffic. */
  protocols: readonly Protocol[];
  /** Of each of them. */
  families: readonly Family[];
  path: Path;
  /** Draws the limits of chain lengths. */
  random32: () => number;
}

export class PacketPath {
  private readonly table: ConntrackTable;
  private readonly records: EntryRecords;
  private readonly expiry: Expiry;
  private readonly events: PacketEvents;
  private readonly deletion: Deletion;
  readonly earlyDrop: EarlyDrop;
  /** By class of traffic; and those of the class that the next packet is of. */
  private readonly trackers: readonly Tracker[];
  private tracker: Tracker;
  private flowClass = 0;
  /**
   * How often a packet passes the confirm hook with an effect. On loopback it passes twice, but the second time does
   * nothing where missed events wait for new ones.
   */
  private readonly passes: number;
  private readonly chainLimit: Release["chainLimit"];
  private readonly random32: () => number;
  /**
   * Called when early_drop freed nothing and the packet is dropped; the gc worker evicts in its next run (4.12 on).
   */
  whenEarlyDropFails: () => void = () => {};

  constructor(options: PacketOptions) {
    this.table = options.table;
    this.records = options.table.records;
    this.expiry = options.expiry;
    this.events = options.events;
    this.deletion = options.deletion;
    this.earlyDrop = new EarlyDrop(options.table, options.expiry, options.deletion, options.release);
    this.chainLimit = options.release.chainLimit;
    this.random32 = options.random32;
    this.trackers = options.protocols.map((protocol, index) =>
      trackerOf(protocol, { ...options, family: options.families[index]! }),
    );
    this.tracker = this.trackers[0]!;
    this.passes = options.path === "loopback" && options.release.missedOnlyRetry ? 2 : 1;
  }

  /** The next packets are of this class of traffic. */
  use(flowClass: number): void {
    if (flowClass === this.flowClass) return;
    this.flowClass = flowClass;
    this.tracker = this.trackers[flowClass]!;
  }

  /** One packet of a conversation. `segment` counts for TCP only. */
  packet(tuple: number, direction: Direction, segment: Segment): Verdict {
    this.earlyDrop.bucketsSearched = 0;
    for (;;) {
      const known = this.deletion.lookUp(tuple, direction) >> 1;
      const entry = known === NIL ? this.create(tuple, direction) : known;
      if (entry === NIL) return TABLE_FULL;
      const fate = this.tracker.track(entry, direction, segment);
      if (fate === REPEAT) continue;
      if (fate === DROPPED) {
        this.table.counters.invalid++;
        this.table.counters.drop++;
        this.table.counters.reopening++;
        return SYN_DROPPED;
      }
      if (fate === UNTRACKED) {
        this.table.counters.invalid++;
        if (known === NIL) this.table.free(entry);
        return ACCEPTED;
      }
      if (direction === REPLY) this.seeReply(entry);
      if (fate === KILLED) return ACCEPTED;
      return this.confirm(entry) ? ACCEPTED : CHAIN_TOO_LONG;
    }
  }

  /**
   * An entry that was made before the run, of the class in use: confirmed, and what its packets raised is over. A TCP
   * connection with a reply is established. False: there is no room.
   */
  inherit(tuple: number, isReplied: boolean, isAssured: boolean): boolean {
    const entry = this.create(tuple, ORIGINAL);
    if (entry === NIL) return false;
    const { nodes, extensions } = this.records;
    this.tracker.track(entry, ORIGINAL, isReplied ? ACK : SYN);
    nodes[nodeOf(entry) + FLAGS]! |= IPS_CONFIRMED | (isReplied ? IPS_SEEN_REPLY : 0) | (isAssured ? IPS_ASSURED : 0);
    extensions[extensionOf(entry) + EVENTS] = 0;
    this.table.link(entry);
    this.expiry.start(entry, this.tracker.timeoutJiffies);
    return true;
  }

  private seeReply(entry: number): void {
    const { nodes } = this.records;
    const at = nodeOf(entry) + FLAGS;
    if ((nodes[at]! & IPS_SEEN_REPLY) !== 0) return;
    nodes[at]! |= IPS_SEEN_REPLY;
    this.events.cache(entry, IPCT_REPLY);
  }

  /**
   * An ICMP error about a conversation: it is attached to the entry and passes the confirm hook, raising nothing. It is
   * looked up by the inverse of the packet that it quotes.
   */
  icmpError(tuple: number): void {
    const node = this.deletion.lookUp(tuple, REPLY);
    if (node !== NIL) this.confirm(node >> 1);
  }

  /**
   * __nf_conntrack_alloc(): the limit is tested on the count with the new entry in it, so exactly max entries fit.
   */
  private create(tuple: number, direction: Direction): number {
    const { table } = this;
    if (table.max > 0 && table.count + 1 > table.max && !this.earlyDrop.tryFree(table.bucketOf(tuple, direction))) {
      table.counters.drop++;
      table.counters.full++;
      this.whenEarlyDropFails();
      return NIL;
    }
    const entry = table.allocate(tuple, this.flowClass);
    this.events.entryCreated(entry);
    this.tracker.created(entry);
    return entry;
  }

  /** The confirm hook, as often as the packet passes it. False: the entry could not be inserted and is gone. */
  private confirm(entry: number): boolean {
    const { nodes } = this.records;
    if ((nodes[nodeOf(entry) + FLAGS]! & IPS_CONFIRMED) === 0 && !this.insert(entry)) return false;
    for (let pass = 0; pass < this.passes; pass++) this.events.deliverCached(entry);
    return true;
  }

  /** __nf_conntrack_confirm(): the entry enters the hash and its timeout begins, unless a chain is too long. */
  private insert(entry: number): boolean {
    const { table } = this;
    if (this.chainLimit !== null && !this.chainsHaveRoom(table.tupleOf(entry), this.chainLimit)) {
      table.counters.insertFailed++;
      table.free(entry);
      return false;
    }
    this.records.nodes[nodeOf(entry) + FLAGS]! |= IPS_CONFIRMED;
    table.link(entry);
    this.expiry.start(entry, this.tracker.timeoutJiffies);
    this.events.cache(entry, IPCT_NEW);
    return true;
  }

  /**
   * __nf_conntrack_confirm() from 5.15 on: an insertion into a chain with more than one node above a random limit
   * fails.
   */
  private chainsHaveRoom(tuple: number, chainLimit: NonNullable<Release["chainLimit"]>): boolean {
    const { table } = this;
    const limit = chainLimit.least + (this.random32() % chainLimit.range);
    return (
      table.chainLength(table.bucketOf(tuple, ORIGINAL), limit + 1) <= limit + 1 &&
      table.chainLength(table.bucketOf(tuple, REPLY), limit + 1) <= limit + 1
    );
  }
}
