/**
 * A map of one measure over two axes, in characters: the first axis goes down, the second across, and the darker a cell
 * the larger its figure. The figure stands in the cell, so that the shade says nothing that the words do not.
 */
import type { SweepReport } from "../../study/sweep.js";
import { type Cell, GAP, lay, tableWidth } from "../text/columns.js";
import type { Theme } from "../text/theme.js";
import { figureText, meanText } from "./figures.js";

const SHADES = ["·", "░", "▒", "▓", "█"];
const DARKEST = SHADES.length - 1;

/**
 * Empty where the study has not two axes, where a cell is missing, where nothing varies, or where the map is too wide.
 */
export function heatMap({ axes, cells, measures }: SweepReport, width: number, theme: Theme): string[] {
  const [down, across, ...others] = axes;
  if (down === undefined || across === undefined || others.length > 0) return [];
  if (down.values.length < 2 || across.values.length < 2) return [];
  if (cells.length < down.values.length * across.values.length) return [];
  const measure = measures.find(
    ({ name, unit }) => new Set(cells.map(({ figures }) => figureText(figures[name]!.mean, unit))).size > 1,
  );
  if (measure === undefined) return [];
  const { name, unit } = measure;
  const shadeOf = shader(cells.map(({ figures }) => figures[name]!.mean));
  const rows = down.values.map((value, row): Cell[] => [
    { text: value, paint: theme.label },
    ...across.values.map((_, column): Cell => {
      const summary = cells[row * across.values.length + column]!.figures[name]!;
      return { text: `${shadeOf(summary.mean)} ${meanText(summary, unit)}`, left: true };
    }),
  ]);
  const heading = [
    { text: "" },
    ...across.values.map((text): Cell => ({ text: `  ${text}`, paint: theme.label, left: true })),
  ];
  const table = [heading, ...rows];
  if (tableWidth(table, GAP) > width) return [];
  return [theme.heading(`${name}: ${down.name} down, ${across.name} across`), ...lay(table, GAP)];
}

/** What never came is the darkest. */
function shader(figures: readonly (number | null)[]): (figure: number | null) => string {
  const part = partOf(figures);
  return (figure) => SHADES[Math.min(DARKEST, Math.floor(part(figure) * SHADES.length))]!;
}

/** Where a figure lies between the least and the most of all, from 0 to 1; what never came is 1. */
export function partOf(figures: readonly (number | null)[]): (figure: number | null) => number {
  const known = figures.filter((figure) => figure !== null);
  const least = known.reduce((low, figure) => Math.min(low, figure), Number.POSITIVE_INFINITY);
  const most = known.reduce((high, figure) => Math.max(high, figure), Number.NEGATIVE_INFINITY);
  return (figure) => (figure === null ? 1 : most > least ? (figure - least) / (most - least) : 0);
}
