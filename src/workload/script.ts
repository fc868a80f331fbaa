/**
 * What one short connection sends: direction and, for TCP, kind of each packet in order. It knows neither time nor
 * tuples.
 */

import type { Direction } from "../kernel/conntrack/status.js";
import type { Segment } from "../kernel/conntrack/trackers/tcp-states.js";
import { ACK, FIN, SYN, SYN_ACK } from "../kernel/conntrack/trackers/tcp-states.js";
import { type Protocol, SHORTEST_TCP_PACKETS } from "../scenario/scenario.js";

export interface ScriptStep {
  direction: Direction;
  segment: Segment;
  /**
   * On loopback: sent by the same system call as the packet before (connect makes the handshake, the last close two
   * packets).
   */
  sameSystemCall: boolean;
}

const step = (direction: Direction, segment: Segment, sameSystemCall = false): ScriptStep => ({
  direction,
  segment,
  sameSystemCall,
});

/**
 * The steps of a connection of `packets` packets. UDP and ICMP alternate, request first. TCP opens, carries what is
 * left as data, and closes from the client's side; with at least 7 packets the server acknowledges the client's FIN
 * before it sends its own, with 6 the acknowledgement rides on it.
 */
export function scriptOf(protocol: Protocol, packets: number): readonly ScriptStep[] {
  if (protocol !== "tcp") return Array.from({ length: packets }, (_, i) => step((i & 1) as Direction, ACK));
  const separateAck = packets > SHORTEST_TCP_PACKETS;
  const data = Math.max(0, packets - (separateAck ? 7 : 6));
  return [
    step(0, SYN),
    step(1, SYN_ACK, true),
    step(0, ACK, true),
    ...Array.from({ length: data }, (_, i) => step((i & 1) as Direction, ACK)),
    step(0, FIN),
    ...(separateAck ? [step(1, ACK, true)] : []),
    step(1, FIN),
    step(0, ACK, true),
  ];
}

/** Index of the server's FIN when its acknowledgement of the client's FIN rides on it, or -1. */
export function combinedFinAt(protocol: Protocol, packets: number): number {
  return protocol === "tcp" && packets === SHORTEST_TCP_PACKETS ? 4 : -1;
}
