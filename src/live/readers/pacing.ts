/**
 * When a slow reader may read next: its service time after each message, its stalls, being held after the flush. The
 * same rules as the simulated reader's (daemon/reader.ts), in real time. It reads no clock and does not sleep; the
 * listener's thread does.
 *
 * A thread wakes late, by microseconds. A busy reader makes up for that at the next message, at most by one service
 * time, so that its mean is what was asked for and a thread that was off the CPU for long does not come back as a fast
 * reader.
 */
import type { ListenerScenario } from "../../scenario/scenario.js";

/** Draws standard exponentials, for the service times. */
export interface Chance {
  exponential(): number;
}

export class Pacing {
  private readonly scenario: ListenerScenario;
  private readonly chance: Chance;
  /** When the first packet was sent: stalls count from there. */
  startNanoseconds = 0;
  private slow: boolean;
  private heldUntil = 0;
  private service = 0;
  /** When the last service time ended; null: the reader waited in between. */
  private busyUntil: number | null = null;

  constructor(scenario: ListenerScenario, chance: Chance) {
    this.scenario = scenario;
    this.chance = chance;
    this.slow = scenario.slowFrom === "start";
  }

  flushBegins(at: number): void {
    this.slow = true;
    const held = this.scenario.heldAfterFlushNanoseconds;
    this.heldUntil = held === null ? Number.POSITIVE_INFINITY : at + held;
  }

  /** It reads no more. */
  get heldForEver(): boolean {
    return this.heldUntil === Number.POSITIVE_INFINITY;
  }

  /** From when on the reader may call recv: `at`, or a later time. */
  earliest(at: number): number {
    return this.afterStall(Math.max(at, this.heldUntil, this.busyUntil ?? 0));
  }

  /** A recv that began at one time and was done with at another gave a message, with that nlmsg_pid. */
  read(began: number, done: number, portid: number): void {
    const { serviceNanoseconds, portidServiceNanoseconds } = this.scenario;
    const mean = portid === 0 ? serviceNanoseconds : (portidServiceNanoseconds ?? serviceNanoseconds);
    if (!this.slow || mean === 0) {
      this.busyUntil = null;
      return;
    }
    const late = this.busyUntil === null ? 0 : Math.max(0, began - Math.max(this.busyUntil, this.heldUntil));
    const madeUp = Math.min(late, this.service);
    this.service = this.scenario.serviceDistribution === "fixed" ? mean : mean * this.chance.exponential();
    this.busyUntil = done - madeUp + this.service;
  }

  /** A recv found nothing: the reader sleeps until there is something. */
  waits(): void {
    this.busyUntil = null;
  }

  private afterStall(at: number): number {
    if (at === Number.POSITIVE_INFINITY) return at;
    return this.startNanoseconds + this.afterPeriodicStall(this.afterOneStall(at - this.startNanoseconds));
  }

  private afterOneStall(elapsed: number): number {
    const { stallOnce } = this.scenario;
    if (stallOnce === null) return elapsed;
    const end = stallOnce.atNanoseconds + stallOnce.forNanoseconds;
    return elapsed >= stallOnce.atNanoseconds && elapsed < end ? end : elapsed;
  }

  private afterPeriodicStall(elapsed: number): number {
    const { stall } = this.scenario;
    if (stall === null) return elapsed;
    const into = elapsed % stall.everyNanoseconds;
    // The first stall comes after one whole period.
    if (elapsed < stall.everyNanoseconds || into >= stall.forNanoseconds) return elapsed;
    return elapsed + stall.forNanoseconds - into;
  }
}
