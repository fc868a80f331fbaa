/**
 * The timeline of a run: one row of figures per interval. It is bounded: when it is full, every other row goes and the
 * interval doubles, so that a run of any length keeps between half and all of the rows.
 */
const MOST_ROWS = 400;
const FIRST_INTERVAL_NANOSECONDS = 100_000_000;

export class Timeline {
  intervalNanoseconds = FIRST_INTERVAL_NANOSECONDS;
  private samples: number[][] = [];
  /** When the next row is due. */
  due = 0;

  add(row: number[]): void {
    this.samples.push(row);
    if (this.samples.length > MOST_ROWS) {
      this.samples = this.samples.filter((_, index) => index % 2 === 0);
      this.intervalNanoseconds *= 2;
    }
    this.due = this.samples.length * this.intervalNanoseconds;
  }

  get rows(): readonly (readonly number[])[] {
    return this.samples;
  }
}
