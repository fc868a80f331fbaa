/**
 * The grammar of netlink: headers, attributes and their alignment to four bytes (include/uapi/linux/netlink.h,
 * nfnetlink.h; lib/nlattr.c), and how a datagram comes apart again. It knows the grammar, not the vocabulary: what a
 * type or an attribute means is said by the files that build and read messages. Headers are in the byte order of the
 * machine, here little-endian x86_64 and its like; what nfnetlink carries is in network order. How a message is put
 * together is netlink-writer.ts.
 */
export const NLM_F_REQUEST = 0x001;
export const NLM_F_ACK = 0x004;
export const NLM_F_DUMP = 0x300;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

/** sizeof(struct nlmsghdr): length 4, type 2, flags 2, sequence 4, port 4. */
export const NLMSG_HDRLEN = 16;
/** sizeof(struct nfgenmsg): family 1, version 1, resource id 2. */
export const NFGENMSG_BYTES = 4;
/** sizeof(struct nlattr): length and type, two bytes each. */
export const NLA_HDRLEN = 4;
export const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;

/** NLA_ALIGN and NLMSG_ALIGN, which are the same: up to a multiple of 4. */
export function netlinkAlign(bytes: number): number {
  return (bytes + 3) & ~3;
}

/** nla_total_size: an attribute with its header and padding. A nest counts as an attribute of no payload. */
export function nlaTotalSize(payloadBytes: number): number {
  return netlinkAlign(NLA_HDRLEN + payloadBytes);
}

export interface ReceivedMessage {
  type: number;
  flags: number;
  sequence: number;
  portid: number;
  payload: Buffer;
}

/** The messages of one datagram, in order. A length that is cut short or too small ends the reading. */
export function messagesOf(datagram: Buffer): ReceivedMessage[] {
  const messages: ReceivedMessage[] = [];
  let at = 0;
  while (at + NLMSG_HDRLEN <= datagram.length) {
    const length = datagram.readUInt32LE(at);
    if (length < NLMSG_HDRLEN || at + length > datagram.length) break;
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      portid: datagram.readUInt32LE(at + 12),
      payload: datagram.subarray(at + NLMSG_HDRLEN, at + length),
    });
    at += netlinkAlign(length);
  }
  return messages;
}

/** The attributes of a payload by type, the last one of a type that comes twice. */
export function attributesOf(payload: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  let at = 0;
  while (at + NLA_HDRLEN <= payload.length) {
    const length = payload.readUInt16LE(at);
    if (length < NLA_HDRLEN || at + length > payload.length) break;
    attributes.set(payload.readUInt16LE(at + 2) & NLA_TYPE_MASK, payload.subarray(at + NLA_HDRLEN, at + length));
    at += netlinkAlign(length);
  }
  return attributes;
}

/** Where an attribute begins between two places of a buffer, or -1. No object is made: this is a reader's hot path. */
export function findAttribute(buffer: Buffer, from: number, to: number, type: number): number {
  for (let at = from; at + NLA_HDRLEN <= to; at += netlinkAlign(buffer.readUInt16LE(at))) {
    if ((buffer.readUInt16LE(at + 2) & NLA_TYPE_MASK) === type) return at;
    if (buffer.readUInt16LE(at) < NLA_HDRLEN) return -1;
  }
  return -1;
}
