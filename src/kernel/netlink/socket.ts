/**
 * One NETLINK_NETFILTER socket of a listener: the receive queue with its truesize accounting, admission, the CONGESTED
 * latch, ENOBUFS. It follows netlink_broadcast_deliver(), netlink_overrun(), netlink_rcv_wake() and netlink_recvmsg()
 * of net/netlink/af_netlink.c. It does not know what a message means; it carries a few numbers for the reader.
 *
 * The queue is a ring of numbers, six words a message, that doubles when it is full: what bounds it is rcvbuf, as in
 * the kernel.
 */

/** Kind, portid and truesize in one word; entry; tuple; id; and when it was raised, a double. */
const MESSAGE_WORDS = 6;

/** Outcome of a recv. */
export const RECV_EMPTY = 0;
export const RECV_MESSAGE = 1;
export const RECV_ENOBUFS = 2;
/** A part of a dump, on a socket that is asked for dumps (dumping-socket.ts). */
export const RECV_REPLY = 3;
export type RecvResult = typeof RECV_EMPTY | typeof RECV_MESSAGE | typeof RECV_ENOBUFS | typeof RECV_REPLY;

export interface SocketOptions {
  rcvbufBytes: number;
  admission: "old" | "new";
  /** A recv that slept looks at the error again before it takes a message (4.5 on). */
  errorFirst?: boolean;
  /** NETLINK_BROADCAST_ERROR: a refusal here makes the broadcast fail. */
  broadcastError: boolean;
  /** NETLINK_NO_ENOBUFS: no error, no latch. */
  noEnobufs: boolean;
  /** Bit set of message types that it joined the groups of: 1 << MessageKind. */
  groups: number;
  /** Nanoseconds: how long it was congested is measured with it. */
  clock?: { readonly now: number };
}

/**
 * What the reader will find in a message. Asked for only once a message is admitted: most attempts of a crowd are not.
 */
export interface MessageFields {
  tupleOf(entry: number): number;
  idOf(entry: number): number;
  /** 1 when the message carries the netlink port of a requester. */
  portidOf(entry: number): number;
  /** When the event was raised, in nanoseconds. */
  raisedAt(kind: number, entry: number): number;
}

export class NetlinkSocket {
  rcvbufBytes: number;
  readonly broadcastError: boolean;
  readonly noEnobufs: boolean;
  readonly groups: number;
  private readonly newAdmission: boolean;
  private readonly errorFirst: boolean;
  private readonly clock: { readonly now: number };
  open = true;

  rmem = 0;
  /** Since the last look at it (`takePeakRmem`). */
  private recentPeak = 0;
  queued = 0;
  /** NETLINK_CONGESTED: what comes is refused until the queue is empty. */
  congested = false;
  private congestedSince = Number.NaN;
  private congestedBefore = Number.NaN;
  /** The highest rmem before the last look at it. */
  private peakBefore = 0;
  private error = false;

  /** Column Drops of /proc/net/netlink. */
  drops = 0;
  admitted = 0;
  received = 0;
  enobufs = 0;
  congestions = 0;
  /** Errors raised by netlink_set_err. */
  errorsSet = 0;

  private size = 64;
  private first = 0;
  private words = new Int32Array(MESSAGE_WORDS * this.size);
  private doubles = new Float64Array(this.words.buffer);

  /** The message that the last `recv` returned. */
  kind = 0;
  entry = 0;
  tuple = 0;
  id = 0;
  portid = 0;
  raisedAt = Number.NaN;

  constructor(options: SocketOptions) {
    this.rcvbufBytes = options.rcvbufBytes;
    this.newAdmission = options.admission === "new";
    this.errorFirst = options.errorFirst === true;
    this.broadcastError = options.broadcastError;
    this.noEnobufs = options.noEnobufs;
    this.groups = options.groups;
    this.clock = options.clock ?? { now: 0 };
    // Doubles from the first value on (kernel/clock.ts).
    this.congestedSince = 0;
    this.congestedBefore = 0;
  }

  /** Whether a message of this truesize is admitted, and so queued. A refusal counts as a drop and may latch. */
  offer(kind: number, truesize: number, entry: number, message: MessageFields): boolean {
    const rmem = this.rmem + truesize;
    const fits =
      this.newAdmission === true ? rmem === truesize || rmem <= this.rcvbufBytes : this.rmem <= this.rcvbufBytes;
    if (!fits || this.congested) {
      this.overrun();
      return false;
    }
    this.enqueue(kind, truesize, entry, message);
    return true;
  }

