/**
 * The kernel's workers: redelivery and the gc, where the release has them. They share one worker pool, so that a
 * redelivery that is called for during a gc run comes after it. A step holds CPU 0 for as long as its attempts and its
 * search take.
 */
import { earlier } from "../kernel/clock.js";
import type { GcWorker } from "../kernel/conntrack/gc/gc-worker.js";
import type { ConntrackTable } from "../kernel/conntrack/table.js";
import type { Redelivery } from "../kernel/events/redelivery/redelivery.js";
import type { Costs } from "../scenario/scenario.js";
import type { Cpu0 } from "./cpu/cpu0.js";
import type { Machine } from "./machine.js";

export class Workers {
  private readonly table: ConntrackTable;
  private readonly redelivery: Redelivery;
  private readonly gc: GcWorker | null;
  private readonly cpu0: Cpu0;
  private readonly costs: Costs;
  /** Whether the release has any. */
  readonly exist: boolean;
  /** How long the last step went on after its deliveries: down the dying list. */
  tailNanoseconds = 0;

  constructor({ cpu0, kernel, scenario }: Machine) {
    this.table = kernel.table;
    this.redelivery = kernel.redelivery;
    this.gc = kernel.gc;
    this.cpu0 = cpu0;
    this.costs = scenario.costs;
    this.exist = kernel.release.redelivery !== "timer" || kernel.gc !== null;
  }

  /** When one of them wants to run; NEVER where there is none. */
  get due(): number {
    const { redelivery, gc } = this;
    return gc === null ? redelivery.due : earlier(redelivery.due, gc.work.due);
  }

  /** A run is under way: it goes on before anything else on its CPU, apart from timers. */
  get running(): boolean {
    return this.redelivery.running || this.gc?.running === true;
  }

  get redelivers(): boolean {
    return this.redelivery.running;
  }

  /** A run of redelivery is under way and holds its lock: on one CPU nothing else runs. */
  get hasLock(): boolean {
    return this.redelivery.running && !this.redelivery.mayYield;
  }

  act(): void {
    const { gc, redelivery } = this;
    if (gc !== null && (gc.running || (!redelivery.running && this.gcIsNext(gc)))) this.scan(gc);
    else this.redeliver();
  }

  private gcIsNext(gc: GcWorker): boolean {
    const { work } = this.redelivery;
    return work === null || gc.work.precedes(work);
  }

  private redeliver(): void {
    this.tailNanoseconds = 0;
    this.redelivery.step();
    const cost = this.freed();
    this.cpu0.charge(this.redelivery.running ? cost : cost + this.costs.dispatchNanoseconds);
  }

  /** An entry that is redelivered was out of the hash before: what is left of its way out is taken to be half of it. */
  private freed(): number {
    const { deliveredNanoseconds, flushEntryNanoseconds } = this.costs;
    if (deliveredNanoseconds === 0) return this.cpu0.attempts * flushEntryNanoseconds;
    return Math.round((this.cpu0.deliveries * flushEntryNanoseconds) / 2);
  }

  private scan(gc: GcWorker): void {
    const { table, costs } = this;
    const gone = table.counters.destroyed + table.dying;
    gc.step();
    // In the last step of a run only attempts count as entries.
    const entries = gc.running ? table.counters.destroyed + table.dying - gone : this.cpu0.attempts;
    this.tailNanoseconds = gc.dyingSearched * costs.bucketNanoseconds;
    const walk = gc.bucketsSearched * costs.gcBucketNanoseconds + this.tailNanoseconds;
    this.cpu0.charge(entries * costs.flushEntryNanoseconds + Math.round(walk));
  }
}
