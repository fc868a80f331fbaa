/**
 * The page of a run in a real browser: Chromium of the system, driven by playwright-core. Elsewhere these tests say why
 * they are skipped.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { renderers } from "../../src/render/renderers.js";
import type { Report } from "../../src/report/report.js";
import { singleSuite } from "../../src/report/suite.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { simulate } from "../../src/simulation/simulation.js";
import { checkPage, grouped, inkOfCharts, noBrowser, openedPages, slideTo, WIDE } from "./pages.js";

const OPTIONS = { colour: false, width: 80, quiet: false, command: "ct-reliable flush", timeline: false };

const flushed = simulate(resolveScenario("flush", { connections: 3000 }));
const lossy = simulate(
  resolveScenario("flood", {
    connections: 3000,
    listeners: [{ policy: "lossy", serviceNanoseconds: 400_000 }],
    ratePerSecond: 5000,
  }),
);
const judged: Report = {
  ...flushed,
  expectations: [
    { expression: "drain <= 20s", actual: 15, limit: 20, unit: "seconds", ok: true },
    { expression: "destroy.lost == 0", actual: 3, limit: 0, unit: "events", ok: false },
  ],
};
const NASTY = `</script><script>document.title = "broken"</script><img src=x onerror="document.title = 'broken'">`;

const PAGES: Readonly<Record<string, { report: Report; html: string }>> = {
  "a flush": { report: judged, html: renderers.html.report(judged, OPTIONS) },
  "a lossy flood": { report: lossy, html: renderers.html.report(lossy, OPTIONS) },
};

describe("a page in a browser", { skip: noBrowser }, () => {
  const opened = openedPages();

  for (const [name, { report, html }] of Object.entries(PAGES)) {
    checkPage(name, html, { opened, figures: 4 });

    test(`${name}: the cursor shows the numbers of the report`, () =>
      opened(html, WIDE, async (page) => {
        const { columns, rows } = report.timeline;
        const slider = page.getByLabel("Moment");
        assert.equal(Number(await slider.getAttribute("max")), rows.length - 1);
        for (const index of [0, 1, Math.floor(rows.length / 2), rows.length - 1]) {
          await slideTo(page, "Moment", index);
          const shown = await page.locator("figure").first().locator(".value").allTextContents();
          const row = rows[index]!;
          const figure = (column: string): string => grouped(row[columns.indexOf(column)]!);
          assert.deepEqual(shown, [
            `${Number(row[0]!.toPrecision(6))} s`,
            ...["active", "dyingPeak", "dying"].map(figure),
          ]);
        }
      }));

    test(`${name}: the mouse moves the cursor of all charts over time`, () =>
      opened(html, WIDE, async (page) => {
        const plot = page.locator("figure .u-over").first();
        await plot.hover({ position: { x: 400, y: 50 } });
        const seconds = await Promise.all(
          [0, 1, 2].map((at) => page.locator("figure").nth(at).locator(".value").first().textContent()),
        );
        assert.match(seconds[0]!, /^[\d.]+ s$/);
        assert.deepEqual(new Set(seconds).size, 1);
        const shown = Number.parseFloat(seconds[0]!);
        assert.ok(report.timeline.rows.some(([time]) => Math.abs(time! - shown) < 1e-4 * Math.max(1, shown)));
      }));

    test(`${name}: the table behind a chart has its numbers`, () =>
      opened(html, WIDE, async (page) => {
        const figure = page.locator("figure").first();
        await figure.locator("summary").click();
        const { columns, rows } = report.timeline;
        // It is filled when the browser says that it is open.
        await figure.locator("tbody tr").first().waitFor();
        assert.equal(await figure.locator("tbody tr").count(), rows.length);
        const last = await figure.locator("tbody tr").last().locator("td").allTextContents();
        assert.deepEqual(
          last,
          ["active", "dyingPeak", "dying"].map((column) => grouped(rows.at(-1)![columns.indexOf(column)]!)),
        );
      }));
  }

  test("dark colours come with the system's, also while the page is open, and paper is light", () =>
    opened(PAGES["a flush"]!.html, WIDE, async (page) => {
      const colours = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const light = await colours();
      await page.emulateMedia({ colorScheme: "dark" });
      assert.notEqual(await colours(), light);
      assert.deepEqual(await page.evaluate(inkOfCharts), []);
      await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
      assert.equal(await colours(), light);
      await page.emulateMedia({ media: "print" });
      assert.equal(await page.getByLabel("Moment").isVisible(), false);
    }));

  test("a set of scenarios draws what is opened, and text of a scenario stays text", () => {
    const suite = singleSuite(judged, `ct-reliable flush '${NASTY}'`);
    const [result] = suite.report.scenarios;
    const named = { ...suite, report: { ...suite.report, scenarios: [{ ...result!, name: NASTY, title: NASTY }] } };
    return opened(renderers.html.suite(named, OPTIONS), WIDE, async (page) => {
      assert.doesNotMatch(await page.title(), /broken/);
      assert.match((await page.locator("h2").first().textContent())!, /<\/script>/);
      assert.deepEqual(await page.evaluate(inkOfCharts), []);
    });
  });

  test("everything can be reached with the keyboard alone", () =>
    opened(PAGES["a flush"]!.html, WIDE, async (page) => {
      const reached = new Set<string>();
      for (let press = 0; press < 40; press++) {
        await page.keyboard.press("Tab");
        reached.add(await page.evaluate(() => document.activeElement?.tagName.toLowerCase() ?? ""));
      }
      for (const element of ["input", "summary"]) assert.ok(reached.has(element), [...reached].join(", "));
    }));
});
