/**
 * Deletes that are no flush: a process dumps the table and sends one IPCTNL_MSG_CT_DELETE for each entry that it wants
 * gone, as `conntrack -D` and the service cleaners of Kubernetes do. Each is a system call of its own, and between two
 * of them others may run; of a flush all entries are one system call. With a pace it goes around the table and deletes
 * at most so many in a second, until there is nothing left that it could delete. It owns the order and what is counted;
 * what a delete does to an entry is kernel/conntrack/deletion.ts.
 */
import { type KernelClock, NEVER } from "../kernel/clock.js";
import { Dump } from "../kernel/conntrack/dump.js";
import type { Costs, DeleteScenario } from "../scenario/scenario.js";
import { classesOf } from "../scenario/traffic.js";
import type { Cpu0 } from "./cpu/cpu0.js";
import type { SimulatedKernel } from "./kernel.js";
import type { Machine } from "./machine.js";

/** Of the 8 KiB that libnfnetlink receives at once, with some 200 bytes an entry. */
const ENTRIES_PER_RECV = 40;

export class Deletes {
  private readonly scenario: DeleteScenario;
  private readonly kernel: SimulatedKernel;
  private readonly clock: KernelClock;
  private readonly cpu0: Cpu0;
  private readonly costs: Costs;
  private readonly uniform: () => number;
  /** Number of the class whose entries are deleted; null: of all. */
  private readonly flowClass: number | null;
  private dump: Dump;
  /** Matches of the last part that are not deleted yet, as the dump told them. */
  private readonly wanted: { tuple: number; id: number }[] = [];
  /** Whether this walk met an entry that could be deleted. */
  private met = false;
  /** Deletes that the pace has asked for. */
  private paced = 0;
  /** The same when this walk began. */
  private pacedBefore = 0;
  /** When it takes its next step, if CPU 0 is free by then. NEVER: it is done. */
  due: number;
  beganAt = NEVER;
  endedAt = NEVER;
  /** Dumps that were begun. */
  dumps = 0;
  /** Entries that it deleted. */
  entries = 0;
  /** Deletes of what was gone before they came (ENOENT). */
  absent = 0;
  attempts = 0;
  deliveredAtOnce = 0;
  dyingAfter: number | null = null;

  constructor({ clock, cpu0, kernel, scenario, streams }: Machine, deletes: DeleteScenario) {
    this.scenario = deletes;
    this.kernel = kernel;
    this.clock = clock;
    this.cpu0 = cpu0;
    this.costs = scenario.costs;
    this.uniform = streams.of("deletes").uniform;
    const index = classesOf(scenario).findIndex(({ name }) => name === deletes.class);
    this.flowClass = deletes.class === null ? null : index;
    this.due = Math.round(deletes.atSeconds * 1e9);
    this.dump = this.newDump();
  }

  /** One system call: a part of the dump, or a delete. `loadIsOver`: no more entries will be made. */
  step(loadIsOver: boolean): void {
    if (this.beganAt === NEVER) {
      this.beganAt = this.clock.now;
      this.dumps = 1;
    }
    const wanted = this.wanted.pop();
    if (wanted !== undefined) this.delete(wanted.tuple, wanted.id);
    else if (!this.read()) this.endWalk(loadIsOver);
  }

  private delete(tuple: number, id: number): void {
    const { table, deletion } = this.kernel;
    const { dying } = table;
    if (deletion.deleteTuple(tuple, id)) {
      this.entries++;
      if (table.dying === dying) this.deliveredAtOnce++;
    } else {
      this.absent++;
    }
    this.attempts += this.cpu0.attempts;
    this.cpu0.charge(this.costs.deleteNanoseconds);
    this.paced++;
    this.due = this.nextDue;
  }

  /** Reads a part of the dump. False: the walk was over. */
  private read(): boolean {
    const { costs, cpu0, dump, flowClass, wanted } = this;
    const { table } = this.kernel;
    // At a pace, what was read long ago would be old by the time that it is deleted.
    if (!dump.part(this.scenario.perSecond === null ? ENTRIES_PER_RECV : 1)) return false;
    for (const entry of dump.entries) {
      if (flowClass !== null && table.classOf(entry) !== flowClass) continue;
      this.met = true;
      if (this.scenario.share < 1 && this.uniform() >= this.scenario.share) continue;
      wanted.push({ tuple: table.tupleOf(entry), id: table.idOf(entry) });
    }
    wanted.reverse();
    cpu0.charge(dump.entries.length * costs.dumpEntryNanoseconds + dump.bucketsSearched * costs.bucketNanoseconds);
    this.due = this.nextDue;
    return true;
  }

  private endWalk(loadIsOver: boolean): void {
    if (this.scenario.perSecond === null || (loadIsOver && !this.met)) {
      this.endedAt = Math.max(this.clock.now, this.cpu0.free);
      this.due = NEVER;
      this.dyingAfter = this.kernel.table.dying;
      return;
    }
    // Of a walk that chose nothing the turn has passed.
    if (this.paced === this.pacedBefore) this.paced++;
    this.pacedBefore = this.paced;
    this.met = false;
    this.dump = this.newDump();
    this.dumps++;
    this.due = this.nextDue;
  }

  private newDump(): Dump {
    const { table, expiry, deletion } = this.kernel;
    return new Dump(table, expiry, deletion);
  }

  /** When the pace allows another delete; without one, as soon as the CPU is free. */
  private get nextDue(): number {
    const { atSeconds, perSecond } = this.scenario;
    const turn = perSecond === null ? 0 : Math.round((atSeconds + this.paced / perSecond) * 1e9);
    return Math.max(this.cpu0.free, turn);
  }
}
