/** Files of recordings, and the comparison of many of them on all cores. */
import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Comparison } from "./compare.js";
import { mediansOf } from "./medians.js";
import { type Recording, readRecordings } from "./recording.js";

/** The project's own copy. */
export const OWN_RECORDINGS = fileURLToPath(new URL("./recordings", import.meta.url));

/** All recordings of files and folders, in order of name and line. Throws where something is no recording. */
export function recordingsOf(paths: readonly string[]): Recording[] {
  return paths
    .flatMap((path) =>
      statSync(path).isDirectory()
        ? readdirSync(path)
            .filter((name) => name.endsWith(".jsonl"))
            .sort()
            .map((name) => join(path, name))
        : [path],
    )
    .flatMap(readRecordings);
}

/** The results are in the order of the recordings, whoever computed them; medians of repetitions follow. */
export function compareAll(
  recordings: readonly Recording[],
  seeds: number,
  progress: (done: number) => void = () => {},
): Promise<Comparison[]> {
  const results: Comparison[] = new Array(recordings.length);
  let next = 0;
  let done = 0;
  return new Promise((resolve, reject) => {
    const workers = Array.from({ length: Math.min(availableParallelism(), recordings.length) }, () => {
      const worker = new Worker(new URL("./worker.mjs", import.meta.url));
      const feed = (): void => {
        if (next < recordings.length) worker.postMessage({ index: next, recording: recordings[next++], seeds });
      };
      worker.on("message", ({ index, comparison }: { index: number; comparison: Comparison }) => {
        results[index] = comparison;
        progress(++done);
        if (done === recordings.length) {
          for (const each of workers) void each.terminate();
          resolve([...results, ...mediansOf(results)]);
        } else feed();
      });
      worker.on("error", reject);
      feed();
      return worker;
    });
  });
}
