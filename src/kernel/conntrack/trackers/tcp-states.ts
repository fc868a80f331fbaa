/**
 * The states of a TCP connection as conntrack sees it: which state a segment leads to (tcp_conntracks of
 * nf_conntrack_proto_tcp.c) and which timeout a state has. A state and three flags fit in the byte that an entry has
 * for its tracker (PROTOCOL_STATE).
 */
import type { TimeoutKey } from "../../../scenario/scenario.js";

export const TCP_NONE = 0;
export const TCP_SYN_SENT = 1;
export const TCP_SYN_RECV = 2;
export const TCP_ESTABLISHED = 3;
export const TCP_FIN_WAIT = 4;
export const TCP_CLOSE_WAIT = 5;
export const TCP_LAST_ACK = 6;
export const TCP_TIME_WAIT = 7;
export const TCP_CLOSE = 8;
export const TCP_SYN_SENT2 = 9;
/** The packet is let through and changes nothing (sIG). */
export const TCP_IGNORE = 10;
/** The packet belongs to no entry (sIV). */
export const TCP_INVALID = 11;

/** Kinds of segment, in the order of get_conntrack_index(). */
export const SYN = 0;
export const SYN_ACK = 1;
export const FIN = 2;
export const ACK = 3;
export const RST = 4;
export type Segment = 0 | 1 | 2 | 3 | 4;

/** High nibble of the state byte: IP_CT_TCP_FLAG_CLOSE_INIT was seen, and what the last packet was. */
export const STATE_MASK = 0x0f;
export const FLAG_CLOSE_INIT = 0x10;
export const FLAG_LAST_WAS_RST = 0x20;
export const FLAG_LAST_WAS_REPLY = 0x40;

const CODES = "NSREFCLTXsIV";
/** One row a segment, one letter an old state (NONE … SYN_SENT2); a letter's index in CODES is the new state. */
const ORIGINAL_ROWS = ["SSIIIIISSs", "VVRVVVVVVR", "VVFFLLLTXV", "EVEECCTTXV", "VXXXXXXXXX"];
const REPLY_ROWS = ["VsVVVVVVVs", "VRIIIIIIIR", "VVFFLLLTXV", "VIRECCTTXI", "VXXXXXXXXX"];

const TRANSITIONS = Uint8Array.from(
  [...ORIGINAL_ROWS, ...REPLY_ROWS].flatMap((row) => Array.from(row, (letter) => CODES.indexOf(letter))),
);

/** The state that a segment leads to: direction 0 original, 1 reply. May be TCP_IGNORE or TCP_INVALID. */
export function tcpTransition(direction: number, segment: Segment, state: number): number {
  return TRANSITIONS[(direction * 5 + segment) * 10 + state]!;
}

/** Which timeout a state has. */
export const TCP_TIMEOUT_KEYS: readonly (TimeoutKey | null)[] = [
  null,
  "tcp_syn_sent",
  "tcp_syn_recv",
  "tcp_established",
  "tcp_fin_wait",
  "tcp_close_wait",
  "tcp_last_ack",
  "tcp_time_wait",
  "tcp_close",
  "tcp_syn_sent2",
];

/** Whether a connection that is on its way out may be evicted although it is ASSURED (tcp_can_early_drop, 4.12 on). */
export function isClosing(stateByte: number): boolean {
  const state = stateByte & STATE_MASK;
  return state >= TCP_FIN_WAIT && state <= TCP_CLOSE;
}
