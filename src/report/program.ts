/**
 * What a live run says of a foreign program that read in the place of the first listener: each of its sockets as the
 * kernel shows it, what the program used, and its pace, which is what a simulation of it needs. Times are seconds from
 * the first packet. What the kernel does not tell is null.
 */
import type { EventGroup } from "../scenario/scenario.js";

type Figure = number | null;

/** How fast it read while messages were waiting for it, so that it and not the traffic set the pace. */
export interface ProgramPace extends KindPace {
  /** Nine tenths of stretches of some hundred messages lie between these; null: there were too few of them. */
  fastMicroseconds: Figure;
  slowMicroseconds: Figure;
  /** The rate that it sustains. */
  messagesPerSecond: number;
  /** Of stretches in which all messages were of one kind; null: there were too few. */
  kinds: Readonly<Record<EventGroup, KindPace | null>>;
}

export interface KindPace {
  microsecondsPerMessage: number;
  /** The same by the clock alone: with the time in which it was ready to run and others had the CPU. */
  clockMicrosecondsPerMessage: number;
  /** How many messages it is taken from. */
  messages: number;
}

export interface ProgramSocket {
  /** Process that holds it; null: that may not be read. */
  process: { pid: number; name: string } | null;
  groups: readonly EventGroup[];
  /** NETLINK_BROADCAST_ERROR and NETLINK_NO_ENOBUFS. */
  broadcastError: boolean | null;
  noEnobufs: boolean | null;
  /** sk_rcvbuf at first, and at the end. */
  rcvbufBytes: Figure;
  rcvbufBytesAtEnd: Figure;
  capacityMessages: Figure;
  /** Messages of its groups that the kernel had for it: admitted and dropped. */
  offered: Figure;
  admitted: Figure;
  drops: number;
  /** Still queued at the end. */
  unread: number;
  /** As sampled every millisecond. */
  peakRmemBytes: number;
  /** Time in which one more message would not have fitted, as sampled. */
  fullSeconds: number;
  openedSeconds: number;
  /** Null: open until the end. */
  closedSeconds: Figure;
  /** Null: too few messages ever waited. */
  pace: ProgramPace | null;
}

export interface ProgramReport {
  /** As it was written. */
  command: string;
  sockets: readonly ProgramSocket[];
  /** Most processes at once. */
  processes: number;
  cpuSeconds: number;
  /** Per message that it read; null: it read too few. */
  cpuMicrosecondsPerMessage: Figure;
  /** Most resident memory. */
  memoryBytes: Figure;
  /** It ended before the run did: when, with which exit status or by which signal. Null: it lived on. */
  ended: { atSeconds: number; exitStatus: Figure; signal: Figure } | null;
}
