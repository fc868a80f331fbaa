/**
 * A ctnetlink event, byte for byte as x86_64 sends it: nlmsghdr, nfgenmsg and the attributes in the order of
 * ctnetlink_conntrack_event (nf_conntrack_netlink.c); and the way back. `encodeEvent` and `parseEvent` are inverses.
 * Which attributes an event has is up to its entry: what a release sends is kernel/events/message-content.ts.
 *
 * Both make objects and belong to output and set-up. A reader that keeps up with a kernel uses `glanceAt`, which fills
 * one record again and again with the little that tells events apart.
 */
import type { EventGroup, Family, Protocol } from "../scenario/scenario.js";
import {
  ADDRESS_BYTES,
  CTA_COUNTERS_BYTES,
  CTA_COUNTERS_ORIG,
  CTA_COUNTERS_PACKETS,
  CTA_COUNTERS_REPLY,
  CTA_ID,
  CTA_IP_DST,
  CTA_IP_SRC,
  CTA_MARK,
  CTA_PROTO_DST_PORT,
  CTA_PROTO_ICMP_CODE,
  CTA_PROTO_ICMP_ID,
  CTA_PROTO_ICMP_TYPE,
  CTA_PROTO_NUM,
  CTA_PROTO_SRC_PORT,
  CTA_PROTOINFO,
  CTA_PROTOINFO_TCP,
  CTA_PROTOINFO_TCP_FLAGS_ORIGINAL,
  CTA_PROTOINFO_TCP_FLAGS_REPLY,
  CTA_PROTOINFO_TCP_STATE,
  CTA_PROTOINFO_TCP_WSCALE_ORIGINAL,
  CTA_PROTOINFO_TCP_WSCALE_REPLY,
  CTA_SECMARK,
  CTA_STATUS,
  CTA_TIMEOUT,
  CTA_TIMESTAMP,
  CTA_TIMESTAMP_EVENT,
  CTA_TIMESTAMP_START,
  CTA_TIMESTAMP_STOP,
  CTA_TUPLE_IP,
  CTA_TUPLE_ORIG,
  CTA_TUPLE_PROTO,
  CTA_TUPLE_REPLY,
  CTA_ZONE,
  IPCTNL_MSG_CT_DELETE,
  IPCTNL_MSG_CT_NEW,
  IPPROTO,
  NFPROTO,
} from "./ctnetlink.js";
import {
  attributesOf,
  findAttribute,
  messagesOf,
  NFGENMSG_BYTES,
  NLA_HDRLEN,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLMSG_HDRLEN,
} from "./netlink.js";
import { NetlinkWriter } from "./netlink-writer.js";

export interface EventTuple {
  /** 4 bytes of IPv4 or 16 of IPv6, as they stand in the packet. */
  source: Uint8Array;
  destination: Uint8Array;
  /** UDP and TCP; 0 elsewhere. */
  sourcePort: number;
  destinationPort: number;
  /** ICMP and ICMPv6; 0 elsewhere. */
  icmpType: number;
  icmpCode: number;
  icmpId: number;
}

/** 16 bytes, or 48 with the window scales and flags. The kernel sends the mask of each flag pair as 0. */
export type EventProtoinfo =
  | { layout: "state"; state: number }
  | {
      layout: "full";
      state: number;
      scaleOriginal: number;
      scaleReply: number;
      flagsOriginal: number;
      flagsReply: number;
    };

interface DirectionCounters {
  packets: bigint;
  bytes: bigint;
}

export interface EventEntry {
  family: Family;
  protocol: Protocol;
  original: EventTuple;
  reply: EventTuple;
  /** CTA_ID, 32 bits. */
  id: number;
  /** CTA_STATUS, the IPS_* bits. */
  status: number;
  /** Whole seconds; null: the attribute is not sent. */
  timeoutSeconds: number | null;
  /** TCP; null: the attribute is not sent. */
  protoinfo: EventProtoinfo | null;
  /** DESTROY of an entry with the acct extension, otherwise null. */
  counters: { original: DirectionCounters; reply: DirectionCounters } | null;
  /** DESTROY of an entry with the tstamp extension, otherwise null. Nanoseconds since the epoch. */
  timestamp: { startNanoseconds: bigint; stopNanoseconds: bigint | null } | null;
  /** Sent when not 0. */
  mark: number;
  /** Sent when not 0. */
  zone: number;
  /** NEW and UPDATE of 2.6.x; null: not sent. */
  secmark: number | null;
  /** 6.14 on; null: not sent. Nanoseconds since the epoch. */
  eventTimestampNanoseconds: bigint | null;
  /** nlmsg_pid: 0, or the port of the socket that asked for a flush or a deletion. */
  portid: number;
}

