/**
 * A packet's way through conntrack: look-up or new entry (with nf_conntrack_max and early_drop), the protocol's
 * tracker, the confirm hook. It follows nf_conntrack_in(), init_conntrack(), __nf_conntrack_alloc(),
 * __nf_conntrack_confirm(), __nf_ct_refresh_acct() and the trackers of UDP and ICMP (nf_conntrack_proto_udp.c,
 * …_icmp.c). It raises event bits; where they go is `PacketEvents`.
 */
import type { Path, Protocol, TimeoutKey } from "../../scenario/scenario.js";
import type { KernelClock } from "../clock.js";
import {
  type EntryRecords,
  extensionOf,
  FLAGS,
  nodeOf,
  PROTOCOL_STATE,
  PROTOCOL_STATE_SHIFT,
  STREAM_FROM,
} from "../records.js";
import type { Release } from "../release.js";
import type { Deletion } from "./deletion.js";
import { EarlyDrop } from "./early-drop.js";
import type { Expiry } from "./expiry.js";
import {
  type Direction,
  IPCT_ASSURED,
  IPCT_NEW,
  IPCT_PROTOINFO,
  IPCT_REPLY,
  IPS_ASSURED,
  IPS_CONFIRMED,
  IPS_DYING,
  IPS_SEEN_REPLY,
  ORIGINAL,
  REPLY,
} from "./status.js";
import { ACTIVE, type ConntrackTable, NIL } from "./table.js";
import {
  FLAG_CLOSE_INIT,
  FLAG_LAST_WAS_REPLY,
  FLAG_LAST_WAS_RST,
  RST,
  type Segment,
  STATE_MASK,
  TCP_CLOSE,
  TCP_ESTABLISHED,
  TCP_FIN_WAIT,
  TCP_IGNORE,
  TCP_INVALID,
  TCP_SYN_RECV,
  TCP_SYN_SENT,
  TCP_TIME_WAIT,
  TCP_TIMEOUT_KEYS,
  tcpTransition,
} from "./trackers/tcp.js";

export interface PacketEvents {
  /** A new entry, before its first event. */
  entryCreated(entry: number): void;
  /** nf_conntrack_event_cache(): remember bits until the confirm hook. */
  cache(entry: number, bits: number): void;
  /** nf_ct_deliver_cached_events(): the confirm hook of one packet. */
  deliverCached(entry: number): void;
}

/** A UDP conversation younger than this is no stream yet (5.0 on). */
const STREAM_AFTER_SECONDS = 2;

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

export class PacketPath {
  private readonly clock: KernelClock;
  private readonly table: ConntrackTable;
  private readonly records: EntryRecords;
  private readonly expiry: Expiry;
  private readonly events: PacketEvents;
  private readonly deletion: Deletion;
  readonly earlyDrop: EarlyDrop;
  private readonly passes: number;
  private readonly isTcp: boolean;
  private readonly isUdp: boolean;
  /** Timeouts in jiffies: TCP by state, and the others. */
  private readonly tcpTimeouts: Int32Array;
  private readonly udpTimeout: number;
  private readonly udpStreamTimeout: number;
  private readonly icmpTimeout: number;
  private readonly reopenNeedsDelivery: boolean;
  private readonly chainLimit: Release["chainLimit"];
  private readonly random32: () => number;
  /** Whether a UDP conversation is a stream only after a while, and whether it is ASSURED no earlier than that. */
  private readonly streamsLater: boolean;
  private readonly assuredLater: boolean;
  /** Called when early_drop freed nothing: the gc worker evicts in its next run (4.12 on). */
  whenEarlyDropFails: () => void = () => {};
  /** The timeout that the tracker asks for, in jiffies. */
  private wantedTimeout = 0;

