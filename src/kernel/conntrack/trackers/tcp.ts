/**
 * The TCP tracker (tcp_packet() of nf_conntrack_proto_tcp.c): moves an entry from state to state by the table of
 * tcp-states.ts and raises PROTOINFO and ASSURED; a SYN may reopen a closed connection, an RST kills one without a
 * reply. Sequence numbers and windows are not modelled: the workload's packets are always in window.
 */
import { FLAGS, nodeOf, PROTOCOL_STATE, PROTOCOL_STATE_SHIFT } from "../../records.js";
import { type Direction, IPCT_ASSURED, IPCT_PROTOINFO, IPS_ASSURED, IPS_SEEN_REPLY, REPLY } from "../status.js";
import { ACTIVE } from "../table.js";
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
} from "./tcp-states.js";
import { DROPPED, type Fate, KILLED, REPEAT, TRACKED, Tracker, type TrackerOptions, UNTRACKED } from "./tracker.js";

export class TcpTracker extends Tracker {
  /** By state, in jiffies. */
  private readonly timeouts: Int32Array;
  private readonly reopenNeedsDelivery: boolean;

  constructor(options: TrackerOptions) {
    super(options);
    this.timeouts = Int32Array.from(TCP_TIMEOUT_KEYS, (key) => (key === null ? 0 : this.jiffiesOf(key)));
    this.reopenNeedsDelivery = options.release.reopenNeedsDelivery;
  }

  track(entry: number, direction: Direction, segment: Segment): Fate {
    const { nodes } = this.records;
    const at = nodeOf(entry) + FLAGS;
    const flags = nodes[at]!;
    const byte = (flags & PROTOCOL_STATE) >> PROTOCOL_STATE_SHIFT;
    const state = byte & STATE_MASK;
    const last = (direction === REPLY ? FLAG_LAST_WAS_REPLY : 0) | (segment === RST ? FLAG_LAST_WAS_RST : 0);
    let next = tcpTransition(direction, segment, state);
    if (next === TCP_INVALID) return UNTRACKED;
    if (next === TCP_SYN_SENT && state >= TCP_TIME_WAIT) {
      if (mayReopen(byte, last)) return this.reopen(entry);
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
      if (segment === RST && next === TCP_CLOSE) return this.kill(entry);
    } else if (
      (flags & IPS_ASSURED) === 0 &&
      (state === TCP_SYN_RECV || state === TCP_ESTABLISHED) &&
      next === TCP_ESTABLISHED
    ) {
      nodes[at]! |= IPS_ASSURED;
      this.events.cache(entry, IPCT_ASSURED);
    }
    this.refresh(entry, flags, this.timeouts[next]!);
    return TRACKED;
  }

  /**
   * Up to 4.8 nf_ct_kill() answers true also when the DESTROY failed: the old life is dying, the new one starts at
   * once.
   */
  private reopen(entry: number): Fate {
    const delivered = this.deletion.evict(entry);
    return delivered || !this.reopenNeedsDelivery ? REPEAT : DROPPED;
  }

  private kill(entry: number): Fate {
    if (this.table.placeOf(entry) === ACTIVE) this.deletion.evict(entry);
    return KILLED;
  }
}

/** A SYN on a closed connection: whether it was closed by both, or reset by the side that now opens it. */
function mayReopen(byte: number, last: number): boolean {
  const sameDirection = (byte & FLAG_LAST_WAS_REPLY) === (last & FLAG_LAST_WAS_REPLY);
  return (byte & FLAG_CLOSE_INIT) !== 0 || ((byte & FLAG_LAST_WAS_RST) !== 0 && sameDirection);
}