/** The whole message. Its length is nlmsg_len. Attributes that the type never carries are left out. */
export function encodeEvent(type: EventGroup, entry: EventEntry): Buffer {
  const writer = new NetlinkWriter();
  const header = {
    type: type === "destroy" ? IPCTNL_MSG_CT_DELETE : IPCTNL_MSG_CT_NEW,
    flags: type === "new" ? NLM_F_CREATE | NLM_F_EXCL : 0,
    sequence: 0,
    portid: entry.portid,
  };
  return writer.message(header, () => putEntry(writer, type, entry)).finish();
}

function putEntry(writer: NetlinkWriter, type: EventGroup, entry: EventEntry): void {
  writer.nfgenmsg(NFPROTO[entry.family]);
  putTuple(writer, CTA_TUPLE_ORIG, entry, entry.original);
  putTuple(writer, CTA_TUPLE_REPLY, entry, entry.reply);
  if (entry.zone !== 0) writer.putBe16(CTA_ZONE, entry.zone);
  writer.putBe32(CTA_ID, entry.id);
  writer.putBe32(CTA_STATUS, entry.status);
  if (entry.timeoutSeconds !== null) writer.putBe32(CTA_TIMEOUT, entry.timeoutSeconds);
  if (type === "destroy") {
    putCounters(writer, entry);
    putTimestamp(writer, entry);
    putProtoinfo(writer, entry);
  } else {
    putProtoinfo(writer, entry);
    if (entry.secmark !== null) writer.putBe32(CTA_SECMARK, entry.secmark);
  }
  if (entry.mark !== 0) writer.putBe32(CTA_MARK, entry.mark);
  if (entry.eventTimestampNanoseconds !== null) writer.putBe64(CTA_TIMESTAMP_EVENT, entry.eventTimestampNanoseconds);
}

function putTuple(writer: NetlinkWriter, attribute: number, entry: EventEntry, tuple: EventTuple): void {
  const { family, protocol } = entry;
  for (const address of [tuple.source, tuple.destination]) {
    if (address.length !== ADDRESS_BYTES[family]) {
      throw new RangeError(`an ${family} address has ${ADDRESS_BYTES[family]} bytes, got ${address.length}`);
    }
  }
  writer.nest(attribute, () => {
    writer.nest(CTA_TUPLE_IP, () => {
      writer.putBytes(CTA_IP_SRC[family], tuple.source);
      writer.putBytes(CTA_IP_DST[family], tuple.destination);
    });
    writer.nest(CTA_TUPLE_PROTO, () => {
      writer.putU8(CTA_PROTO_NUM, IPPROTO[family][protocol]);
      if (protocol === "icmp") {
        writer.putBe16(CTA_PROTO_ICMP_ID[family], tuple.icmpId);
        writer.putU8(CTA_PROTO_ICMP_TYPE[family], tuple.icmpType);
        writer.putU8(CTA_PROTO_ICMP_CODE[family], tuple.icmpCode);
      } else {
        writer.putBe16(CTA_PROTO_SRC_PORT, tuple.sourcePort);
        writer.putBe16(CTA_PROTO_DST_PORT, tuple.destinationPort);
      }
    });
  });
}

function putProtoinfo(writer: NetlinkWriter, { protoinfo }: EventEntry): void {
  if (protoinfo === null) return;
  writer.nest(CTA_PROTOINFO, () => {
    writer.nest(CTA_PROTOINFO_TCP, () => {
      writer.putU8(CTA_PROTOINFO_TCP_STATE, protoinfo.state);
      if (protoinfo.layout === "state") return;
      writer.putU8(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, protoinfo.scaleOriginal);
      writer.putU8(CTA_PROTOINFO_TCP_WSCALE_REPLY, protoinfo.scaleReply);
      writer.putBytes(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, tcpFlags(protoinfo.flagsOriginal));
      writer.putBytes(CTA_PROTOINFO_TCP_FLAGS_REPLY, tcpFlags(protoinfo.flagsReply));
    });
  });
}

/** struct nf_ct_tcp_flags: the flags and a mask that only user space sets. */
function tcpFlags(flags: number): Uint8Array {
  return Uint8Array.of(flags, 0);
}

