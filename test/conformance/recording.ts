/**
 * One line of a recording: what was set, what a real kernel did. It owns the shape and the reading of files in that
 * format; the meaning of the fields is in recordings/README.md.
 */

import { readFileSync } from "node:fs";
import type { RecordedListener } from "../../src/live/run/recording.js";

interface RecordedSetting {
  reliable: 0 | 1;
  noEnobufs: 0 | 1;
  readerDelayMicroseconds: number;
  eventsRetryTimeoutSeconds: number;
  readerHeldAfterFlushMilliseconds: number;
  readerNeverReadsAfterFlush: 0 | 1;
  flush: 0 | 1;
  bigBufferDuringFlood: 0 | 1;
  readerDuringFlood: 0 | 1 | 2;
  mode: "udp" | "tcp" | "cap";
  flows: number;
  bufferBytes: number;
  nfConntrackMax: number;
  buckets: number;
  runEndsAfterFlushMilliseconds?: number;
  timestamps?: 0 | 1;
  udpTimeoutSeconds?: number;
  tcpTimeWaitSeconds?: number;
  pauseMicroseconds?: number;
  pauseEveryFlows?: number;
  secondFloodFlows?: number;
  secondFloodAfterFlushMilliseconds?: number;
  secondListenerBufferBytes?: number;
  secondListenerReliable?: 0 | 1;
  secondListenerDelayMicroseconds?: number;
  listenerClosesAfterFlushMilliseconds?: number;
}

interface RecordedResult {
  floodSeconds: number;
  sent: number;
  refusedBySend: number;
  flushSeconds: number;
  countAfterFlush: number;
  dropsInFlush: number;
  failedDestroyAttempts: number;
  destroyAttempts: number;
  drained: boolean;
  drainSeconds: number | null;
  countAtEnd: number;
  tableDrop: number;
  tableEarlyDrop: number;
  newReceivedBeforeFlush: number;
  listener: RecordedListener;
  secondListener?: RecordedListener;
}

/** The result of a run under steady load (recordings/steady/). */
export interface SteadyResult {
  floodSeconds: number;
  sent: number;
  refusedBySend: number;
  countAtEnd: number;
  tableDrop: number;
  tableEarlyDrop: number;
  received: { new: number; update: number; destroy: number };
  uniqueDestroy: number;
  enobufs: number;
  drops: number;
  rcvbufBytes: number;
}

interface RecordedCapacity {
  cap_new: [number, number, number][];
  cap_new_final: { rmem: number; drops: number };
  drained_new: number;
  enobufs_new: number;
  rmem_after_each_recv: number[];
  flush_s: number;
  destroy_rmem: number;
  destroy_drops: number;
  count_after_flush: number;
  drained_destroy: number;
  enobufs_destroy: number;
}

export interface Recording {
  /** Where it was read: file:line. */
  place: string;
  kernel: string;
  build: string;
  hz: number;
  cpus: 1 | 2;
  clock: string;
  tag: string;
  setting: RecordedSetting;
  result?: RecordedResult;
  capacity?: RecordedCapacity;
  rcvbufBytes?: number;
  messageBytes?: Record<string, number>;
  series?: { columns: string[]; rows: number[][] };
}

/** All runs of a file of JSON lines. Throws with file:line where a line is no recording. */
export function readRecordings(path: string): Recording[] {
  const recordings: Recording[] = [];
  readFileSync(path, "utf8")
    .split("\n")
    .forEach((text, index) => {
      if (text.trim() === "") return;
      const place = `${path}:${index + 1}`;
      let parsed: Partial<Recording>;
      try {
        parsed = JSON.parse(text) as Partial<Recording>;
      } catch {
        throw new Error(`${place}: expected one JSON object a line, got ${text.slice(0, 40)}`);
      }
      if (parsed.setting === undefined || (parsed.result === undefined && parsed.capacity === undefined)) {
        throw new Error(`${place}: expected a recording with "setting" and "result" or "capacity"`);
      }
      recordings.push(normalized({ ...(parsed as Recording), place }));
    });
  return recordings;
}

/** A run under steady load names only what differs: small buffer and slow reader from the start, no flush. */
function normalized(recording: Recording): Recording {
  if (recording.tag !== "steady") return recording;
  const usual: Partial<RecordedSetting> = {
    noEnobufs: 0,
    eventsRetryTimeoutSeconds: 15,
    readerHeldAfterFlushMilliseconds: 0,
    readerNeverReadsAfterFlush: 0,
    flush: 0,
    bigBufferDuringFlood: 0,
    readerDuringFlood: 2,
  };
  const setting = { ...usual, ...recording.setting };
  const result = recording.result as unknown as SteadyResult;
  const listener = { rcvbufBytes: result.rcvbufBytes } as RecordedListener;
  return { ...recording, setting, result: { ...recording.result!, listener } };
}
