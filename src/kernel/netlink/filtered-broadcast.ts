/**
 * The round over the listeners where one of them has a socket filter: do_one_broadcast() runs sk_filter() on each
 * member's copy and passes over a member that rejects it, before its receive buffer is looked at. Nothing is charged
 * then, nothing refused, and for the sender it is no failure. It owns that rule; without a filter the plain round runs
 * and asks nothing.
 */
import type { KernelConfig, ListenerScenario, TrafficClass } from "../../scenario/scenario.js";
import type { Release } from "../release.js";
import { ADMITTED, Broadcast, REFUSED } from "./broadcast.js";
import type { MessageFields, NetlinkSocket } from "./socket.js";

/** By class of traffic: whether a listener's filter lets its messages pass. Null: it has no filter. */
export type Passes = readonly boolean[] | null;

export function passesOf({ filter }: ListenerScenario, classes: readonly TrafficClass[]): Passes {
  if (filter === null) return null;
  return classes.map(({ protocol, name }) => filter.includes(protocol) || filter.includes(name));
}

export class FilteredBroadcast extends Broadcast {
  private readonly passes: readonly Passes[];
  private readonly classOf: (entry: number) => number;

  constructor(
    sockets: readonly NetlinkSocket[],
    release: Release,
    config: KernelConfig,
    passes: readonly Passes[],
    classOf: (entry: number) => number,
  ) {
    super(sockets, release, config);
    this.passes = passes;
    this.classOf = classOf;
  }

  override send(kind: number, truesizeBytes: number, entry: number, message: MessageFields): boolean {
    const flowClass = this.classOf(entry);
    let ok = true;
    this.resetObserved();
    for (let index = this.sockets.length - 1; index >= 0; index--) {
      const socket = this.sockets[index]!;
      if (!socket.hears(kind) || this.passes[index]?.[flowClass] === false) continue;
      const wasReadable = socket.readable;
      const admitted = socket.offer(kind, truesizeBytes, entry, message);
      if (admitted) this.admitted++;
      else if (socket.broadcastError) ok = false;
      if (index === 0) this.observed = admitted ? ADMITTED : REFUSED;
      if (!wasReadable && socket.readable) this.waker.wake(index);
    }
    return ok;
  }
}