function putCounters(writer: NetlinkWriter, { counters }: EventEntry): void {
  if (counters === null) return;
  for (const [attribute, direction] of [
    [CTA_COUNTERS_ORIG, counters.original],
    [CTA_COUNTERS_REPLY, counters.reply],
  ] as const) {
    writer.nest(attribute, () => {
      writer.putBe64(CTA_COUNTERS_PACKETS, direction.packets);
      writer.putBe64(CTA_COUNTERS_BYTES, direction.bytes);
    });
  }
}

function putTimestamp(writer: NetlinkWriter, { timestamp }: EventEntry): void {
  if (timestamp === null) return;
  const { startNanoseconds, stopNanoseconds } = timestamp;
  writer.nest(CTA_TIMESTAMP, () => {
    writer.putBe64(CTA_TIMESTAMP_START, startNanoseconds);
    if (stopNanoseconds !== null) writer.putBe64(CTA_TIMESTAMP_STOP, stopNanoseconds);
  });
}

/** The event at the beginning of a buffer; null: there is none, or it is of a protocol that the simulator has not. */
export function parseEvent(bytes: Buffer): { type: EventGroup; entry: EventEntry } | null {
  const [message] = messagesOf(bytes);
  if (message === undefined || message.payload.length < NFGENMSG_BYTES) return null;
  const type = groupOf(message.type, message.flags);
  const family = (Object.keys(NFPROTO) as Family[]).find((each) => NFPROTO[each] === message.payload[0]);
  if (type === null || family === undefined) return null;
  const attributes = attributesOf(message.payload.subarray(NFGENMSG_BYTES));
  const protocol = protocolOf(attributes.get(CTA_TUPLE_ORIG), family);
  if (protocol === null || !attributes.has(CTA_TUPLE_REPLY)) return null;
  const number = (attribute: number): number | null => attributes.get(attribute)?.readUInt32BE(0) ?? null;
  return {
    type,
    entry: {
      family,
      protocol,
      original: tupleOf(attributes.get(CTA_TUPLE_ORIG)!, family),
      reply: tupleOf(attributes.get(CTA_TUPLE_REPLY)!, family),
      id: number(CTA_ID) ?? 0,
      status: number(CTA_STATUS) ?? 0,
      timeoutSeconds: number(CTA_TIMEOUT),
      protoinfo: protoinfoOf(attributes.get(CTA_PROTOINFO)),
      counters: countersOf(attributes.get(CTA_COUNTERS_ORIG), attributes.get(CTA_COUNTERS_REPLY)),
      timestamp: timestampOf(attributes.get(CTA_TIMESTAMP)),
      mark: number(CTA_MARK) ?? 0,
      zone: attributes.get(CTA_ZONE)?.readUInt16BE(0) ?? 0,
      secmark: number(CTA_SECMARK),
      eventTimestampNanoseconds: attributes.get(CTA_TIMESTAMP_EVENT)?.readBigUInt64BE(0) ?? null,
      portid: message.portid,
    },
  };
}

/** NEW and UPDATE are one type; the flags of a creation tell them apart. */
function groupOf(type: number, flags: number): EventGroup | null {
  if (type === IPCTNL_MSG_CT_DELETE) return "destroy";
  if (type !== IPCTNL_MSG_CT_NEW) return null;
  return (flags & NLM_F_CREATE) !== 0 ? "new" : "update";
}

function protocolOf(tuple: Buffer | undefined, family: Family): Protocol | null {
  if (tuple === undefined) return null;
  const number = attributesOf(attributesOf(tuple).get(CTA_TUPLE_PROTO)!).get(CTA_PROTO_NUM)?.[0];
  return (Object.keys(IPPROTO[family]) as Protocol[]).find((each) => IPPROTO[family][each] === number) ?? null;
}

function tupleOf(tuple: Buffer, family: Family): EventTuple {
  const attributes = attributesOf(tuple);
  const ip = attributesOf(attributes.get(CTA_TUPLE_IP)!);
  const proto = attributesOf(attributes.get(CTA_TUPLE_PROTO)!);
  return {
    source: Uint8Array.from(ip.get(CTA_IP_SRC[family])!),
    destination: Uint8Array.from(ip.get(CTA_IP_DST[family])!),
    sourcePort: proto.get(CTA_PROTO_SRC_PORT)?.readUInt16BE(0) ?? 0,
    destinationPort: proto.get(CTA_PROTO_DST_PORT)?.readUInt16BE(0) ?? 0,
    icmpType: proto.get(CTA_PROTO_ICMP_TYPE[family])?.[0] ?? 0,
    icmpCode: proto.get(CTA_PROTO_ICMP_CODE[family])?.[0] ?? 0,
    icmpId: proto.get(CTA_PROTO_ICMP_ID[family])?.readUInt16BE(0) ?? 0,
  };
}

