/**
 * netlink_broadcast() over several listeners: every member of the group is offered the message, a refusal never stops the
 * round, and the result is failure only when a socket with NETLINK_BROADCAST_ERROR refused. It owns the order (newest
 * subscriber first) and the result; one socket's admission is socket.ts. The first listener of the scenario is the observed
 * one: whether it got the message is kept for the accounts of the run.
 */
import type { KernelConfig } from "../../scenario/scenario.js";
import type { MessageTransport } from "../events/ctnetlink.js";
import type { Release } from "../release.js";
import type { MessageFields, NetlinkSocket } from "./socket.js";
import { type Truesize, truesize } from "./truesize.js";

export class Broadcast implements MessageTransport {
  private readonly sockets: readonly NetlinkSocket[];
  private readonly observed: NetlinkSocket;
  private readonly release: Release;
  private readonly config: KernelConfig;
  /** Whether the observed listener admitted or refused the last message; neither: it is not in the group. */
  observedAdmitted = false;
  observedRefused = false;
  /** Called with the index of a listener whose empty queue got a message. */
  whenReadable: (listener: number) => void = () => {};

  constructor(sockets: readonly NetlinkSocket[], release: Release, config: KernelConfig) {
    this.release = release;
    this.config = config;
    this.sockets = sockets;
    this.observed = sockets[0]!;
  }

  charge(payloadBytes: number, usedBytes: number): Truesize {
    return truesize(payloadBytes, usedBytes, this.release, this.config);
  }

  hasListener(): boolean {
    return this.sockets.some((socket) => socket.open);
  }

  /** True: success for the caller, also when nobody listens (-ESRCH). False: -ENOBUFS, a reliable listener refused. */
  send(kind: number, truesizeBytes: number, entry: number, message: MessageFields): boolean {
    let ok = true;
    this.observedAdmitted = false;
    this.observedRefused = false;
    for (let index = this.sockets.length - 1; index >= 0; index--) {
      const socket = this.sockets[index]!;
      if (!socket.open || (socket.groups & (1 << kind)) === 0) continue;
      const wasReadable = socket.readable;
      const admitted = socket.admit(truesizeBytes);
      if (admitted) socket.enqueue(kind, truesizeBytes, entry, message);
      else if (socket.broadcastError) ok = false;
      if (socket === this.observed) {
        this.observedAdmitted = admitted;
        this.observedRefused = !admitted;
      }
      if (!wasReadable && socket.readable) this.whenReadable(index);
    }
    return ok;
  }

  /** netlink_set_err() on every member: how many of them set NETLINK_NO_ENOBUFS. */
  setError(kind: number): number {
    let withNoEnobufs = 0;
    this.observedAdmitted = false;
    this.observedRefused = false;
    for (let index = this.sockets.length - 1; index >= 0; index--) {
      const socket = this.sockets[index]!;
      if (!socket.open || (socket.groups & (1 << kind)) === 0) continue;
      const wasReadable = socket.readable;
      socket.setError();
      if (socket.noEnobufs) withNoEnobufs++;
      if (!wasReadable && socket.readable) this.whenReadable(index);
    }
    return withNoEnobufs;
  }
}
