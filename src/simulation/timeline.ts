/**
 * The timeline of a report: one row of figures per interval. It is bounded: when it is full, every other row goes and the
 * interval doubles, so that a run of any length keeps between half and all of the rows.
 */
import type { Run, Sampler } from "./run.js";

const MOST_ROWS = 400;
const FIRST_INTERVAL_NANOSECONDS = 100_000_000;

export class Timeline implements Sampler {
  intervalNanoseconds = FIRST_INTERVAL_NANOSECONDS;
  private samples: number[][] = [];
  private next = 0;

  due(): number {
    return this.next;
  }

  /** The columns are TIMELINE_COLUMNS of report.ts. */
  sample({ kernel: { clock, table, sockets } }: Run): void {
    const socket = sockets[0]!;
    this.samples.push([clock.now / 1e9, table.active, table.dying, socket.rmem, socket.admitted, socket.drops]);
    if (this.samples.length > MOST_ROWS) {
      this.samples = this.samples.filter((_, index) => index % 2 === 0);
      this.intervalNanoseconds *= 2;
    }
    this.next = this.samples.length * this.intervalNanoseconds;
  }

  get rows(): readonly (readonly number[])[] {
    return this.samples;
  }
}
