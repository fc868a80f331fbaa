/**
 * What a benchmark is: a row of the table of targets, in a file of its own below rows/, that measures one or a few
 * figures. Each row runs in its own process (command.ts), so that no row profits from code that another one made hot,
 * or pays for its heap.
 */

export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** What the figure has to reach on the machine that the targets were set on; null: it is told, and not judged. */
  target: number | null;
  better: "more" | "less";
  /** Whether a faster machine gives a better value; then it is compared as a ratio to the calibration loop. */
  scales: boolean;
  /** How far the repetitions lie apart: median against best, as a share. What moved by less is noise. */
  spread: number;
}

export interface Row {
  title: string;
  /** `short`: for CI, in a few seconds. A row may leave out a figure then, or return none. */
  measure(short: boolean): Promise<readonly Figure[]>;
}

/** A row that this machine cannot measure says why in one sentence. */
export interface SkippedRow {
  title: string;
  skipped: string;
}
