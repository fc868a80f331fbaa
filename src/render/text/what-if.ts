/**
 * What each setting, changed by itself, would have made of a run, below its report: what helps first, with what it
 * changes; then what changes nothing, and what makes something worse.
 */
import type { AdviceEffect, AdviceFigure, Tried, WhatIf } from "../../report/report.js";
import { type Cell, GAP, lay, tableWidth } from "./columns.js";
import { count, duration } from "./numbers.js";
import { hanging, wrap } from "./paragraph.js";
import type { Paint, Theme } from "./theme.js";

const NAMES: Readonly<Record<AdviceFigure, string>> = {
  cut: "ended by the limit",
  destroyNotArrived: "DESTROY not arrived",
  newNotArrived: "NEW not arrived",
  packetsDropped: "packets dropped",
  updateNotArrived: "UPDATE not arrived",
  goneUnlisted: "entries in no dump",
  stale: "dead entries that the daemon believes in",
  drainSeconds: "drain",
  peakDying: "most dying entries",
  refused: "attempts refused",
  merged: "events inside a later message",
};

export const WHAT_IF_HEAD = "What if? Each setting changed alone, with the same seed; what helps most comes first.";

/** The lines of a screen that is so wide. */
export function whatIfLines({ tried, unfinished }: WhatIf, columns: number, theme: Theme): string[] {
  const rows = tried.map((one): Cell[] => [
    { text: verdictOf(one), left: true, paint: paintOf(one, theme) },
    { text: one.flags, left: true, paint: theme.flag },
    { text: changesOf(one), left: true },
  ]);
  const lines =
    tableWidth(rows, GAP) <= columns
      ? lay(rows, GAP)
      : tried.flatMap((one) => hanging(verdictOf(one).padEnd(7), `${one.flags}: ${changesOf(one)}`, columns));
  const missing = unfinishedOf(unfinished);
  return [
    ...wrap(WHAT_IF_HEAD, columns).map((line) => theme.heading(line)),
    ...lines,
    ...(missing === "" ? [] : wrap(missing, columns)),
  ];
}

export function unfinishedOf(flags: readonly string[]): string {
  return flags.length === 0 ? "" : `Not told, because its run takes far longer: ${flags.join(", ")}.`;
}

export function verdictOf({ helps, worse }: Tried): string {
  return helps ? "helps" : worse.length > 0 ? "worse" : "";
}

function paintOf({ helps, worse }: Tried, theme: Theme): Paint {
  return helps ? theme.good : worse.length > 0 ? theme.bad : theme.aside;
}

export function changesOf({ better, worse }: Tried): string {
  const change = ({ figure, before, after }: AdviceEffect): string =>
    `${NAMES[figure]} ${figureText(figure, before)} → ${figureText(figure, after)}`;
  const parts = [...better.map(change), ...worse.map((effect) => `${change(effect)} (worse)`)];
  return parts.length === 0 ? "no effect on what went wrong" : parts.join(", ");
}

function figureText(figure: AdviceFigure, value: number | null): string {
  if (figure === "cut") return value === 1 ? "yes" : "no";
  if (figure === "drainSeconds") return value === null ? "never" : duration(value);
  return count(value);
}