  /** A message that is charged goes to the end of the queue. */
  protected enqueue(kind: number, truesize: number, entry: number, message: MessageFields): void {
    if (this.queued === this.size) this.growRing();
    const at = (this.first + this.queued) & (this.size - 1);
    const { words } = this;
    const word = at * MESSAGE_WORDS;
    words[word] = (truesize << 3) | (message.portidOf(entry) << 2) | kind;
    words[word + 1] = entry;
    words[word + 2] = message.tupleOf(entry);
    words[word + 3] = message.idOf(entry);
    this.doubles[(word >> 1) + 2] = message.raisedAt(kind, entry);
    this.queued++;
    this.admitted++;
    this.rmem += truesize;
    if (this.rmem > this.recentPeak) this.recentPeak = this.rmem;
  }

  /** SO_RCVBUF during the run: what is queued stays, also above the new bound. */
  setRcvbuf(bytes: number): void {
    this.rcvbufBytes = bytes;
    this.recentPeak = this.rmem;
    this.peakBefore = 0;
  }

  /** SO_RCVBUFFORCE: the kernel doubles a request, and net.core.rmem_max does not cap this one. */
  forceRcvbuf(requestedBytes: number): void {
    this.rcvbufBytes = 2 * requestedBytes;
  }

  /** netlink_set_err(): an error for the reader without a message; the latch and the drops do not move. */
  setError(): void {
    if (this.noEnobufs) return;
    this.error = true;
    this.errorsSet++;
  }

  /** The next part of a dump could not be charged: sk_err, which NETLINK_NO_ENOBUFS does not keep away. */
  protected setDumpError(): void {
    this.error = true;
    this.errorsSet++;
  }

  /** Whether it is open and in the group of a kind of message. */
  hears(kind: number): boolean {
    return this.open === true && (this.groups & (1 << kind)) !== 0;
  }

  /** Whether a recv would return at once. */
  get readable(): boolean {
    return this.queued > 0 || this.error;
  }

  /**
   * One recv. `wasWaiting`: the reader slept inside this recv, so up to 4.4 it takes a message that arrived before it
   * looks at the error: skb_recv_datagram() checked sk_err on entry only, then the queue each time it woke.
   */
  recv(wasWaiting: boolean): RecvResult {
    if (this.error && (this.errorFirst || !wasWaiting || this.queued === 0)) {
      this.error = false;
      this.enobufs++;
      this.wakeAfterRecv();
      return RECV_ENOBUFS;
    }
    if (this.queued === 0) {
      this.wakeAfterRecv();
      return RECV_EMPTY;
    }
    const at = this.first;
    this.first = (at + 1) & (this.size - 1);
    this.queued--;
    const { words } = this;
    const word = at * MESSAGE_WORDS;
    const first = words[word]!;
    this.rmem -= first >> 3;
    this.kind = first & 3;
    this.portid = (first >> 2) & 1;
    this.entry = words[word + 1]!;
    this.tuple = words[word + 2]! >>> 0;
    this.id = words[word + 3]! >>> 0;
    this.raisedAt = this.doubles[(word >> 1) + 2]!;
    this.received++;
    this.wakeAfterRecv();
    return RECV_MESSAGE;
  }

  /** The number of the message that the last `recv` returned, in the order of admission from 1 on. */
  get order(): number {
    return this.received;
  }

  /** Nanoseconds that it was congested so far, the present episode included. */
  congestedNanoseconds(now: number): number {
    return this.congestedBefore + (this.congested ? now - this.congestedSince : 0);
  }

  get peakRmem(): number {
    return Math.max(this.peakBefore, this.recentPeak);
  }

  /** The highest rmem since this was asked last. */
  takePeakRmem(): number {
    const { recentPeak } = this;
    this.peakBefore = Math.max(this.peakBefore, recentPeak);
    this.recentPeak = this.rmem;
    return recentPeak;
  }

  close(): void {
    this.open = false;
    this.queued = 0;
    this.rmem = 0;
  }

  /** netlink_overrun(): the latch and the error come once per episode, the drop counts every time. */
  protected overrun(): void {
    this.drops++;
    if (this.noEnobufs || this.congested) return;
    this.congested = true;
    this.congestedSince = this.clock.now;
    this.congestions++;
    this.error = true;
  }

  /** netlink_rcv_wake(): only an empty queue clears the latch. */
  protected wakeAfterRecv(): void {
    if (this.queued !== 0 || !this.congested) return;
    this.congested = false;
    this.congestedBefore += this.clock.now - this.congestedSince;
  }

  private growRing(): void {
    const before = this.words;
    const split = this.first * MESSAGE_WORDS;
    this.words = new Int32Array(2 * before.length);
    this.words.set(before.subarray(split));
    this.words.set(before.subarray(0, split), before.length - split);
    this.doubles = new Float64Array(this.words.buffer);
    this.first = 0;
    this.size *= 2;
  }
}
