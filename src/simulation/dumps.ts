/**
 * The dumps that a listener asks for, beside those of a plain resync (readers.ts): polls of the table, and dumps on the
 * socket of its events. A dump is a walk in parts (ctnetlink_dump_table()), each what fits into the program's receive
 * buffer; on a socket of its own the reader fetches one after the other and reads no event meanwhile, on the socket of
 * its events they come between these. It owns the walk, what is charged for it, and what a dump was told of.
 */
import type { Reader } from "../daemon/reader.js";
import type { KernelClock } from "../kernel/clock.js";
import { Dump } from "../kernel/conntrack/dump.js";
import { ACTIVE, type ConntrackTable } from "../kernel/conntrack/table.js";
import { messageBytes } from "../kernel/events/message.js";
import { DumpingSocket, type DumpSource } from "../kernel/netlink/dumping-socket.js";
import type { Passes } from "../kernel/netlink/filtered-broadcast.js";
import { allocation } from "../kernel/netlink/truesize.js";
import type { Costs, Scenario } from "../scenario/scenario.js";
import { classesOf } from "../scenario/traffic.js";
import type { Cpu0 } from "./cpu/cpu0.js";
import type { SimulatedKernel } from "./kernel.js";
import type { Ledger } from "./ledger.js";

/** What libnfnetlink and libmnl receive into; the kernel makes parts as large as the largest recv so far. */
const RECEIVE_BYTES = 8192;
/** NLMSG_GOODSIZE with pages of 4 KiB: the first part, before any recv. */
const FIRST_PART_BYTES = 3776;
/** CTA_USE, and both directions of CTA_COUNTERS: what a dump has and a NEW has not. */
const USE_BYTES = 8;
const COUNTERS_BYTES = 56;

interface Listed {
  entry: number;
  tuple: number;
  id: number;
}

/** What a machine has that dumps need. */
interface Wiring {
  kernel: SimulatedKernel;
  cpu0: Cpu0;
  scenario: Scenario;
}

export class Dumps {
  private readonly reader: Reader;
  private readonly kernel: SimulatedKernel;
  private readonly clock: KernelClock;
  private readonly table: ConntrackTable;
  private readonly cpu0: Cpu0;
  private readonly costs: Costs;
  private readonly passes: Passes;
  /** Null: of a listener that is not observed. */
  private readonly ledger: Ledger | null;
  private readonly entryBytes: number;
  private readonly partTruesizes: readonly [first: number, other: number];
  private walk: Dump | null = null;
  private beganAt = 0;
  /** On the socket of events: the parts that wait there, oldest first. */
  private readonly waiting: (readonly Listed[] | null)[] = [];
  private partsOfWalk = 0;
  begun = 0;
  completed = 0;
  /** Parts that the reader received on the socket of its events. */
  replies = 0;
  parts = 0;
  entries = 0;
  longestNanoseconds = 0;
  /** CPU time of the walks and of what the program does with each entry. */
  cpuNanoseconds = 0;

  constructor(reader: Reader, { kernel, cpu0, scenario }: Wiring, passes: Passes, ledger: Ledger | null) {
    const { table, clock, release } = kernel;
    const { kernelConfig } = scenario;
    this.reader = reader;
    this.kernel = kernel;
    this.clock = clock;
    this.table = table;
    this.cpu0 = cpu0;
    this.costs = scenario.costs;
    this.passes = passes;
    this.ledger = ledger;
    const sizes = classesOf(scenario).map(({ protocol, family }) =>
      messageBytes(
        { type: "new", protocol, family, protoinfoChanged: protocol === "tcp", timeLeft: false },
        release.layout,
        kernelConfig,
      ),
    );
    this.entryBytes = Math.max(...sizes) + USE_BYTES + (kernelConfig.acct ? COUNTERS_BYTES : 0);
    this.partTruesizes = [FIRST_PART_BYTES, RECEIVE_BYTES].map((bytes) => {
      const { headBytes, skBuffBytes } = allocation(bytes, release, kernelConfig);
      return headBytes + skBuffBytes;
    }) as [number, number];
  }

