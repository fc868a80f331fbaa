/**
 * The slow reader of one socket: one message per recv, then its service time, stalls, being held, leaving, and what an
 * ENOBUFS makes it do: stop for good, or, as conntrackd does (event_cb() in its src/ctnl.c), ask for a larger buffer
 * and later for the whole table. It owns when it acts next; the CPU that it needs and the table that it asks for are
 * the machine's business (simulation/) and what a message means is view.ts. Times are nanoseconds since the first
 * packet.
 */
import { earlier, later, NEVER } from "../kernel/clock.js";
import { type NetlinkSocket, RECV_EMPTY, RECV_ENOBUFS, RECV_MESSAGE } from "../kernel/netlink/socket.js";
import type { Costs, ListenerScenario } from "../scenario/scenario.js";
import type { Stream } from "../scenario/streams.js";
import { Decoders, type ReceivedMessage } from "./decoders.js";
import type { DaemonView } from "./view.js";

/** Keeps the books of what a daemon learns. */
export interface ReadObserver {
  /** The daemon applied a message at `now`, and its view changed by `change`. */
  read(message: ReceivedMessage, change: -1 | 0 | 1, now: number): void;
  /** The program read a message and dropped it before anything looked at it. */
  dropped(message: ReceivedMessage): void;
}

export class Reader {
  readonly socket: NetlinkSocket;
  readonly view: DaemonView;
  protected readonly scenario: ListenerScenario;
  /** Exponentials for its service times, uniforms for how late it wakes. */
  private readonly chance: Pick<Stream, "exponential" | "uniform">;
  protected readonly observer: ReadObserver | null;
  protected readonly recvNanoseconds: number;
  /** Of the scenario: 0 for one that is as fast as its recvs. */
  private readonly meanService: number;
  /** For a message that names who asked for the deletion. */
  private readonly meanPortidService: number;
  private readonly fixedService: boolean;
  private readonly hasStalls: boolean;
  private readonly overshootNanoseconds: number;
  /** Null for one decoder: it applies a message when it has read it, and then takes its service time. */
  protected readonly decoders: Decoders | null;
  /**
   * When it acts next: recv, dump, or a decoder that is done. NEVER while it only waits in a recv, and once it reads no
   * more.
   */
  due = NEVER;
  /** It sleeps inside a recv on an empty queue. */
  waiting = true;
  private slow: boolean;
  /** It does nothing before: it is held, dumps, or (NEVER) has stopped. */
  protected heldUntil = Number.NEGATIVE_INFINITY;
  /** When it wants to dump the kernel's table. */
  protected dumpAt = NEVER;
  /** A dump in parts is under way. */
  protected dumping = false;
  /** Dumps after an ENOBUFS so far. */
  resyncs = 0;
  /** Reads the parts of dumps that come on the socket of its events. Set by whoever wires the machine, if there are. */
  replies: { read(): number } | null = null;

  constructor(
    socket: NetlinkSocket,
    view: DaemonView,
    scenario: ListenerScenario,
    costs: Pick<Costs, "recvNanoseconds" | "overshootNanoseconds">,
    chance: Pick<Stream, "exponential" | "uniform">,
    observer: ReadObserver | null,
  ) {
    this.socket = socket;
    this.view = view;
    this.scenario = scenario;
    this.recvNanoseconds = costs.recvNanoseconds;
    this.meanService = scenario.serviceNanoseconds;
    this.meanPortidService = scenario.portidServiceNanoseconds ?? scenario.serviceNanoseconds;
    this.hasStalls = scenario.stall !== null || scenario.stallOnce !== null;
    this.fixedService = scenario.serviceDistribution === "fixed";
    this.overshootNanoseconds = costs.overshootNanoseconds;
    this.chance = chance;
    this.observer = observer;
    this.decoders = scenario.decoders === 1 && scenario.queue === null ? null : new Decoders(scenario.decoders);
    this.slow = scenario.slowFrom === "start";
    if (scenario.poll !== null) this.dumpAt = scenario.poll.everyNanoseconds;
    this.due = this.dumpAt;
  }

