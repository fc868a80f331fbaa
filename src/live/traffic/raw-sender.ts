/**
 * Connections that no socket of ours holds: each packet of a script is laid out once, as the bytes of IPv4 or IPv6 with
 * what they carry, and a raw socket sends it with the connection's address written in. So a hundred thousand
 * connections can be half open, or live for long, and both families and ICMP are one case.
 *
 * Conntrack sees such a packet on its way out (LOCAL_OUT, the confirm hook), and does not check it again on loopback,
 * where it comes in with its entry (nf_conntrack_in). The checksum of what it carries is wrong on purpose: the
 * receiving end of TCP, UDP or ICMP then drops it without an answer, and a connection has the packets of its script
 * alone.
 */
import { ORIGINAL } from "../../kernel/conntrack/status.js";
import { ACK, FIN, RST, type Segment, SYN, SYN_ACK } from "../../kernel/conntrack/trackers/tcp-states.js";
import type { Family, Protocol } from "../../scenario/scenario.js";
import { IPPROTO } from "../../wire/ctnetlink.js";
import type { ScriptStep } from "../../workload/script.js";
import { addressOf, IPV6_LOCALHOST, IPV6_PREFIX, LOCALHOST } from "../host/loopback-address.js";
import { EPERM, SystemCallError, type SystemCalls } from "../host/system-calls.js";
import type { FlowSender } from "./flood.js";
import { AF_INET, AF_INET6, socketAddress, socketAddress6 } from "./socket-address.js";

const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
/** A socket of this protocol sends whole packets and receives none. */
const IPPROTO_RAW = 255;

const HEADER_BYTES: Record<Family, number> = { ipv4: 20, ipv6: 40 };
/** Where the last four bytes of each address are. */
const SOURCE_AT: Record<Family, number> = { ipv4: 12, ipv6: 20 };
const DESTINATION_AT: Record<Family, number> = { ipv4: 16, ipv6: 36 };
/** And in the address of a socket. */
const ADDRESS_AT: Record<Family, number> = { ipv4: 4, ipv6: 20 };
const HOP_LIMIT = 64;
const DO_NOT_FRAGMENT = 0x4000;

/** Where the checksum is in what a packet carries. */
const CHECKSUM_AT: Record<Protocol, number> = { tcp: 16, udp: 6, icmp: 2 };
const WRONG = 0x5555;

const CLIENT_PORT = 40_000;
const SERVER_PORT = 40_001;
const TCP_FLAGS: Record<Segment, number> = { [SYN]: 0x02, [SYN_ACK]: 0x12, [ACK]: 0x10, [FIN]: 0x11, [RST]: 0x14 };
const TCP_WINDOW = 0xffff;
const ICMP_ECHO: Record<Family, { request: number; reply: number }> = {
  ipv4: { request: 8, reply: 0 },
  ipv6: { request: 128, reply: 129 },
};
const ICMP_ID = 1;

/** One packet of the script. */
interface Laid {
  bytes: Buffer;
  /** Where it goes, as sendto wants it. */
  address: Buffer;
  /** Where the connection's address is written in it, and in `address`; -1: not there, since it is the sender's. */
  bytesAt: number;
  addressAt: number;
  checksumAt: number;
  /** Of everything that the checksum is of, but for the connection's address. */
  sum: number;
  /** Whether the address counts in the checksum: that of ICMP is of the message alone. */
  sumsAddress: boolean;
}

export class RawSender implements FlowSender {
  readonly mostAtOnce = 1;
  private readonly calls: SystemCalls;
  private readonly fd: number;
  private readonly script: readonly Laid[];
  private readonly wrong: number;

  /** `answered`: a packet is right, so that the receiving end answers it; of a closed UDP port with an ICMP error. */
  constructor(
    calls: SystemCalls,
    { family, protocol }: { family: Family; protocol: Protocol },
    script: readonly ScriptStep[],
    answered: boolean,
  ) {
    this.calls = calls;
    this.wrong = answered ? 0 : WRONG;
    this.fd = calls.socket(family === "ipv4" ? AF_INET : AF_INET6, SOCK_RAW_CLOEXEC, IPPROTO_RAW);
    this.script = layOut(family, protocol, script);
  }

  sendFirst(tuples: Int32Array): number {
    return this.sendStep(tuples[0]!, 0) ? 1 : 0;
  }

  send(tuple: number, _step: ScriptStep, stepIndex: number): boolean {
    return this.sendStep(tuple, stepIndex);
  }

  close(): void {
    this.calls.close(this.fd);
  }

  private sendStep(tuple: number, stepIndex: number): boolean {
    const { bytes, address, bytesAt, addressAt, checksumAt, sum, sumsAddress } = this.script[stepIndex]!;
    const other = addressOf(tuple);
    bytes.writeUInt32BE(other, bytesAt);
    if (addressAt >= 0) address.writeUInt32BE(other, addressAt);
    const whole = sumsAddress ? sum + (other >>> 16) + (other & 0xffff) : sum;
    bytes.writeUInt16BE(folded(whole) ^ 0xffff ^ this.wrong, checksumAt);
    const sent = this.calls.sendTo(this.fd, bytes, address);
    if (sent >= 0) return true;
    // A full table refuses the packet on its way out.
    if (sent === -EPERM) return false;
    throw new SystemCallError("sendto", -sent);
  }
}

