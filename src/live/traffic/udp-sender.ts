/**
 * UDP connections on loopback: one socket sends to as many addresses as there are connections, one socket on every
 * address is the other end, and its replies name the address that they come from (IP_PKTINFO). Neither ever reads:
 * conntrack has seen a packet before a full receive buffer drops it. sendmmsg sends as many requests as are due in one
 * call.
 */

import type { ScriptStep } from "../../workload/script.js";
import { addressOf, LOCALHOST } from "../host/loopback-address.js";
import { EPERM, SystemCallError, type SystemCalls } from "../host/system-calls.js";
import type { FlowSender } from "./flood.js";
import { AF_INET, SOCKADDR_IN_BYTES, socketAddress } from "./socket-address.js";

const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const IPPROTO_IP = 0;
const IP_PKTINFO = 8;

/** sizeof of struct iovec and mmsghdr, and of a control message with struct in_pktinfo. */
const VECTOR_BYTES = 16;
const HEADER_BYTES = 64;
const CONTROL_BYTES = 32;
const PKTINFO_BYTES = 28;
/** Where the control message has the source address: behind its own header of 16 bytes and the interface. */
const PKTINFO_SOURCE = 20;

const MOST_AT_ONCE = 64;
/** Each sender has two ports of its own. */
const FIRST_PORT = 40_000;

export class UdpSender implements FlowSender {
  readonly mostAtOnce = MOST_AT_ONCE;
  private readonly client: DatagramSocket;
  /** Null: the port is closed, and every packet to it is answered with an ICMP error. */
  private readonly server: DatagramSocket | null;

  /** `index`: among the senders of a run. */
  constructor(calls: SystemCalls, portIsOpen: boolean, index = 0) {
    const clientPort = FIRST_PORT + 2 * index;
    const serverPort = clientPort + 1;
    this.client = new DatagramSocket(calls, LOCALHOST, clientPort, serverPort);
    this.server = portIsOpen ? new DatagramSocket(calls, 0, serverPort, clientPort) : null;
  }

  sendFirst(tuples: Int32Array, count: number): number {
    for (let index = 0; index < count; index++) this.client.to(index, addressOf(tuples[index]!));
    return this.client.send(count);
  }

  /** The first packets of so many flows, of the tuples from 0 on. */
  sendFirstOf(flows: number): void {
    const tuples = new Int32Array(MOST_AT_ONCE);
    for (let sent = 0; sent < flows; ) {
      const count = Math.min(MOST_AT_ONCE, flows - sent);
      for (let index = 0; index < count; index++) tuples[index] = sent + index;
      sent += this.sendFirst(tuples, count);
    }
  }

  send(tuple: number, { direction }: ScriptStep): boolean {
    if (direction === 1) {
      this.server!.from(addressOf(tuple));
      return this.server!.send(1) === 1;
    }
    this.client.to(0, addressOf(tuple));
    return this.client.send(1) === 1;
  }

  close(): void {
    this.client.close();
    this.server?.close();
  }
}

/** One connection of one packet, whose two ends are gone afterwards. */
export function connectOnce(calls: SystemCalls): void {
  const sender = new UdpSender(calls, true);
  sender.sendFirst(Int32Array.of(0), 1);
  sender.close();
}

/** One socket with the structures of sendmmsg. The buffers have to live as long as the addresses of them are used. */
class DatagramSocket {
  private readonly calls: SystemCalls;
  private readonly fd: number;
  private readonly headers = Buffer.alloc(MOST_AT_ONCE * HEADER_BYTES);
  private readonly addresses = Buffer.alloc(MOST_AT_ONCE * SOCKADDR_IN_BYTES);
  /** The control message, the vector, and the byte that is sent. */
  private readonly fixed = Buffer.alloc(CONTROL_BYTES + VECTOR_BYTES + 1);

  constructor(calls: SystemCalls, address: number, port: number, destinationPort: number) {
    this.calls = calls;
    this.fd = calls.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
    calls.bind(this.fd, socketAddress(address, port));
    this.fixed.writeBigUInt64LE(BigInt(PKTINFO_BYTES), 0);
    this.fixed.writeInt32LE(IPPROTO_IP, 8);
    this.fixed.writeInt32LE(IP_PKTINFO, 12);
    const vector = calls.addressOf(this.fixed) + BigInt(CONTROL_BYTES);
    this.fixed.writeBigUInt64LE(vector + BigInt(VECTOR_BYTES), CONTROL_BYTES);
    this.fixed.writeBigUInt64LE(1n, CONTROL_BYTES + 8);
    const destination = socketAddress(LOCALHOST, destinationPort);
    const names = calls.addressOf(this.addresses);
    for (let index = 0; index < MOST_AT_ONCE; index++) {
      destination.copy(this.addresses, index * SOCKADDR_IN_BYTES);
      const header = index * HEADER_BYTES;
      this.headers.writeBigUInt64LE(names + BigInt(index * SOCKADDR_IN_BYTES), header);
      this.headers.writeUInt32LE(SOCKADDR_IN_BYTES, header + 8);
      this.headers.writeBigUInt64LE(vector, header + 16);
      this.headers.writeBigUInt64LE(1n, header + 24);
    }
  }

  to(index: number, address: number): void {
    this.addresses.writeUInt32BE(address, index * SOCKADDR_IN_BYTES + 4);
  }

  /** The next datagram comes from this address, one of the machine's own. */
  from(address: number): void {
    this.fixed.writeUInt32BE(address, PKTINFO_SOURCE);
    this.headers.writeBigUInt64LE(this.calls.addressOf(this.fixed), 32);
    this.headers.writeBigUInt64LE(BigInt(CONTROL_BYTES), 40);
  }

  send(count: number): number {
    const sent = this.calls.sendmmsg(this.fd, this.headers, count);
    if (sent >= 0) return sent;
    // A full table refuses the packet on its way out.
    if (sent === -EPERM) return 0;
    throw new SystemCallError("sendmmsg", -sent);
  }

  close(): void {
    this.calls.close(this.fd);
  }
}
