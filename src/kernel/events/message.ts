/**
 * A ctnetlink event on the wire, byte for byte as x86_64 sends it: nlmsghdr, nfgenmsg and the attributes in the order of
 * ctnetlink_conntrack_event (nf_conntrack_netlink.c), numbers from uapi nfnetlink_conntrack.h. Sizes elsewhere come
 * from messages encoded here and not from a table, so that the pcap, the size and the truesize cannot disagree. Which
 * attributes a release sends is message-content.ts; what the kernel allocates beforehand is estimate.ts. Encoding
 * makes objects and belongs to output and set-up: the hot path asks for `messageBytes`, which remembers its answers.
 */

import type { EventGroup, Family, KernelConfig, Protocol } from "../../scenario/scenario.js";
import type { MessageLayout } from "../release.js";
import { type MessageContent, type MessageOccasion, messageContent } from "./message-content.js";
import { AttributeWriter } from "./nlattr.js";

/** sizeof(struct nlmsghdr): length 4, type 2, flags 2, sequence 4, port 4. */
export const NLMSG_HDRLEN = 16;
/** sizeof(struct nfgenmsg): family 1, version 1, resource id 2. */
export const NFGENMSG_BYTES = 4;

const NFNL_SUBSYS_CTNETLINK = 1;
const IPCTNL_MSG_CT_NEW = 0;
const IPCTNL_MSG_CT_DELETE = 2;
const NLM_F_EXCL = 0x200;
const NLM_F_CREATE = 0x400;

const NFPROTO: Record<Family, number> = { ipv4: 2, ipv6: 10 };
const ADDRESS_BYTES: Record<Family, number> = { ipv4: 4, ipv6: 16 };
/** IPPROTO_*: ICMP has a number of its own in each family. */
const PROTOCOL_NUMBER: Record<Family, Record<Protocol, number>> = {
  ipv4: { icmp: 1, tcp: 6, udp: 17 },
  ipv6: { icmp: 58, tcp: 6, udp: 17 },
};

/** enum ctattr_type: the attributes of the message itself. */
const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_STATUS = 3;
const CTA_PROTOINFO = 4;
const CTA_TIMEOUT = 7;
const CTA_MARK = 8;
const CTA_COUNTERS_ORIG = 9;
const CTA_COUNTERS_REPLY = 10;
const CTA_ID = 12;
const CTA_SECMARK = 17;
const CTA_ZONE = 18;
const CTA_TIMESTAMP = 20;
const CTA_TIMESTAMP_EVENT = 27;

/** enum ctattr_tuple, ctattr_ip (source, destination) and ctattr_l4proto. */
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_IP_SRC: Record<Family, number> = { ipv4: 1, ipv6: 3 };
const CTA_IP_DST: Record<Family, number> = { ipv4: 2, ipv6: 4 };
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
/** CTA_PROTO_ICMP_ID, _TYPE, _CODE and their ICMPV6 twins. */
const CTA_PROTO_ICMP_ID: Record<Family, number> = { ipv4: 4, ipv6: 7 };
const CTA_PROTO_ICMP_TYPE: Record<Family, number> = { ipv4: 5, ipv6: 8 };
const CTA_PROTO_ICMP_CODE: Record<Family, number> = { ipv4: 6, ipv6: 9 };

/** enum ctattr_protoinfo and ctattr_protoinfo_tcp. */
const CTA_PROTOINFO_TCP = 1;
const CTA_PROTOINFO_TCP_STATE = 1;
const CTA_PROTOINFO_TCP_WSCALE_ORIGINAL = 2;
const CTA_PROTOINFO_TCP_WSCALE_REPLY = 3;
const CTA_PROTOINFO_TCP_FLAGS_ORIGINAL = 4;
const CTA_PROTOINFO_TCP_FLAGS_REPLY = 5;

/** enum ctattr_counters and ctattr_tstamp. */
const CTA_COUNTERS_PACKETS = 1;
const CTA_COUNTERS_BYTES = 2;
const CTA_TIMESTAMP_START = 1;
const CTA_TIMESTAMP_STOP = 2;

export interface MessageTuple {
  /** 4 bytes of IPv4 or 16 of IPv6, as they stand in the packet. */
  source: Uint8Array;
  destination: Uint8Array;
  /** UDP and TCP. */
  sourcePort: number;
  destinationPort: number;
  /** ICMP and ICMPv6. */
  icmpType: number;
  icmpCode: number;
  icmpId: number;
}

/** 16 bytes, or 48 with the window scales and flags. The kernel sends the mask of each flag pair as 0. */
export type MessageProtoinfo =
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
  packets: number | bigint;
  bytes: number | bigint;
}