function protoinfoOf(nest: Buffer | undefined): EventProtoinfo | null {
  const tcp = nest === undefined ? undefined : attributesOf(nest).get(CTA_PROTOINFO_TCP);
  if (tcp === undefined) return null;
  const attributes = attributesOf(tcp);
  const first = (attribute: number): number => attributes.get(attribute)?.[0] ?? 0;
  const state = first(CTA_PROTOINFO_TCP_STATE);
  if (!attributes.has(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL)) return { layout: "state", state };
  return {
    layout: "full",
    state,
    scaleOriginal: first(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL),
    scaleReply: first(CTA_PROTOINFO_TCP_WSCALE_REPLY),
    flagsOriginal: first(CTA_PROTOINFO_TCP_FLAGS_ORIGINAL),
    flagsReply: first(CTA_PROTOINFO_TCP_FLAGS_REPLY),
  };
}

function countersOf(original: Buffer | undefined, reply: Buffer | undefined): EventEntry["counters"] {
  if (original === undefined || reply === undefined) return null;
  const [there, back] = [original, reply].map((nest) => {
    const attributes = attributesOf(nest);
    return {
      packets: attributes.get(CTA_COUNTERS_PACKETS)!.readBigUInt64BE(0),
      bytes: attributes.get(CTA_COUNTERS_BYTES)!.readBigUInt64BE(0),
    };
  });
  return { original: there!, reply: back! };
}

function timestampOf(nest: Buffer | undefined): EventEntry["timestamp"] {
  if (nest === undefined) return null;
  const attributes = attributesOf(nest);
  return {
    startNanoseconds: attributes.get(CTA_TIMESTAMP_START)!.readBigUInt64BE(0),
    stopNanoseconds: attributes.get(CTA_TIMESTAMP_STOP)?.readBigUInt64BE(0) ?? null,
  };
}

/** Where the last four bytes of an address are in its attribute. */
const LAST_WORD_OF_IPV6 = NLA_HDRLEN + 12;

/** Kinds of events, in the numbers that the daemon's view takes. */
export const NEW = 0;
export const UPDATE = 1;
export const DESTROY = 2;

/** What a reader that is in a hurry takes from an event. */
export interface Glance {
  kind: typeof NEW | typeof UPDATE | typeof DESTROY;
  /** Address that the original direction goes to, as a number; of IPv6 its last four bytes. */
  destination: number;
  id: number;
  portid: number;
  bytes: number;
}

export function emptyGlance(): Glance {
  return { kind: NEW, destination: 0, id: 0, portid: 0, bytes: 0 };
}

/** Reads the event at the beginning of a buffer. False: it is none. No object is made. */
export function glanceAt(buffer: Buffer, into: Glance): boolean {
  const length = buffer.readUInt32LE(0);
  const type = buffer.readUInt16LE(4);
  const isDestroy = type === IPCTNL_MSG_CT_DELETE;
  if (!isDestroy && type !== IPCTNL_MSG_CT_NEW) return false;
  if (isDestroy) into.kind = DESTROY;
  else into.kind = (buffer.readUInt16LE(6) & NLM_F_CREATE) !== 0 ? NEW : UPDATE;
  into.portid = buffer.readUInt32LE(12);
  into.bytes = length;
  const begin = NLMSG_HDRLEN + NFGENMSG_BYTES;
  const tuple = findAttribute(buffer, begin, length, CTA_TUPLE_ORIG);
  const id = findAttribute(buffer, begin, length, CTA_ID);
  if (tuple < 0 || id < 0) return false;
  const ip = findAttribute(buffer, tuple + NLA_HDRLEN, tuple + buffer.readUInt16LE(tuple), CTA_TUPLE_IP);
  if (ip < 0) return false;
  const isIpv6 = buffer[NLMSG_HDRLEN] === NFPROTO.ipv6;
  const destination = isIpv6 ? CTA_IP_DST.ipv6 : CTA_IP_DST.ipv4;
  const to = findAttribute(buffer, ip + NLA_HDRLEN, ip + buffer.readUInt16LE(ip), destination);
  if (to < 0) return false;
  into.destination = buffer.readUInt32BE(to + (isIpv6 ? LAST_WORD_OF_IPV6 : NLA_HDRLEN));
  into.id = buffer.readUInt32BE(id + NLA_HDRLEN);
  return true;
}
