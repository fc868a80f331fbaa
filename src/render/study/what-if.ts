/**
 * What each setting, changed by itself, would have made of a run, below its report: what helps first, with what it
 * changes; then what changes nothing, and what makes something worse.
 */
import type { Harm } from "../../study/harm.js";
import type { Effect, WhatIf } from "../../study/what-if.js";
import { type Cell, GAP, lay, tableWidth } from "../text/columns.js";
import { count, duration } from "../text/numbers.js";
import { hanging, legibleWidth, wrap } from "../text/paragraph.js";
import { themeOf } from "../text/theme.js";

const NAMES: Readonly<Record<Harm, string>> = {
  cut: "ended by the limit",
  destroyNotArrived: "DESTROY not arrived",
  newNotArrived: "NEW not arrived",
  packetsDropped: "packets dropped",
  updateNotArrived: "UPDATE not arrived",
  stale: "dead entries that the daemon believes in",
  drainSeconds: "drain",
  peakDying: "most dying entries",
};

export function whatIfText(
  { effects, unfinished }: WhatIf,
  { colour, width }: { colour: boolean; width: number },
): string {
  const theme = themeOf(colour);
  const columns = legibleWidth(width);
  const rows = effects.map((effect): Cell[] => [
    {
      text: effect.helps ? "helps" : effect.worse.length > 0 ? "worse" : "",
      left: true,
      paint: paintOf(effect, theme),
    },
    { text: effect.flags, left: true, paint: theme.flag },
    { text: changesOf(effect), left: true },
  ]);
  const lines =
    tableWidth(rows, GAP) <= columns
      ? lay(rows, GAP)
      : effects.flatMap((effect, index) =>
          hanging(`${rows[index]![0]!.text.padEnd(7)}`, `${effect.flags}: ${changesOf(effect)}`, columns),
        );
  const head = "What if? Each setting changed alone, with the same seed; what helps most comes first.";
  const missing = `Not told, because its run takes far longer: ${unfinished.join(", ")}.`;
  if (unfinished.length > 0) lines.push(...wrap(missing, columns));
  return `${[...wrap(head, columns).map((line) => theme.heading(line)), ...lines].join("\n")}\n`;
}

function paintOf({ helps, worse }: Effect, theme: ReturnType<typeof themeOf>) {
  return helps ? theme.good : worse.length > 0 ? theme.bad : theme.aside;
}

function changesOf({ before, after, better, worse }: Effect): string {
  const change = (harm: Harm): string => `${NAMES[harm]} ${figure(harm, before[harm])} → ${figure(harm, after[harm])}`;
  const parts = [...better.map(change), ...worse.map((harm) => `${change(harm)} (worse)`)];
  return parts.length === 0 ? "no effect on what went wrong" : parts.join(", ");
}

function figure(harm: Harm, value: number | null): string {
  if (harm === "cut") return value === 1 ? "yes" : "no";
  if (harm === "drainSeconds") return value === Number.POSITIVE_INFINITY ? "never" : duration(value);
  return count(value);
}
