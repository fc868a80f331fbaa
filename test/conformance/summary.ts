/** The result of a conformance run as text: a table per kernel, then each cell outside. Pure. */
import type { Cell, Comparison } from "./compare.js";

const MAIN_FIGURES: readonly [string, string][] = [
  ["drops", "listener.drops"],
  ["failed attempts", "failedDestroyAttempts"],
  ["drain time", "drainSeconds"],
];

export interface KernelSummary {
  kernel: string;
  recordings: number;
  wholeInside: number;
  cells: number;
  inside: number;
  /** Cells in which nothing could have differed: 0 recorded, and 0 whatever the seed. */
  zeros: number;
  /** Cells inside without the room that a real clock gets. */
  insideWithoutRoom: number;
  notCompared: number;
  notModelled: number;
  /** Mean of |median − recorded| / recorded over the cells of a figure; null without such cells. */
  errors: Record<string, number | null>;
}

export function summarize(comparisons: readonly Comparison[]): KernelSummary[] {
  const byKernel = new Map<string, Comparison[]>();
  for (const comparison of comparisons) {
    const key = `${comparison.kernel} (${comparison.build})`;
    byKernel.set(key, [...(byKernel.get(key) ?? []), comparison]);
  }
  return [...byKernel].map(([kernel, group]) => {
    const cells = group.flatMap((comparison) => comparison.cells);
    const modelled = group.filter(({ reason }) => reason === null);
    return {
      kernel,
      recordings: group.filter(({ tag }) => tag !== "medians").length,
      wholeInside: modelled.filter(({ tag, cells: own }) => tag !== "medians" && own.every(({ inside }) => inside))
        .length,
      cells: cells.length,
      inside: cells.filter(({ inside }) => inside).length,
      zeros: cells.filter(({ recorded, low, high }) => recorded === 0 && low === 0 && high === 0).length,
      insideWithoutRoom: cells.filter(({ insideWithoutRoom }) => insideWithoutRoom).length,
      notCompared: group.reduce((sum, { notCompared }) => sum + notCompared.length, 0),
      notModelled: group.length - modelled.length,
      errors: Object.fromEntries(MAIN_FIGURES.map(([name, quantity]) => [name, meanError(cells, quantity)])),
    };
  });
}

function meanError(cells: readonly Cell[], quantity: string): number | null {
  const errors = cells
    .filter((cell) => cell.quantity === quantity && cell.recorded > 0 && !Number.isNaN(cell.median))
    .map((cell) => Math.abs(cell.median - cell.recorded) / cell.recorded);
  return errors.length === 0 ? null : errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? "–" : `${((100 * part) / whole).toFixed(2)} %`;
}

export function renderSummary(comparisons: readonly Comparison[], seeds: number): string {
  const lines: string[] = [
    `${comparisons.filter(({ tag }) => tag !== "medians").length} recordings, ${seeds} seeds each; a cell is one quantity of one recording`,
  ];
  const header = [
    "kernel",
    "recordings",
    "all inside",
    "cells",
    "inside",
    "",
    "0 = 0",
    ...MAIN_FIGURES.map(([name]) => name),
  ];
  const rows = summarize(comparisons).map((kernel) => [
    kernel.kernel,
    String(kernel.recordings),
    String(kernel.wholeInside),
    String(kernel.cells),
    String(kernel.inside),
    percent(kernel.inside, kernel.cells),
    String(kernel.zeros),
    ...MAIN_FIGURES.map(([name]) => {
      const error = kernel.errors[name];
      return error === null || error === undefined ? "–" : `± ${(100 * error).toFixed(2)} %`;
    }),
  ]);
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  for (const row of [header, ...rows]) {
    lines.push(
      row.map((text, column) => (column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!))).join("  "),
    );
  }
  const cells = comparisons.flatMap((comparison) => comparison.cells);
  lines.push(
    `in all: ${cells.filter(({ inside }) => inside).length} of ${cells.length} cells inside (${percent(cells.filter(({ inside }) => inside).length, cells.length)})`,
  );
  lines.push("", "kernel × experiment, inside of cells:", ...byTag(comparisons));
  const reasons = comparisons.filter(({ reason }) => reason !== null);
  if (reasons.length > 0) {
    lines.push("", "not modelled:");
    for (const { reason, count } of counted(reasons.map(({ kernel, reason }) => `${kernel}: ${reason}`))) {
      lines.push(`  ${count} recordings: ${reason}`);
    }
  }
  const notCompared = comparisons.flatMap((comparison) => comparison.notCompared.map(({ reason }) => reason));
  if (notCompared.length > 0) {
    lines.push("", "not compared:");
    for (const { reason, count } of counted(notCompared)) lines.push(`  ${count} cells: ${reason}`);
  }
  const outside = comparisons.filter((comparison) => comparison.cells.some(({ inside }) => !inside));
  if (outside.length > 0) lines.push("", "outside (expected interval, recorded):");
  for (const comparison of outside) {
    lines.push(`  ${comparison.place} ${comparison.title}`);
    for (const cell of comparison.cells.filter(({ inside }) => !inside)) {
      lines.push(
        `    ${cell.quantity}: expected ${shown(cell.low)} to ${shown(cell.high)}, recorded ${shown(cell.recorded)}`,
      );
    }
  }
  return lines.join("\n");
}

function counted(texts: readonly string[]): { reason: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([reason, count]) => ({ reason, count }));
}

function shown(value: number): string {
  return Number.isNaN(value) ? "nothing" : String(Math.round(value * 1000) / 1000);
}

/** A line per kernel: each experiment with the cells inside, of those that it has. */
function byTag(comparisons: readonly Comparison[]): string[] {
  const kernels = new Map<string, Map<string, { inside: number; cells: number }>>();
  for (const { kernel, build, tag, cells } of comparisons) {
    const key = `${kernel} (${build})`;
    const tags = kernels.get(key) ?? new Map<string, { inside: number; cells: number }>();
    const row = tags.get(tag) ?? { inside: 0, cells: 0 };
    row.cells += cells.length;
    row.inside += cells.filter(({ inside }) => inside).length;
    kernels.set(key, tags.set(tag, row));
  }
  return [...kernels].map(
    ([kernel, tags]) =>
      `  ${kernel}: ${[...tags].map(([tag, { inside, cells }]) => `${tag} ${inside}/${cells}`).join(", ")}`,
  );
}