export interface MessageEntry {
  family: Family;
  protocol: Protocol;
  original: MessageTuple;
  reply: MessageTuple;
  /** CTA_ID, 32 bits. */
  id: number;
  /** CTA_STATUS, the IPS_* bits. */
  status: number;
  /** Whole seconds; null: the attribute is not sent. */
  timeoutSeconds: number | null;
  /** TCP; null: the attribute is not sent. */
  protoinfo: MessageProtoinfo | null;
  /** DESTROY of an entry with the acct extension, otherwise null. */
  counters: { original: DirectionCounters; reply: DirectionCounters } | null;
  /** DESTROY of an entry with the tstamp extension, otherwise null. Nanoseconds since the epoch. */
  timestamp: { startNanoseconds: number | bigint; stopNanoseconds: number | bigint | null } | null;
  /** Sent when not 0. */
  mark: number;
  /** Sent when not 0. */
  zone: number;
  /** NEW and UPDATE of 2.6.x; null: not sent. */
  secmark: number | null;
  /** 6.14 on; null: not sent. Nanoseconds since the epoch. */
  eventTimestampNanoseconds: number | bigint | null;
  /** nlmsg_pid: 0, or the port of whoever asked for a flush or a deletion. */
  portid: number;
}

/** The whole message. Its length is nlmsg_len. Attributes that the type never carries are left out. */
export function encodeMessage(type: EventGroup, entry: MessageEntry): Uint8Array {
  const writer = new AttributeWriter(NLMSG_HDRLEN + NFGENMSG_BYTES);
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
  return withHeaders(writer.finish(), type, entry);
}

/** nlmsg_seq, nfgenmsg.version and nfgenmsg.res_id stay 0. */
function withHeaders(message: Uint8Array, type: EventGroup, entry: MessageEntry): Uint8Array {
  const view = new DataView(message.buffer);
  const command = type === "destroy" ? IPCTNL_MSG_CT_DELETE : IPCTNL_MSG_CT_NEW;
  view.setUint32(0, message.length, true);
  view.setUint16(4, (NFNL_SUBSYS_CTNETLINK << 8) | command, true);
  view.setUint16(6, type === "new" ? NLM_F_CREATE | NLM_F_EXCL : 0, true);
  view.setUint32(12, entry.portid, true);
  view.setUint8(NLMSG_HDRLEN, NFPROTO[entry.family]);
  return message;
}

function putTuple(writer: AttributeWriter, attribute: number, entry: MessageEntry, tuple: MessageTuple): void {
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
      writer.putU8(CTA_PROTO_NUM, PROTOCOL_NUMBER[family][protocol]);
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

function putProtoinfo(writer: AttributeWriter, { protoinfo }: MessageEntry): void {
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

function putCounters(writer: AttributeWriter, { counters }: MessageEntry): void {
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

function putTimestamp(writer: AttributeWriter, { timestamp }: MessageEntry): void {
  if (timestamp === null) return;
  const { startNanoseconds, stopNanoseconds } = timestamp;
  writer.nest(CTA_TIMESTAMP, () => {
    writer.putBe64(CTA_TIMESTAMP_START, startNanoseconds);
    if (stopNanoseconds !== null) writer.putBe64(CTA_TIMESTAMP_STOP, stopNanoseconds);
  });
}

/** nlmsg_len of a message on this occasion, from an encoded one: the values in an entry do not change its size. */
export function messageBytes(occasion: MessageOccasion, layout: MessageLayout, config: KernelConfig): number {
  return encodeMessage(occasion.type, sampleEntry(occasion, messageContent(occasion, layout, config))).length;
}

/** An entry of zeros that carries what `content` names. A DESTROY has the stop time: it is set before the event. */
function sampleEntry({ family, protocol }: MessageOccasion, content: MessageContent): MessageEntry {
  const address = new Uint8Array(ADDRESS_BYTES[family]);
  const tuple: MessageTuple = {
    source: address,
    destination: address,
    sourcePort: 0,
    destinationPort: 0,
    icmpType: 0,
    icmpCode: 0,
    icmpId: 0,
  };
  const none: DirectionCounters = { packets: 0, bytes: 0 };
  return {
    family,
    protocol,
    original: tuple,
    reply: tuple,
    id: 0,
    status: 0,
    timeoutSeconds: content.timeout ? 0 : null,
    protoinfo: sampleProtoinfo(content.protoinfo),
    counters: content.counters ? { original: none, reply: none } : null,
    timestamp: content.timestamp ? { startNanoseconds: 0, stopNanoseconds: 0 } : null,
    mark: 0,
    zone: 0,
    secmark: null,
    eventTimestampNanoseconds: content.eventTimestamp ? 0 : null,
    portid: 0,
  };
}

function sampleProtoinfo(layout: MessageContent["protoinfo"]): MessageProtoinfo | null {
  if (layout === "full") return { layout, state: 0, scaleOriginal: 0, scaleReply: 0, flagsOriginal: 0, flagsReply: 0 };
  return layout === null ? null : { layout, state: 0 };
}
