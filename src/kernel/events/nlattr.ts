/**
 * Netlink attributes: how many bytes one takes (nla_total_size) and how a row of them, nests included, is written. It
 * follows struct nlattr and lib/nlattr.c (nla_put, nla_nest_start, nla_nest_end) and knows no ctnetlink attribute by
 * name. Lengths and types are in the byte order of the machine, here little-endian x86_64; the numbers inside are put
 * big-endian, as every payload of ctnetlink is. The writer owns one zeroed buffer of fixed size, so that padding is zero
 * without being written and a nest needs no second pass: its length is filled in when it closes.
 */

/** sizeof(struct nlattr): length and type, two bytes each. */
const NLA_HDRLEN = 4;
const NLA_F_NESTED = 0x8000;

/** Room enough: a DESTROY over IPv6 with every attribute that the encoder knows takes 372. */
const WRITER_BYTES = 512;

/** NLA_ALIGN and NLMSG_ALIGN, which are the same: up to a multiple of 4. */
export function netlinkAlign(bytes: number): number {
  return (bytes + 3) & ~3;
}

/** nla_total_size: an attribute with its header and padding. A nest counts as an attribute of no payload. */
export function nlaTotalSize(payloadBytes: number): number {
  return netlinkAlign(NLA_HDRLEN + payloadBytes);
}

export class AttributeWriter {
  readonly #bytes = new Uint8Array(WRITER_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #end: number;

  /** The first `reservedBytes` are left for the headers of the message. */
  constructor(reservedBytes: number) {
    this.#end = reservedBytes;
  }

  putBytes(type: number, value: Uint8Array): void {
    this.#bytes.set(value, this.#put(type, value.length));
  }

  putU8(type: number, value: number): void {
    this.#view.setUint8(this.#put(type, 1), value);
  }

  putBe16(type: number, value: number): void {
    this.#view.setUint16(this.#put(type, 2), value, false);
  }

  putBe32(type: number, value: number): void {
    this.#view.setUint32(this.#put(type, 4), value, false);
  }

  putBe64(type: number, value: number | bigint): void {
    this.#view.setBigUint64(this.#put(type, 8), BigInt(value), false);
  }

  /** Whatever `fill` puts becomes the payload of the nest. */
  nest(type: number, fill: () => void): void {
    const start = this.#end;
    this.#put(type | NLA_F_NESTED, 0);
    fill();
    this.#view.setUint16(start, this.#end - start, true);
  }

  /** A copy of what has been written, the reserved bytes first. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#end);
  }

  /** Writes the header, whose length excludes the padding, and answers where the payload goes. */
  #put(type: number, payloadBytes: number): number {
    const start = this.#end;
    this.#view.setUint16(start, NLA_HDRLEN + payloadBytes, true);
    this.#view.setUint16(start + 2, type, true);
    this.#end = start + nlaTotalSize(payloadBytes);
    return start + NLA_HDRLEN;
  }
}