  constructor(options: {
    clock: KernelClock;
    table: ConntrackTable;
    expiry: Expiry;
    events: PacketEvents;
    deletion: Deletion;
    release: Release;
    protocol: Protocol;
    path: Path;
    timeoutsSeconds: Record<TimeoutKey, number>;
    /** Draws the limits of chain lengths. */
    random32: () => number;
  }) {
    this.clock = options.clock;
    this.table = options.table;
    this.records = options.table.records;
    this.expiry = options.expiry;
    this.events = options.events;
    this.deletion = options.deletion;
    this.earlyDrop = new EarlyDrop(options.table, options.expiry, options.deletion, options.release);
    this.reopenNeedsDelivery = options.release.reopenNeedsDelivery;
    this.chainLimit = options.release.chainLimit;
    this.random32 = options.random32;
    this.streamsLater = options.release.udp !== "stream-at-once";
    this.assuredLater = options.release.udp === "stream-and-assured-later";
    this.passes = options.path === "loopback" ? 2 : 1;
    this.isTcp = options.protocol === "tcp";
    this.isUdp = options.protocol === "udp";
    const jiffies = (key: TimeoutKey): number => Math.round(options.timeoutsSeconds[key] * options.clock.hz);
    this.tcpTimeouts = Int32Array.from(TCP_TIMEOUT_KEYS, (key) => (key === null ? 0 : jiffies(key)));
    this.udpTimeout = jiffies("udp");
    this.udpStreamTimeout = jiffies("udp_stream");
    this.icmpTimeout = jiffies("icmp");
  }

  /** One packet of a conversation. `segment` counts for TCP only. */
  packet(tuple: number, direction: Direction, segment: Segment): Verdict {
    this.earlyDrop.bucketsSearched = 0;
    for (;;) {
      const known = this.lookUp(tuple, direction) >> 1;
      const entry = known === NIL ? this.create(tuple, direction) : known;
      if (entry === NIL) return TABLE_FULL;
      const fate = this.track(entry, direction, segment);
      if (fate === REPEAT) continue;
      if (fate === DROPPED) {
        this.table.counters.drop++;
        return SYN_DROPPED;
      }
      if (fate === UNTRACKED) {
        if (known === NIL) this.table.free(entry);
        return ACCEPTED;
      }
      if (direction === REPLY) this.seeReply(entry);
      if (fate === KILLED) return ACCEPTED;
      return this.confirm(entry) ? ACCEPTED : CHAIN_TOO_LONG;
    }
  }

  private seeReply(entry: number): void {
    const { nodes } = this.records;
    const at = nodeOf(entry) + FLAGS;
    if ((nodes[at]! & IPS_SEEN_REPLY) !== 0) return;
    nodes[at]! |= IPS_SEEN_REPLY;
    this.events.cache(entry, IPCT_REPLY);
  }

  /** An ICMP error about a conversation: it is attached to the entry and passes the confirm hook, raising nothing. */
  icmpError(tuple: number): void {
    const node = this.table.find(tuple, ORIGINAL);
    if (node !== NIL) this.confirm(node >> 1);
  }

  /** The node of a tuple or NIL. Without timers the walk over the chain reaps what has expired, whosever it is. */
  private lookUp(tuple: number, direction: Direction): number {
    const { table, expiry } = this;
    if (!expiry.lazy) return table.find(tuple, direction);
    let node = table.first(table.bucketOf(tuple, direction));
    while (node !== NIL) {
      const entry = node >> 1;
      if (expiry.isExpired(entry)) {
        const next = table.afterOther(node);
        this.deletion.evict(entry);
        node = next;
        continue;
      }
      if (table.tupleOf(entry) === tuple && (node & 1) === direction) return node;
      node = table.after(node);
    }
    return NIL;
  }

