/**
 * A socket of events on which the listener also asks for dumps: netlink_dump() puts each part of the answer into the
 * same receive queue and charges it there, so that a dump takes the room of events and events hold a dump up. It
 * follows __netlink_dump_start() (the first part, at the request), netlink_recvmsg() (the next one after a recv that
 * leaves at most half of the buffer in use) and the rule by which a part is charged. What is in a part is the walker's.
 */
import type { MessageFields } from "./socket.js";
import { NetlinkSocket, RECV_MESSAGE, RECV_REPLY, type RecvResult, type SocketOptions } from "./socket.js";

/** Beside the kinds of events: a part of a dump. */
const KIND_REPLY = 3;
/** A part belongs to no entry. */
const NO_ENTRY: MessageFields = {
  tupleOf: () => 0,
  idOf: () => 0,
  portidOf: () => 0,
  raisedAt: () => Number.NaN,
};

/** Whoever walks the table: builds the next part. */
export interface DumpSource {
  /** What the next part is charged. */
  readonly truesizeBytes: number;
  /** It is in the queue. False: it was the last one, NLMSG_DONE. */
  next(): boolean;
}

export class DumpingSocket extends NetlinkSocket {
  private readonly admitsOldWay: boolean;
  private source: DumpSource | null = null;
  private receivedBefore = 0;
  /** The largest part so far. */
  largestReplyBytes = 0;
  /** Requests for a dump for which there was no room, and of these, answers (an error) that found none, either. */
  refusedRequests = 0;
  refusedAnswers = 0;

  constructor(options: SocketOptions) {
    super(options);
    this.admitsOldWay = options.admission === "old";
  }

  /** The listener asks for a dump. False: there is no room for its first part. */
  startDump(source: DumpSource): boolean {
    if (!this.hasRoomFor(source.truesizeBytes)) {
      this.refusedRequests++;
      if (this.rmem >= this.rcvbufBytes) {
        this.refusedAnswers++;
        this.overrun();
      }
      return false;
    }
    this.source = source;
    this.putPart(source);
    return true;
  }

  override recv(wasWaiting: boolean): RecvResult {
    this.receivedBefore = this.received;
    const result = super.recv(wasWaiting);
    return result === RECV_MESSAGE && this.kind === KIND_REPLY ? RECV_REPLY : result;
  }

  override close(): void {
    super.close();
    this.source = null;
  }

  /** The next part comes before the look at the latch, which an ongoing dump therefore keeps shut. */
  protected override wakeAfterRecv(): void {
    const { source } = this;
    if (source !== null && this.received > this.receivedBefore && this.rmem <= this.rcvbufBytes / 2) {
      if (this.hasRoomFor(source.truesizeBytes)) this.putPart(source);
      else this.setDumpError();
    }
    super.wakeAfterRecv();
  }

  /** Up to July 2025 a part is charged when the buffer is not full yet; since then, when it fits or is alone. */
  private hasRoomFor(truesizeBytes: number): boolean {
    if (this.admitsOldWay) return this.rmem < this.rcvbufBytes;
    return this.rmem === 0 || this.rmem + truesizeBytes < this.rcvbufBytes;
  }

  private putPart(source: DumpSource): void {
    this.largestReplyBytes = Math.max(this.largestReplyBytes, source.truesizeBytes);
    this.enqueue(KIND_REPLY, source.truesizeBytes, 0, NO_ENTRY);
    if (!source.next()) this.source = null;
  }
}
