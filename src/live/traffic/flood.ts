/**
 * A flood on the running kernel: the simulator's workload says which packet of which connection is due when, and
 * traffic sends it. It owns what became of the packets; the run owns the waiting.
 */
import type { ScriptStep } from "../../workload/script.js";
import type { Workload } from "../../workload/workload.js";

/** Who sends. A packet that a full table refuses is an answer, every other failure an error. */
export interface Traffic {
  /** Connections whose first packet one call may send. */
  readonly mostAtOnce: number;
  /** First packets, one of each connection. How many went out before one was refused. */
  sendFirst(tuples: Int32Array, count: number): number;
  /** One packet, or all packets of one system call. False: it was refused. */
  send(tuple: number, step: ScriptStep): boolean;
  close(): void;
}

export class Flood {
  /** Connections whose first packet was sent, and those where it was refused. */
  created = 0;
  refused = 0;
  private readonly workload: Workload;
  private readonly traffic: Traffic;
  /** With one packet a connection, many may go in one call. */
  private readonly batch: Int32Array | null;

  constructor(workload: Workload, traffic: Traffic, packets: number) {
    this.workload = workload;
    this.traffic = traffic;
    this.batch = packets === 1 && traffic.mostAtOnce > 1 ? new Int32Array(traffic.mostAtOnce) : null;
  }

  /** When the next packet is due, in nanoseconds from the first one of the run; Infinity: all are out. */
  get due(): number {
    return this.workload.due;
  }

  /** Sends what is due: one packet, or as many first packets as fit into one call. */
  sendDue(nanoseconds: number): void {
    if (this.batch !== null) this.sendBatch(this.batch, nanoseconds);
    else this.sendOne();
  }

  private sendBatch(batch: Int32Array, nanoseconds: number): void {
    const { workload } = this;
    let count = 0;
    while (count < batch.length && workload.due <= nanoseconds) {
      batch[count++] = workload.tuple;
      workload.advance(false);
    }
    for (let from = 0; from < count; ) {
      const sent = this.traffic.sendFirst(batch.subarray(from, count), count - from);
      this.created += sent;
      from += sent;
      if (from === count) return;
      this.refused++;
      from++;
    }
  }

  private sendOne(): void {
    const { workload } = this;
    const first = workload.stepIndex === 0;
    const sent = workload.step.sameSystemCall || this.traffic.send(workload.tuple, workload.step);
    if (first && sent) this.created++;
    else if (first) this.refused++;
    workload.advance(!sent);
  }
}
