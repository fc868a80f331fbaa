/**
 * Cells in columns: each column as wide as its widest cell, figures at the right and words at the left of theirs,
 * colour laid over what is already padded. It wraps and cuts nothing; whether a table fits, its owner asks beforehand.
 */
import type { Paint } from "./theme.js";

export interface Cell {
  text: string;
  paint?: Paint;
  /** Words stand at the left of their column, figures at the right. */
  left?: true;
}
export type Rows = readonly (readonly Cell[])[];

/** Spaces between two columns. */
export const GAP = 2;

function columnWidths(rows: Rows): number[] {
  const columns = rows[0]?.length ?? 0;
  return Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => row[column]?.text.length ?? 0)));
}

export function tableWidth(rows: Rows, gap: number): number {
  return columnWidths(rows).reduce((total, width) => total + gap + width, -gap);
}

export function lay(rows: Rows, gap: number): string[] {
  const widths = columnWidths(rows);
  return rows.map((row) => {
    // No row ends in spaces, neither of an empty cell nor of a word shorter than its column.
    const filled = row.slice(0, row.findLastIndex(({ text }) => text !== "") + 1);
    return filled.map((cell, column) => pad(cell, widths[column]!, column === filled.length - 1)).join(" ".repeat(gap));
  });
}

function pad({ text, paint, left }: Cell, width: number, last: boolean): string {
  const padded = left ? text.padEnd(last ? 0 : width) : text.padStart(width);
  return paint === undefined ? padded : paint(padded);
}
