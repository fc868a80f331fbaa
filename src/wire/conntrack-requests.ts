/**
 * What live mode asks ctnetlink for: flush, dump and delete entries, add an entry that only fills the table, tell the
 * counters of every CPU (nf_conntrack_netlink.c). It turns values into bytes and answers into values, and sends
 * nothing.
 *
 * Entries that fill the table have a mark, by which a flush and a dump leave them out; the connections of a run have
 * none. (The kernel asks for a mask beside a mark, and a family in a flush it looks at only from 5.3 on.)
 */
import {
  CTA_ID,
  CTA_IP_DST,
  CTA_IP_SRC,
  CTA_MARK,
  CTA_MARK_MASK,
  CTA_PROTO_DST_PORT,
  CTA_PROTO_NUM,
  CTA_PROTO_SRC_PORT,
  CTA_STATS_DROP,
  CTA_STATS_EARLY_DROP,
  CTA_STATS_INSERT_FAILED,
  CTA_STATUS,
  CTA_TIMEOUT,
  CTA_TUPLE_IP,
  CTA_TUPLE_ORIG,
  CTA_TUPLE_PROTO,
  CTA_TUPLE_REPLY,
  IPCTNL_MSG_CT_DELETE,
  IPCTNL_MSG_CT_GET,
  IPCTNL_MSG_CT_GET_STATS_CPU,
  IPCTNL_MSG_CT_NEW,
  IPPROTO,
  NFPROTO,
  NFPROTO_UNSPEC,
} from "./ctnetlink.js";
import {
  attributesOf,
  NFGENMSG_BYTES,
  NLA_F_NESTED,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REQUEST,
} from "./netlink.js";
import { type Header, NetlinkWriter } from "./netlink-writer.js";

/** SEEN_REPLY, ASSURED and CONFIRMED: what early_drop leaves alone. */
const STATUS_ASSURED = 0x0e;
const A_DAY_SECONDS = 86_400;
const FILLER_MARK = 1;

/** Every entry goes, or all but the fillers. */
export function flushRequest(sequence: number, besideFillers: boolean): Buffer {
  const header = { type: IPCTNL_MSG_CT_DELETE, flags: NLM_F_REQUEST | NLM_F_ACK, sequence };
  return requestForAll(header, besideFillers);
}

/** The whole table, or all but the fillers, in as many answers as it takes. */
export function dumpRequest(sequence: number, besideFillers: boolean): Buffer {
  return requestForAll({ type: IPCTNL_MSG_CT_GET, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence }, besideFillers);
}

function requestForAll(header: Header, besideFillers: boolean): Buffer {
  const writer = new NetlinkWriter();
  return writer
    .message(header, () => {
      writer.nfgenmsg(NFPROTO_UNSPEC);
      if (!besideFillers) return;
      writer.putBe32(CTA_MARK, 0);
      writer.putBe32(CTA_MARK_MASK, 0xffff_ffff);
    })
    .finish();
}

/** What a delete names an entry by, as a dump gave it: the attributes CTA_TUPLE_ORIG and CTA_ID. */
export interface DumpedEntry {
  family: number;
  tuple: Buffer;
  id: Buffer;
  /** The last four bytes of the address that the original direction goes to. */
  destination: number;
}

/** From the payload of one answer to a dump. */
export function dumpedEntry(payload: Buffer): DumpedEntry {
  const family = payload[0]!;
  const attributes = attributesOf(payload.subarray(NFGENMSG_BYTES));
  const tuple = attributes.get(CTA_TUPLE_ORIG)!;
  const ip = attributesOf(attributesOf(tuple).get(CTA_TUPLE_IP)!);
  const address = ip.get(family === NFPROTO.ipv6 ? CTA_IP_DST.ipv6 : CTA_IP_DST.ipv4)!;
  return { family, tuple, id: attributes.get(CTA_ID)!, destination: address.readUInt32BE(address.length - 4) };
}

/** One entry goes, if it is still that one (ENOENT: it is not). */
export function deleteRequest(sequence: number, { family, tuple, id }: DumpedEntry): Buffer {
  const writer = new NetlinkWriter();
  return writer
    .message({ type: IPCTNL_MSG_CT_DELETE, flags: NLM_F_REQUEST | NLM_F_ACK, sequence }, () => {
      writer.nfgenmsg(family);
      writer.putBytes(CTA_TUPLE_ORIG | NLA_F_NESTED, tuple);
      writer.putBytes(CTA_ID, id);
    })
    .finish();
}

/**
 * Entries of IPv6 from one index up to another, one request each, the last one acknowledged: they stay for a day and
 * early_drop does not take them.
 */
export function fillerRequests(from: number, to: number, firstSequence: number): Buffer {
  const writer = new NetlinkWriter();
  for (let index = from; index < to; index++) {
    const flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | (index === to - 1 ? NLM_F_ACK : 0);
    writer.message({ type: IPCTNL_MSG_CT_NEW, flags, sequence: firstSequence + index - from }, () => {
      writer.nfgenmsg(NFPROTO.ipv6);
      const source = fillerAddress(1, index);
      const destination = fillerAddress(2, index);
      putFillerTuple(writer, CTA_TUPLE_ORIG, source, destination);
      putFillerTuple(writer, CTA_TUPLE_REPLY, destination, source);
      writer.putBe32(CTA_STATUS, STATUS_ASSURED);
      writer.putBe32(CTA_TIMEOUT, A_DAY_SECONDS);
      writer.putBe32(CTA_MARK, FILLER_MARK);
    });
  }
  return writer.finish();
}

/** fd00::side:index, of the range that is never routed. */
function fillerAddress(side: number, index: number): Buffer {
  const address = Buffer.alloc(16);
  address[0] = 0xfd;
  address[11] = side;
  address.writeUInt32BE(index, 12);
  return address;
}

function putFillerTuple(writer: NetlinkWriter, attribute: number, source: Buffer, destination: Buffer): void {
  writer.nest(attribute, () => {
    writer.nest(CTA_TUPLE_IP, () => {
      writer.putBytes(CTA_IP_SRC.ipv6, source);
      writer.putBytes(CTA_IP_DST.ipv6, destination);
    });
    writer.nest(CTA_TUPLE_PROTO, () => {
      writer.putU8(CTA_PROTO_NUM, IPPROTO.ipv6.udp);
      writer.putBe16(CTA_PROTO_SRC_PORT, 1);
      writer.putBe16(CTA_PROTO_DST_PORT, 1);
    });
  });
}

export function statisticsRequest(sequence: number): Buffer {
  const writer = new NetlinkWriter();
  const header = { type: IPCTNL_MSG_CT_GET_STATS_CPU, flags: NLM_F_REQUEST | NLM_F_DUMP, sequence };
  return writer.message(header, () => writer.nfgenmsg(NFPROTO_UNSPEC)).finish();
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
