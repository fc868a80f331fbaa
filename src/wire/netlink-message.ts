/**
 * Netlink messages as bytes: the header, nfnetlink's own header behind it, attributes and nests of them, all aligned to four
 * bytes (include/uapi/linux/netlink.h, nfnetlink.h). It knows the grammar, not the vocabulary: what a type or an attribute
 * means is said by the files that build and read messages. Headers are in the byte order of the machine, which is little
 * endian wherever live mode runs; what nfnetlink carries is in network order.
 */
export const NLM_F_REQUEST = 0x001;
export const NLM_F_ACK = 0x004;
export const NLM_F_DUMP = 0x300;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;

export const NLMSG_HEADER_BYTES = 16;
export const NFGENMSG_BYTES = 4;
export const ATTRIBUTE_HEADER_BYTES = 4;
const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;

export const aligned = (bytes: number): number => (bytes + 3) & ~3;

export interface Header {
  type: number;
  flags: number;
  sequence: number;
}

/** A whole message: header, then the parts, which are aligned already. */
export function message({ type, flags, sequence }: Header, ...parts: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(NLMSG_HEADER_BYTES);
  header.writeUInt32LE(NLMSG_HEADER_BYTES + parts.reduce((sum, part) => sum + part.length, 0), 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, ...parts]);
}

/** nfnetlink's header. `resource` is the subsystem of a batch, 0 elsewhere. */
export function nfgenmsg(family: number, version: number, resource: number): Buffer {
  const header = Buffer.alloc(NFGENMSG_BYTES);
  header[0] = family;
  header[1] = version;
  header.writeUInt16BE(resource, 2);
  return header;
}

export function attribute(type: number, payload: Buffer): Buffer {
  const length = ATTRIBUTE_HEADER_BYTES + payload.length;
  const buffer = Buffer.alloc(aligned(length));
  buffer.writeUInt16LE(length, 0);
  buffer.writeUInt16LE(type, 2);
  payload.copy(buffer, ATTRIBUTE_HEADER_BYTES);
  return buffer;
}

export function nest(type: number, ...attributes: readonly Buffer[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(attributes));
}

export function uint8(value: number): Buffer {
  return Buffer.from([value]);
}

export function uint16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value, 0);
  return buffer;
}

export function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value, 0);
  return buffer;
}

/** A text with the zero that ends it. */
export function text(value: string): Buffer {
  return Buffer.from(`${value}\0`, "latin1");
}

export interface ReceivedMessage {
  type: number;
  flags: number;
  sequence: number;
  payload: Buffer;
}

/** The messages of one datagram, in order. */
export function messagesOf(datagram: Buffer): ReceivedMessage[] {
  const messages: ReceivedMessage[] = [];
  let at = 0;
  while (at + NLMSG_HEADER_BYTES <= datagram.length) {
    const length = datagram.readUInt32LE(at);
    if (length < NLMSG_HEADER_BYTES || at + length > datagram.length) break;
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      payload: datagram.subarray(at + NLMSG_HEADER_BYTES, at + length),
    });
    at += aligned(length);
  }
  return messages;
}

/** The attributes of a payload by type, the last one of a type that comes twice. */
export function attributesOf(payload: Buffer): Map<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  let at = 0;
  while (at + ATTRIBUTE_HEADER_BYTES <= payload.length) {
    const length = payload.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER_BYTES || at + length > payload.length) break;
    const type = payload.readUInt16LE(at + 2) & NLA_TYPE_MASK;
    attributes.set(type, payload.subarray(at + ATTRIBUTE_HEADER_BYTES, at + length));
    at += aligned(length);
  }
  return attributes;
}
