/**
 * The flood of a replayed log: its entries from before it are in the table and known to the listeners at the start,
 * its packets come and its entries end when it says. An entry has no timeout of its own (kernel.ts): a timer or the gc
 * of the machine that wrote the log has decided when, lateness included, and the model's deletion raises the DESTROY
 * then.
 */

import { NEVER } from "../kernel/clock.js";
import type { Deletion } from "../kernel/conntrack/deletion.js";
import { ACCEPTED } from "../kernel/conntrack/packet.js";
import { ORIGINAL } from "../kernel/conntrack/status.js";
import { ACTIVE, NIL } from "../kernel/conntrack/table.js";
import type { Replay } from "../scenario/parameters/replay.js";
import { classesOf } from "../scenario/traffic.js";
import { keptLog } from "../workload/replay/kept.js";
import { ASSURED, REPLIED, type ReplayLog } from "../workload/replay/log.js";
import { firstTuplesOf } from "../workload/traffic.js";
import type { Cpu0 } from "./cpu/cpu0.js";
import type { SimulatedKernel } from "./kernel.js";
import type { Machine } from "./machine.js";

export class ReplayedFlood {
  private readonly log: ReplayLog;
  private readonly kernel: SimulatedKernel;
  private readonly deletion: Deletion;
  private readonly cpu0: Cpu0;
  private readonly machine: Machine;
  private readonly firstTuples: readonly number[];
  private readonly opened: number[];
  /** By entry: 1 where there was no room for it, so that it sends nothing more. */
  private readonly refused: Uint8Array;
  private step = 0;

  constructor(machine: Machine, replay: Replay) {
    this.machine = machine;
    this.log = keptLog(replay);
    this.kernel = machine.kernel;
    this.deletion = machine.kernel.deletion;
    this.cpu0 = machine.cpu0;
    const classes = classesOf(machine.scenario);
    this.firstTuples = firstTuplesOf(classes, null);
    this.opened = classes.map(() => 0);
    this.refused = new Uint8Array(this.log.entryCount);
    if (replay.entriesAtStart > 0) this.fill();
  }

  /** When the next step is due. */
  get due(): number {
    return this.over ? NEVER : this.log.timeOf(this.step);
  }

  get over(): boolean {
    return this.step === this.log.length;
  }

  /** Whether the next step is the first packet of a connection. */
  get opens(): boolean {
    return this.log.isOpening(this.step);
  }

  /** Entries of a class that were made, or there from the start. */
  openedOf(index: number): number {
    return this.opened[index]!;
  }

  /** The next step: a packet, or the end of an entry. */
  act(): void {
    const { log, step } = this;
    const entry = log.entryOf(step);
    this.step++;
    if (log.isEnd(step)) this.endEntry(entry);
    else if (this.refused[entry] === 0) this.packet(step, entry);
  }

  private packet(step: number, entry: number): void {
    const { log } = this;
    const { packets } = this.kernel;
    const { packetNanoseconds, bucketNanoseconds } = this.machine.scenario.costs;
    const flowClass = log.kindOf(entry);
    packets.use(flowClass);
    const verdict = packets.packet(this.tupleOf(entry), log.directionOf(step), log.segmentOf(step));
    if (log.isOpening(step)) {
      this.opened[flowClass]!++;
      if (verdict !== ACCEPTED) this.refused[entry] = 1;
    }
    this.cpu0.chargePacket(packetNanoseconds + packets.earlyDrop.bucketsSearched * bucketNanoseconds);
  }

  /** What was not made, or had to make room, has no end. */
  private endEntry(entry: number): void {
    const { kernel, cpu0 } = this;
    const node = kernel.table.find(this.tupleOf(entry), ORIGINAL);
    if (node === NIL) return;
    this.deletion.evict(node >> 1);
    // As the timer softirq and the gc worker are charged for an entry.
    cpu0.charge(kernel.expiry.lazy ? this.machine.scenario.costs.flushEntryNanoseconds : 0);
  }

  private tupleOf(entry: number): number {
    return this.firstTuples[this.log.kindOf(entry)]! + this.log.indexOf(entry);
  }

  /** The entries from before the log; whoever listens from the start has read the table. */
  private fill(): void {
    const { log, kernel, machine } = this;
    for (let entry = 0; entry < log.entryCount; entry++) {
      const flags = log.atStart(entry);
      if (flags === null) continue;
      const flowClass = log.kindOf(entry);
      kernel.packets.use(flowClass);
      this.opened[flowClass]!++;
      const isReplied = (flags & REPLIED) !== 0;
      if (!kernel.packets.inherit(this.tupleOf(entry), isReplied, (flags & ASSURED) !== 0)) this.refused[entry] = 1;
    }
    machine.readers.list.forEach(({ socket, view }, index) => {
      if (!socket.open) return;
      for (let entry = 0; entry < kernel.table.capacity; entry++) {
        if (kernel.table.placeOf(entry) !== ACTIVE || kernel.passes[index]?.[kernel.table.classOf(entry)] === false)
          continue;
        view.list(kernel.table.tupleOf(entry), kernel.table.idOf(entry));
      }
      view.purge();
      if (index === 0) kernel.ledger.resynced();
    });
  }
}
