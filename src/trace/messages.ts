/**
 * Every message of the first listener as the bytes that the kernel would have sent: built when the kernel builds it,
 * taken down when the reader takes it from the socket; refused ones when they are refused. What the model does not know
 * is not in them: no window scales and flags of TCP, and with accounting every packet counts as one without payload.
 */
import type { Direction } from "../kernel/conntrack/status.js";
import { messageContent } from "../kernel/events/message-content.js";
import { EVENT_GROUPS, type EventGroup, type Family, type Protocol, type Scenario } from "../scenario/scenario.js";
import { classesOf } from "../scenario/traffic.js";
import type { SimulatedKernel } from "../simulation/kernel.js";
import { type Attempt, jiffiesLeft, type Offer, Tap } from "../simulation/tap.js";
import { type EventEntry, encodeEvent } from "../wire/conntrack-event.js";
import { tuplesOf } from "./addresses.js";

/** Which port a requester's netlink socket has; the kernel gives the first socket of a process its process id. */
const REQUESTER_PORTID = 4242;
/** Status bits of the kernel; the model has one of its own above them. */
const KERNEL_STATUS = 0x7fff;
const IP_HEADER_BYTES = { ipv4: 20, ipv6: 40 } as const;
const TRANSPORT_HEADER_BYTES = { udp: 8, tcp: 20, icmp: 8 } as const;

export interface TracedMessage {
  /** When it was read, or refused, in nanoseconds from the first packet. */
  nanoseconds: number;
  event: EventGroup;
  tuple: number;
  id: number;
  bytes: Uint8Array;
  /** Null: it was read. */
  refused: Pick<Offer, "rmemBytes" | "rcvbufBytes" | "queuedMessages" | "congested"> | null;
}

/** Packets of an entry, by direction. */
type Packets = [original: number, reply: number];

export class MessageRecorder extends Tap {
  private readonly kernel: SimulatedKernel;
  private readonly scenario: Scenario;
  private readonly classes: ReturnType<typeof classesOf>;
  private readonly emit: (message: TracedMessage) => void;
  private readonly queue: TracedMessage[] = [];
  private head = 0;
  private readonly packets: Packets[] = [];
  private readonly createdAt: number[] = [];
  /** The direction of the packet that is under way, of which no entry has been charged yet. */
  private charge: Direction | null = null;

  constructor(kernel: SimulatedKernel, scenario: Scenario, emit: (message: TracedMessage) => void) {
    super();
    this.kernel = kernel;
    this.scenario = scenario;
    this.classes = classesOf(scenario);
    this.emit = emit;
  }

  override packet(tuple: number, direction: Direction): void {
    const node = this.kernel.table.find(tuple, direction);
    this.charge = direction;
    if (node >= 0) this.packets[node >> 1]![direction]++;
  }

  override created(entry: number): void {
    this.packets[entry] = [0, 0];
    this.createdAt[entry] = this.kernel.clock.now;
    if (this.charge !== null) this.packets[entry]![this.charge]++;
  }

  override packetDone(): void {
    this.charge = null;
  }

  override offered(attempt: Attempt, offer: Offer): void {
    if (offer.listener !== 0) return;
    const message = this.messageOf(attempt);
    if (offer.admitted) this.queue.push(message);
    else this.emit({ ...message, refused: offer });
  }

  override received(listener: number): void {
    if (listener !== 0) return;
    const message = this.queue[this.head++]!;
    // What has been read goes, now and then, so that a long run keeps what is queued alone.
    if (this.head === 4096) {
      this.queue.splice(0, this.head);
      this.head = 0;
    }
    this.emit({ ...message, nanoseconds: this.kernel.clock.now });
  }

  override closed(listener: number): void {
    if (listener === 0) this.queue.length = this.head = 0;
  }

  private messageOf(attempt: Attempt): TracedMessage {
    const { table, clock } = this.kernel;
    const { entry, kind } = attempt;
    const event = EVENT_GROUPS[kind]!;
    const bytes = encodeEvent(event, this.entryOf(attempt, event));
    return { nanoseconds: clock.now, event, tuple: table.tupleOf(entry), id: table.idOf(entry), bytes, refused: null };
  }

  private entryOf({ entry, withProtoinfo }: Attempt, event: EventGroup): EventEntry {
    const { kernel, scenario } = this;
    const { table, clock, release, ctnetlink } = kernel;
    const { kernelConfig } = scenario;
    const { protocol, family } = this.classes[table.classOf(entry)]!;
    const left = Math.trunc(jiffiesLeft(kernel, entry) / clock.hz);
    const occasion = { type: event, protocol, family, protoinfoChanged: withProtoinfo, timeLeft: left >= 1 };
    const content = messageContent(occasion, release.layout, kernelConfig);
    const state = table.protocolStateOf(entry) & 0xf;
    return {
      family,
      protocol,
      ...tuplesOf(table.tupleOf(entry), protocol, family),
      id: table.idOf(entry),
      status: table.statusOf(entry) & KERNEL_STATUS,
      timeoutSeconds: content.timeout ? Math.max(0, left) : null,
      protoinfo:
        content.protoinfo === "full"
          ? { layout: "full", state, scaleOriginal: 0, scaleReply: 0, flagsOriginal: 0, flagsReply: 0 }
          : content.protoinfo === "state"
            ? { layout: "state", state }
            : null,
      counters: content.counters ? this.countersOf(entry, protocol, family) : null,
      timestamp: content.timestamp
        ? { startNanoseconds: BigInt(this.createdAt[entry]!), stopNanoseconds: BigInt(clock.now) }
        : null,
      mark: 0,
      zone: 0,
      secmark: null,
      eventTimestampNanoseconds: content.eventTimestamp ? BigInt(clock.now) : null,
      portid: ctnetlink.portidOf(entry) === 1 ? REQUESTER_PORTID : 0,
    };
  }

  private countersOf(entry: number, protocol: Protocol, family: Family): EventEntry["counters"] {
    const bytes = IP_HEADER_BYTES[family] + TRANSPORT_HEADER_BYTES[protocol];
    const [original, reply] = this.packets[entry]!;
    return {
      original: { packets: BigInt(original), bytes: BigInt(original * bytes) },
      reply: { packets: BigInt(reply), bytes: BigInt(reply * bytes) },
    };
  }
}
