/**
 * Puts netlink messages together, byte after byte, as nlmsg_put, nla_put and nla_nest_start do (lib/nlattr.c). One
 * writer owns one zeroed buffer that grows when a message needs it: padding is zero without being written, and a
 * message or a nest needs no second pass, because its length is filled in when it closes. Several messages make one
 * datagram.
 */
import { NFGENMSG_BYTES, NLA_F_NESTED, NLA_HDRLEN, NLMSG_HDRLEN, netlinkAlign, nlaTotalSize } from "./netlink.js";

/** Room enough for one event: a DESTROY over IPv6 with every attribute that there is takes 372. */
const FIRST_BYTES = 512;

/** struct nlmsghdr but for its length. */
export interface Header {
  type: number;
  flags: number;
  sequence: number;
  /** nlmsg_pid; 0 unless given, as in every request. */
  portid?: number;
}

export class NetlinkWriter {
  private bytes = Buffer.alloc(FIRST_BYTES);
  private end = 0;

  /** A header, and whatever `fill` puts as the payload. */
  message({ type, flags, sequence, portid = 0 }: Header, fill: () => void): this {
    const start = this.take(NLMSG_HDRLEN);
    this.bytes.writeUInt16LE(type, start + 4);
    this.bytes.writeUInt16LE(flags, start + 6);
    this.bytes.writeUInt32LE(sequence, start + 8);
    this.bytes.writeUInt32LE(portid, start + 12);
    fill();
    this.bytes.writeUInt32LE(this.end - start, start);
    return this;
  }

  /** nfnetlink's own header. `resource` is the subsystem of a batch, 0 elsewhere. */
  nfgenmsg(family: number, version = 0, resource = 0): void {
    const start = this.take(NFGENMSG_BYTES);
    this.bytes[start] = family;
    this.bytes[start + 1] = version;
    this.bytes.writeUInt16BE(resource, start + 2);
  }

  /** Bytes that are no attribute, such as struct ifinfomsg. */
  raw(value: Uint8Array): void {
    const start = this.take(netlinkAlign(value.length));
    this.bytes.set(value, start);
  }

  /** Whatever `fill` puts becomes the payload of the nest. */
  nest(type: number, fill: () => void): void {
    const start = this.end;
    this.put(type | NLA_F_NESTED, 0);
    fill();
    this.bytes.writeUInt16LE(this.end - start, start);
  }

  putBytes(type: number, value: Uint8Array): void {
    const at = this.put(type, value.length);
    this.bytes.set(value, at);
  }

  putU8(type: number, value: number): void {
    const at = this.put(type, 1);
    this.bytes[at] = value;
  }

  putBe16(type: number, value: number): void {
    const at = this.put(type, 2);
    this.bytes.writeUInt16BE(value, at);
  }

  putBe32(type: number, value: number): void {
    const at = this.put(type, 4);
    this.bytes.writeUInt32BE(value, at);
  }

  putBe64(type: number, value: bigint): void {
    const at = this.put(type, 8);
    this.bytes.writeBigUInt64BE(value, at);
  }

  /** With the zero that ends it. */
  putText(type: number, value: string): void {
    const at = this.put(type, value.length + 1);
    this.bytes.write(value, at, "latin1");
  }

  /** A copy of what has been written. */
  finish(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.end));
  }

  /** Writes the header, whose length excludes the padding, and answers where the payload goes. */
  private put(type: number, payloadBytes: number): number {
    const start = this.take(nlaTotalSize(payloadBytes));
    this.bytes.writeUInt16LE(NLA_HDRLEN + payloadBytes, start);
    this.bytes.writeUInt16LE(type, start + 2);
    return start + NLA_HDRLEN;
  }

  /** Where the next bytes go. */
  private take(bytes: number): number {
    const start = this.end;
    this.end += bytes;
    if (this.end > this.bytes.length) {
      const grown = Buffer.alloc(Math.max(this.end, 2 * this.bytes.length));
      this.bytes.copy(grown);
      this.bytes = grown;
    }
    return start;
  }
}
