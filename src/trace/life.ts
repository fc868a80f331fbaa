/**
 * The life of one entry: every packet of it, every state and bit, every attempt with the socket as it was then and the
 * reason of a refusal, the dying list, the timers, the delivery, and what the daemon believed meanwhile. It records;
 * the words for it are life-text.ts.
 *
 * Entries are numbered in the order in which the table made them, from 1: an index of the table is used again.
 */
import type { ReceivedMessage } from "../daemon/decoders.js";
import type { Verdict } from "../kernel/conntrack/packet.js";
import type { Direction } from "../kernel/conntrack/status.js";
import { ACTIVE } from "../kernel/conntrack/table.js";
import type { Segment } from "../kernel/conntrack/trackers/tcp-states.js";
import { KIND_DESTROY } from "../kernel/events/kinds.js";
import { EVENT_GROUPS, type EventGroup, type Family, type Protocol, type Scenario } from "../scenario/scenario.js";
import { classesOf } from "../scenario/traffic.js";
import type { SimulatedKernel } from "../simulation/kernel.js";
import { type Attempt, type Cause, jiffiesLeft, type Offer, Tap } from "../simulation/tap.js";
import { eventBitNames, SEGMENTS, statusNames, TCP_STATES } from "./names.js";

/** What the daemon of the first listener believes of the entry. `unknown`: no message of it has been read. */
export type Belief = "unknown" | "alive" | "dead";

/** `full`: no room for the message. `congested`: refused without looking, until the queue is empty once. */
type Refusal = "full" | "congested";

export interface ListenerOffer {
  /** Counted from 1, in the order of the scenario. */
  listener: number;
  queuedMessages: number;
  rmemBytes: number;
  rcvbufBytes: number;
  truesizeBytes: number;
  admitted: boolean;
  refusal: Refusal | null;
}

export type Step =
  | {
      what: "packet";
      direction: "original" | "reply";
      segment: string | null;
      verdict: "accepted" | "table full" | "dropped";
      status: readonly string[];
      state: string | null;
      timeoutSeconds: number | null;
    }
  | { what: "created" }
  | { what: "confirmed" }
  | { what: "bits"; bits: readonly string[] }
  | { what: "leaves"; cause: Cause }
  | {
      what: "attempt";
      event: EventGroup;
      /** Of this event of this entry, from 1: above 1 it is a resend. */
      number: number;
      /** Bits that the message carries. */
      carries: readonly string[];
      listeners: readonly ListenerOffer[];
      /** `kept`: the bits stay and are attempted again; `lost`: no message will carry them. */
      outcome: "delivered" | "kept" | "lost" | "unheard";
    }
  | { what: "dying"; dyingEntries: number }
  | {
      what: "waits";
      /** What was asked for, and when the timer fires; null where a worker comes by, and then when it is due. */
      requestedSeconds: number | null;
      armedSeconds: number | null;
    }
  | { what: "read"; event: EventGroup; queuedSeconds: number; believes: Belief }
  | { what: "resync"; believes: Belief }
  | { what: "freed" };

export type TimedStep = Step & { seconds: number };

export interface Life {
  /** Of the entry, in the order in which the table made them, from 1. */
  entry: number;
  tuple: number;
  id: number;
  protocol: Protocol;
  family: Family;
  steps: readonly TimedStep[];
  /** At the end of the run. */
  fate: "freed" | "dying" | "active" | "unconfirmed";
  believes: Belief;
}

const VERDICTS = ["accepted", "table full", "dropped", "dropped"] as const;

export class LifeRecorder extends Tap {
  private readonly kernel: SimulatedKernel;
  private readonly wanted: number;
  private readonly classes: ReturnType<typeof classesOf>;
  private protocol: Protocol = "udp";
  private family: Family = "ipv4";
  private readonly steps: TimedStep[] = [];
  private made = 0;
  /** Its index while it has one. */
  private entry = -1;
  private tuple = 0;
  private id = 0;
  private waitingBits = 0;
  private offers: ListenerOffer[] = [];
  private attempts: Record<EventGroup, number> = { new: 0, update: 0, destroy: 0 };
  /** When its messages that the first listener has not read yet were admitted. */
  private readonly admittedAt: number[] = [];
  private believes: Belief = "unknown";
  private isFreed = false;

  /** `wanted`: which entry, in the order in which the table makes them, from 1. */
  constructor(kernel: SimulatedKernel, wanted: number, scenario: Scenario) {
    super();
    this.kernel = kernel;
    this.wanted = wanted;
    this.classes = classesOf(scenario);
  }

  /** Null: the table made no such entry. */
  life(): Life | null {
    if (this.made < this.wanted) return null;
    const { wanted: entry, tuple, id, protocol, family, steps, believes } = this;
    const place = this.isFreed ? 0 : this.kernel.table.placeOf(this.entry);
    const fate = (["freed", "unconfirmed", "active", "dying"] as const)[place]!;
    return { entry, tuple, id, protocol, family, steps, fate, believes };
  }

  private add(step: Step): void {
    this.steps.push({ seconds: this.kernel.clock.now / 1e9, ...step });
  }

