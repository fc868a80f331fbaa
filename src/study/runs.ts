/**
 * The figures of a study's runs, by number: flat columns of numbers, eight bytes a figure, however many runs there are;
 * and the file in which they are kept, one line a run, so that a run that is finished stays so whatever happens to the
 * process. The same file is what an interrupted study goes on from and what a part of it leaves for the merge. JSON
 * numbers come back to the last bit.
 */

import { TOOL_VERSION } from "../report/version.js";
import { quoted, UsageError } from "../scenario/errors.js";
import { EXPERIMENTS } from "../scenario/scenario.js";
import { runName, runsOf, type Study } from "./grid.js";
import { type Shard, shardText } from "./shard.js";

const FORMAT = "ct-reliable runs 1";

/** All figures of a study, as far as its runs are done. */
export class Runs {
  readonly study: Study;
  readonly count: number;
  private readonly columns: number;
  private readonly figures: Float64Array;
  private readonly done: Uint8Array;
  private readonly missing = new Map<number, string>();
  finished = 0;

  constructor(study: Study) {
    this.study = study;
    this.count = runsOf(study);
    this.columns = study.measures.length;
    this.figures = new Float64Array(this.count * this.columns).fill(Number.NaN);
    this.done = new Uint8Array(this.count);
  }

  has(run: number): boolean {
    return this.done[run] === 1;
  }

  /** Null where the run has no such figure. */
  set(run: number, figures: readonly (number | null)[]): void {
    if (!this.has(run)) this.finished++;
    this.done[run] = 1;
    for (const [column, figure] of figures.entries()) {
      this.figures[run * this.columns + column] = figure ?? Number.NaN;
    }
  }

  /** It was tried, and what it comes to is not known. No file keeps that, so that a study that goes on tries again. */
  miss(run: number, why: string): void {
    this.missing.set(run, why);
  }

  /** Each of those that were tried, by its name and why. */
  missed(): string[] {
    return [...this.missing].sort(([a], [b]) => a - b).map(([run, why]) => `${runName(this.study, run)}: ${why}`);
  }

  figuresOf(run: number): (number | null)[] {
    return Array.from({ length: this.columns }, (_, column) => this.figure(run, column));
  }

  private figure(run: number, column: number): number | null {
    const figure = this.figures[run * this.columns + column]!;
    return Number.isNaN(figure) ? null : figure;
  }

  /**
   * The figures of one measure in the runs of a cell that are done, in the order of their seeds; the same seeds in
   * every cell.
   */
  column(cell: number, column: number): (number | null)[] {
    const { runs } = this.study;
    const numbers = Array.from({ length: runs }, (_, seed) => cell * runs + seed);
    return numbers.filter((run) => this.has(run)).map((run) => this.figure(run, column));
  }

  /** Whether any run of the cell is done. */
  begun(cell: number): boolean {
    const { runs } = this.study;
    return this.done.subarray(cell * runs, (cell + 1) * runs).includes(1);
  }

  /** Whether every run of the cell is done. */
  whole(cell: number): boolean {
    const { runs } = this.study;
    return this.done.subarray(cell * runs, (cell + 1) * runs).every((done) => done === 1);
  }
}

/** The first line of a file of runs. */
export function headerLine(study: Study, shard: Shard | null): string {
  return `${JSON.stringify({ format: FORMAT, tool: TOOL_VERSION, shard, study })}\n`;
}

export function runLine(run: number, figures: readonly (number | null)[]): string {
  return `${JSON.stringify([run, ...figures])}\n`;
}

export interface RunsFile {
  path: string;
  study: Study;
  shard: Shard | null;
  runs: readonly { run: number; figures: readonly (number | null)[] }[];
  /** Characters up to the end of the last whole line: what follows was cut off while it was written. */
  wholeLength: number;
}

