/**
 * Kernel and simulator side by side as a page: the sentence, and for each scenario the dying list over time, a band of
 * the live runs and a line of the simulated ones, and every figure with the interval that the simulator gives it.
 */
import type { DyingCurve, Parity, ParityMetric, ParityOfCase } from "../../study/parity.js";
import { figure, methodOf, rangeOf, sentenceOf, simulatedOf, testedOf, weightOf } from "../parity-words.js";
import { plural } from "../text/numbers.js";
import { bandChart } from "./band.js";
import type { Chart } from "./chart.js";
import { escaped, inWords, table } from "./markup.js";
import { Charts, renderPage } from "./page.js";
import { stripOf } from "./strip.js";

const READING =
  "A figure is inside where the median of the live runs (the dark mark) lies in what it is tested against (the area): the " +
  "95 % interval of the simulated runs, with room for the real clock where it is a race. The line spans the live runs.";

export function parityHtml(parity: Parity): string {
  const charts = new Charts();
  const title = `Linux ${parity.kernel} and the simulator`;
  const body = [
    `<h1>${escaped(title)}</h1>`,
    `<p class="verdict">${escaped(sentenceOf(parity))}</p>`,
    `<p>${escaped(weightOf(parity))}</p>`,
    `<p>${escaped(methodOf(parity))}</p>`,
    `<p>${escaped(READING)}</p>`,
    ...parity.cases.map((one) => caseOf(one, parity, charts)),
  ];
  return renderPage({ title, body: body.join("\n"), charts: charts.all });
}

function caseOf({ name, metrics, dyingCurve }: ParityOfCase, { runs, seeds }: Parity, charts: Charts): string {
  const outside = metrics.filter(({ inside }) => !inside).length;
  const verdict =
    outside === 0 ? `all ${metrics.length} figures inside` : `${outside} of ${metrics.length} figures outside`;
  const rows = metrics.map((metric) => [
    metric.metric,
    { html: `<span class="${metric.inside ? "good" : "bad"}">${escaped(verdictOf(metric))}</span>` },
    { html: pictureOf(metric) },
    rangeOf(metric, metric.live.min, metric.live.max),
    figure(metric, metric.live.median),
    simulatedOf(metric),
    testedOf(metric),
    ...(outside === 0 ? [] : [{ html: inWords(metric.cause ?? "") }]),
  ]);
  return [
    `<h2>${escaped(name)}</h2>`,
    `<p class="${outside === 0 ? "good" : "bad"}">${escaped(verdict)}</p>`,
    ...(dyingCurve === null ? [] : [charts.figures([curveChart(name, dyingCurve, { runs, seeds })])]),
    table(
      `Figures of ${name}`,
      [
        "figure",
        "verdict",
        "side by side",
        "live",
        "median",
        "simulated, 95 %",
        "tested",
        ...(outside === 0 ? [] : ["cause"]),
      ],
      rows,
    ),
  ].join("\n");
}

function curveChart(name: string, curve: DyingCurve, { runs, seeds }: Pick<Parity, "runs" | "seeds">): Chart {
  return bandChart({
    title: `Dying entries: ${name}`,
    about: `The band is what ${plural(runs, "live run", "live runs")} had, the line the median of ${plural(seeds, "simulated one", "simulated ones")}.`,
    seconds: curve.seconds,
    label: "entries",
    band: { name: "live", low: curve.live.min, high: curve.live.max },
    line: { name: "simulated", values: curve.simulated },
  });
}

function verdictOf({ inside, insideWithoutRoom }: ParityMetric): string {
  return inside ? `✓ ${insideWithoutRoom ? "inside" : "inside with room"}` : "✗ outside";
}

function pictureOf({ live, tested, inside }: ParityMetric): string {
  const most = Math.max(live.max, tested?.high ?? 0) * 1.05;
  return stripOf({
    area: tested === null ? null : [tested.low, tested.high],
    line: [live.min, live.max],
    mark: live.median,
    most,
    colour: inside ? "good" : "bad",
  });
}
