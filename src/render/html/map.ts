/**
 * A map of one measure over two axes as a table of which the cells have a colour: the darker (in a dark page the
 * brighter) the larger. It is a grid that is walked with the arrow keys; what the runs of a cell say stands below it
 * when a mouse or a key is on it.
 */
import type { Cell, MeasureHead } from "../../study/sweep.js";
import { figureText, meanText, summaryText } from "../study/figures.js";
import { partOf } from "../study/heat-map.js";
import { plural } from "../text/numbers.js";
import { escaped } from "./markup.js";

export interface MapAxis {
  name: string;
  values: readonly string[];
}

export interface MapOf {
  title: string;
  about: string;
  down: MapAxis;
  across: MapAxis;
  measure: MeasureHead;
  /** The one at a place of each axis; undefined: none of its runs is done. */
  cellAt(down: string, across: string): Cell | undefined;
  /** Tells it from the other maps of the page. */
  index: number;
}

export function mapOf({ title, about, down, across, measure, cellAt, index }: MapOf): string {
  const { name, unit } = measure;
  const summaryAt = (row: string, column: string) => cellAt(row, column)?.figures[name];
  const all = down.values.flatMap((row) => across.values.map((column) => summaryAt(row, column)));
  const part = partOf(all.flatMap((summary) => (summary === undefined ? [] : [summary.mean])));
  let reachable = 0;
  const rows = down.values.map((row) => {
    const cells = across.values.map((column) => {
      const summary = summaryAt(row, column);
      if (summary === undefined) return `<td tabindex="-1" style="--part:0" data-says="No run of it is done.">–</td>`;
      const says = `${down.name} ${row}, ${across.name} ${column}: ${saysOf(measure, summary)}`;
      const order = reachable++ === 0 ? 0 : -1;
      return `<td tabindex="${order}" style="--part:${Math.round(100 * part(summary.mean))}" data-says="${escaped(says)}">${escaped(meanText(summary, unit))}</td>`;
    });
    return `<tr><th scope="row">${escaped(row)}</th>${cells.join("")}</tr>`;
  });
  const heads = across.values.map((column) => `<th scope="col">${escaped(column)}</th>`).join("");
  return `<figure class="map" data-map="${index}" aria-labelledby="map-${index}">
<figcaption><h3 id="map-${index}">${escaped(title)}</h3><p>${escaped(about)}</p></figcaption>
<div class="scroll"><table role="grid" aria-labelledby="map-${index}">
<thead><tr><th scope="col">${escaped(`${down.name} ↓ ${across.name} →`)}</th>${heads}</tr></thead>
<tbody>${rows.join("")}</tbody></table></div>
<output class="aside">Point at a cell, or go from cell to cell with the arrow keys, to read its interval.</output>
</figure>`;
}

/** `drain 26.2 s ± 300 ms; least 25 s, median 26.1 s, most 27 s of 20 runs`. */
function saysOf({ name, unit }: MeasureHead, summary: NonNullable<Cell["figures"][string]>): string {
  const { min, median, max, runs } = summary;
  const spread =
    runs < 2
      ? ""
      : `; least ${figureText(min, unit)}, median ${figureText(median, unit)}, most ${figureText(max, unit)} of ${plural(runs, "run", "runs")}`;
  return `${name} ${summaryText(summary, unit)}${spread}`;
}
