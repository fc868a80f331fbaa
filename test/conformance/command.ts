/**
 * `npm run conformance -- [DIR|FILE…] [--seeds N] [--json FILE] [--tag TAG]`: every recording against the model, on all cores. Prints per
 * kernel how many cells (one quantity of one recording) are inside, the errors of the main figures, and each cell outside
 * with its expected interval. Exit 1 when a cell is outside, 2 when there is nothing to compare.
 */
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import type { Comparison } from "./compare.js";
import { type Recording, readRecordings } from "./recording.js";
import { renderSummary } from "./summary.js";

const SEEDS = 40;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seeds: { type: "string" }, json: { type: "string" }, tag: { type: "string" } },
  });
  const seeds = values.seeds === undefined ? SEEDS : Number(values.seeds);
  if (!Number.isInteger(seeds) || seeds < 20 || seeds > 10_000) {
    console.error(`conformance: --seeds: expected a whole number from 20 to 10000, got "${values.seeds}"`);
    return 2;
  }
  const own = fileURLToPath(new URL("./recordings", import.meta.url));
  let recordings: Recording[];
  try {
    recordings = filesOf(positionals.length > 0 ? positionals : [own]).flatMap(readRecordings);
  } catch (error) {
    console.error(`conformance: ${(error as Error).message}`);
    return 2;
  }
  const wanted = recordings.filter(({ tag }) => values.tag === undefined || values.tag.split(",").includes(tag));
  if (wanted.length === 0) {
    console.error("conformance: expected files of recordings (*.jsonl), found none");
    return 2;
  }
  const comparisons = await compareAll(wanted, seeds);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(comparisons)}\n`);
  console.log(renderSummary(comparisons, seeds));
  return comparisons.some(({ cells }) => cells.some(({ inside }) => !inside)) ? 1 : 0;
}

function filesOf(paths: readonly string[]): string[] {
  return paths.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((name) => name.endsWith(".jsonl"))
          .sort()
          .map((name) => join(path, name))
      : [path],
  );
}

/** The results are in the order of the recordings, whoever computed them. */
function compareAll(recordings: readonly Recording[], seeds: number): Promise<Comparison[]> {
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
        if (process.stderr.isTTY) process.stderr.write(`\r${++done} of ${recordings.length} recordings`);
        else done++;
        if (done === recordings.length) {
          if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
          for (const each of workers) void each.terminate();
          resolve(results);
        } else feed();
      });
      worker.on("error", reject);
      feed();
      return worker;
    });
  });
}

process.exitCode = await main();
