/**
 * Who looks at a simulated run now and then, and the timeline of its report: what a row says, taken whenever one is
 * due.
 */
import { TimelineRows } from "../report/timeline-rows.js";
import type { Machine } from "./machine.js";

export interface Sampler {
  /**
   * When it wants to look next, in nanoseconds from the first packet. Asked at least when a phase begins and after each
   * look, not before each action.
   */
  due(machine: Machine): number;
  sample(machine: Machine): void;
}

export class Timeline implements Sampler {
  private readonly samples = new TimelineRows<readonly number[]>();

  due(): number {
    return this.samples.due;
  }

  /** The columns are TIMELINE_COLUMNS of report.ts. */
  sample({ clock, kernel: { table, sockets } }: Machine): void {
    const socket = sockets[0]!;
    this.samples.add([clock.now / 1e9, table.active, table.dying, socket.rmem, socket.admitted, socket.drops]);
  }

  get intervalNanoseconds(): number {
    return this.samples.intervalNanoseconds;
  }

  get rows(): readonly (readonly number[])[] {
    return this.samples.rows;
  }
}
