/**
 * What a run needs of whoever reads events: a thread of ours (listener.ts) or a daemon (conntrackd.ts). Figures that
 * one of them does not tell are null.
 */
import type { ConntrackdStatistics, Figure } from "../../report/report.js";
import type { EventGroup, ListenerScenario } from "../../scenario/scenario.js";
import type { SocketRow } from "../host/kernel-files.js";
import type { ProgramFigures } from "./program-watch.js";
import type { PollFigures } from "./table-poll.js";

/** Messages that a reader has read, by kind. */
export type Received = Record<EventGroup, Figure>;

/** What a reader says when it ends. */
export interface ReaderResult {
  duplicates: Figure;
  reordered: Figure;
  resyncs: Figure;
  /** Null: it polls no table. */
  polls: PollFigures | null;
  /** Null: it is not conntrackd. */
  conntrackd: ConntrackdStatistics | null;
  /** Null: it is a thread of ours. */
  program: ProgramFigures | null;
  uniqueDestroy: number;
  destroyWithoutNew: number;
  destroyWithPortid: number;
  /** Sizes of messages by what they say, as "NEW/148", and how many of each came. */
  messageBytes: Record<string, number>;
  /** Messages by kind of flow, a DESTROY that came twice counted once; null: not told. */
  byClass: readonly Record<EventGroup, number>[] | null;
}

export interface LiveReader {
  readonly scenario: ListenerScenario;
  /** Until the socket is open, where it opens before the flood. */
  opened(): Promise<void>;
  begin(startNanoseconds: number): void;
  /** The end of the flood: who joins late opens its socket, and a large buffer becomes the scenario's. */
  prepareFlush(): Promise<void>;
  flushBegins(nanoseconds: number): void;
  /** Ends the reader and returns what only it knows. */
  stop(): Promise<ReaderResult>;
  readonly received: Received;
  readonly enobufs: Figure;
  /** Entries that it believes alive. */
  readonly alive: Figure;
  /** When the last entry that it believed alive was destroyed. */
  readonly inSyncNanoseconds: Figure;
  /** What the kernel made of its first request. */
  readonly rcvbufBytes: Figure;
  /** Whether so much waits that a sender which lets it catch up has to wait. So many connections were made so far. */
  isBehind(created: number): boolean;
  /** Rmem and Drops now, or right before the socket was closed. */
  row(): SocketRow;
  /** Whether it has read everything that it ever will, given what is queued. */
  idle(rmemBytes: number): boolean;
}
