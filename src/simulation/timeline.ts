/** The timeline of a simulated run: what a row says, taken whenever one is due. */

import { TimelineRows } from "../report/timeline-rows.js";
import type { Run, Sampler } from "./run.js";

export class Timeline implements Sampler {
  private readonly samples = new TimelineRows<readonly number[]>();

  due(): number {
    return this.samples.due;
  }

  /** The columns are TIMELINE_COLUMNS of report.ts. */
  sample({ kernel: { clock, table, sockets } }: Run): void {
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
