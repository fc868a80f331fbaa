/**
 * What the trackers of UDP, ICMP and TCP make of a packet, for conversations whose packets follow each other as those
 * of real programs do: a packet that no such conversation has is not asked about.
 */
import type { Release } from "../../src/kernel/release.js";
import type { Family, Protocol, TimeoutKey } from "../../src/scenario/scenario.js";
import type { Bit, Entry } from "./kernel.js";

export type Segment = "SYN" | "SYN/ACK" | "ACK" | "FIN" | "RST";

export interface Packet {
  reply: boolean;
  segment: Segment;
}

/**
 * `kill`: the entry dies and the packet goes on. `reopen`: it dies and the packet is looked up again. `timeout` null:
 * the packet moves no deadline.
 */
export interface Judgement {
  bits: Bit[];
  timeout: TimeoutKey | null;
  fate: "tracked" | "kill" | "reopen";
}

const tracked = (timeout: TimeoutKey | null, ...bits: Bit[]): Judgement => ({ bits, timeout, fate: "tracked" });

export function judge(
  protocol: Protocol,
  family: Family,
  udp: Release["udp"],
  entry: Entry,
  packet: Packet,
  jiffies: number,
): Judgement {
  if (protocol === "icmp") return tracked(family === "ipv4" ? "icmp" : "icmpv6");
  if (protocol === "udp") return judgeUdp(udp, entry, jiffies);
  return judgeTcp(entry, packet);
}

function judgeUdp(rule: Release["udp"], entry: Entry, jiffies: number): Judgement {
  if (!entry.seenReply) return tracked("udp");
  const isOld = jiffies > entry.streamAfter;
  const isStream = rule === "stream-at-once" || isOld;
  const isAssured = rule !== "stream-and-assured-later" || isOld;
  const judgement = tracked(isStream ? "udp_stream" : "udp");
  if (isAssured && !entry.assured) {
    entry.assured = true;
    judgement.bits.push("ASSURED");
  }
  return judgement;
}

export type TcpState =
  | "NONE"
  | "SYN_SENT"
  | "SYN_RECV"
  | "ESTABLISHED"
  | "FIN_WAIT"
  | "CLOSE_WAIT"
  | "LAST_ACK"
  | "TIME_WAIT"
  | "CLOSE";

const TIMEOUT: Record<Exclude<TcpState, "NONE">, TimeoutKey> = {
  SYN_SENT: "tcp_syn_sent",
  SYN_RECV: "tcp_syn_recv",
  ESTABLISHED: "tcp_established",
  FIN_WAIT: "tcp_fin_wait",
  CLOSE_WAIT: "tcp_close_wait",
  LAST_ACK: "tcp_last_ack",
  TIME_WAIT: "tcp_time_wait",
  CLOSE: "tcp_close",
};

/** What a segment makes of a state; null: the packet is ignored. */
function next(state: TcpState, { reply, segment }: Packet): TcpState | null {
  if (segment === "RST") return "CLOSE";
  if (segment === "SYN") return ["NONE", "SYN_SENT", "TIME_WAIT", "CLOSE"].includes(state) ? "SYN_SENT" : null;
  if (segment === "SYN/ACK") return state === "SYN_SENT" ? "SYN_RECV" : null;
  if (segment === "FIN") {
    if (state === "SYN_RECV" || state === "ESTABLISHED") return "FIN_WAIT";
    return state === "TIME_WAIT" || state === "CLOSE" ? state : "LAST_ACK";
  }
  if (state === "SYN_RECV") return reply ? "SYN_RECV" : "ESTABLISHED";
  if (state === "FIN_WAIT") return "CLOSE_WAIT";
  if (state === "LAST_ACK") return "TIME_WAIT";
  return state;
}

function judgeTcp(entry: Entry, packet: Packet): Judgement {
  const before = entry.tcp;
  const after = next(before, packet);
  const isReopening = packet.segment === "SYN" && (before === "TIME_WAIT" || before === "CLOSE");
  if (isReopening && (entry.closeBegan || entry.lastWasRstOfOriginal)) {
    return { bits: [], timeout: null, fate: "reopen" };
  }
  entry.lastWasRstOfOriginal = packet.segment === "RST" && !packet.reply;
  if (after === null || isReopening) return tracked(null);
  if (packet.segment === "RST" && !entry.seenReply) return { bits: [], timeout: null, fate: "kill" };
  entry.tcp = after;
  const judgement = tracked(TIMEOUT[after as Exclude<TcpState, "NONE">]);
  if (after !== before) {
    judgement.bits.push("PROTOINFO");
    if (after === "FIN_WAIT") entry.closeBegan = true;
  }
  const wasOpen = before === "SYN_RECV" || before === "ESTABLISHED";
  if (entry.seenReply && !entry.assured && wasOpen && after === "ESTABLISHED") {
    entry.assured = true;
    judgement.bits.push("ASSURED");
  }
  return judgement;
}

/** Segments that may come next in a conversation in this state, and whether in the direction of the reply. */
export function plausible(state: TcpState): readonly Packet[] {
  const of = (segment: Segment, reply = false): Packet => ({ segment, reply });
  const both = (segment: Segment): Packet[] => [of(segment), of(segment, true)];
  switch (state) {
    case "NONE":
      return [of("SYN")];
    case "SYN_SENT":
      return [of("SYN/ACK", true), of("SYN/ACK", true), of("SYN"), ...both("RST")];
    case "SYN_RECV":
      return [of("ACK"), of("ACK"), of("SYN/ACK", true), ...both("RST")];
    case "ESTABLISHED":
      return [...both("ACK"), ...both("FIN"), ...both("FIN"), ...both("RST")];
    case "TIME_WAIT":
      return [of("SYN"), of("SYN"), ...both("ACK"), of("RST")];
    case "CLOSE":
      return [of("SYN"), of("SYN"), ...both("RST")];
    default:
      return [...both("ACK"), ...both("FIN"), of("SYN"), of("RST")];
  }
}
