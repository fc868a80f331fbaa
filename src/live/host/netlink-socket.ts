/**
 * Netlink sockets as the kernel offers them: one that asks and waits for the answer, and one that listens to
 * conntrack's event groups with the options of a policy (net/netlink/af_netlink.c). It moves bytes; what they mean is
 * elsewhere.
 */
import { type EventGroup, POLICY, type Policy } from "../../scenario/scenario.js";
import { NFNLGRP_CONNTRACK } from "../../wire/ctnetlink.js";
import { messagesOf, NLMSG_DONE, NLMSG_ERROR, type ReceivedMessage } from "../../wire/netlink.js";
import { ENOENT, SystemCallError, type SystemCalls } from "./system-calls.js";

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
export const NETLINK_ROUTE = 0;
export const NETLINK_SOCK_DIAG = 4;
export const NETLINK_NETFILTER = 12;

const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_BROADCAST_ERROR = 4;
const NETLINK_NO_ENOBUFS = 5;

const ADDRESS_BYTES = 12;
/** More than the kernel puts into one datagram of a dump. */
const ANSWER_BYTES = 65_536;

function open(calls: SystemCalls, protocol: number): number {
  const fd = calls.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol);
  const address = Buffer.alloc(ADDRESS_BYTES);
  address.writeUInt16LE(AF_NETLINK, 0);
  calls.bind(fd, address);
  return fd;
}

/** Sends requests and reads what they are answered with. */
export class RequestSocket {
  private readonly calls: SystemCalls;
  private readonly fd: number;
  private readonly answer: Buffer;
  private sequence = 1;

  /** `answerBytes`: what it receives at once; the kernel makes the answers to a dump no larger. */
  constructor(calls: SystemCalls, protocol: number, answerBytes = ANSWER_BYTES) {
    this.calls = calls;
    this.answer = Buffer.alloc(answerBytes);
    this.fd = open(calls, protocol);
  }

  /** The number of the next request; a datagram with several takes as many. */
  nextSequence(requests = 1): number {
    const first = this.sequence;
    this.sequence += requests;
    return first;
  }

  /** As `request`, of one request. False: there is nothing of that name. */
  requestOfExisting(datagram: Buffer, what: string): boolean {
    try {
      this.request(datagram, what);
      return true;
    } catch (error) {
      if (error instanceof SystemCallError && error.errno === ENOENT) return false;
      throw error;
    }
  }

  /** Sends a datagram and waits until so many of its requests are acknowledged. Throws where one is refused. */
  request(datagram: Buffer, what: string, acknowledgements = 1): void {
    this.calls.send(this.fd, datagram);
    for (let waiting = acknowledgements; waiting > 0; ) {
      for (const answer of this.receive(what)) {
        if (answer.type !== NLMSG_ERROR) continue;
        refuse(answer, what);
        waiting--;
      }
    }
  }

  /** Sends a request for a dump and returns the payloads of its answers. */
  dump(datagram: Buffer, what: string): Buffer[] {
    return [...this.dumpInParts(datagram, what)].flat();
  }

  /** The same, a part for each recv: the kernel goes on with the next one when it is asked for. */
  *dumpInParts(datagram: Buffer, what: string): Generator<Buffer[], void> {
    this.calls.send(this.fd, datagram);
    for (let done = false; !done; ) {
      const payloads: Buffer[] = [];
      for (const answer of this.receive(what)) {
        if (answer.type === NLMSG_DONE) done = true;
        else if (answer.type === NLMSG_ERROR) refuse(answer, what);
        else payloads.push(Buffer.from(answer.payload));
      }
      yield payloads;
    }
  }

  close(): void {
    this.calls.close(this.fd);
  }

  private receive(what: string): ReceivedMessage[] {
    const bytes = this.calls.recv(this.fd, this.answer, 0);
    if (bytes < 0) throw new SystemCallError(what, -bytes);
    return messagesOf(this.answer.subarray(0, bytes));
  }
}

function refuse({ payload }: ReceivedMessage, what: string): void {
  const error = payload.readInt32LE(0);
  if (error !== 0) throw new SystemCallError(what, -error);
}

export interface ListeningSocket {
  fd: number;
  /** By which /proc/net/netlink names it. */
  portid: number;
  rcvbufBytes: number;
}

/** The socket of a listener: buffer and options first, so that no event meets it without them. */
export function openListener(
  calls: SystemCalls,
  bufferBytes: number,
  policy: Policy,
  groups: readonly EventGroup[],
): ListeningSocket {
  const fd = open(calls, NETLINK_NETFILTER);
  const rcvbufBytes = calls.setRcvbuf(fd, bufferBytes);
  const set = (option: number, value: number): void => calls.setsockopt(fd, SOL_NETLINK, option, value);
  if (POLICY[policy].broadcastError) set(NETLINK_BROADCAST_ERROR, 1);
  if (POLICY[policy].noEnobufs) set(NETLINK_NO_ENOBUFS, 1);
  for (const group of groups) set(NETLINK_ADD_MEMBERSHIP, NFNLGRP_CONNTRACK[group]);
  return { fd, portid: calls.getsockname(fd, ADDRESS_BYTES).readUInt32LE(4), rcvbufBytes };
}
