/** Files of recordings, and the comparison of many of them on all cores. */
import { readdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Comparison } from "./compare.js";
import { mediansOf } from "./medians.js";
import { type Recording, readRecordings } from "./recording.js";
import { referencesFor } from "./references.js";

/** A source needs a loader, a compiled tree none. */
const WORKER = import.meta.url.endsWith(".ts") ? "./worker.mjs" : "./worker.js";

/** The project's own copy. */
export const OWN_RECORDINGS = fileURLToPath(new URL("./recordings", import.meta.url));

/**
 * All recordings of files and folders, and of the folders in those, in order of name and line. Traces of single
 * attempts are no runs and are left out. Throws where something is no recording.
 */
export function recordingsOf(paths: readonly string[]): Recording[] {
  return paths
    .flatMap(filesOf)
    .flatMap(readRecordings)
    .filter(({ tag }) => tag !== "trace");
}

/**
 * By a virtual clock a second recording of one setting is nearly the same run, and no further test. The builds of 3.6.0
 * are two draws as well: they differ in `rmem_max` only, which is fed.
 */
export function withoutSecondDraws(recordings: readonly Recording[]): Recording[] {
  const seen = new Set<string>();
  return recordings.filter(({ clock, build, tag, setting }) => {
    const key = JSON.stringify([build === "k36r1" ? "k36" : build, tag, setting]);
    if (clock === "wall" || !seen.has(key)) {
      seen.add(key);
      return true;
    }
    return false;
  });
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const inside = join(path, entry.name);
      if (entry.isDirectory()) return filesOf(inside);
      return entry.name.endsWith(".jsonl") ? [inside] : [];
    });
}

/**
 * The results are in the order of the recordings, whoever computed them; medians of repetitions follow. Costs that one
 * does not show are measured from `others`, or from the project's own. `seeds`: how many runs of each recording.
 */
export function compareAll(
  recordings: readonly Recording[],
  seeds: number | ((recording: Recording) => number),
  progress: (done: number) => void = () => {},
  others: readonly Recording[] = recordings,
): Promise<Comparison[]> {
  const known = [...others, ...recordingsOf([OWN_RECORDINGS])];
  const results: Comparison[] = new Array(recordings.length);
  let next = 0;
  let done = 0;
  return new Promise((resolve, reject) => {
    const workers = Array.from({ length: Math.min(availableParallelism(), recordings.length) }, () => {
      const worker = new Worker(new URL(WORKER, import.meta.url));
      const feed = (): void => {
        if (next === recordings.length) return;
        const recording = recordings[next]!;
        const wanted = typeof seeds === "number" ? seeds : seeds(recording);
        worker.postMessage({ index: next++, recording, seeds: wanted, references: referencesFor(recording, known) });
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
