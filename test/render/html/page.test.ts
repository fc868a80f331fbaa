/** What a page says before a browser draws it; the browser itself is asked in test/browser. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Chart } from "../../../src/render/html/chart.js";
import { expectationsOf, marginOf } from "../../../src/render/html/expectations.js";
import { scriptJson } from "../../../src/render/html/markup.js";
import { chartsOf } from "../../../src/render/html/report-charts.js";
import { renderReportHtml } from "../../../src/render/html/report-page.js";
import type { Report } from "../../../src/report/report.js";
import { resolveScenario } from "../../../src/scenario/defaults.js";
import { simulate } from "../../../src/simulation/simulation.js";
import { sampleReport } from "../../report/sample.js";

const OPTIONS = { colour: false, width: 80, quiet: false, command: "ct-reliable flush", timeline: false };
const named = (charts: readonly Chart[], title: string): Chart => charts.find((chart) => chart.title === title)!;
const seriesOf = (chart: Chart, name: string) => chart.series.find((one) => one.name === name)!.values as number[];
const flushed = (kernel: string): Report<number> => simulate(resolveScenario("flush", { connections: 5000, kernel }));

describe("the dying list of a flush", () => {
  /** How far the list is above a straight line from its peak to nothing, as a part of the peak. */
  function bend(report: Report<number>, until: number): number {
    const chart = named(chartsOf(report, "run"), "Entries");
    const from = report.dying.peakAtSeconds;
    const { peak } = report.dying;
    const values = seriesOf(chart, "dying");
    const distances = chart.x.values.flatMap((at, index) => {
      if (at < from || at > until) return [];
      return [Math.abs(values[index]! - (peak * (until - at)) / (until - from)) / peak];
    });
    assert.ok(distances.length > 20, `${distances.length} points`);
    return Math.max(...distances);
  }

  test("2.6.31: it falls linearly over the grace window, and then in a tail", () => {
    const report = simulate(resolveScenario("flush", {}));
    const window = report.flush!.atSeconds + report.scenario.graceMaxSeconds;
    assert.ok(bend(report, window) < 0.05, `${bend(report, window)}`);
    const chart = named(chartsOf(report, "run"), "Entries");
    const at = chart.x.values.findIndex((seconds) => seconds >= window + 0.2);
    assert.ok(at > 0, "expected a tail behind the window");
    assert.ok(seriesOf(chart, "dying")[at]! < 0.02 * report.dying.peak);
  });

  test("6.18.44: it is a straight staircase down to nothing", () => {
    const report = flushed("6.18.44");
    const end = report.flush!.atSeconds + report.dying.emptyAfterFlushSeconds!;
    assert.ok(bend(report, end) < 0.05, `${bend(report, end)}`);
    const values = seriesOf(named(chartsOf(report, "run"), "Entries"), "dying");
    const falling = values.slice(values.indexOf(Math.max(...values)));
    assert.deepEqual(
      falling,
      [...falling].sort((a, b) => b - a),
    );
  });
});

describe("the series of a report", () => {
  const lossy = simulate(
    resolveScenario("flood", {
      connections: 2000,
      listeners: [{ policy: "lossy", serviceNanoseconds: 1_000_000 }],
      ratePerSecond: 2000,
    }),
  );

  test("what is added in the intervals is what the report counts", () => {
    const messages = named(chartsOf(lossy, "run"), "Messages");
    const sum = (name: string): number => seriesOf(messages, name).reduce((total, added) => total + (added ?? 0), 0);
    assert.ok(sum("refused in the interval") > 0);
    // The last row lies before the end of the run.
    assert.ok(sum("refused in the interval") <= lossy.socket.drops);
    assert.ok(sum("refused in the interval") > 0.9 * lossy.socket.drops);
  });

  test("congested episodes are shaded where the socket refused everything, and their time is bounded by the run", () => {
    const buffer = named(chartsOf(lossy, "run"), "Receive buffer");
    assert.ok(buffer.shaded!.spans.length > 0);
    assert.ok(seriesOf(buffer, "congested").every((share) => share === null || (share >= 0 && share <= 1 + 1e-9)));
    assert.deepEqual(buffer.limits, [{ name: "rcvbuf", value: lossy.socket.rcvbufBytes }]);
  });

  test("thinning keeps the peaks: the highest row is the peak of the run", () => {
    for (const report of [lossy, flushed("2.6.31")]) {
      const { columns, rows } = report.timeline;
      const highest = (column: string): number => Math.max(...rows.map((row) => row[columns.indexOf(column)]!));
      assert.equal(highest("dyingPeak"), report.dying.peak);
      assert.ok(highest("rmemPeakBytes") >= report.socket.peakRmemBytes);
    }
  });

  test("the curve of the latency ends at the slowest of all events, and rises", () => {
    const { curve, maxSeconds } = flushed("2.6.31").latency.destroy;
    assert.deepEqual(curve!.at(-1), [maxSeconds, 5000]);
    assert.ok(
      curve!.every(
        ([seconds, events], at) => at === 0 || (seconds > curve![at - 1]![0] && events > curve![at - 1]![1]),
      ),
    );
    assert.ok(curve!.length <= 130);
  });

  test("the histogram has every entry and every resend", () => {
    const { entries, total, histogram } = flushed("2.6.31").resends;
    assert.equal(
      histogram!.reduce((sum, [, count]) => sum + count, 0),
      entries,
    );
    assert.equal(
      histogram!.reduce((sum, [resends, count]) => sum + resends * count, 0),
      total,
    );
  });

  test("what a running kernel does not tell has no series", () => {
    const live = sampleReport((report) => {
      report.timeline.rows = report.timeline.rows.map(([seconds, ...others]) => [seconds!, ...others.map(() => null)]);
    });
    assert.deepEqual(
      chartsOf(live, "run").filter(({ group }) => group !== null),
      [],
    );
  });
});

describe("expectations with their margins", () => {
  test("a margin is the distance to the limit as a part of it", () => {
    assert.equal(marginOf({ actual: 15, limit: 20 }), "25 % below");
    assert.equal(marginOf({ actual: 20, limit: 20 }), "none");
    assert.equal(marginOf({ actual: 3, limit: 0 }), "");
    assert.equal(marginOf({ actual: null, limit: 20 }), "");
    assert.equal(marginOf({ actual: 20.001, limit: 20 }), "<0.1 % above");
  });

  test("one that fails says so in words", () => {
    const html = expectationsOf([{ expression: "drain < 1s", actual: 2, limit: 1, unit: "seconds", ok: false }]);
    assert.match(html, /drain &lt; 1s.*✗ fails.*2 s.*100 % above/);
  });
});

test("text of a scenario is escaped wherever it stands", () => {
  const html = renderReportHtml(sampleReport(), {
    ...OPTIONS,
    command: "ct-reliable --seed '</pre><script>x</script>'",
  });
  assert.doesNotMatch(html, /<script>x/);
  assert.equal(scriptJson({ a: "</script><!--" }).includes("<"), false);
  assert.deepEqual(JSON.parse(scriptJson({ a: "</script>\u2028" })), { a: "</script>\u2028" });
});

test("a page asks for nothing from elsewhere, and says whose library it carries", () => {
  const html = renderReportHtml(sampleReport(), OPTIONS);
  assert.doesNotMatch(html, /<(link|img|iframe)\b|<script[^>]* src|@import|url\(/);
  assert.match(html, /uPlot \d.*\n*The MIT License[\s\S]*Copyright \(c\) \d+ Leon Sorokin/);
});
