/**
 * The rows of a report's timeline, one per interval. They are bounded: when a part is full, every other row goes and
 * its interval doubles, so that a run of any length keeps between half and all of them. A run has two parts, each with
 * its own rows and its own interval: before the flush and from it on, because most happens in the drain, which may be a
 * small part of the run or nearly all of it. What a row says is the caller's business, and so is what becomes of a row
 * that goes.
 */
const MOST_ROWS = 300;

interface Part<Row> {
  begin: number;
  intervalNanoseconds: number;
  rows: Row[];
}

export class TimelineRows<Row> {
  private readonly parts: Part<Row>[];
  /** Into the row that follows it: what was only ever true in between. */
  private readonly merge: (gone: Row, kept: Row) => Row;
  /** When the next row is due, in nanoseconds from the first packet. */
  due = 0;

  /** `intervalNanoseconds`: the shortest interval before the flush. */
  constructor(intervalNanoseconds: number, merge: (gone: Row, kept: Row) => Row) {
    this.parts = [{ begin: 0, intervalNanoseconds, rows: [] }];
    this.merge = merge;
  }

  /** The flush begins: from here on the rows have an interval of their own. */
  flushBegins(now: number, intervalNanoseconds: number): void {
    this.parts.push({ begin: now, intervalNanoseconds, rows: [] });
    this.due = now;
  }

  add(row: Row): void {
    const part = this.parts.at(-1)!;
    part.rows.push(row);
    if (part.rows.length > MOST_ROWS) {
      const { rows } = part;
      part.rows = rows.flatMap((kept, index) =>
        index % 2 === 1 ? [] : [index === 0 ? kept : this.merge(rows[index - 1]!, kept)],
      );
      part.intervalNanoseconds *= 2;
    }
    this.due = part.begin + part.rows.length * part.intervalNanoseconds;
  }

  get rows(): readonly Row[] {
    return this.parts.flatMap(({ rows }) => rows);
  }

  /** Between two rows before the flush. */
  get intervalNanoseconds(): number {
    return this.parts[0]!.intervalNanoseconds;
  }

  /** Between two rows from the flush on; null: there was none. */
  get drainIntervalNanoseconds(): number | null {
    return this.parts[1]?.intervalNanoseconds ?? null;
  }
}
