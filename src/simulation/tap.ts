/**
 * A tap on one simulated kernel: what the kernel does, call by call, while it does it. The model does not know of it:
 * `attachTap` puts a listener before methods of the objects of this one kernel. So a run without a tap asks nothing on
 * its hot path, and a run with one is the same run: a tap only listens.
 *
 * A tap hears things in the order in which they happen; `kernel.clock.now` is when. It belongs to the trace of a run
 * (trace/), which knows what to make of them.
 */
import type { ReceivedMessage } from "../daemon/decoders.js";
import type { Verdict } from "../kernel/conntrack/packet.js";
import type { Direction } from "../kernel/conntrack/status.js";
import type { Segment } from "../kernel/conntrack/trackers/tcp-states.js";
import type { MessageKind } from "../kernel/events/kinds.js";
import { RECV_ENOBUFS, RECV_MESSAGE } from "../kernel/netlink/socket.js";
import { EXPIRES, nodeOf } from "../kernel/records.js";
import type { SimulatedKernel } from "./kernel.js";

/** One broadcast that is under way. */
export interface Attempt {
  entry: number;
  kind: MessageKind;
  withProtoinfo: boolean;
  /** It answers a request, and carries the port of whoever asked. */
  withPortid: boolean;
}

/** What a socket was like when it was offered a message, and what it did. */
export interface Offer {
  listener: number;
  truesizeBytes: number;
  rmemBytes: number;
  rcvbufBytes: number;
  queuedMessages: number;
  congested: boolean;
  admitted: boolean;
}

/** Why an entry leaves the table. `expired`: its deadline had passed when it was met. */
export type Cause = "timeout" | "expired" | "evicted" | "flush" | "delete";

/** What can be heard. A tap overrides what it wants to hear. Entries are indices of the table, which are used again. */
export class Tap {
  packet(_tuple: number, _direction: Direction, _segment: Segment): void {}
  packetDone(_tuple: number, _verdict: Verdict): void {}
  created(_entry: number): void {}
  confirmed(_entry: number): void {}
  /** Event bits (IPCT_*) are set in the cache of an entry. */
  bits(_entry: number, _bits: number): void {}
  /** The entry is about to leave the table. */
  leaves(_entry: number, _cause: Cause): void {}
  attempt(_attempt: Attempt): void {}
  offered(_attempt: Attempt, _offer: Offer): void {}
  /** `ok`: delivered, or no listener has to have it. The counterpart of `attempt`. */
  attempted(_attempt: Attempt, _ok: boolean): void {}
  dying(_entry: number): void {}
  /** It waits for its retry. `requestedJiffies`: the delay of its timer; null where a worker comes by. */
  waits(_entry: number, _requestedJiffies: number | null): void {}
  freed(_entry: number): void {}
  /** A recv of this listener took the oldest message of its queue. */
  received(_listener: number): void {}
  enobufs(_listener: number): void {}
  closed(_listener: number): void {}
  /** The observed daemon applied a message; its view gained an entry, lost one, or did not change. */
  applied(_message: ReceivedMessage, _change: -1 | 0 | 1): void {}
  /** The observed daemon made its view equal to the table. */
  resynced(): void {}
}

type Method = (...given: never[]) => unknown;
type Methods<T> = { [K in keyof T]: T[K] extends Method ? K : never }[keyof T];
type Given<F> = F extends (...given: infer G) => unknown ? G : never;
type Result<F> = F extends (...given: never[]) => infer R ? R : never;

/** From now on `hear` is called before a method of this one object, with what the method is given. */
function before<T extends object, K extends Methods<T>>(
  target: T,
  name: K,
  hear: (...given: Given<T[K]>) => void,
): void {
  interpose(target, name, (inner, given) => {
    hear(...given);
    return inner(...given);
  });
}

/** The same after it, with what it returned. */
function after<T extends object, K extends Methods<T>>(
  target: T,
  name: K,
  hear: (result: Result<T[K]>, ...given: Given<T[K]>) => void,
): void {
  interpose(target, name, (inner, given) => {
    const result = inner(...given);
    hear(result, ...given);
    return result;
  });
}