function layOut(family: Family, protocol: Protocol, script: readonly ScriptStep[]): Laid[] {
  // What each end sends next, where TCP counts.
  const next: [number, number] = [1000, 5000];
  return script.map((step) => {
    const carried = protocol === "tcp" ? segmentOf(step, next) : datagramOf(family, protocol, step);
    const bytes = Buffer.concat([headerOf(family, IPPROTO[family][protocol], step, carried.length), carried]);
    const sumsAddress = !(protocol === "icmp" && family === "ipv4");
    const isRequest = step.direction === ORIGINAL;
    return {
      bytes,
      address: destinationOf(family, isRequest),
      bytesAt: isRequest ? DESTINATION_AT[family] : SOURCE_AT[family],
      addressAt: isRequest ? ADDRESS_AT[family] : -1,
      checksumAt: HEADER_BYTES[family] + CHECKSUM_AT[protocol],
      sum: sumOf(carried) + (sumsAddress ? pseudoSum(bytes, family, protocol, carried.length) : 0),
      sumsAddress,
    };
  });
}

function destinationOf(family: Family, isRequest: boolean): Buffer {
  if (family === "ipv4") return socketAddress(LOCALHOST, 0);
  return socketAddress6(isRequest ? IPV6_PREFIX : IPV6_LOCALHOST);
}

/** The connection's own address is 0 in it, or has zeros at its end. */
function headerOf(family: Family, protocol: number, { direction }: ScriptStep, carriedBytes: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES[family]);
  const isRequest = direction === ORIGINAL;
  if (family === "ipv4") {
    header[0] = 0x45;
    header.writeUInt16BE(header.length + carriedBytes, 2);
    header.writeUInt16BE(DO_NOT_FRAGMENT, 6);
    header[8] = HOP_LIMIT;
    header[9] = protocol;
    header.writeUInt32BE(LOCALHOST, isRequest ? SOURCE_AT.ipv4 : DESTINATION_AT.ipv4);
    return header;
  }
  header[0] = 0x60;
  header.writeUInt16BE(carriedBytes, 4);
  header[6] = protocol;
  header[7] = HOP_LIMIT;
  header.set(isRequest ? IPV6_LOCALHOST : IPV6_PREFIX, 8);
  header.set(isRequest ? IPV6_PREFIX : IPV6_LOCALHOST, 24);
  return header;
}

function segmentOf({ direction, segment, sameSystemCall }: ScriptStep, next: [number, number]): Buffer {
  const data = segment === ACK && !sameSystemCall ? 1 : 0;
  const bytes = Buffer.alloc(20 + data);
  const isRequest = direction === ORIGINAL;
  bytes.writeUInt16BE(isRequest ? CLIENT_PORT : SERVER_PORT, 0);
  bytes.writeUInt16BE(isRequest ? SERVER_PORT : CLIENT_PORT, 2);
  bytes.writeUInt32BE(next[direction], 4);
  if (segment !== SYN) bytes.writeUInt32BE(next[1 - direction]!, 8);
  bytes[12] = 5 << 4;
  bytes[13] = TCP_FLAGS[segment];
  bytes.writeUInt16BE(TCP_WINDOW, 14);
  next[direction] += segment === ACK || segment === RST ? data : 1;
  return bytes;
}

function datagramOf(family: Family, protocol: Protocol, { direction }: ScriptStep): Buffer {
  const bytes = Buffer.alloc(9);
  const isRequest = direction === ORIGINAL;
  if (protocol === "icmp") {
    bytes[0] = isRequest ? ICMP_ECHO[family].request : ICMP_ECHO[family].reply;
    bytes.writeUInt16BE(ICMP_ID, 4);
    return bytes;
  }
  bytes.writeUInt16BE(isRequest ? CLIENT_PORT : SERVER_PORT, 0);
  bytes.writeUInt16BE(isRequest ? SERVER_PORT : CLIENT_PORT, 2);
  bytes.writeUInt16BE(bytes.length, 4);
  return bytes;
}

/** Of both addresses, the protocol and the length, which is what TCP, UDP and ICMPv6 sum beside themselves. */
function pseudoSum(packet: Buffer, family: Family, protocol: Protocol, carriedBytes: number): number {
  const addresses = packet.subarray(SOURCE_AT[family] - (family === "ipv4" ? 0 : 12), HEADER_BYTES[family]);
  return sumOf(addresses) + IPPROTO[family][protocol] + carriedBytes;
}

/** Of its 16-bit words; a last odd byte counts as if a zero followed. */
function sumOf(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0);
  return sum;
}

function folded(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}
