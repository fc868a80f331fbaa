/**
 * The vocabulary of ctnetlink that live mode speaks: flush one family, add an entry that only fills the table, ask for the
 * counters of every CPU, and read an event (ctnetlink_conntrack_event and its neighbours in nf_conntrack_netlink.c; numbers
 * from include/uapi/linux/netfilter/nfnetlink_conntrack.h). It turns values into bytes and back, and sends nothing.
 */
import { tupleOf } from "./loopback-address.js";
import {
  ATTRIBUTE_HEADER_BYTES,
  aligned,
  attribute,
  attributesOf,
  message,
  NFGENMSG_BYTES,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REQUEST,
  NLMSG_HEADER_BYTES,
  nest,
  nfgenmsg,
  uint8,
  uint16,
  uint32,
} from "./netlink-message.js";

const NFNL_SUBSYS_CTNETLINK = 1;
const IPCTNL_MSG_CT_NEW = 0;
const IPCTNL_MSG_CT_DELETE = 2;
const IPCTNL_MSG_CT_GET_STATS_CPU = 4;

const AF_UNSPEC = 0;
const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_UDP = 17;

const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_STATUS = 3;
const CTA_TIMEOUT = 7;
const CTA_ID = 12;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_IP_V4_DST = 2;
const CTA_IP_V6_SRC = 3;
const CTA_IP_V6_DST = 4;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
const CTA_STATS_INSERT_FAILED = 9;
const CTA_STATS_DROP = 10;
const CTA_STATS_EARLY_DROP = 11;

/** SEEN_REPLY, ASSURED and CONFIRMED: what early_drop leaves alone. */
const STATUS_ASSURED = 0x0e;
const A_DAY_SECONDS = 86_400;

const typeOf = (command: number): number => (NFNL_SUBSYS_CTNETLINK << 8) | command;

/** Every entry of IPv4 goes. Version 1 of the header is what makes the kernel look at the family. */
export function flushRequest(sequence: number): Buffer {
  const header = { type: typeOf(IPCTNL_MSG_CT_DELETE), flags: NLM_F_REQUEST | NLM_F_ACK, sequence };
  return message(header, nfgenmsg(AF_INET, 1, 0));
}

/** An entry of IPv6 that stays for a day, that early_drop does not take and that a flush of IPv4 does not see. */
export function fillerRequest(index: number, sequence: number, last: boolean): Buffer {
  const flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | (last ? NLM_F_ACK : 0);
  const source = fillerAddress(1, index);
  const destination = fillerAddress(2, index);
  return message(
    { type: typeOf(IPCTNL_MSG_CT_NEW), flags, sequence },
    nfgenmsg(AF_INET6, 0, 0),
    nest(CTA_TUPLE_ORIG, ...fillerTuple(source, destination)),
    nest(CTA_TUPLE_REPLY, ...fillerTuple(destination, source)),
    attribute(CTA_STATUS, uint32(STATUS_ASSURED)),
    attribute(CTA_TIMEOUT, uint32(A_DAY_SECONDS)),
  );
}

/** fd00::side:index, of the range that nobody routes. */
function fillerAddress(side: number, index: number): Buffer {
  const address = Buffer.alloc(16);
  address[0] = 0xfd;
  address[11] = side;
  address.writeUInt32BE(index, 12);
  return address;
}

function fillerTuple(source: Buffer, destination: Buffer): Buffer[] {
  return [
    nest(CTA_TUPLE_IP, attribute(CTA_IP_V6_SRC, source), attribute(CTA_IP_V6_DST, destination)),
    nest(
      CTA_TUPLE_PROTO,
      attribute(CTA_PROTO_NUM, uint8(IPPROTO_UDP)),
      attribute(CTA_PROTO_SRC_PORT, uint16(1)),
      attribute(CTA_PROTO_DST_PORT, uint16(1)),
    ),
  ];
}

