/**
 * Dumps of the table (ctnetlink_dump_table()), on a socket of their own and in parts of the size that programs get. It
 * owns the socket; what becomes of the entries is its users' affair.
 */
import { type DumpedEntry, dumpedEntry, dumpRequest } from "../../wire/conntrack-requests.js";
import { NETLINK_NETFILTER, RequestSocket } from "./netlink-socket.js";
import type { SystemCalls } from "./system-calls.js";

/** What libnfnetlink and libmnl receive into; the kernel makes parts as large as the largest recv so far. */
const RECEIVE_BYTES = 8192;

export class TableDumps {
  private readonly socket: RequestSocket;

  constructor(calls: SystemCalls) {
    this.socket = new RequestSocket(calls, NETLINK_NETFILTER, RECEIVE_BYTES);
  }

  /** One dump, a part for each recv. `besideFillers`: without the entries that only fill the table. */
  *parts(besideFillers: boolean): Generator<DumpedEntry[], void> {
    const request = dumpRequest(this.socket.nextSequence(), besideFillers);
    for (const part of this.socket.dumpInParts(request, "dump")) yield part.map(dumpedEntry);
  }

  close(): void {
    this.socket.close();
  }
}