  /** The socket became readable while the reader waited; it runs at `at` or when its hold or stall ends. */
  wake(at: number): void {
    if (this.waiting !== true || this.heldUntil === NEVER) return;
    this.due = earlier(this.due, this.afterPauses(at));
  }

  /** It was to run at `due` and can run earlier. */
  hasten(at: number): void {
    this.due = earlier(this.due, this.afterPauses(this.freeFrom(at)));
  }

  /** The flush begins: from now on the reader is as slow as the scenario says, and may be held. */
  flushBegins(now: number): void {
    this.slow = true;
    const held = this.scenario.heldAfterFlushNanoseconds;
    if (held === 0) return;
    this.heldUntil = held === null ? NEVER : later(this.heldUntil, now + held);
    // It sleeps outside of recv: what arrives meanwhile meets a reader that will look at the error first.
    this.waiting = false;
    this.due = this.freeFrom(this.heldUntil);
  }

  close(): void {
    this.socket.close();
    this.due = NEVER;
    this.waiting = true;
    this.heldUntil = NEVER;
  }

  /** Whether it dumps the kernel's table before it reads on. */
  wantsDump(now: number): boolean {
    return this.dumpAt <= now;
  }

  /** It dumped the kernel's table at `now` and is busy with the answer for so long. */
  dumped(now: number, nanoseconds: number): void {
    this.resyncs++;
    this.dumpAt = NEVER;
    this.heldUntil = now + nanoseconds;
    // It slept in no recv: what came meanwhile meets a reader that looks at the error first.
    this.waiting = false;
    this.due = this.afterPauses(this.freeFrom(this.heldUntil));
  }

  /** It asked for a dump on the socket of its events, whose parts it will find there among the events. */
  dumpBegins(now: number): void {
    this.dumping = true;
    this.dumpAt = NEVER;
    this.waiting = false;
    this.due = this.afterPauses(now + this.recvNanoseconds);
  }

  /** It is busy with a part of a dump until then, and goes on with the dump. */
  fetches(until: number): void {
    this.dumping = true;
    this.heldUntil = until;
    this.waiting = false;
    this.due = this.afterPauses(until);
  }

  /** The dump is over at `now`, and its view is what the dump said. */
  dumpEnds(now: number): void {
    this.dumping = false;
    if (this.scenario.poll === null) this.resyncs++;
    this.planDump(now);
    this.due = earlier(this.due, this.afterPauses(this.freeFrom(later(now, this.heldUntil))));
  }

  /** The kernel had no room for the first part of a dump. conntrackd asks no second time, a poll at its next turn. */
  dumpFails(now: number): void {
    this.waiting = false;
    this.planDump(now);
    this.due = this.afterPauses(this.freeFrom(now + this.recvNanoseconds));
  }

  private planDump(now: number): void {
    const { poll } = this.scenario;
    this.dumpAt = poll === null ? NEVER : now + poll.everyNanoseconds;
  }

  /** Messages that were read and not yet applied. */
  get inFlight(): number {
    return this.decoders?.inFlight ?? 0;
  }

  /** Messages that it read and dropped. */
  get droppedMessages(): number {
    return 0;
  }

  /**
   * One recv at `now`; several decoders first apply what one of them has done. Sets when it acts next. False: it sleeps
   * in this recv, because there is nothing to read.
   */
  recv(now: number): boolean {
    const { decoders } = this;
    if (decoders !== null) this.applyDecoded(decoders, now);
    const result = this.socket.recv(this.waiting);
    if (result === RECV_EMPTY) {
      this.waiting = true;
      this.due = this.afterPauses(decoders === null ? this.dumpAt : earlier(this.dumpAt, decoders.due));
      return false;
    }
    this.waiting = false;
    let free = now + this.recvNanoseconds;
    if (result === RECV_MESSAGE) {
      const served = free + this.serviceNanoseconds(this.socket.portid);
      if (decoders === null) {
        this.apply(this.socket, now);
        free = served;
      } else {
        decoders.take(this.socket, served);
      }
    } else if (result === RECV_ENOBUFS) {
      this.overrun(free);
    } else {
      free = now + this.replies!.read();
    }
    this.due = this.afterPauses(this.freeFrom(free));
    return true;
  }

