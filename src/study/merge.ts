/**
 * The parts of a study put together: every run must be there once, and all of one study. What comes out is what the
 * study would have had if one machine had done it all, to the last byte.
 */
import { UsageError } from "../scenario/errors.js";
import { checkStudy, runName, type Study } from "./grid.js";
import { measureNamed } from "./measure.js";
import { Runs, type RunsFile, sameStudy } from "./runs.js";
import { inShard, type Shard, shardText } from "./shard.js";

/** `availableBytes`: memory for all figures. Throws UsageError. */
export function merged(files: readonly RunsFile[], availableBytes = Number.POSITIVE_INFINITY): Runs {
  const [first, ...others] = files;
  if (first === undefined) throw new UsageError("expected files of runs, got none");
  const foreign = others.find(({ study }) => !sameStudy(study, first.study));
  if (foreign !== undefined) {
    throw new UsageError(`${foreign.path}: expected a part of the study of ${first.path}, got one of another study`);
  }
  refuseWrongStudy(first, availableBytes);
  const runs = new Runs(first.study);
  for (const file of files) {
    for (const { run, figures } of file.runs) {
      if (runs.has(run)) throw doubled(first.study, run, files, file);
      runs.set(run, figures);
    }
  }
  if (runs.finished < runs.count) throw missing(runs, files);
  return runs;
}

/** What a study would refuse before it starts. A file that was changed by hand may have parameters of any shape. */
function refuseWrongStudy({ study, path }: RunsFile, availableBytes: number): void {
  try {
    checkStudy(study, availableBytes);
    for (const measure of study.measures) measureNamed(measure);
  } catch (error) {
    if (error instanceof UsageError) throw error.in(`${path}:1`);
    throw new UsageError(`${path}:1: expected the parameters of a study, as they were written, got others`);
  }
}

function doubled(study: Study, run: number, files: readonly RunsFile[], { path }: RunsFile): UsageError {
  const before = files.find(({ runs }) => runs.some((one) => one.run === run))!.path;
  const place = before === path ? `twice in ${path}` : `in ${before} and in ${path}`;
  return new UsageError(`expected every run once, got ${runName(study, run)} ${place}`);
}

function missing(runs: Runs, files: readonly RunsFile[]): UsageError {
  const absent: number[] = [];
  for (let run = 0; run < runs.count; run++) if (!runs.has(run)) absent.push(run);
  const parts = missingParts(absent, files);
  const what = parts === "" ? `the first missing is ${runName(runs.study, absent[0]!)}` : parts;
  return new UsageError(`expected all ${runs.count} runs, got ${runs.finished}: ${what}`);
}

/** Where all files are parts of as many, which of them lack runs. */
function missingParts(absent: readonly number[], files: readonly RunsFile[]): string {
  const of = files[0]!.shard?.of;
  if (of === undefined || files.some(({ shard }) => shard?.of !== of)) return "";
  const shards = Array.from({ length: of }, (_, index): Shard => ({ index: index + 1, of }));
  const lacking = shards.filter((shard) => absent.some((run) => inShard(shard, run)));
  const sentences = lacking.slice(0, 5).map((shard) => {
    const file = files.find(({ shard: own }) => own!.index === shard.index);
    return file === undefined
      ? `part ${shardText(shard)} is missing`
      : `part ${shardText(shard)} in ${file.path} is not finished`;
  });
  return [...sentences, ...(lacking.length > 5 ? [`and ${lacking.length - 5} more`] : [])].join(", ");
}
