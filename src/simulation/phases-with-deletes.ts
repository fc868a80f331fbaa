/**
 * The process that makes the experiment and, beside it on CPU 0, the one that deletes entries one by one. When both
 * want the CPU they take turns, a step each; while the flush has the lock of ctnetlink, the deletes wait. Runs without
 * deletes have the plain `Phases`.
 */
import { NEVER } from "../kernel/clock.js";
import type { DeleteScenario } from "../scenario/scenario.js";
import { Deletes } from "./deletes.js";
import type { Machine } from "./machine.js";
import { DRAIN, FLUSH, Phases } from "./phases.js";

class PhasesWithDeletes extends Phases {
  override readonly deletes: Deletes;
  /** When the experiment itself goes on; `due` is that of whoever is next. */
  private ownDue: number;
  private deletesAreNext = false;

  constructor(machine: Machine, deletes: DeleteScenario) {
    super(machine);
    this.deletes = new Deletes(machine, deletes);
    this.ownDue = this.due;
    this.choose();
  }

  override look(nanoseconds: number): void {
    this.due = this.ownDue;
    super.look(nanoseconds);
    this.ownDue = this.due;
    this.choose();
  }

  override act(): void {
    const wereNext = this.deletesAreNext;
    if (wereNext) {
      this.deletes.step(this.phase === DRAIN && this.ownDue === NEVER);
    } else {
      this.due = this.ownDue;
      super.act();
      this.ownDue = this.due;
    }
    this.choose(wereNext);
  }

  override get cpuFree(): number {
    return this.deletesAreNext ? this.cpu0.free : super.cpuFree;
  }

  override get inSystemCall(): boolean {
    return !this.deletesAreNext && super.inSystemCall;
  }

  override get wakesUp(): boolean {
    return this.deletesAreNext ? this.deletes.due > this.cpu0.free : super.wakesUp;
  }

  override get over(): boolean {
    return this.deletes.due === NEVER && super.over;
  }

  /** Of two that are due at once, the one that did not go last is next. */
  private choose(deletesWentLast = false): void {
    this.deletesAreNext = false;
    const deletesAt = Math.max(this.deletes.due, this.cpu0.free);
    const ownAt = Math.max(this.ownDue, this.cpuFree);
    this.deletesAreNext =
      this.phase !== FLUSH && (deletesAt < ownAt || (deletesAt === ownAt && !deletesWentLast && deletesAt < NEVER));
    this.due = this.deletesAreNext ? this.deletes.due : this.ownDue;
  }
}

export function phasesOf(machine: Machine): Phases {
  const { delete: deletes } = machine.scenario;
  return deletes === null ? new Phases(machine) : new PhasesWithDeletes(machine, deletes);
}
