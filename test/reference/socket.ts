/** A listener's socket: a list of messages, and the rules of admission, congestion and ENOBUFS (af_netlink). */
export type Kind = "NEW" | "UPDATE" | "DESTROY";

export interface Message {
  kind: Kind;
  tuple: number;
  portid: number;
}

export interface SocketFacts {
  rcvbufBytes: number;
  admission: "old" | "new";
  broadcastError: boolean;
  noEnobufs: boolean;
  groups: readonly Kind[];
}

export class ReferenceSocket {
  open = true;
  readonly queue: Message[] = [];
  congested = false;
  drops = 0;
  enobufs = 0;
  private error = false;

  constructor(
    readonly facts: SocketFacts,
    private readonly truesize: number,
  ) {}

  get rmem(): number {
    return this.queue.length * this.truesize;
  }

  hears(kind: Kind): boolean {
    return this.open && this.facts.groups.includes(kind);
  }

  offer(message: Message): boolean {
    if (!this.congested && this.hasRoom) {
      this.queue.push(message);
      return true;
    }
    this.drops++;
    if (!this.facts.noEnobufs && !this.congested) {
      this.congested = true;
      this.error = true;
    }
    return false;
  }

  /** A recv that does not wait. */
  recv(): Message | "ENOBUFS" | null {
    const result = this.take();
    if (this.queue.length === 0) this.congested = false;
    return result;
  }

  close(): void {
    this.open = false;
    this.queue.length = 0;
  }

  private take(): Message | "ENOBUFS" | null {
    if (this.error) {
      this.error = false;
      this.enobufs++;
      return "ENOBUFS";
    }
    return this.queue.shift() ?? null;
  }

  private get hasRoom(): boolean {
    const { rcvbufBytes, admission } = this.facts;
    if (admission === "old") return this.rmem <= rcvbufBytes;
    return this.queue.length === 0 || this.rmem + this.truesize <= rcvbufBytes;
  }
}
