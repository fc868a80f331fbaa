/**
 * The tables of the text report: what became of the events of each type, and the listeners beside each other. A table
 * has several shapes, from the richest to the narrowest; the first that fits the width is taken, so that no row is ever
 * wrapped or cut.
 */

import type { EventCounts, Report } from "../../report/report.js";
import { EVENT_GROUPS, type EventGroup } from "../../scenario/scenario.js";
import { type Cell, GAP, lay, type Rows, tableWidth } from "./columns.js";
import { some } from "./facts.js";
import { count, percent, shortCount, size, UNKNOWN } from "./numbers.js";
import { field } from "./paragraph.js";
import type { Theme } from "./theme.js";

/** Between two columns, where that saves the digits. */
const NARROW_GAP = 1;
const FATES = ["raised", "delivered", "unread", "merged", "lost", "pending", "refused"] as const;
type Fate = (typeof FATES)[number];

/** Few runs have any unread: without them the column is left out. */
function fatesOf({ events }: Report): readonly Fate[] {
  const unread = EVENT_GROUPS.some((type) => some(events[type].unread));
  return FATES.filter((fate) => fate !== "unread" || unread);
}

export function eventTable(report: Report, width: number, theme: Theme): string[] {
  const shapes: { rows: Rows; gap: number }[] = [
    { rows: typesAsRows(report, ["delivered", "merged", "lost"], theme), gap: GAP },
    { rows: typesAsRows(report, ["delivered", "lost"], theme), gap: GAP },
    { rows: typesAsRows(report, ["delivered"], theme), gap: GAP },
    { rows: typesAsColumns(report, count, theme), gap: GAP },
    { rows: typesAsColumns(report, count, theme), gap: NARROW_GAP },
  ];
  const { rows, gap } = shapes.find(({ rows, gap }) => tableWidth(rows, gap) <= width) ?? {
    rows: typesAsColumns(report, shortCount, theme),
    gap: GAP,
  };
  return lay(rows, gap);
}

function typesAsRows(report: Report, wanted: readonly Fate[], theme: Theme): Rows {
  const shares = wanted.filter((fate) => EVENT_GROUPS.some((type) => some(report.events[type][fate])));
  const fates = fatesOf(report);
  const heading = fates.flatMap((fate) => [
    { text: fate, paint: theme.label },
    ...(shares.includes(fate) ? [{ text: "" }] : []),
  ]);
  const rows = EVENT_GROUPS.map((type) => {
    const counts = report.events[type];
    return [
      typeCell(type, theme),
      ...fates.flatMap((fate) => [
        fateCell(counts, fate, count, theme),
        ...(shares.includes(fate) ? [{ text: shareOf(counts, fate), paint: theme.aside }] : []),
      ]),
    ];
  });
  return [[{ text: "event", paint: theme.label, left: true }, ...heading], ...rows];
}

function typesAsColumns(report: Report, figure: (value: number | null) => string, theme: Theme): Rows {
  const heading: Cell[] = [
    { text: "event", paint: theme.label, left: true },
    ...EVENT_GROUPS.map((type): Cell => ({ text: type.toUpperCase(), paint: theme.heading })),
  ];
  const rows = fatesOf(report).flatMap((fate) => {
    const row: Cell[] = [
      { text: fate, paint: theme.label, left: true },
      ...EVENT_GROUPS.map((type) => fateCell(report.events[type], fate, figure, theme)),
    ];
    const shares = shareRow(report, fate, theme);
    return fate === "delivered" && shares.some(({ text }) => text !== "") ? [row, shares] : [row];
  });
  return [heading, ...rows];
}

function shareRow(report: Report, fate: Fate, theme: Theme): Cell[] {
  const shares = EVENT_GROUPS.map((type) => shareOf(report.events[type], fate));
  return [{ text: "", left: true }, ...shares.map((text): Cell => ({ text, paint: theme.aside }))];
}

/** "0 %" beside a 0 says nothing that the eye should stop at. */
function shareOf(counts: EventCounts, fate: Fate): string {
  return counts[fate] === 0 ? "" : percent(counts[fate], counts.raised);
}

function typeCell(type: EventGroup, theme: Theme): Cell {
  return { text: type.toUpperCase(), paint: theme.heading, left: true };
}

function fateCell(counts: EventCounts, fate: Fate, figure: (value: number | null) => string, theme: Theme): Cell {
  const value = counts[fate];
  const text = figure(value);
  if ((fate === "lost" || fate === "unread") && some(value)) return { text, paint: theme.bad };
  if (fate === "delivered" && some(value) && value === counts.raised) return { text, paint: theme.good };
  return { text };
}

/** One row per listener; where that is too wide, one sentence per listener. */
export function listenerTable(report: Report, width: number, theme: Theme): string[] {
  const listeners = listenersOf(report);
  const heading = ["listener", "buffer", "policy", "DESTROY", "duplicates", "drops", "daemon"].map(
    (text): Cell => ({ text, paint: theme.label, ...(text === "policy" || text === "daemon" ? { left: true } : {}) }),
  );
  const rows = listeners.map((listener): Cell[] => [
    { text: listener.name, left: true },
    { text: listener.buffer },
    { text: listener.policy, left: true },
    { text: listener.destroy },
    { text: listener.duplicates },
    { text: listener.drops },
    { text: listener.sync, left: true, paint: listener.inSync ? theme.good : theme.bad },
  ]);
  const table = [[{ ...heading[0]!, left: true as const }, ...heading.slice(1)], ...rows];
  if (tableWidth(table, GAP) <= width) return lay(table, GAP);
  return listeners.flatMap((listener) =>
    field(
      `listener ${listener.name}`,
      `${listener.buffer}, ${listener.policy}: ${listener.destroy} DESTROY, ${listener.duplicates} duplicates, ` +
        `${listener.drops} drops, ${listener.sync}`,
      width,
      { label: theme.label },
    ),
  );
}

function listenersOf(report: Report) {
  const ends = [{ socket: report.socket, daemon: report.daemon }, ...report.otherListeners];
  return ends.map(({ socket, daemon }, index) => ({
    name: `${index + 1}`,
    buffer: size(socket.rcvbufBytes),
    policy: report.scenario.listeners[index]?.policy ?? UNKNOWN,
    destroy: count(daemon.received.destroy),
    duplicates: count(daemon.duplicates),
    drops: count(socket.drops),
    sync: daemon.inSync === null ? UNKNOWN : daemon.inSync ? "in sync" : "out of sync",
    inSync: daemon.inSync !== false,
  }));
}
