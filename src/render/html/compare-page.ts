/**
 * A comparison as a page: what differs in a sentence for each variant, what the variants are, the figures beside each
 * other, and the runs with the first seed over time, a line for each variant.
 */
import type { CompareReport, NamedRun } from "../../study/compare.js";
import { differenceCell, splitMeasures } from "../study/compare.js";
import { INTERVAL_NOTE, studyNote, summaryText } from "../study/figures.js";
import { headOf, isPartial, type StudyOptions } from "../study/sweep.js";
import { bufferOf, loadOf, policyOf, readerOf } from "../text/setting.js";
import { definitions, escaped, inWords, type Markup, table } from "./markup.js";
import { overlaidCharts } from "./overlay.js";
import { Charts, renderPage, repeatOf } from "./page.js";
import { stripOf } from "./strip.js";

/** `runs`: of each variant the one with the first seed. */
export function compareHtml(report: CompareReport, { command }: StudyOptions, runs: readonly NamedRun[]): string {
  const charts = new Charts();
  const names = report.axes[0]!.values;
  const title = `Comparison of ${report.of}: ${names.join(", ")}`;
  const noted = studyNote(report);
  const figures = charts.figures(overlaidCharts(runs));
  const body = [
    `<h1>${escaped(title)}</h1>`,
    ...(isPartial(report) ? [`<p class="bad">${escaped(headOf(report))}</p>`] : []),
    ...report.comparisons.map(({ sentence }) => `<p class="verdict">${escaped(sentence)}</p>`),
    ...(runs.length === 0 ? [] : ["<h2>What was compared</h2>", settingsOf(runs)]),
    "<h2>Figures</h2>",
    ...(noted === null ? [] : [`<p>${escaped(noted)}</p>`]),
    `<p>${escaped(`${INTERVAL_NOTE} Differences are taken run by run with the same seed. In the pictures the bar is the mean, from 0, and the dark line its interval.`)}</p>`,
    figuresOf(report),
    ...(figures === ""
      ? []
      : [
          "<h2>Over time</h2>",
          "<p>The run of each variant with the first seed; drag over a chart to look at a part of it, and click twice to see all of it again.</p>",
          figures,
        ]),
    repeatOf(command),
  ];
  return renderPage({ title, body: body.join("\n"), charts: charts.all });
}

/** What differs between the variants as a table, what does not as a list. */
function settingsOf(runs: readonly NamedRun[]): string {
  const settings: readonly (readonly [string, readonly string[]])[] = [
    ["kernel", runs.map(({ report }) => `Linux ${report.scenario.kernel}`)],
    ["load", runs.map(({ report }) => loadOf(report))],
    ["buffer", runs.map(({ report }) => bufferOf(report))],
    ["reader", runs.map(({ report }) => readerOf(report))],
    ["policy", runs.map(({ report }) => policyOf(report))],
  ];
  const differs = (texts: readonly string[]): boolean => new Set(texts).size > 1;
  const rows = settings.filter(([, texts]) => differs(texts)).map(([name, texts]) => [name, ...texts.map(words)]);
  const same = settings.filter(([, texts]) => !differs(texts));
  return [
    ...(rows.length === 0 ? [] : [table("What differs", ["", ...runs.map(({ name }) => name)], rows)]),
    ...(same.length === 0
      ? []
      : ['<p class="aside">The same in all of them:</p>', definitions(same.map(([name, texts]) => [name, texts[0]!]))]),
  ].join("\n");
}

/** A sentence in a cell, which may break. */
function words(text: string): Markup {
  return { html: inWords(text) };
}

function figuresOf(report: CompareReport): string {
  const { axes, cells, comparisons } = report;
  const { measures, same } = splitMeasures(report);
  const [axis] = axes;
  const rows = measures.flatMap(({ name, unit }) => {
    const ends = cells.map(({ figures }) => (figures[name]!.mean ?? 0) + (figures[name]!.half ?? 0));
    const most = Math.max(0, ...ends);
    return cells.map(({ at, figures }) => {
      const variant = at[axis!.name]!;
      const { mean, half } = figures[name]!;
      const strip = stripOf({
        bar: mean,
        line: mean === null || half === null ? null : [mean - half, mean + half],
        most,
        colour: 1 + (axis!.values.indexOf(variant) % 5),
      });
      const { text, seen } = differenceCell(comparisons, { variant, measure: name, unit });
      return [
        name,
        variant,
        summaryText(figures[name]!, unit),
        { html: seen ? `<strong>${escaped(text)}</strong>` : escaped(text) },
        { html: strip },
      ];
    });
  });
  return [
    ...(same === null ? [] : [`<p class="aside">${escaped(same)}</p>`]),
    table(
      "Means of each variant",
      ["measure", axis!.name, "mean", `difference from ${axis!.values[0]}`, "from 0"],
      rows,
    ),
    `<dl>${report.measures.map(({ name, meaning }) => `<dt>${escaped(name)}</dt><dd>${escaped(meaning)}</dd>`).join("")}</dl>`,
  ].join("\n");
}
