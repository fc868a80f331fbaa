/**
 * The rows of a report's timeline, one per interval. They are bounded: when they are full, every other row goes and the
 * interval doubles, so that a run of any length keeps between half and all of them. What a row says is the caller's
 * business.
 */
const MOST_ROWS = 400;
const FIRST_INTERVAL_NANOSECONDS = 100_000_000;

export class TimelineRows<Row> {
  intervalNanoseconds = FIRST_INTERVAL_NANOSECONDS;
  rows: Row[] = [];
  /** When the next row is due, in nanoseconds from the first packet. */
  due = 0;

  add(row: Row): void {
    this.rows.push(row);
    if (this.rows.length > MOST_ROWS) {
      this.rows = this.rows.filter((_, index) => index % 2 === 0);
      this.intervalNanoseconds *= 2;
    }
    this.due = this.rows.length * this.intervalNanoseconds;
  }
}
