/**
 * A reader that polls: at its pace it dumps the kernel's table on a socket of its own, a part for each recv
 * (ctnetlink_dump_table()), and its view becomes what the dump said. It owns the socket, the pace and what the dumps
 * came to; when the thread has time for one is listener-thread.ts.
 */
import type { DaemonView } from "../../daemon/view.js";
import { dumpedEntry, dumpRequest } from "../../wire/conntrack-requests.js";
import { now } from "../host/clock.js";
import { tupleOf } from "../host/loopback-address.js";
import { NETLINK_NETFILTER, RequestSocket } from "../host/netlink-socket.js";
import type { SystemCalls } from "../host/system-calls.js";

/** What libnfnetlink and libmnl receive into; the kernel makes parts as large as the largest recv so far. */
const RECEIVE_BYTES = 8192;

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
  private readonly socket: RequestSocket;
  /** Connections that were in a dump, each of which has a tuple of its own. */
  private readonly listed = new Set<number>();
  private readonly figures: PollFigures = {
    begun: 0,
    completed: 0,
    parts: 0,
    entries: 0,
    longestSeconds: 0,
    cpuSeconds: 0,
    listedConnections: 0,
  };
  /** When it dumps next, by the clock of all threads. */
  due = Number.POSITIVE_INFINITY;

  constructor(calls: SystemCalls, everyNanoseconds: number, besideFillers: boolean) {
    this.calls = calls;
    this.everyNanoseconds = everyNanoseconds;
    this.besideFillers = besideFillers;
    this.socket = new RequestSocket(calls, NETLINK_NETFILTER, RECEIVE_BYTES);
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
    for (const part of this.socket.dumpInParts(dumpRequest(this.socket.nextSequence(), this.besideFillers), "dump")) {
      figures.parts++;
      figures.entries += part.length;
      for (const payload of part) this.list(view, payload);
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
    this.socket.close();
  }

  result(): PollFigures {
    return { ...this.figures, listedConnections: this.listed.size };
  }

  private list(view: DaemonView, payload: Buffer): void {
    const { destination, id } = dumpedEntry(payload);
    const tuple = tupleOf(destination);
    view.list(tuple, id.readUInt32BE(0));
    this.listed.add(tuple);
  }
}
