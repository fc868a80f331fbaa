/**
 * `npm run conformance -- [DIR|FILE…] [--seeds N] [--json FILE] [--tag TAG] [--first-draws]`: every recording against
 * the model, on all cores; with `--first-draws` without second recordings of one setting. Prints per kernel how many
 * cells (one quantity of one recording) are inside, the errors of the main figures, and each cell outside with its
 * expected interval. Exit 1 when a cell is outside, 2 when there is nothing to compare.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compareAll, OWN_RECORDINGS, recordingsOf, withoutSecondDraws } from "./corpus.js";
import type { Recording } from "./recording.js";
import { renderSummary } from "./summary.js";

const SEEDS = 40;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seeds: { type: "string" },
      json: { type: "string" },
      tag: { type: "string" },
      "first-draws": { type: "boolean" },
    },
  });
  const seeds = values.seeds === undefined ? SEEDS : Number(values.seeds);
  if (!Number.isInteger(seeds) || seeds < 4 || seeds > 10_000) {
    console.error(`conformance: --seeds: expected a whole number from 4 to 10000, got "${values.seeds}"`);
    return 2;
  }
  let recordings: Recording[];
  try {
    recordings = recordingsOf(positionals.length > 0 ? positionals : [OWN_RECORDINGS]);
  } catch (error) {
    console.error(`conformance: ${(error as Error).message}`);
    return 2;
  }
  if (values["first-draws"] === true) recordings = withoutSecondDraws(recordings);
  const wanted = recordings.filter(({ tag }) => values.tag === undefined || values.tag.split(",").includes(tag));
  if (wanted.length === 0) {
    console.error("conformance: expected files of recordings (*.jsonl), found none");
    return 2;
  }
  const showsProgress = process.stderr.isTTY;
  const progress = (done: number): void => {
    if (showsProgress) process.stderr.write(`\r${done} of ${wanted.length} recordings`);
  };
  const comparisons = await compareAll(wanted, seeds, progress, recordings);
  if (showsProgress) process.stderr.write("\r\x1b[K");
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(comparisons)}\n`);
  console.log(renderSummary(comparisons, seeds));
  return comparisons.some(({ cells }) => cells.some(({ inside }) => !inside)) ? 1 : 0;
}

process.exitCode = await main();
