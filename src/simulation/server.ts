/**
 * The server of short TCP connections over loopback, where it shares the one CPU with the client: a thread that accepts
 * and closes one connection after the other. The scheduler decides how far it is behind: in traces of 5.10.262,
 * 6.1.170 and 6.12.107 it runs when connect returns, so that the server closes first, and the reader comes when it
 * sleeps again.
 *
 * Either end may close first. The acknowledgement of the first FIN rides on the second, unless a tick comes in between
 * (workload/delayed-ack.ts).
 */
import { type KernelClock, NEVER } from "../kernel/clock.js";
import { ACCEPTED, type PacketPath, type Verdict } from "../kernel/conntrack/packet.js";
import { type Direction, ORIGINAL, REPLY } from "../kernel/conntrack/status.js";
import { ACK, FIN, type Segment } from "../kernel/conntrack/trackers/tcp-states.js";
import type { Scenario } from "../scenario/scenario.js";
import { classesOf } from "../scenario/traffic.js";
import { combinedFinAt } from "../workload/script.js";
import type { Cpu0 } from "./cpu/cpu0.js";
import type { Machine } from "./machine.js";

export class Server {
  private readonly clock: KernelClock;
  private readonly packets: PacketPath;
  private readonly cpu0: Cpu0;
  private readonly packetNanoseconds: number;
  /** Connections that nobody has accepted yet, the oldest first. */
  private readonly backlog: number[] = [];
  /** Connections of which one end is closed, and in which jiffy that was. */
  private readonly halfClosed = new Map<number, number>();
  /** The connection whose last acknowledgement the client's close still has to bring about, or -1. */
  private unacknowledged = -1;
  /** When it has a connection to accept. */
  due = NEVER;

  constructor({ clock, cpu0, kernel, scenario }: Machine) {
    this.clock = clock;
    this.cpu0 = cpu0;
    this.packets = kernel.packets;
    this.packetNanoseconds = scenario.costs.packetNanoseconds;
  }

  /** The client sends; its acknowledgement ends the handshake, and its FIN may be followed by one. */
  sent(tuple: number, direction: Direction, segment: Segment): Verdict {
    if (segment === FIN) {
      if (this.halfClosed.has(tuple)) this.unacknowledged = tuple;
      this.cpu0.besideNanoseconds += (this.close(tuple, direction) - 1) * this.packetNanoseconds;
      return ACCEPTED;
    }
    const verdict = this.packets.packet(tuple, direction, segment);
    if (segment === ACK) this.established(tuple);
    return verdict;
  }

  private established(tuple: number): void {
    this.backlog.push(tuple);
    if (this.due === NEVER) this.due = this.clock.now;
  }

  /** Accepts a connection and closes it. How many packets that made. */
  act(): number {
    const tuple = this.backlog.shift()!;
    if (this.backlog.length === 0) this.due = NEVER;
    const closesLast = this.halfClosed.has(tuple);
    const packets = this.close(tuple, REPLY);
    if (!closesLast) return packets;
    this.packets.packet(tuple, ORIGINAL, ACK);
    return packets + 1;
  }

  /** The client's close has sent its FIN and goes on until that is acknowledged. */
  get owesAck(): boolean {
    return this.unacknowledged >= 0;
  }

  /** The FIN of the client that closed last is acknowledged. */
  acknowledge(): void {
    this.packets.packet(this.unacknowledged, REPLY, ACK);
    this.unacknowledged = -1;
  }

  /** One end closes. How many packets that made, but for the acknowledgement of the second FIN. */
  private close(tuple: number, direction: Direction): number {
    const { clock, halfClosed, packets } = this;
    const since = halfClosed.get(tuple);
    if (since === undefined) {
      halfClosed.set(tuple, clock.jiffies);
      packets.packet(tuple, direction, FIN);
      return 1;
    }
    halfClosed.delete(tuple);
    const isAcknowledged = since !== clock.jiffies;
    if (isAcknowledged) packets.packet(tuple, direction, ACK);
    packets.packet(tuple, direction, FIN);
    return isAcknowledged ? 2 : 1;
  }
}

/** Whether the server's thread has a part in who runs when: what it does is known of the shortest connections only. */
export function hasServer(scenario: Scenario): boolean {
  const classes = classesOf(scenario);
  if (scenario.cpus !== 1 || scenario.path !== "loopback" || scenario.replay !== null || classes.length > 1)
    return false;
  return combinedFinAt(classes[0]!) >= 0 && classes[0]!.packetGapNanoseconds === 0;
}
