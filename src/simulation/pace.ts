/**
 * What follows each action of a run: how many more the present slice may take, and what has to be looked at then, the
 * dying list and, from the flush on, whether the daemon is in sync and all is settled. It owns the end of a run.
 */
import { type KernelClock, NEVER } from "../kernel/clock.js";
import type { ConntrackTable } from "../kernel/conntrack/table.js";
import type { DyingWatch } from "./dying-watch.js";
import type { Figures } from "./figures.js";
import type { Machine } from "./machine.js";
import type { Phases } from "./phases.js";

export class Pace {
  private readonly machine: Machine;
  private readonly phases: Phases;
  private readonly figures: Figures;
  private readonly table: ConntrackTable;
  private readonly dying: DyingWatch;
  private readonly clock: KernelClock;
  /** Actions that the present slice of the run may still take. */
  actionsLeft = 0;

  constructor(machine: Machine, phases: Phases) {
    this.machine = machine;
    this.phases = phases;
    this.figures = machine.figures;
    this.table = machine.kernel.table;
    this.dying = machine.figures.dying;
    this.clock = machine.clock;
  }

  /** An action is over. Whether another may follow. */
  acted(): boolean {
    const { dying } = this.table;
    if (dying !== this.dying.length) this.dying.observe(this.clock.now, dying);
    return this.readerActed();
  }

  /** The same for an action of a reader, which does not change the dying list. */
  readerActed(): boolean {
    this.actionsLeft--;
    if (this.figures.flushAt !== NEVER) this.watchAfterFlush();
    return this.actionsLeft > 0;
  }

  /** Nothing acts any more. */
  end(): void {
    this.machine.over = true;
    this.actionsLeft = 0;
  }

  private watchAfterFlush(): void {
    const { figures, machine, phases, table } = this;
    figures.watchSync();
    if (!phases.over || table.count > 0 || !machine.readers.idle) return;
    figures.settled = true;
    this.end();
  }
}