function interpose<T extends object, K extends Methods<T>>(
  target: T,
  name: K,
  call: (inner: (...given: Given<T[K]>) => Result<T[K]>, given: Given<T[K]>) => Result<T[K]>,
): void {
  const inner = (target[name] as Method).bind(target) as unknown as (...given: Given<T[K]>) => Result<T[K]>;
  target[name] = ((...given: Given<T[K]>) => call(inner, given)) as T[K];
}

/** From now on the tap hears what this kernel does. To be called before the run begins. */
export function attachTap(kernel: SimulatedKernel, tap: Tap): void {
  tapPackets(kernel, tap);
  tapTable(kernel, tap);
  tapAttempts(kernel, tap);
  tapRedelivery(kernel, tap);
  tapDaemon(kernel, tap);
}

function tapPackets({ packets, events }: SimulatedKernel, tap: Tap): void {
  before(packets, "packet", (tuple, direction, segment) => tap.packet(tuple, direction, segment));
  after(packets, "packet", (verdict, tuple) => tap.packetDone(tuple, verdict));
  before(events, "cache", (entry, bits) => tap.bits(entry, bits));
}

/** Jiffies until the timeout of an entry in the table is over; negative when it has been for a while. */
export function jiffiesLeft({ table, clock }: SimulatedKernel, entry: number): number {
  return table.records.nodes[nodeOf(entry) + EXPIRES]! - clock.jiffies;
}

function tapTable(kernel: SimulatedKernel, tap: Tap): void {
  const { table, deletion, release } = kernel;
  after(table, "allocate", (entry) => tap.created(entry));
  after(table, "link", (_, entry) => tap.confirmed(entry));
  before(table, "free", (entry) => tap.freed(entry));
  after(table, "moveToDying", (_, entry) => tap.dying(entry));
  before(deletion, "expire", (entry) => tap.leaves(entry, "timeout"));
  before(deletion, "evict", (entry) => {
    const expired = release.gc !== "none" && jiffiesLeft(kernel, entry) <= 0;
    tap.leaves(entry, expired ? "expired" : "evicted");
  });
  before(deletion, "deleteByRequest", (entry) => tap.leaves(entry, "flush"));
  before(deletion, "deleteFound", (entry) => tap.leaves(entry, "delete"));
}

function tapAttempts({ ctnetlink, sockets }: SimulatedKernel, tap: Tap): void {
  let attempt: Attempt | null = null;
  before(ctnetlink, "send", (kind, entry, withProtoinfo, withPortid) => {
    attempt = { entry, kind, withProtoinfo, withPortid };
    tap.attempt(attempt);
  });
  after(ctnetlink, "send", (ok) => tap.attempted(attempt!, ok));
  sockets.forEach((socket, listener) => {
    let was: Pick<Offer, "rmemBytes" | "rcvbufBytes" | "queuedMessages" | "congested"> | null = null;
    before(socket, "offer", () => {
      const { rmem: rmemBytes, rcvbufBytes, queued: queuedMessages, congested } = socket;
      was = { rmemBytes, rcvbufBytes, queuedMessages, congested };
    });
    after(socket, "offer", (admitted, _, truesizeBytes) => {
      tap.offered(attempt!, { listener, truesizeBytes, ...was!, admitted });
    });
  });
}

function tapRedelivery({ redelivery, timers, clock }: SimulatedKernel, tap: Tap): void {
  let requested: number | null = null;
  before(timers, "arm", (_, expires) => {
    requested = expires - clock.jiffies;
  });
  // A timer that fires in vain calls this, too: it is the same method of the same object.
  before(redelivery, "add", () => {
    requested = null;
  });
  after(redelivery, "add", (_, entry) => tap.waits(entry, requested));
}

function tapDaemon({ sockets, ledger }: SimulatedKernel, tap: Tap): void {
  sockets.forEach((socket, listener) => {
    after(socket, "recv", (result) => {
      if (result === RECV_MESSAGE) tap.received(listener);
      else if (result === RECV_ENOBUFS) tap.enobufs(listener);
    });
    after(socket, "close", () => tap.closed(listener));
  });
  after(ledger, "read", (_, message, change) => tap.applied(message, change));
  after(ledger, "resynced", () => tap.resynced());
}
