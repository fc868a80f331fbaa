/**
 * The readers of all listeners on this machine: their recvs, the dumps of the kernel's table that some ask for, and
 * when a listener closes. How a reader behaves is daemon/reader.ts; the CPU that it needs is cpu/.
 */
import type { Reader } from "../daemon/reader.js";
import { type KernelClock, NEVER } from "../kernel/clock.js";
import { ACTIVE, type ConntrackTable } from "../kernel/conntrack/table.js";
import type { Passes } from "../kernel/netlink/filtered-broadcast.js";
import type { Dumps } from "./dumps.js";
import type { Ledger } from "./ledger.js";

export class Readers {
  /** In the order of the scenario; the first one is observed. */
  readonly list: readonly Reader[];
  private readonly clock: KernelClock;
  private readonly table: ConntrackTable;
  private readonly ledger: Ledger;
  private readonly recvNanoseconds: number;
  /** By listener; null: its only dumps are those of a resync on a socket of its own. */
  readonly dumps: readonly (Dumps | null)[];
  private readonly passes: readonly Passes[];
  /** CPU time that the last turn used which used any. */
  usedNanoseconds: number;
  private closings: { at: number; reader: Reader }[] = [];

  constructor(
    list: readonly Reader[],
    dumps: readonly (Dumps | null)[],
    { clock, table, passes }: { clock: KernelClock; table: ConntrackTable; passes: readonly Passes[] },
    ledger: Ledger,
    recvNanoseconds: number,
  ) {
    this.list = list;
    this.dumps = dumps;
    this.clock = clock;
    this.table = table;
    this.passes = passes;
    this.ledger = ledger;
    this.recvNanoseconds = recvNanoseconds;
    this.usedNanoseconds = recvNanoseconds;
  }

  /** A reader's turn. Whether it used the CPU, for `usedNanoseconds`: otherwise it sleeps. */
  act(index: number): boolean {
    const reader = this.list[index]!;
    this.usedNanoseconds = this.recvNanoseconds;
    if (reader.wantsDump(this.clock.now)) {
      const dumps = this.dumps[index]!;
      if (dumps === null) this.dump(index);
      else this.usedNanoseconds = dumps.act();
      return true;
    }
    return reader.recv(this.clock.now);
  }

  closeAt(at: number, reader: Reader): void {
    this.closings.push({ at, reader });
    this.closings.sort((a, b) => a.at - b.at);
  }

  /** When a listener closes. */
  get closingDue(): number {
    return this.closings.length > 0 ? this.closings[0]!.at : NEVER;
  }

  close(): void {
    this.closings.shift()!.reader.close();
  }

  /** Whether all have read everything that they ever will, and none closes any more. */
  get idle(): boolean {
    return this.closings.length === 0 && this.list.every((reader) => reader.idle);
  }

  /**
   * A daemon makes its view equal to the table of this instant. What is on the dying list is not in a dump. It is busy
   * with a recv for each entry that the dump lists and one for each that it knows then, because conntrackd asks the
   * kernel for every single one before it purges (nl_get_conntrack()). Like a service time, that takes no CPU from
   * others.
   */
  private dump(index: number): void {
    const { clock, ledger, table } = this;
    const reader = this.list[index]!;
    const { view } = reader;
    const passes = this.passes[index]!;
    for (let entry = 0; entry < table.capacity; entry++) {
      if (table.placeOf(entry) !== ACTIVE || passes?.[table.classOf(entry)] === false) continue;
      view.list(table.tupleOf(entry), table.idOf(entry));
    }
    const recvs = table.active + view.alive;
    view.purge();
    if (index === 0) ledger.resynced();
    reader.dumped(clock.now, recvs * this.recvNanoseconds);
  }
}
