/**
 * Deletes that are no flush, on the running kernel: the table is dumped a part at a time, and for each entry that shall
 * go a request of its own is sent, as `conntrack -D` does it with two sockets. It owns the order and the counting; when
 * it has its turn beside the flood is the run's matter. Times are nanoseconds from the first packet.
 */
import type { DeleteScenario, Scenario } from "../../scenario/scenario.js";
import type { Stream } from "../../scenario/streams.js";
import { classesOf } from "../../scenario/traffic.js";
import type { DumpedEntry } from "../../wire/conntrack-requests.js";
import { firstTuplesOf } from "../../workload/traffic.js";
import { tupleOf } from "../host/loopback-address.js";
import type { NamespaceKernel } from "../host/namespace-kernel.js";

export class Deletes {
  private readonly scenario: DeleteScenario;
  private readonly kernel: NamespaceKernel;
  private readonly chance: Pick<Stream, "uniform">;
  /** Whether an entry is of the kind that is deleted. */
  private readonly isWanted: (tuple: number) => boolean;
  private dump: Iterator<DumpedEntry[], void> | null = null;
  /** Of the last part, in turn. */
  private wanted: DumpedEntry[] = [];
  /** Whether this walk met an entry that could be deleted. */
  private met = false;
  /** Deletes that the pace has asked for. */
  private paced = 0;
  /** The same when this walk began. */
  private pacedBefore = 0;
  /** When it takes its next step; Infinity: it is done. */
  due: number;
  beganAt: number | null = null;
  endedAt: number | null = null;
  dumps = 0;
  /** Entries that it deleted, and those that were gone before. */
  entries = 0;
  absent = 0;
  /** Length of the dying list at the end; null: not told. */
  dyingAfter: number | null = null;

  constructor(deletes: DeleteScenario, scenario: Scenario, kernel: NamespaceKernel, chance: Pick<Stream, "uniform">) {
    this.scenario = deletes;
    this.kernel = kernel;
    this.chance = chance;
    this.due = Math.round(deletes.atSeconds * 1e9);
    const classes = classesOf(scenario);
    const index = classes.findIndex(({ name }) => name === deletes.class);
    const first = firstTuplesOf(classes, null)[index] ?? 0;
    const end = first + (classes[index]?.connections ?? 0);
    this.isWanted = deletes.class === null ? () => true : (tuple) => tuple >= first && tuple < end;
  }

  /** One system call: a part of the dump, or a delete. `loadIsOver`: no more entries will be made. */
  step(at: number, loadIsOver: boolean): void {
    this.beganAt ??= at;
    const entry = this.wanted.pop();
    if (entry !== undefined) this.delete(entry);
    else if (!this.read()) this.endWalk(at, loadIsOver);
  }

  private delete(entry: DumpedEntry): void {
    if (this.kernel.delete(entry)) this.entries++;
    else this.absent++;
    this.paced++;
    this.due = this.nextDue;
  }

  /** Reads a part of the dump. False: the walk was over. */
  private read(): boolean {
    if (this.dump === null) {
      this.dump = this.kernel.dump();
      this.dumps++;
    }
    const part = this.dump.next();
    if (part.done === true) return false;
    const { share } = this.scenario;
    const all = part.value.filter(({ destination }) => this.isWanted(tupleOf(destination)));
    this.met ||= all.length > 0;
    this.wanted = share < 1 ? all.filter(() => this.chance.uniform() < share) : all;
    this.wanted.reverse();
    this.due = this.nextDue;
    return true;
  }

  private endWalk(at: number, loadIsOver: boolean): void {
    this.dump = null;
    if (this.scenario.perSecond === null || (loadIsOver && !this.met)) {
      this.endedAt = at;
      this.due = Number.POSITIVE_INFINITY;
      return;
    }
    // Of a walk that chose nothing the turn has passed.
    if (this.paced === this.pacedBefore) this.paced++;
    this.pacedBefore = this.paced;
    this.met = false;
    this.due = this.nextDue;
  }

  private get nextDue(): number {
    const { atSeconds, perSecond } = this.scenario;
    return perSecond === null ? 0 : Math.round((atSeconds + this.paced / perSecond) * 1e9);
  }
}
