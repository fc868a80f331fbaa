/**
 * netlink_broadcast() over several listeners: every member of the group is offered the message, a refusal never stops
 * the round, and the result is failure only when a socket with NETLINK_BROADCAST_ERROR refused. It owns the order
 * (newest subscriber first) and the result; one socket's admission is socket.ts. The first listener of the scenario is
 * the observed one: whether it got the message is kept for the accounts of the run.
 */
import type { KernelConfig } from "../../scenario/scenario.js";
import type { MessageTransport } from "../events/ctnetlink.js";
import type { Release } from "../release.js";
import type { MessageFields, NetlinkSocket } from "./socket.js";
import { type Truesize, truesize } from "./truesize.js";

/**
 * What a listener did with a message. Not offered: it is closed, not in the group, or the message could not be built.
 */
const NOT_OFFERED = 0;
export const ADMITTED = 1;
export const REFUSED = 2;

/** Who lets a listener run that waits for messages. */
export interface Waker {
  wake(listener: number): void;
}

export class Broadcast implements MessageTransport {
  protected readonly sockets: readonly NetlinkSocket[];
  /** The observed listener. */
  private readonly first: NetlinkSocket | undefined;
  /** The index of the newest subscriber. */
  private readonly last: number;
  private readonly release: Release;
  private readonly config: KernelConfig;
  /** What the observed listener did with the last message. */
  observed: typeof NOT_OFFERED | typeof ADMITTED | typeof REFUSED = NOT_OFFERED;
  /** Messages that sockets have taken so far. */
  admitted = 0;
  /** Hears of a listener whose empty queue got a message. */
  waker: Waker = { wake: () => {} };

  constructor(sockets: readonly NetlinkSocket[], release: Release, config: KernelConfig) {
    this.release = release;
    this.config = config;
    this.sockets = sockets;
    this.first = sockets[0];
    this.last = sockets.length - 1;
  }

  /** What the queue of the first listener holds. */
  get rmem(): number {
    return this.sockets[0]!.rmem;
  }

  charge(payloadBytes: number, usedBytes: number): Truesize {
    return truesize(payloadBytes, usedBytes, this.release, this.config);
  }

  /** A round begins. */
  protected resetObserved(): void {
    this.observed = NOT_OFFERED;
  }

  /** A socket that joined no group does not count: the kernel learns of listeners when they join (ctnetlink's bind). */
  hasListener(): boolean {
    return this.sockets.some((socket) => socket.open && socket.groups !== 0);
  }

  /** True: success for the caller, also when nobody listens (-ESRCH). False: -ENOBUFS, a reliable listener refused. */
  send(kind: number, truesizeBytes: number, entry: number, message: MessageFields): boolean {
    let ok = true;
    for (let index = this.last; index > 0; index--) {
      const socket = this.sockets[index]!;
      if (socket.hears(kind) && !this.offer(index, socket, kind, truesizeBytes, entry, message)) {
        ok &&= !socket.broadcastError;
      }
    }
    const { first } = this;
    if (first === undefined || !first.hears(kind)) {
      this.observed = NOT_OFFERED;
      return ok;
    }
    const admitted = this.offer(0, first, kind, truesizeBytes, entry, message) === true;
    this.observed = admitted ? ADMITTED : REFUSED;
    return ok && (admitted || !first.broadcastError);
  }

  private offer(
    index: number,
    socket: NetlinkSocket,
    kind: number,
    truesizeBytes: number,
    entry: number,
    message: MessageFields,
  ): boolean {
    const wasReadable = socket.readable;
    const admitted = socket.offer(kind, truesizeBytes, entry, message);
    if (admitted) this.admitted++;
    if (!wasReadable && (admitted || socket.readable)) this.waker.wake(index);
    return admitted;
  }

  /** netlink_set_err() on every member: how many of them set NETLINK_NO_ENOBUFS. */
  setError(kind: number): number {
    let withNoEnobufs = 0;
    this.observed = NOT_OFFERED;
    for (let index = this.sockets.length - 1; index >= 0; index--) {
      const socket = this.sockets[index]!;
      if (!socket.hears(kind)) continue;
      const wasReadable = socket.readable;
      socket.setError();
      if (socket.noEnobufs) withNoEnobufs++;
      if (!wasReadable && socket.readable) this.waker.wake(index);
    }
    return withNoEnobufs;
  }
}
