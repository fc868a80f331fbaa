/**
 * What a run needs of whoever reads events: a thread of ours (listener.ts) or a daemon (conntrackd.ts). Figures that
 * one of them does not tell are null.
 */
import type { ConntrackdStatistics, Figure } from "../../report/report.js";
import type { ListenerScenario } from "../../scenario/scenario.js";
import type { SocketRow } from "../host/kernel-files.js";

/** What a reader says when it ends. */
export interface ReaderResult {
  duplicates: Figure;
  reordered: Figure;
  resyncs: number;
  /** Null: it is not conntrackd. */
  conntrackd: ConntrackdStatistics | null;
  uniqueDestroy: number;
  destroyWithoutNew: number;
  destroyWithPortid: number;
  /** Sizes of messages by what they say, as "NEW/148", and how many of each came. */
  messageBytes: Record<string, number>;
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
  readonly received: { new: number; update: number; destroy: number };
  readonly enobufs: number;
  /** Entries that it believes alive. */
  readonly alive: number;
  /** When the last entry that it believed alive was destroyed. */
  readonly inSyncNanoseconds: Figure;
  readonly rcvbufBytes: number;
  /** Rmem and Drops now, or right before the socket was closed. */
  row(): SocketRow;
  /** Whether it has read everything that it ever will, given what is queued. */
  idle(rmemBytes: number): boolean;
}
