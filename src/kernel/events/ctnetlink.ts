/**
 * From an event to a message on its way: which bytes it has, which truesize it is charged, whether it can be built at
 * all, and what a failure to build it means. It follows ctnetlink_conntrack_event() with its nla_put_failure and errout
 * paths. All entries of a class of traffic have one protocol and one family, so the sizes are computed once, from
 * encoded messages (message.ts). Sockets are behind `MessageTransport`.
 */
import type { EventGroup, Family, KernelConfig, Protocol } from "../../scenario/scenario.js";
import type { KernelClock } from "../clock.js";
import type { ConntrackTable } from "../conntrack/table.js";
import { destroyedAtOf } from "../records.js";
import type { Release } from "../release.js";
import type { MessageSink } from "./ecache.js";
import { allocatedPayloadBytes, estimateBytes } from "./estimate.js";
import { KIND_DESTROY, KIND_GROUPS, type MessageKind } from "./kinds.js";
import { messageBytes } from "./message.js";

/** What ctnetlink asks of netlink. */
export interface MessageTransport {
  /** The truesize of a message allocated for `payloadBytes` that uses `usedBytes`, and the bytes that fit into it. */
  charge(payloadBytes: number, usedBytes: number): { bytes: number; roomBytes: number };
  /** `message` answers for the fields of the message while the call lasts. */
  send(kind: number, truesizeBytes: number, entry: number, message: Ctnetlink): boolean;
  setError(kind: number): number;
  /** Whether any socket has joined any group. */
  hasListener(): boolean;
}

interface MessageSize {
  bytes: number;
  truesizeBytes: number;
  fits: boolean;
}

export class Ctnetlink implements MessageSink {
  private readonly clock: KernelClock;
  private readonly table: ConntrackTable;
  private readonly transport: MessageTransport;
  private readonly keptForNoEnobufs: boolean;
  private readonly chainEvents: boolean;
  /** Of any message. */
  readonly largestTruesize: number;
  /** By class of traffic and kind, without and with PROTOINFO side by side: truesizes, negative where none fits. */
  private readonly truesizes: Int32Array;
  private readonly isMixed: boolean;
  /** Whether the message of the call under way answers a request. */
  private withPortid = false;
  /** Broadcasts so far, built or not, and those that could not be built. */
  attempts = 0;
  unbuilt = 0;

  constructor(
    clock: KernelClock,
    table: ConntrackTable,
    transport: MessageTransport,
    release: Release,
    config: KernelConfig,
    flows: readonly { protocol: Protocol; family: Family }[],
  ) {
    this.clock = clock;
    this.table = table;
    this.transport = transport;
    this.chainEvents = config.chainEvents;
    this.keptForNoEnobufs = release.buildFailure === "kept-for-no-enobufs";
    const sizes = flows.flatMap(({ protocol, family }) =>
      KIND_GROUPS.flatMap((type) =>
        [false, protocol === "tcp" && type !== "destroy"].map((withProtoinfo) =>
          messageSize(transport, release, config, protocol, family, type, withProtoinfo),
        ),
      ),
    );
    this.isMixed = flows.length > 1;
    this.truesizes = Int32Array.from(sizes, ({ truesizeBytes, fits }) => (fits ? truesizeBytes : -truesizeBytes));
    this.largestTruesize = Math.max(...sizes.map(({ truesizeBytes }) => truesizeBytes));
  }

  /** The truesize of one message of a kind of the first class, without PROTOINFO, whether it can be built or not. */
  truesizeOf(kind: MessageKind): number {
    return Math.abs(this.truesizes[2 * kind]!);
  }

  /** With a chain of notifiers the failure does not come back: the caller sees success. */
  send(kind: MessageKind, entry: number, withProtoinfo: boolean, withPortid: boolean): boolean {
    this.attempts++;
    const first = this.isMixed ? 6 * this.table.classOf(entry) : 0;
    const truesizeBytes = this.truesizes[first + 2 * kind + (withProtoinfo ? 1 : 0)]!;
    if (truesizeBytes < 0) return this.failToBuild(kind) || this.chainEvents;
    this.withPortid = withPortid;
    return this.transport.send(kind, truesizeBytes, entry, this) || this.chainEvents;
  }

  private failToBuild(kind: MessageKind): boolean {
    this.unbuilt++;
    const withNoEnobufs = this.transport.setError(kind);
    return !(this.keptForNoEnobufs && withNoEnobufs > 0);
  }

  tupleOf(entry: number): number {
    return this.table.tupleOf(entry);
  }

  idOf(entry: number): number {
    return this.table.idOf(entry);
  }

  /** A failed request stored its portid, and every resend carries it. */
  portidOf(entry: number): number {
    return this.withPortid || this.table.hasPortid(entry) ? 1 : 0;
  }

  raisedAt(kind: number, entry: number): number {
    return kind === KIND_DESTROY ? this.table.records.doubles[destroyedAtOf(entry)]! : this.clock.now;
  }

  hasListener(): boolean {
    return this.transport.hasListener();
  }

  /** The entry's DESTROY is raised now. */
  stampDestroy(entry: number): void {
    this.table.records.doubles[destroyedAtOf(entry)] = this.clock.now;
  }
}

/** Bytes, truesize and fit of one kind of message. */
export function messageSize(
  transport: Pick<MessageTransport, "charge">,
  release: Release,
  config: KernelConfig,
  protocol: Protocol,
  family: Family,
  type: EventGroup,
  withProtoinfo: boolean,
): MessageSize {
  const payload = allocatedPayloadBytes(estimateBytes(release.estimate, protocol, family, config));
  const occasion = { type, protocol, family, protoinfoChanged: withProtoinfo, timeLeft: false };
  const bytes = messageBytes(occasion, release.layout, config);
  const charge = transport.charge(payload, bytes);
  return { bytes, truesizeBytes: charge.bytes, fits: bytes <= charge.roomBytes };
}