  /** Whether it has read everything that it ever will. */
  get idle(): boolean {
    const polls = this.scenario.poll !== null;
    if (this.heldUntil === NEVER || (!this.socket.open && !polls)) return true;
    // A poll finds out by its next dump what is gone.
    const dumps = polls ? this.dumping || this.view.alive > 0 : this.dumpAt !== NEVER;
    return this.waiting && !this.socket.readable && !dumps && this.inFlight === 0;
  }

  protected applyDecoded(decoders: Decoders, now: number): void {
    const decoded = decoders.finish(now);
    if (decoded === null) return;
    if (decoded.overtaken) this.view.reordered++;
    this.apply(decoded, now);
  }

  protected apply(message: ReceivedMessage, now: number): void {
    const change = this.view.apply(message.kind, message.tuple, message.id, message.portid);
    if (this.observer !== null) this.observer.read(message, change, now);
  }

  /** What it does about an ENOBUFS. */
  protected overrun(now: number): void {
    const { stopsAtEnobufs, resyncAfterNanoseconds, overrunAs } = this.scenario;
    if (stopsAtEnobufs) this.heldUntil = NEVER;
    this.grow();
    if (resyncAfterNanoseconds === null) return;
    // Every ENOBUFS puts conntrackd's alarm off: add_alarm() takes a pending one out first, so that under constant loss
    // no dump ever comes. ulogd leaves a pending timer alone.
    if (overrunAs === "conntrackd" || this.dumpAt === NEVER) this.dumpAt = now + resyncAfterNanoseconds;
  }

  /** The kernel doubles a request; conntrackd asks for what it has, ulogd for twice that. */
  private grow(): void {
    const { bufferMaxBytes, overrunAs } = this.scenario;
    const { rcvbufBytes } = this.socket;
    if (bufferMaxBytes === null) return;
    if (overrunAs === "conntrackd" && rcvbufBytes <= bufferMaxBytes) this.socket.forceRcvbuf(rcvbufBytes);
    if (overrunAs === "ulogd" && 2 * rcvbufBytes < bufferMaxBytes) this.socket.forceRcvbuf(2 * rcvbufBytes);
  }

  /** From `at` on, when it or one of its decoders may recv. */
  protected freeFrom(at: number): number {
    return this.decoders === null ? at : this.decoders.freeFrom(at);
  }

  protected serviceNanoseconds(portid: number): number {
    const mean = portid === 0 ? this.meanService : this.meanPortidService;
    if (mean === 0 || !this.slow) return 0;
    const service = this.fixedService ? mean : Math.round(mean * this.chance.exponential());
    if (this.overshootNanoseconds === 0) return service;
    return service + Math.round(this.overshootNanoseconds * this.chance.uniform());
  }

  protected afterPauses(at: number): number {
    const when = later(at, this.heldUntil);
    if (!this.hasStalls || when === NEVER) return when;
    const { stall, stallOnce } = this.scenario;
    const afterOne = stallOnce === null ? when : afterOneStall(when, stallOnce);
    return stall === null ? afterOne : afterStall(afterOne, stall);
  }
}

function afterOneStall(
  when: number,
  { atNanoseconds, forNanoseconds }: NonNullable<ListenerScenario["stallOnce"]>,
): number {
  const end = atNanoseconds + forNanoseconds;
  return when >= atNanoseconds && when < end ? end : when;
}

/** `when`, or the end of the stall that it falls into. The first stall comes after one whole period. */
function afterStall(when: number, stall: NonNullable<ListenerScenario["stall"]>): number {
  const into = when % stall.everyNanoseconds;
  return when >= stall.everyNanoseconds && into < stall.forNanoseconds ? when + stall.forNanoseconds - into : when;
}