/** Throws UsageError with the path, and the line where it is one that is wrong. */
export function readRuns(text: string, path: string): RunsFile {
  const wholeLength = text.lastIndexOf("\n") + 1;
  const [first = "", ...lines] = text.slice(0, wholeLength).split("\n").slice(0, -1);
  const { study, shard } = readHeader(first, path);
  const count = runsOf(study);
  const runs = lines.map((line, index) => {
    const parsed = parsedJson(line);
    if (!isRun(parsed, count, study.measures.length)) {
      throw new UsageError(
        `${path}:${index + 2}: expected the number of a run and ${study.measures.length} figures, got ${quoted(line)}`,
      );
    }
    const [run, ...figures] = parsed;
    return { run, figures };
  });
  return { path, study, shard, runs, wholeLength };
}

function isRun(value: unknown, count: number, figures: number): value is [number, ...(number | null)[]] {
  if (!Array.isArray(value) || value.length !== figures + 1) return false;
  const [run, ...rest] = value as unknown[];
  const inRange = typeof run === "number" && Number.isInteger(run) && run >= 0 && run < count;
  return inRange && rest.every((figure) => figure === null || typeof figure === "number");
}

function readHeader(line: string, path: string): { study: Study; shard: Shard | null } {
  const header = parsedJson(line) as
    | { format?: unknown; tool?: unknown; study: Study; shard: Shard | null }
    | undefined;
  if (typeof header !== "object" || header === null || header.format !== FORMAT) {
    throw new UsageError(`${path}: expected a file of runs that a study wrote, got ${quoted(line)}`);
  }
  if (header.tool !== TOOL_VERSION) {
    throw new UsageError(
      `${path}: expected runs of ct-reliable ${TOOL_VERSION}, got those of ${quoted(String(header.tool))}, which may differ`,
    );
  }
  if (!isStudy(header.study) || !isShard(header.shard)) {
    throw new UsageError(`${path}:1: expected the description of a study, as it was written, got ${quoted(line)}`);
  }
  return header;
}

/** Whoever changed it by hand gets a sentence; what its values mean for the model `checkStudy` knows. */
function isStudy(value: unknown): value is Study {
  const { kind, of, experiment, overrides, axes, runs, measures, command } = (value ?? {}) as Record<string, unknown>;
  return (
    (kind === "sweep" || (kind === "compare" && Array.isArray(axes) && axes.length === 1)) &&
    EXPERIMENTS.some((known) => known === experiment) &&
    isObject(overrides) &&
    isListOf(axes, ({ name, values }) => isText(name) && isListOf(values, isValue) && values.length > 0) &&
    typeof runs === "number" &&
    Number.isInteger(runs) &&
    runs > 0 &&
    Array.isArray(measures) &&
    [of, command, ...measures].every(isText)
  );
}

function isValue({ text, overrides }: Record<string, unknown>): boolean {
  return isText(text) && isObject(overrides);
}

function isShard(value: unknown): boolean {
  if (value === null) return true;
  const { index, of } = (value ?? {}) as Record<string, unknown>;
  return [index, of].every((number) => Number.isInteger(number)) && 1 <= Number(index) && Number(index) <= Number(of);
}

function isListOf(value: unknown, fits: (one: Record<string, unknown>) => boolean): value is unknown[] {
  return Array.isArray(value) && value.every((one) => isObject(one) && fits(one));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Nothing in it moves a cursor: it is printed. */
function isText(value: unknown): boolean {
  return typeof value === "string" && !/\p{C}/u.test(value);
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Whether two studies are one. Their keys come in one order, because one function makes them. */
export function sameStudy(a: Study, b: Study): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The runs of a file that a study, or a part of it, goes on from. Throws UsageError. */
export function resumed(file: RunsFile, study: Study, shard: Shard | null): Runs {
  if (!sameStudy(file.study, study)) {
    throw new UsageError(`${file.path}: expected runs of this study, got those of another one, of ${file.study.of}`);
  }
  const [had, has] = [file.shard, shard].map((part) => (part === null ? "the whole" : `part ${shardText(part)}`));
  if (had !== has) throw new UsageError(`${file.path}: expected runs of ${has}, got those of ${had}`);
  const runs = new Runs(study);
  for (const { run, figures } of file.runs) runs.set(run, figures);
  return runs;
}
