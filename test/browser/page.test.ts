/**
 * The pages in a real browser: Chromium of the system, driven by playwright-core. Elsewhere these tests say why they
 * are skipped.
 */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { renderers } from "../../src/render/renderers.js";
import type { Report } from "../../src/report/report.js";
import { singleSuite } from "../../src/report/suite.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { simulate } from "../../src/simulation/simulation.js";

const EXECUTABLE = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((file) => file !== undefined && existsSync(file));
const skip =
  EXECUTABLE === undefined ? "no Chromium is installed (apt-get install chromium), and CHROMIUM names none" : false;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MOST_BYTES = 400_000;
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

describe("a page in a browser", { skip }, () => {
  let browser: Browser;
  const folder = mkdtempSync(path.join(tmpdir(), "ct-reliable-page-"));

  before(async () => {
    browser = await chromium.launch({ executablePath: EXECUTABLE!, args: ["--no-sandbox"] });
  });
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens a page, and fails where it says anything to the console or asks for anything but itself. */
  async function opened(
    html: string,
    { width, scheme }: { width: number; scheme: "light" | "dark" },
    check: (page: Page) => Promise<void>,
  ): Promise<void> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
    const file = path.join(folder, "page.html");
    writeFileSync(file, html);
    const url = pathToFileURL(file).href;
    const heard: string[] = [];
    page.on("console", (message) => heard.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => heard.push(`error: ${error.message}`));
    page.on("request", (request) => {
      if (request.url() !== url) heard.push(`asks for ${request.url()}`);
    });
    try {
      await page.goto(url);
      for (const summary of await page.locator("main > details > summary").all()) await summary.click();
      await page.waitForFunction(() => document.querySelectorAll("figure:not([data-drawn])").length === 0);
      await check(page);
      assert.deepEqual(heard, []);
    } finally {
      await page.close();
    }
  }

  for (const [name, { report, html }] of Object.entries(PAGES)) {
    test(`${name}: the file is small enough to be sent`, () => {
      assert.ok(html.length < MOST_BYTES, `${html.length} bytes`);
    });

    for (const width of [360, 1600]) {
      for (const scheme of ["light", "dark"] as const) {
        test(`${name}, ${width} pixels, ${scheme}: every chart has drawn, nothing is wider than the page, axe finds nothing`, () =>
          opened(html, { width, scheme }, async (page) => {
            assert.ok((await page.locator("figure").count()) >= 4);
            assert.deepEqual(await page.evaluate(inkOfCharts), []);
            assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
            // One of the tables behind the charts: axe looks at every cell, and they are alike.
            await page.locator("figure summary").last().click();
            await page.addScriptTag({ content: AXE });
            const violations = await page.evaluate(violationsOfAxe);
            assert.deepEqual(
              violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
              [],
            );
          }));
      }
    }

    test(`${name}: the cursor shows the numbers of the report`, () =>
      opened(html, { width: 1600, scheme: "light" }, async (page) => {
        const { columns, rows } = report.timeline;
        const slider = page.getByLabel("Moment");
        assert.equal(Number(await slider.getAttribute("max")), rows.length - 1);
        for (const index of [0, 1, Math.floor(rows.length / 2), rows.length - 1]) {
          await slider.evaluate((element: HTMLInputElement, value) => {
            element.value = String(value);
            element.dispatchEvent(new Event("input"));
          }, index);
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
      opened(html, { width: 1600, scheme: "light" }, async (page) => {
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
      opened(html, { width: 1600, scheme: "light" }, async (page) => {
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
    opened(PAGES["a flush"]!.html, { width: 1600, scheme: "light" }, async (page) => {
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
    return opened(renderers.html.suite(named, OPTIONS), { width: 1600, scheme: "light" }, async (page) => {
      assert.doesNotMatch(await page.title(), /broken/);
      assert.match((await page.locator("h2").first().textContent())!, /<\/script>/);
      assert.deepEqual(await page.evaluate(inkOfCharts), []);
    });
  });

  test("everything can be reached with the keyboard alone", () =>
    opened(PAGES["a flush"]!.html, { width: 1600, scheme: "light" }, async (page) => {
      const reached = new Set<string>();
      for (let press = 0; press < 40; press++) {
        await page.keyboard.press("Tab");
        reached.add(await page.evaluate(() => document.activeElement?.tagName.toLowerCase() ?? ""));
      }
      for (const element of ["input", "summary"]) assert.ok(reached.has(element), [...reached].join(", "));
    }));
});

interface Violation {
  id: string;
  nodes: { html: string }[];
}

async function violationsOfAxe(): Promise<Violation[]> {
  const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
  return (await axe.run()).violations;
}

/** The charts of which nothing but the paper is seen: of a drawn one some dots have one of the colours of its lines. */
function inkOfCharts(): string[] {
  return [...document.querySelectorAll("figure")].flatMap((figure) => {
    const canvas = figure.querySelector("canvas");
    const title = figure.querySelector("h3")?.textContent ?? "";
    if (canvas === null || canvas.width === 0) return [`${title}: no canvas`];
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    let coloured = 0;
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue, alpha] = data.subarray(at, at + 4);
      if (alpha! > 200 && Math.max(red!, green!, blue!) - Math.min(red!, green!, blue!) > 60) coloured++;
    }
    return coloured > 50 ? [] : [`${title}: ${coloured} coloured dots`];
  });
}

function grouped(value: number): string {
  return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
}