export function statisticsRequest(sequence: number): Buffer {
  const header = { type: typeOf(IPCTNL_MSG_CT_GET_STATS_CPU), flags: NLM_F_REQUEST | NLM_F_DUMP, sequence };
  return message(header, nfgenmsg(AF_UNSPEC, 0, 0));
}

/** What the kernel counts on every CPU, as `conntrack -S` shows it. */
export interface TableStatistics {
  insertFailed: number;
  drop: number;
  earlyDrop: number;
}

/** Sums the answers of all CPUs. */
export function statisticsOf(payloads: readonly Buffer[]): TableStatistics {
  const total = { insertFailed: 0, drop: 0, earlyDrop: 0 };
  for (const payload of payloads) {
    const counters = attributesOf(payload.subarray(NFGENMSG_BYTES));
    total.insertFailed += counters.get(CTA_STATS_INSERT_FAILED)?.readUInt32BE(0) ?? 0;
    total.drop += counters.get(CTA_STATS_DROP)?.readUInt32BE(0) ?? 0;
    total.earlyDrop += counters.get(CTA_STATS_EARLY_DROP)?.readUInt32BE(0) ?? 0;
  }
  return total;
}

/** Kinds of events, in the numbers that the daemon's view takes. */
export const NEW = 0;
export const UPDATE = 1;
export const DESTROY = 2;

/** One event, filled again and again: this is the reader's hot path. */
export interface ConntrackEvent {
  kind: typeof NEW | typeof UPDATE | typeof DESTROY;
  tuple: number;
  id: number;
  portid: number;
  bytes: number;
}

export function emptyEvent(): ConntrackEvent {
  return { kind: NEW, tuple: 0, id: 0, portid: 0, bytes: 0 };
}

/** Reads the event of IPv4 at the beginning of a buffer. False: it is none. */
export function decodeEvent(buffer: Buffer, into: ConntrackEvent): boolean {
  const length = buffer.readUInt32LE(0);
  const type = buffer.readUInt16LE(4);
  if (type >> 8 !== NFNL_SUBSYS_CTNETLINK || buffer[NLMSG_HEADER_BYTES] !== AF_INET) return false;
  if (type === typeOf(IPCTNL_MSG_CT_DELETE)) into.kind = DESTROY;
  else into.kind = (buffer.readUInt16LE(6) & NLM_F_CREATE) !== 0 ? NEW : UPDATE;
  into.portid = buffer.readUInt32LE(12);
  into.bytes = length;
  const begin = NLMSG_HEADER_BYTES + NFGENMSG_BYTES;
  const tuple = find(buffer, begin, length, CTA_TUPLE_ORIG);
  const id = find(buffer, begin, length, CTA_ID);
  if (tuple < 0 || id < 0) return false;
  const ip = find(buffer, tuple + ATTRIBUTE_HEADER_BYTES, tuple + buffer.readUInt16LE(tuple), CTA_TUPLE_IP);
  if (ip < 0) return false;
  const to = find(buffer, ip + ATTRIBUTE_HEADER_BYTES, ip + buffer.readUInt16LE(ip), CTA_IP_V4_DST);
  if (to < 0) return false;
  into.tuple = tupleOf(buffer.readUInt32BE(to + ATTRIBUTE_HEADER_BYTES));
  into.id = buffer.readUInt32BE(id + ATTRIBUTE_HEADER_BYTES);
  return true;
}

/** Where an attribute begins between two places, or -1. No object is made. */
function find(buffer: Buffer, from: number, to: number, type: number): number {
  for (let at = from; at + ATTRIBUTE_HEADER_BYTES <= to; at += aligned(buffer.readUInt16LE(at))) {
    if ((buffer.readUInt16LE(at + 2) & 0x3fff) === type) return at;
    if (buffer.readUInt16LE(at) < ATTRIBUTE_HEADER_BYTES) return -1;
  }
  return -1;
}
