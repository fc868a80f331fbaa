/**
 * The file in which the runs of a study are kept while it goes on: each run is on disk before the next one begins, so
 * that whatever ends the process loses none that is finished. A line that was cut off in the middle is dropped when the
 * study goes on.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { quoted, UsageError } from "../../scenario/errors.js";
import type { Study } from "../../study/grid.js";
import type { Runs } from "../../study/runs.js";
import type { Shard } from "../../study/shard.js";
import type { Studies } from "../dependencies.js";
import { systemReason } from "../failure.js";

export interface KeptRuns {
  path: string;
  runs: Runs;
  keep(run: number, figures: readonly (number | null)[]): void;
  /** `refused`: the study was, so that a file that it began and that has no run in it goes. */
  close(refused: boolean): void;
}

/** Goes on with a file, or begins one. Throws UsageError. */
export function openRuns(path: string, study: Study, shard: Shard | null, studies: Studies): KeptRuns {
  const { headerLine, Runs, readRuns, resumed, runLine } = studies;
  return explained(path, () => {
    const text = existsSync(path) && statSync(path).size > 0 ? readFileSync(path, "utf8") : null;
    // A process that was ended while it wrote the first line left nothing to go on from.
    const file = text === null || !text.includes("\n") ? null : readRuns(text, path);
    const runs = file === null ? new Runs(study) : resumed(file, study, shard);
    const descriptor = openSync(path, text === null ? "w" : "r+");
    let at = 0;
    // What a disk that is nearly full takes of a line is cut off when the study goes on.
    const write = (line: string): void => {
      const bytes = Buffer.from(line);
      for (let from = 0; from < bytes.length; ) {
        const wrote = writeSync(descriptor, bytes, from, bytes.length - from, at);
        from += wrote;
        at += wrote;
      }
    };
    if (file === null) {
      ftruncateSync(descriptor, 0);
      write(headerLine(study, shard));
    } else {
      at = Buffer.byteLength(text!.slice(0, file.wholeLength));
      ftruncateSync(descriptor, at);
    }
    const keep = (run: number, figures: readonly (number | null)[]): void =>
      explained(path, () => write(runLine(run, figures)));
    const close = (refused: boolean): void => {
      closeSync(descriptor);
      if (refused && text === null && runs.finished === 0) rmSync(path);
    };
    return { path, runs, keep, close };
  });
}

/** All runs that are done, in a file that was not there before. Null: none can be written here. */
export function keepRuns(name: string, runs: Runs, { headerLine, runLine }: Studies): string | null {
  for (let number = 1; number <= 100; number++) {
    const path = number === 1 ? `${name}.runs` : `${name}-${number}.runs`;
    const lines = [headerLine(runs.study, null)];
    for (let run = 0; run < runs.count; run++) if (runs.has(run)) lines.push(runLine(run, runs.figuresOf(run)));
    try {
      writeFileSync(path, lines.join(""), { flag: "wx" });
      return path;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") continue;
      rmSync(path, { force: true });
      return null;
    }
  }
  return null;
}

export function textOf(path: string): string {
  return explained(path, () => readFileSync(path, "utf8"));
}

function explained<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `expected a file of runs that can be read and written, got ${quoted(path)} (${systemReason(error)})`,
    );
  }
}
