/**
 * A reader whose receiver hands each message to workers through a queue of the program's own, as Go programs do with a
 * channel: the receiver needs a recv and little more, a worker the service time. A full queue makes the receiver wait,
 * so that the socket fills, or makes it drop what it has read, which no socket counts. It owns when receiver and
 * workers act; the queue is message-queue.ts, the workers are decoders.ts.
 */
import { NEVER } from "../kernel/clock.js";
import { RECV_EMPTY, RECV_ENOBUFS, RECV_MESSAGE } from "../kernel/netlink/socket.js";
import { MessageQueue } from "./message-queue.js";
import { Reader } from "./reader.js";

export class QueuedReader extends Reader {
  readonly queue: MessageQueue;
  private readonly drops: boolean;
  private readonly receiveNanoseconds: number;
  /** The receiver may recv from here on; NEVER once it has stopped. */
  private receiverAt = 0;

  constructor(...parameters: ConstructorParameters<typeof Reader>) {
    super(...parameters);
    const { messages, whenFull, receiveNanoseconds } = this.scenario.queue!;
    this.queue = new MessageQueue(messages);
    this.drops = whenFull === "drop";
    this.receiveNanoseconds = receiveNanoseconds;
  }

  override wake(at: number): void {
    if (this.waiting) this.receiverAt = Math.max(this.receiverAt, at);
    super.wake(this.receiverAt);
  }

  override hasten(at: number): void {
    if (this.receiverAt !== NEVER) this.receiverAt = Math.min(this.receiverAt, at);
    super.hasten(at);
  }

  /** Messages that were read and not yet applied. */
  override get inFlight(): number {
    return super.inFlight + this.queue.length;
  }

  override get droppedMessages(): number {
    return this.queue.dropped;
  }

  /** Workers first; then, if it may, the receiver. */
  override recv(now: number): boolean {
    while (this.decoders!.due <= now) {
      this.applyDecoded(this.decoders!, now);
      if (this.queue.length > 0) this.decode(this.queue.take(now), now);
    }
    const received = now >= this.receiverAt && !this.blocked && this.receive(now);
    // A receiver that sleeps on an empty socket is woken, one that waits for room acts when a worker is done.
    const receiverDue = this.blocked || (this.waiting && !this.socket.readable) ? NEVER : this.receiverAt;
    this.due = this.afterPauses(Math.min(receiverDue, this.decoders!.due, this.dumpAt));
    return received;
  }

  override get idle(): boolean {
    return this.receiverAt === NEVER && this.socket.open && this.heldUntil !== NEVER ? this.inFlight === 0 : super.idle;
  }

  /** Its workers go on with what is in the queue. */
  protected override overrun(now: number): void {
    if (this.scenario.stopsAtEnobufs) this.receiverAt = NEVER;
    else super.overrun(now);
  }

  /** It may recv as soon as it is free. */
  protected override freeFrom(at: number): number {
    return at;
  }

  /** A full queue holds the receiver up. */
  private get blocked(): boolean {
    return !this.drops && this.queue.full;
  }

  /** One recv. False: it sleeps in it. */
  private receive(now: number): boolean {
    const result = this.socket.recv(this.waiting);
    this.waiting = result === RECV_EMPTY;
    if (this.waiting) return false;
    this.receiverAt = now + this.recvNanoseconds;
    if (result === RECV_MESSAGE) {
      this.receiverAt += this.receiveNanoseconds;
      this.handOn(this.receiverAt, now);
    } else if (result === RECV_ENOBUFS) {
      this.overrun(this.receiverAt);
    } else {
      this.receiverAt = now + this.replies!.read();
    }
    return true;
  }

  /** The receiver is done with the message at `at`. */
  private handOn(at: number, now: number): void {
    const { socket, queue } = this;
    if (!this.decoders!.allBusy) this.decode(socket, at);
    else if (!queue.full) queue.put(socket, now);
    else {
      queue.dropped++;
      this.observer?.dropped(socket);
    }
  }

  private decode(message: Parameters<MessageQueue["put"]>[0], at: number): void {
    this.decoders!.take(message, at + this.serviceNanoseconds(message.portid));
  }
}
