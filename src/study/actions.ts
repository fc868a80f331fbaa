/**
 * How much a run had to do, which every machine counts alike: budgets are made of it, and the time that a study still
 * takes is told by it.
 */
import type { Report } from "../report/report.js";

/** What advice may take together: below the least, runs take less time than a person notices. */
export const LEAST_BUDGET = 1_000_000;
export const MOST_BUDGET = 8_000_000;

/** The run's own actions, near enough: its packets, its attempts to deliver, and what its readers read. */
export function actionsOf({ events, daemon, otherListeners, scenario: { connections, packets } }: Report): number {
  const attempts = [events.new, events.update, events.destroy].reduce((sum, { attempts }) => sum + (attempts ?? 0), 0);
  const received = [daemon, ...otherListeners.map((listener) => listener.daemon)]
    .flatMap((reader) => [reader.received.new, reader.received.update, reader.received.destroy])
    .reduce((sum: number, messages) => sum + (messages ?? 0), 0);
  return connections * packets + attempts + received;
}

/**
 * The part of a study that is done, by what its runs had to do. Runs of a cell are alike; of a cell of which none is
 * done they are taken for as long as the others.
 */
export class WorkDone {
  private readonly left: Int32Array;
  private readonly ran: Int32Array;
  private readonly actions: Float64Array;
  private done = 0;
  private runs = 0;
  /** Of the cells that are known, what their other runs will have to do. */
  private ahead = 0;
  private unknown: number;

  /** `left`: runs of each cell that are still to do. */
  constructor(left: Int32Array) {
    this.left = left;
    this.ran = new Int32Array(left.length);
    this.actions = new Float64Array(left.length);
    this.unknown = left.reduce((sum, runs) => sum + runs, 0);
  }

  /** A run of a cell is done. The share of all that is done now. */
  add(cell: number, actions: number): number {
    const before = this.aheadIn(cell);
    if (this.ran[cell] === 0) this.unknown -= this.left[cell]!;
    this.left[cell]!--;
    this.ran[cell]!++;
    this.actions[cell]! += actions;
    this.ahead += this.aheadIn(cell) - before;
    this.done += actions;
    this.runs++;
    const all = this.done + this.ahead + (this.unknown * this.done) / this.runs;
    return all > 0 ? this.done / all : 1;
  }

  private aheadIn(cell: number): number {
    const ran = this.ran[cell]!;
    return ran === 0 ? 0 : (this.left[cell]! * this.actions[cell]!) / ran;
  }
}
