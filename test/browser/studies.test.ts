/** The pages of many runs in a real browser: maps, searches, variants over each other, kernel beside simulator. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { overlaidCharts } from "../../src/render/html/overlay.js";
import { parityRenderers } from "../../src/render/parity.js";
import { figureText } from "../../src/render/study/figures.js";
import { renderSize, renderStudy, TOOL } from "../../src/render/study/study.js";
import { bindExpectation } from "../../src/report/verdict.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import { parseExpectation } from "../../src/scenario/expectation.js";
import { simulation } from "../../src/simulation/simulation.js";
import { compareReport, firstRuns } from "../../src/study/compare.js";
import { parity } from "../../src/study/parity.js";
import { sizeUp } from "../../src/study/size.js";
import { knowledgeOf } from "../../src/study/suite.js";
import { sweepReport } from "../../src/study/sweep.js";
import { OWN_RECORDINGS, recordingsOf } from "../conformance/corpus.js";
import { curvesPage } from "../conformance/curves-page.js";
import { buffers, here, NEVER, study, swept } from "../study/studies.js";
import { checkPage, grouped, noBrowser, openedPages, slideTo, WIDE } from "./pages.js";

const PLACE = { colour: false, width: 80, quiet: false, samples: [] };
const NASTY = `</script><script>document.title = "broken"</script>`;

describe("the page of a sweep", { skip: noBrowser }, async () => {
  const opened = openedPages();
  const runs = await swept(study({ of: NASTY }));
  const report = sweepReport(runs, TOOL);
  const html = renderStudy(runs, "html", PLACE);
  checkPage("two axes", html, { opened, figures: 1 });

  const wholeText = (cell: number): RegExp => {
    const { mean } = report.cells[cell]!.figures.drain!;
    return new RegExp(`drain ${figureText(mean, "seconds").replace(".", "\\.")}`);
  };

  test("a mouse over a cell reads the figures of the JSON, and so do the arrow keys", () =>
    opened(html, WIDE, async (page) => {
      const map = page.locator("figure[data-map]").filter({ hasText: "The mean of drain" });
      await map.locator("td").nth(3).hover();
      assert.match((await map.locator("output").textContent())!, wholeText(3));
      await map.locator("td[tabindex='0']").focus();
      assert.match((await map.locator("output").textContent())!, wholeText(0));
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowRight");
      assert.match((await map.locator("output").textContent())!, wholeText(3));
      assert.equal(await map.locator("td[tabindex='0']").count(), 1);
      // At the edge there is nowhere to go.
      await page.keyboard.press("ArrowRight");
      assert.match((await map.locator("output").textContent())!, wholeText(3));
    }));

  test("text of a study stays text, and the table has every cell", () =>
    opened(html, WIDE, async (page) => {
      assert.doesNotMatch(await page.title(), /^broken$/);
      assert.equal(await page.locator("main > .scroll tbody tr").count(), report.cells.length);
    }));

  test("over one axis there is a line, and its cursor reads the means", async () => {
    const one = await swept(study({ axes: [buffers] }));
    const page1 = renderStudy(one, "html", PLACE);
    await opened(page1, { width: 360, scheme: "dark" }, async (page) => {
      const figure = page.locator("figure[data-chart]").filter({ hasText: "The mean of drain" });
      await figure.locator("summary").click();
      await figure.locator("tbody tr").first().waitFor();
      const first = await figure.locator("tbody tr").first().locator("th, td").allTextContents();
      const { mean } = sweepReport(one, TOOL).cells[0]!.figures.drain!;
      assert.deepEqual(first.slice(0, 2), ["2048", `${Number(mean!.toPrecision(6))} s`]);
    });
  });
});

describe("the page of a comparison", { skip: noBrowser }, async () => {
  const opened = openedPages();
  const variants = ["5.4", "6.18.44"].map((kernel) => ({ text: kernel, overrides: { kernel } as Overrides }));
  const runs = await swept(
    study({ kind: "compare", overrides: { connections: 300 }, axes: [{ name: "variant", values: variants }] }),
  );
  const samples = await firstRuns(runs, simulation, { progress() {} });
  const html = renderStudy(runs, "html", { ...PLACE, samples });
  checkPage("two kernels", html, { opened, figures: 3 });

  test("begins with the sentence, and its cursor reads a figure of each variant's run", () =>
    opened(html, WIDE, async (page) => {
      const { sentence } = compareReport(runs, TOOL).comparisons[0]!;
      assert.equal(await page.locator(".verdict").first().textContent(), sentence);
      const [dying] = overlaidCharts(samples);
      const middle = dying!.x.values.length >> 1;
      await slideTo(page, "Moment", middle);
      const shown = await page.locator("figure").first().locator(".value").allTextContents();
      const expected = dying!.series.map(({ values }) => {
        const value = values[middle];
        return value === null || value === undefined ? "–" : grouped(value);
      });
      assert.deepEqual(shown.slice(1), expected);
    }));

  test("no variant's peak is lost, and none is higher than its report says", () => {
    const [dying] = overlaidCharts(samples);
    dying!.series.forEach(({ values }, which) => {
      assert.equal(Math.max(...values.map((value) => value ?? 0)), samples[which]!.report.dying.peak);
    });
  });
});

describe("the page of a search", { skip: noBrowser }, async () => {
  const opened = openedPages();
  const overrides: Overrides = { connections: 150, listeners: [{ policy: "lossy" }] };
  const knowledge = knowledgeOf(resolveScenario("flush", overrides), "simulation");
  const report = await sizeUp(
    {
      find: "buffer",
      experiment: "flush",
      overrides,
      expectations: [bindExpectation(parseExpectation("destroy.lost == 0"), knowledge)],
      runs: 2,
    },
    here,
    { progress() {}, signal: NEVER },
    { of: "flush", tool: TOOL },
  );
  const html = renderSize(report, "html", { ...PLACE, command: "ct-reliable size", confirm: "ct-reliable run -" });
  checkPage("a search", html, { opened, figures: 2 });

  test("has every value in the order in which it was tried, each holding or failing", () =>
    opened(html, WIDE, async (page) => {
      const figure = page.locator("figure").first();
      await figure.locator("summary").click();
      await figure.locator("tbody tr").first().waitFor();
      const rows = await figure.locator("tbody tr").all();
      const shown = await Promise.all(rows.map((row) => row.locator("td").allTextContents()));
      const tried = [...report.tried].sort((a, b) => a.step - b.step);
      assert.deepEqual(
        shown,
        tried.map(({ value, holds }) => (holds ? [`${grouped(value)} B`, "–"] : ["–", `${grouped(value)} B`])),
      );
    }));
});

describe("the page of recorded kernels", { skip: noBrowser }, async () => {
  const opened = openedPages();
  const recordings = recordingsOf([`${OWN_RECORDINGS}/6.18.44.jsonl`]);
  const html = curvesPage(recordings, "npm run pictures");
  checkPage("one kernel", html, { opened, figures: 1 });

  test("has the least and the most of the recordings with one setting, and the simulated median near them", () =>
    opened(html, WIDE, async (page) => {
      const figure = page.locator("figure").first();
      assert.match((await figure.locator("figcaption").textContent())!, /5 recordings, 5 simulated runs/);
      await figure.locator("summary").click();
      await figure.locator("tbody tr").first().waitFor();
      const rows = await figure.locator("tbody tr").all();
      const cells = await Promise.all(rows.map((row) => row.locator("td").allTextContents()));
      // Before the first look nobody knows it.
      const known = cells.filter((row) => !row.includes("–"));
      assert.ok(known.length > 0.9 * cells.length);
      const numbers = known.map((row) => row.map((text) => Number(text.replaceAll(",", ""))));
      assert.ok(numbers.every(([, least, most]) => least! <= most!));
      const top = Math.max(...numbers.map(([, , most]) => most!));
      assert.ok(
        numbers.every(([simulated, least, most]) => simulated! > least! - 0.1 * top && simulated! < most! + 0.1 * top),
      );
    }));
});

describe("the page of a parity study", { skip: noBrowser }, async () => {
  const opened = openedPages();
  const scenario = resolveScenario("flush", { connections: 200, kernel: "6.18.44" });
  // A second simulator in the place of the kernel, with another seed.
  const live = { run: () => simulation.run({ ...scenario, seed: "kernel" }) };
  const found = await parity({ cases: [{ name: NASTY, scenario }], costs: [{}], runs: 2, live, simulation });
  const html = parityRenderers.html(found, PLACE);
  checkPage("a scenario", html, { opened, figures: 1 });

  test("has the band of the live runs and the line of the simulated ones, as the JSON has them", () =>
    opened(html, WIDE, async (page) => {
      const { dyingCurve, metrics } = found.cases[0]!;
      const figure = page.locator("figure").first();
      await figure.locator("summary").click();
      await figure.locator("tbody tr").first().waitFor();
      const middle = dyingCurve!.seconds.length >> 1;
      const row = await figure.locator("tbody tr").nth(middle).locator("td").allTextContents();
      const { live, simulated } = dyingCurve!;
      assert.deepEqual(
        row,
        [simulated[middle], live.min[middle], live.max[middle]].map((value) => String(Number(value!.toPrecision(6)))),
      );
      assert.equal(await page.locator("main > .scroll tbody tr").count(), metrics.length);
    }));
});