  override packetDone(tuple: number, verdict: Verdict): void {
    const last = this.pending;
    this.pending = null;
    if (last === null || this.tuple !== tuple || this.entry < 0) return;
    const { table } = this.kernel;
    const isTcp = this.protocol === "tcp";
    // Where the packet let the entry go, its record says nothing any more.
    const gone = this.isFreed || table.placeOf(this.entry) !== ACTIVE;
    const left = gone ? null : jiffiesLeft(this.kernel, this.entry) / this.kernel.clock.hz;
    this.steps.splice(last.at, 0, {
      seconds: last.seconds,
      what: "packet",
      direction: last.direction === 0 ? "original" : "reply",
      segment: isTcp ? SEGMENTS[last.segment]! : null,
      verdict: VERDICTS[verdict],
      status: gone ? [] : statusNames(table.statusOf(this.entry)),
      state: isTcp && !gone ? TCP_STATES[table.protocolStateOf(this.entry) & 0xf]! : null,
      timeoutSeconds: left,
    });
  }

  private pending: { at: number; seconds: number; direction: Direction; segment: Segment } | null = null;

  override packet(tuple: number, direction: Direction, segment: Segment): void {
    const isIts = this.entry >= 0 && !this.isFreed && tuple === this.tuple;
    const mayBecome = this.made + 1 === this.wanted;
    if (!isIts && !mayBecome) return;
    this.pending = { at: this.steps.length, seconds: this.kernel.clock.now / 1e9, direction, segment };
  }

  override created(entry: number): void {
    if (++this.made !== this.wanted) return;
    this.entry = entry;
    this.tuple = this.kernel.table.tupleOf(entry);
    this.id = this.kernel.table.idOf(entry);
    const { protocol, family } = this.classes[this.kernel.table.classOf(entry)]!;
    this.protocol = protocol;
    this.family = family;
    this.add({ what: "created" });
  }

  override confirmed(entry: number): void {
    if (this.isIt(entry)) this.add({ what: "confirmed" });
  }

  override bits(entry: number, bits: number): void {
    if (!this.isIt(entry)) return;
    this.waitingBits |= bits;
    this.add({ what: "bits", bits: eventBitNames(bits) });
  }

  override leaves(entry: number, cause: Cause): void {
    if (this.isIt(entry)) this.add({ what: "leaves", cause });
  }

  override attempt({ entry }: Attempt): void {
    if (this.isIt(entry)) this.offers = [];
  }

  override offered({ entry }: Attempt, offer: Offer): void {
    if (!this.isIt(entry)) return;
    const { listener, congested, admitted, ...socket } = offer;
    this.offers.push({
      listener: listener + 1,
      ...socket,
      admitted,
      refusal: admitted ? null : congested ? "congested" : "full",
    });
    if (admitted && listener === 0) this.admittedAt.push(this.kernel.clock.now);
  }

  override attempted({ entry, kind }: Attempt, ok: boolean): void {
    if (!this.isIt(entry)) return;
    const event = EVENT_GROUPS[kind]!;
    const carries = kind === KIND_DESTROY ? ["DESTROY"] : eventBitNames(this.waitingBits);
    const first = this.offers.find(({ listener }) => listener === 1);
    const outcome = !ok ? "kept" : first === undefined ? "unheard" : first.admitted ? "delivered" : "lost";
    const number = ++this.attempts[event];
    if (ok) {
      this.waitingBits = 0;
      this.attempts[event] = 0;
    }
    this.add({ what: "attempt", event, number, carries, listeners: this.offers.reverse(), outcome });
  }

  override dying(entry: number): void {
    if (this.isIt(entry)) this.add({ what: "dying", dyingEntries: this.kernel.table.dying });
  }

  override waits(entry: number, requestedJiffies: number | null): void {
    if (!this.isIt(entry)) return;
    const { clock, timers, redelivery } = this.kernel;
    if (requestedJiffies !== null) {
      const fires = clock.timeOf(timers.expiresAt(entry));
      const armedSeconds = Math.max(0, fires - clock.now) / 1e9;
      this.add({ what: "waits", requestedSeconds: requestedJiffies / clock.hz, armedSeconds });
      return;
    }
    const due = (redelivery.due - clock.now) / 1e9;
    this.add({ what: "waits", requestedSeconds: null, armedSeconds: Number.isFinite(due) ? Math.max(0, due) : null });
  }

  override freed(entry: number): void {
    if (!this.isIt(entry)) return;
    this.add({ what: "freed" });
    this.isFreed = true;
  }

  override closed(listener: number): void {
    if (listener === 0) this.admittedAt.length = 0;
  }

  override applied({ kind, tuple, id }: ReceivedMessage): void {
    const admittedAt = this.admittedAt[0];
    if (admittedAt === undefined || tuple !== this.tuple || id !== this.id) return;
    this.admittedAt.shift();
    this.believes = kind === KIND_DESTROY ? "dead" : "alive";
    const queuedSeconds = (this.kernel.clock.now - admittedAt) / 1e9;
    this.add({ what: "read", event: EVENT_GROUPS[kind]!, queuedSeconds, believes: this.believes });
  }

  override resynced(): void {
    if (this.entry < 0) return;
    const listed = !this.isFreed && this.kernel.table.placeOf(this.entry) === ACTIVE;
    const believes = listed ? "alive" : this.believes === "alive" ? "dead" : this.believes;
    if (believes === this.believes) return;
    this.believes = believes;
    this.add({ what: "resync", believes });
  }

  private isIt(entry: number): boolean {
    return entry === this.entry && !this.isFreed;
  }
}
