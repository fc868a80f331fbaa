/**
 * What live mode asks ctnetlink for: flush one family, add an entry that only fills the table, tell the counters of
 * every CPU (nf_conntrack_netlink.c). It turns values into bytes and answers into values, and sends nothing.
 */
import {
  CTA_IP_DST,
  CTA_IP_SRC,
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
  IPCTNL_MSG_CT_GET_STATS_CPU,
  IPCTNL_MSG_CT_NEW,
  IPPROTO,
  NFPROTO,
  NFPROTO_UNSPEC,
} from "./ctnetlink.js";
import {
  attributesOf,
  NFGENMSG_BYTES,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REQUEST,
} from "./netlink.js";
import { NetlinkWriter } from "./netlink-writer.js";

/** SEEN_REPLY, ASSURED and CONFIRMED: what early_drop leaves alone. */
const STATUS_ASSURED = 0x0e;
const A_DAY_SECONDS = 86_400;

/** Every entry of IPv4 goes. Version 1 of the header is what makes the kernel look at the family. */
export function flushRequest(sequence: number): Buffer {
  const writer = new NetlinkWriter();
  const header = { type: IPCTNL_MSG_CT_DELETE, flags: NLM_F_REQUEST | NLM_F_ACK, sequence };
  return writer.message(header, () => writer.nfgenmsg(NFPROTO.ipv4, 1)).finish();
}

/**
 * Entries of IPv6 from one index up to another, one request each, the last one acknowledged: they stay for a day,
 * early_drop does not take them and a flush of IPv4 does not see them.
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
