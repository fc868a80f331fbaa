/**
 * Logs that were read, by the hash of their content. A scenario is plain data and names its log by hash; whoever runs
 * it finds the log here. What a hash names never changes, so that the order of reading and running does not matter.
 */
import { UsageError } from "../../scenario/errors.js";
import type { Replay } from "../../scenario/parameters/replay.js";
import type { ReplayLog } from "./log.js";

const logs = new Map<string, ReplayLog>();

export function keepLog(sha256: string, log: ReplayLog): void {
  logs.set(sha256, log);
}

/** Throws UsageError where it was not read. */
export function keptLog({ file, sha256 }: Replay): ReplayLog {
  const log = logs.get(sha256);
  if (log !== undefined) return log;
  throw new UsageError(
    `replay: expected the log itself, given by --replay ${file} beside it, got its name and its hash alone`,
  );
}
