/**
 * What one connection sends: direction and, for TCP, kind of each packet in order. It knows neither time nor
 * tuples.
 */

import { type Direction, ORIGINAL, REPLY } from "../kernel/conntrack/status.js";
import type { Segment } from "../kernel/conntrack/trackers/tcp-states.js";
import { ACK, FIN, RST, SYN, SYN_ACK } from "../kernel/conntrack/trackers/tcp-states.js";
import { type Protocol, type ScriptName, SHORTEST_TCP_PACKETS } from "../scenario/scenario.js";

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

/** What a script is made from. */
export interface Scripted {
  script: ScriptName;
  protocol: Protocol;
  packets: number;
}

/** The steps of a connection. */
export function scriptOf({ script, protocol, packets }: Scripted): readonly ScriptStep[] {
  if (protocol !== "tcp") return datagrams(packets, script === "stream" ? REPLY : null);
  if (script === "syn-only") return [step(ORIGINAL, SYN)];
  if (script === "half-open") return [step(ORIGINAL, SYN), step(REPLY, SYN_ACK, true)];
  if (script === "reset") return [...handshake(), ...data(packets - 4, null), step(ORIGINAL, RST)];
  return wholeConnection(packets, script === "stream" ? REPLY : null);
}

/** Request first; then one and the other in turn, or all from one side. */
function datagrams(packets: number, from: Direction | null): ScriptStep[] {
  return Array.from({ length: packets }, (_, i) => step(i === 0 || from === null ? ((i & 1) as Direction) : from, ACK));
}

function handshake(): ScriptStep[] {
  return [step(ORIGINAL, SYN), step(REPLY, SYN_ACK, true), step(ORIGINAL, ACK, true)];
}

function data(packets: number, from: Direction | null): ScriptStep[] {
  return Array.from({ length: Math.max(0, packets) }, (_, i) => step(from ?? ((i & 1) as Direction), ACK));
}

/**
 * Opens, carries what is left as data, and closes from the client's side; with at least 7 packets the server
 * acknowledges the client's FIN before it sends its own, with 6 the acknowledgement rides on it.
 */
function wholeConnection(packets: number, from: Direction | null): ScriptStep[] {
  const separateAck = packets > SHORTEST_TCP_PACKETS;
  return [
    ...handshake(),
    ...data(packets - (separateAck ? 7 : 6), from),
    step(ORIGINAL, FIN),
    ...(separateAck ? [step(REPLY, ACK, true)] : []),
    step(REPLY, FIN),
    step(ORIGINAL, ACK, true),
  ];
}

/** What the client of the shortest TCP connection does: connect, then close. */
export function clientScript(): readonly ScriptStep[] {
  return [...handshake(), step(ORIGINAL, FIN)];
}

/** Index of the server's FIN when its acknowledgement of the client's FIN rides on it, or -1. */
export function combinedFinAt({ script, protocol, packets }: Scripted): number {
  return protocol === "tcp" && script !== "reset" && packets === SHORTEST_TCP_PACKETS ? 4 : -1;
}