  /** The reader's turn, when it wants a dump or fetches one. The CPU time that it used. */
  act(): number {
    const { reader } = this;
    const { socket } = reader;
    if (socket instanceof DumpingSocket) return this.ask(socket);
    if (this.walk === null) this.begin();
    const before = this.cpuNanoseconds;
    const part = this.nextPart();
    this.take(part);
    const nanoseconds = this.cpuNanoseconds - before;
    if (part === null) reader.dumpEnds(this.clock.now);
    else reader.fetches(this.clock.now + nanoseconds);
    return nanoseconds;
  }

  /** The reader has received a part on the socket of its events. The time that it needs for it. */
  read(): number {
    const part = this.waiting.shift()!;
    this.replies++;
    const nanoseconds = this.take(part);
    if (part === null) this.reader.dumpEnds(this.clock.now);
    return nanoseconds;
  }

  private ask(socket: DumpingSocket): number {
    this.begin();
    const source: DumpSource = {
      truesizeBytes: this.partTruesizes[0],
      next: () => this.queuePart(source),
    };
    const before = this.cpuNanoseconds;
    if (socket.startDump(source)) this.reader.dumpBegins(this.clock.now);
    else {
      this.walk = null;
      this.reader.dumpFails(this.clock.now);
    }
    return this.costs.recvNanoseconds + this.cpuNanoseconds - before;
  }

  private queuePart(source: { truesizeBytes: number }): boolean {
    const part = this.nextPart();
    this.waiting.push(part);
    source.truesizeBytes = this.partTruesizes[1];
    return part !== null;
  }

  private begin(): void {
    const { table, expiry, deletion } = this.kernel;
    this.walk = new Dump(table, expiry, deletion);
    this.partsOfWalk = 0;
    this.beganAt = this.clock.now;
    this.begun++;
    this.reader.view.beginDump();
  }

  /** Null: the walk is over (NLMSG_DONE). */
  private nextPart(): readonly Listed[] | null {
    const { walk, costs, table, passes, entryBytes } = this;
    const bytes = this.partsOfWalk++ === 0 ? FIRST_PART_BYTES : RECEIVE_BYTES;
    const more = walk!.part(Math.floor(bytes / entryBytes));
    this.parts++;
    // The dead that the walk met were removed by it, and told.
    this.cpuNanoseconds += this.cpu0.chargeElsewhere() + walk!.bucketsSearched * costs.bucketNanoseconds;
    if (!more) {
      this.walk = null;
      return null;
    }
    return walk!.entries
      .filter((entry) => passes === null || passes[table.classOf(entry)])
      .map((entry) => ({ entry, tuple: table.tupleOf(entry), id: table.idOf(entry) }));
  }

  /** The daemon takes a part in. The CPU time that this needs, in kernel and program. */
  private take(part: readonly Listed[] | null): number {
    const { view } = this.reader;
    const nanoseconds = this.costs.recvNanoseconds + (part?.length ?? 0) * this.costs.dumpEntryNanoseconds;
    this.cpuNanoseconds += nanoseconds;
    for (const { entry, tuple, id } of part ?? []) {
      view.list(tuple, id);
      if (this.ledger !== null && this.isThere(entry, tuple, id)) this.ledger.listed(entry);
    }
    this.entries += part?.length ?? 0;
    if (part !== null) return nanoseconds;
    view.purge();
    this.completed++;
    this.longestNanoseconds = Math.max(this.longestNanoseconds, this.clock.now - this.beganAt);
    return nanoseconds;
  }

  /** A part may have waited in the queue while its entries died. */
  private isThere(entry: number, tuple: number, id: number): boolean {
    const { table } = this;
    return table.placeOf(entry) === ACTIVE && table.tupleOf(entry) === tuple && table.idOf(entry) === id;
  }
}
