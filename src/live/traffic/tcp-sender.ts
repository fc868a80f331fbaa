/**
 * Real TCP connections on loopback, by the steps of the workload's script: connect makes the handshake, the client's
 * close sends its FIN, the server's close the other one. Data packets are a byte each way in turn. The client closes
 * first, so that its sockets are those in TIME_WAIT.
 *
 * Whether the server acknowledges the client's FIN before it sends its own is a matter of the delayed acknowledgement:
 * TCP_QUICKACK sends what is delayed at once, and a connection has seven packets; otherwise it rides on the FIN, and
 * there are six.
 */
import { FIN, SYN } from "../../kernel/conntrack/trackers/tcp-states.js";
import type { ScriptStep } from "../../workload/script.js";
import { addressOf } from "../host/loopback-address.js";
import { EPERM, MSG_DONTWAIT, SystemCallError, type SystemCalls } from "../host/system-calls.js";
import type { FlowSender } from "./flood.js";
import { AF_INET, socketAddress } from "./socket-address.js";

const SOCK_STREAM_CLOEXEC = 1 | 0o2000000;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_QUICKACK = 12;
const BACKLOG = 1024;
const FIRST_PORT = 40_000;
const PAYLOAD = Buffer.from("x");

interface Ends {
  client: number;
  server: number;
}

export class TcpSender implements FlowSender {
  readonly mostAtOnce = 1;
  private readonly calls: SystemCalls;
  private readonly port: number;
  private readonly separateAck: boolean;
  private readonly listening: number;
  private readonly received = Buffer.alloc(16);
  private readonly open = new Map<number, Ends>();

  /** `index`: among the senders of a run. */
  constructor(calls: SystemCalls, separateAck: boolean, index = 0) {
    this.calls = calls;
    this.port = FIRST_PORT + 2 * index;
    this.separateAck = separateAck;
    this.listening = calls.socket(AF_INET, SOCK_STREAM_CLOEXEC, 0);
    calls.bind(this.listening, socketAddress(0, this.port));
    calls.listen(this.listening, BACKLOG);
  }

  sendFirst(tuples: Int32Array): number {
    return this.connect(tuples[0]!) ? 1 : 0;
  }

  send(tuple: number, { direction, segment, sameSystemCall }: ScriptStep): boolean {
    if (sameSystemCall) return true;
    if (segment === SYN) return this.connect(tuple);
    const ends = this.open.get(tuple)!;
    if (segment === FIN) this.finish(tuple, ends, direction);
    else this.talk(ends, direction);
    return true;
  }

  close(): void {
    for (const { client, server } of this.open.values()) {
      if (client >= 0) this.calls.close(client);
      this.calls.close(server);
    }
    this.calls.close(this.listening);
  }

  private connect(tuple: number): boolean {
    const { calls } = this;
    const client = calls.socket(AF_INET, SOCK_STREAM_CLOEXEC, 0);
    try {
      calls.connect(client, socketAddress(addressOf(tuple), this.port));
    } catch (error) {
      calls.close(client);
      // A full table refuses the SYN on its way out.
      if (error instanceof SystemCallError && error.errno === EPERM) return false;
      throw error;
    }
    const server = calls.accept(this.listening);
    for (const fd of [client, server]) calls.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    this.open.set(tuple, { client, server });
    return true;
  }

  private talk({ client, server }: Ends, direction: 0 | 1): void {
    this.calls.send(direction === 0 ? client : server, PAYLOAD);
    // A socket that is closed with something unread resets its connection.
    this.calls.recv(direction === 0 ? server : client, this.received, MSG_DONTWAIT);
  }

  /** Only a socket whose receive queue is empty sends what it delays, so the FIN is read first. */
  private acknowledge(fd: number): void {
    this.calls.recv(fd, this.received, MSG_DONTWAIT);
    this.calls.setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
  }

  private finish(tuple: number, ends: Ends, direction: 0 | 1): void {
    if (direction === 0) {
      this.calls.close(ends.client);
      ends.client = -1;
      if (this.separateAck) this.acknowledge(ends.server);
      return;
    }
    this.calls.close(ends.server);
    this.open.delete(tuple);
  }
}
