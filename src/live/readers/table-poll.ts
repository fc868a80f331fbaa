/**
 * A reader that polls: at its pace it dumps the kernel's table on a socket of its own, and its view becomes what the
 * dump said. It owns the pace and what the dumps came to; when the thread has time for one is listener-thread.ts.
 */
import type { DaemonView } from "../../daemon/view.js";
import type { DumpedEntry } from "../../wire/conntrack-requests.js";
import { now } from "../host/clock.js";
import { tupleOf } from "../host/loopback-address.js";
import type { SystemCalls } from "../host/system-calls.js";
import { TableDumps } from "../host/table-dumps.js";

/** What the dumps came to. */
export interface PollFigures {
  begun: number;
  completed: number;
  parts: number;
  entries: number;
  longestSeconds: number;
  /** Of the thread, in the kernel and in the program. */
  cpuSeconds: number;
  /** Connections that were in one dump or more. */
  listedConnections: number;
}

export class TablePoll {
  private readonly calls: SystemCalls;
  private readonly everyNanoseconds: number;
  private readonly besideFillers: boolean;
  private readonly dumps: TableDumps;
  /** Connections that were in a dump, each of which has a tuple of its own. */
  private readonly listed = new Set<number>();
  private readonly figures: Omit<PollFigures, "listedConnections"> = {
    begun: 0,
    completed: 0,
    parts: 0,
    entries: 0,
    longestSeconds: 0,
    cpuSeconds: 0,
  };
  /** When it dumps next, by the clock of all threads. */
  due = Number.POSITIVE_INFINITY;

  constructor(calls: SystemCalls, everyNanoseconds: number, besideFillers: boolean) {
    this.calls = calls;
    this.everyNanoseconds = everyNanoseconds;
    this.besideFillers = besideFillers;
    this.dumps = new TableDumps(calls);
  }

  /** The first packet is sent at that time: the first dump comes a whole pace later. */
  begin(startNanoseconds: number): void {
    this.due = startNanoseconds + this.everyNanoseconds;
  }

  /** A whole dump, after which the view has what it listed. */
  dump(view: DaemonView): void {
    const { figures } = this;
    const [began, cpuBefore] = [now(), this.calls.threadCpuNanoseconds()];
    figures.begun++;
    view.beginDump();
    for (const part of this.dumps.parts(this.besideFillers)) {
      figures.parts++;
      figures.entries += part.length;
      for (const entry of part) this.list(view, entry);
    }
    view.purge();
    figures.completed++;
    const ended = now();
    figures.longestSeconds = Math.max(figures.longestSeconds, (ended - began) / 1e9);
    figures.cpuSeconds += (this.calls.threadCpuNanoseconds() - cpuBefore) / 1e9;
    this.due = ended + this.everyNanoseconds;
  }

  close(): void {
    this.due = Number.POSITIVE_INFINITY;
    this.dumps.close();
  }

  result(): PollFigures {
    return { ...this.figures, listedConnections: this.listed.size };
  }

  private list(view: DaemonView, { destination, id }: DumpedEntry): void {
    const tuple = tupleOf(destination);
    view.list(tuple, id.readUInt32BE(0));
    this.listed.add(tuple);
  }
}
