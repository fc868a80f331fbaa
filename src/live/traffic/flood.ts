/**
 * A flood on the running kernel: the simulator's own traffic says which packet of which connection is due when, and the
 * sender of its kind sends it. It owns what became of the packets; the run owns the waiting.
 */
import type { ScriptStep } from "../../workload/script.js";
import type { Traffic } from "../../workload/traffic.js";

/** Who sends a kind of flow. A packet that a full table refuses is an answer, every other failure an error. */
export interface FlowSender {
  /** Connections whose first packet one call may send. */
  readonly mostAtOnce: number;
  /** First packets, one of each connection. How many went out before one was refused. */
  sendFirst(tuples: Int32Array, count: number): number;
  /** One packet, or none where another call sends it. False: it was refused. */
  send(tuple: number, step: ScriptStep, stepIndex: number): boolean;
  close(): void;
}

export class Flood {
  /** By kind: connections whose first packet was sent, and those where it was refused. */
  readonly createdOf: number[];
  readonly refusedOf: number[];
  private readonly traffic: Traffic;
  private readonly senders: readonly FlowSender[];
  private readonly batch: Int32Array;

  /** `senders`: one for each kind of the traffic, in its order. */
  constructor(traffic: Traffic, senders: readonly FlowSender[]) {
    this.traffic = traffic;
    this.senders = senders;
    this.createdOf = senders.map(() => 0);
    this.refusedOf = senders.map(() => 0);
    this.batch = new Int32Array(Math.max(...senders.map(({ mostAtOnce }) => mostAtOnce)));
  }

  /** When the next packet is due, in nanoseconds from the first one of the run; Infinity: all are out. */
  get due(): number {
    return this.traffic.due;
  }

  get created(): number {
    return this.createdOf.reduce((sum, count) => sum + count, 0);
  }

  get refused(): number {
    return this.refusedOf.reduce((sum, count) => sum + count, 0);
  }

  /** Sends what is due: one packet, or of connections of one packet as many as fit into one call. */
  sendDue(nanoseconds: number): void {
    const { traffic } = this;
    const sender = this.senders[traffic.nextClass]!;
    if (traffic.next.isOfOnePacket && sender.mostAtOnce > 1) this.sendBatch(sender, nanoseconds);
    else this.sendOne(sender);
  }

  private sendBatch(sender: FlowSender, nanoseconds: number): void {
    const { traffic, batch } = this;
    const { nextClass } = traffic;
    let count = 0;
    while (count < sender.mostAtOnce && traffic.due <= nanoseconds && traffic.nextClass === nextClass) {
      batch[count++] = traffic.next.tuple;
      traffic.advance(false);
    }
    for (let from = 0; from < count; ) {
      const sent = sender.sendFirst(batch.subarray(from, count), count - from);
      this.createdOf[nextClass]! += sent;
      from += sent;
      if (from === count) return;
      this.refusedOf[nextClass]!++;
      from++;
    }
  }

  private sendOne(sender: FlowSender): void {
    const { traffic } = this;
    const { next, nextClass } = traffic;
    const sent = sender.send(next.tuple, next.step, next.stepIndex);
    if (next.stepIndex === 0) (sent ? this.createdOf : this.refusedOf)[nextClass]!++;
    traffic.advance(!sent);
  }
}
