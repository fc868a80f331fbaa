/**
 * The slow reader of one socket: one message per recv, then its service time, stalls, being held, leaving. It owns when the
 * next recv is due; the CPU that a recv needs is the machine's business (simulation/machine.ts) and what a message means is
 * view.ts. Times are nanoseconds since the first packet.
 */
import { type NetlinkSocket, RECV_EMPTY, RECV_MESSAGE, type RecvResult } from "../kernel/netlink/socket.js";
import type { ListenerScenario } from "../scenario/scenario.js";
import type { DaemonView } from "./view.js";

/** Due time of a reader that sleeps inside a recv on an empty queue, or that never reads again. */
export const NEVER = Number.POSITIVE_INFINITY;

/** What a reader draws from: standard exponentials for its service times, uniforms in [0, 1) for how late it wakes. */
export interface ReaderChance {
  exponential(): number;
  uniform(): number;
}

export class Reader {
  readonly socket: NetlinkSocket;
  readonly view: DaemonView;
  private readonly scenario: ListenerScenario;
  private readonly chance: ReaderChance;
  private readonly overshootNanoseconds: number;
  /** When the next recv starts. NEVER while it waits in a recv. */
  due = NEVER;
  /** It sleeps inside a recv on an empty queue. */
  waiting = true;
  private slow: boolean;
  private heldUntil = 0;

  constructor(
    socket: NetlinkSocket,
    view: DaemonView,
    scenario: ListenerScenario,
    overshootNanoseconds: number,
    chance: ReaderChance,
  ) {
    this.socket = socket;
    this.view = view;
    this.scenario = scenario;
    this.overshootNanoseconds = overshootNanoseconds;
    this.chance = chance;
    this.slow = scenario.slowFrom === "start";
  }

  /** The socket became readable while the reader waited; it runs at `at` or when its hold or stall ends. */
  wake(at: number): void {
    if (!this.waiting || this.due !== NEVER || this.heldUntil === NEVER) return;
    this.due = this.afterPauses(at);
  }

  /** It was to run at `due` and can run earlier. */
  hasten(at: number): void {
    this.due = Math.min(this.due, this.afterPauses(at));
  }

  /** The flush begins: from now on the reader is as slow as the scenario says, and may be held. */
  flushBegins(now: number): void {
    this.slow = true;
    const held = this.scenario.heldAfterFlushNanoseconds;
    if (held === 0) return;
    this.heldUntil = held === null ? NEVER : now + held;
    // It sleeps outside of recv: what arrives meanwhile meets a reader that will look at the error first.
    this.waiting = false;
    this.due = this.heldUntil;
  }

  close(): void {
    this.socket.close();
    this.due = NEVER;
    this.waiting = true;
    this.heldUntil = NEVER;
  }

  /** One recv at `now`, taking `recvNanoseconds`. Sets when the next one is due. */
  recv(now: number, recvNanoseconds: number): RecvResult {
    const result = this.socket.recv(this.waiting);
    const done = now + recvNanoseconds;
    if (result === RECV_EMPTY) {
      this.waiting = true;
      this.due = NEVER;
      return result;
    }
    this.waiting = false;
    this.due = this.afterPauses(result === RECV_MESSAGE ? done + this.serviceNanoseconds() : done);
    return result;
  }

  /** Whether it has read everything that it ever will. */
  get idle(): boolean {
    return !this.socket.open || this.heldUntil === NEVER || (this.waiting && !this.socket.readable);
  }

  private serviceNanoseconds(): number {
    const mean = this.scenario.serviceNanoseconds;
    if (!this.slow || mean === 0) return 0;
    const service = this.scenario.serviceDistribution === "fixed" ? mean : Math.round(mean * this.chance.exponential());
    if (this.overshootNanoseconds === 0) return service;
    return service + Math.round(this.overshootNanoseconds * this.chance.uniform());
  }

  private afterPauses(at: number): number {
    let when = Math.max(at, this.heldUntil);
    const stall = this.scenario.stall;
    if (stall !== null && when !== NEVER) {
      const into = when % stall.everyNanoseconds;
      // The first stall comes after one whole period.
      if (when >= stall.everyNanoseconds && into < stall.forNanoseconds) when += stall.forNanoseconds - into;
    }
    return when;
  }
}
