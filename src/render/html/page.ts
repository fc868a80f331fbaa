/**
 * The frame of a page: one file that needs no other and no network. Style, script and data are in it; the script draws
 * what the data says and fills the table behind each chart. Whoever renders something hands over sections of HTML and
 * the charts that stand in them.
 */
import { LICENCE, SCRIPT, STYLE } from "./assets.js";
import type { Chart } from "./chart.js";
import { escaped, scriptJson } from "./markup.js";

export interface Page {
  title: string;
  /** HTML. Charts stand in it as `Charts` wrote them. */
  body: string;
  charts: readonly Chart[];
}

/** What is put on a page gets its place here: charts are numbered over the whole page. */
export class Charts {
  readonly all: Chart[] = [];

  /** HTML of some charts: of those of a group, one behind the other, the cursor first. */
  figures(charts: readonly Chart[]): string {
    return charts
      .flatMap((chart, at) => {
        const { group } = chart;
        const begins = group !== null && charts[at - 1]?.group !== group;
        return [...(begins ? [momentOf(group)] : []), figureOf(chart, this.all.push(chart) - 1)];
      })
      .join("\n");
  }
}

export function renderPage({ title, body, charts }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<meta name="generator" content="ct-reliable">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body}
</main>
<noscript><p class="aside">The charts and the tables behind them need JavaScript; everything else is here without it.</p></noscript>
<script type="application/json" id="charts">${scriptJson(charts.map(compact))}</script>
<script>/* ${LICENCE} */
${SCRIPT}</script>
</body>
</html>
`;
}

/** A chart, the values at its cursor, and the table behind it. `index`: its place among the page's charts. */
function figureOf(chart: Chart, index: number): string {
  const title = escaped(chart.title);
  const values = [
    `<li>${escaped(chart.x.label)} <span class="value"></span></li>`,
    ...chart.series.map(({ name, colour, draw, dashed }) => {
      const form = dashed ? " dashed" : draw === "points" ? " points" : "";
      const kind = draw === "table" || draw === "edge" ? "" : `<span class="swatch c${colour}${form}"></span>`;
      return `<li>${kind}${escaped(name)} <span class="value"></span></li>`;
    }),
    ...(chart.band === undefined
      ? []
      : [
          `<li><span class="swatch area c${chart.series[chart.band.high]!.colour}"></span>${escaped(chart.band.name)}</li>`,
        ]),
    ...(chart.shaded === null ? [] : [`<li><span class="swatch area c5"></span>${escaped(chart.shaded.name)}</li>`]),
    ...chart.limits.map(({ name }) => `<li>- - ${escaped(name)}</li>`),
  ];
  const heads = [chart.x.label, ...chart.series.map(({ name }) => name)];
  return `<figure data-chart="${index}" aria-labelledby="chart-${index}">
<figcaption><h3 id="chart-${index}">${title}</h3><p>${escaped(chart.about)}</p></figcaption>
<div class="plot" role="img" aria-label="${title}: a chart of ${escaped(chart.y.label)} over ${escaped(chart.x.label)}. Its numbers are in the table below."></div>
<ul class="legend">${values.join("")}</ul>
<details><summary>Numbers of ${title}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Numbers of ${title}"><table><thead><tr>${heads.map((head) => `<th scope="col">${escaped(head)}</th>`).join("")}</tr></thead><tbody></tbody></table></div>
</details>
</figure>`;
}

/** The cursor of a group of charts for whoever has no mouse. */
function momentOf(group: string): string {
  const id = `moment-${escaped(group)}`;
  return `<p class="moment"><label for="${id}">Moment</label><input type="range" id="${id}" min="0" max="0" value="0" data-group="${escaped(group)}"><output for="${id}"></output></p>`;
}

/** The command line that makes the page again; nothing where it is not known. */
export function repeatOf(command: string): string {
  return commandOf("Repeat it with", command);
}

/** A command line and what it is for. */
export function commandOf(what: string, command: string): string {
  return command === "" ? "" : `<p class="aside">${escaped(what)}</p>\n<pre>${escaped(command)}</pre>`;
}

/** Shares and rates with as many digits as anybody reads; what the report has is kept as it is. */
function compact(chart: Chart): Chart {
  const series = chart.series.map((one) => ({
    ...one,
    values: one.values.map((value) =>
      value === null || Number.isInteger(value) ? value : Number(value.toPrecision(9)),
    ),
  }));
  return { ...chart, series };
}