  /** __nf_conntrack_alloc(): the limit is tested on the count with the new entry in it, so exactly max entries fit. */
  private create(tuple: number, direction: Direction): number {
    const { table } = this;
    if (table.max > 0 && table.count + 1 > table.max && !this.earlyDrop.tryFree(table.bucketOf(tuple, direction))) {
      table.counters.drop++;
      this.whenEarlyDropFails();
      return NIL;
    }
    const entry = table.allocate(tuple);
    this.events.entryCreated(entry);
    if (this.streamsLater) {
      this.records.extensions[extensionOf(entry) + STREAM_FROM] =
        this.clock.jiffies + STREAM_AFTER_SECONDS * this.clock.hz;
    }
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
    this.expiry.start(entry, this.wantedTimeout);
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

  private track(entry: number, direction: Direction, segment: Segment): Fate {
    if (this.isTcp) return this.trackTcp(entry, direction, segment);
    if (this.isUdp) this.trackUdp(entry);
    else this.refresh(entry, this.table.statusOf(entry), this.icmpTimeout);
    return TRACKED;
  }

  /**
   * udp_packet(): a conversation with a reply is ASSURED from its next packet on and a stream; later kernels wait for 2
   * s.
   */
  private trackUdp(entry: number): void {
    const { nodes, extensions } = this.records;
    const at = nodeOf(entry) + FLAGS;
    const flags = nodes[at]!;
    if ((flags & IPS_SEEN_REPLY) === 0) {
      this.refresh(entry, flags, this.udpTimeout);
      return;
    }
    const stream = !this.streamsLater || this.clock.jiffies > extensions[extensionOf(entry) + STREAM_FROM]!;
    this.refresh(entry, flags, stream ? this.udpStreamTimeout : this.udpTimeout);
    if ((flags & IPS_ASSURED) === 0 && (stream || !this.assuredLater)) {
      nodes[at] = flags | IPS_ASSURED;
      this.events.cache(entry, IPCT_ASSURED);
    }
  }

  private trackTcp(entry: number, direction: Direction, segment: Segment): Fate {
    const { nodes } = this.records;
    const at = nodeOf(entry) + FLAGS;
    const flags = nodes[at]!;
    const byte = (flags & PROTOCOL_STATE) >> PROTOCOL_STATE_SHIFT;
    const state = byte & STATE_MASK;
    const last = (direction === REPLY ? FLAG_LAST_WAS_REPLY : 0) | (segment === RST ? FLAG_LAST_WAS_RST : 0);
    let next = tcpTransition(direction, segment, state);
    if (next === TCP_INVALID) return UNTRACKED;
    if (next === TCP_SYN_SENT && state >= TCP_TIME_WAIT) {
      const sameDirection = (byte & FLAG_LAST_WAS_REPLY) === (last & FLAG_LAST_WAS_REPLY);
      if ((byte & FLAG_CLOSE_INIT) !== 0 || ((byte & FLAG_LAST_WAS_RST) !== 0 && sameDirection)) {
        const delivered = this.deletion.evict(entry);
        // Up to 4.8 nf_ct_kill() answers true also when the DESTROY failed: the old instance is dying, the new one
        // starts at once.
        return delivered || !this.reopenNeedsDelivery ? REPEAT : DROPPED;
      }
      next = TCP_IGNORE;
    }
    const kept = (byte & FLAG_CLOSE_INIT) | last;
    if (next === TCP_IGNORE) {
      nodes[at] = (flags & ~PROTOCOL_STATE) | ((state | kept) << PROTOCOL_STATE_SHIFT);
      return TRACKED;
    }
    const closeInit = next === TCP_FIN_WAIT && state !== TCP_FIN_WAIT ? FLAG_CLOSE_INIT : 0;
    nodes[at] = (flags & ~PROTOCOL_STATE) | ((next | kept | closeInit) << PROTOCOL_STATE_SHIFT);
    if (next !== state) this.events.cache(entry, IPCT_PROTOINFO);

    if ((flags & IPS_SEEN_REPLY) === 0) {
      if (segment === RST && next === TCP_CLOSE) {
        if (this.table.placeOf(entry) === ACTIVE) this.deletion.evict(entry);
        return KILLED;
      }
    } else if (
      (flags & IPS_ASSURED) === 0 &&
      (state === TCP_SYN_RECV || state === TCP_ESTABLISHED) &&
      next === TCP_ESTABLISHED
    ) {
      nodes[at]! |= IPS_ASSURED;
      this.events.cache(entry, IPCT_ASSURED);
    }
    this.refresh(entry, flags, this.tcpTimeouts[next]!);
    return TRACKED;
  }

  /** `flags`: those of the entry. */
  private refresh(entry: number, flags: number, timeout: number): void {
    this.wantedTimeout = timeout;
    if ((flags & (IPS_CONFIRMED | IPS_DYING)) === IPS_CONFIRMED) this.expiry.refresh(entry, timeout);
  }
}

const TRACKED = 0;
/** The packet is let through but belongs to no entry. */
const UNTRACKED = 1;
/** The entry was deleted: look up again. */
const REPEAT = 2;
/** The tracker deleted the entry; the packet goes on without delivering anything. */
const KILLED = 3;
/** NF_DROP. */
const DROPPED = 4;
type Fate = typeof TRACKED | typeof UNTRACKED | typeof REPEAT | typeof KILLED | typeof DROPPED;
