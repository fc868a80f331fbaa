/** Pages in the system's Chromium, driven by playwright-core, and what is looked at in all of them. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

const EXECUTABLE = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((file) => file !== undefined && existsSync(file));

/** Why there is no browser here; false: there is one. */
export const noBrowser =
  EXECUTABLE === undefined ? "no Chromium is installed (apt-get install chromium), and CHROMIUM names none" : false;

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MOST_BYTES = 400_000;

export interface Look {
  width: number;
  scheme: "light" | "dark";
}

export const WIDE: Look = { width: 1600, scheme: "light" };

export type Opened = (html: string, look: Look, check: (page: Page) => Promise<void>) => Promise<void>;

let browser: Browser | null = null;
let tab: Page | null = null;
const folder = mkdtempSync(path.join(tmpdir(), "ct-reliable-page-"));
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/**
 * Of the tests of a `describe`: a function that opens a page. All share the one tab of one browser: another for each
 * would be three processes for each, which take most of the time.
 */
export function openedPages(): Opened {
  before(async () => {
    browser ??= await chromium.launch({ executablePath: EXECUTABLE!, args: ["--no-sandbox"] });
    tab ??= await browser.newPage();
  });
  // Fails where the page says anything to the console or asks for anything but itself.
  return async (html, { width, scheme }, check) => {
    const page = tab!;
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: scheme, media: null });
    await page.mouse.move(0, 0);
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
      await page.waitForFunction(() => document.querySelectorAll("figure[data-chart]:not([data-drawn])").length === 0);
      await check(page);
      assert.deepEqual(heard, []);
    } finally {
      page.removeAllListeners();
    }
  };
}

/** What holds of every page: `figures` charts and maps at least, in every width and scheme. */
export function checkPage(name: string, html: string, { opened, figures }: { opened: Opened; figures: number }): void {
  test(`${name}: the file is small enough to be sent`, () => {
    assert.ok(html.length < MOST_BYTES, `${html.length} bytes`);
  });

  for (const width of [360, 1600]) {
    for (const scheme of ["light", "dark"] as const) {
      test(`${name}, ${width} pixels, ${scheme}: every chart has drawn, nothing is wider than the page, axe finds nothing`, () =>
        opened(html, { width, scheme }, async (page) => {
          const count = await page.locator("figure").count();
          assert.ok(count >= figures, `${count} figures`);
          assert.deepEqual(await page.evaluate(inkOfCharts), []);
          assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
          // One of the tables behind the charts: axe looks at every cell, and they are alike.
          const tables = page.locator("figure summary");
          if ((await tables.count()) > 0) await tables.last().click();
          await page.addScriptTag({ content: AXE });
          const violations = await page.evaluate(violationsOfAxe);
          assert.deepEqual(
            violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`),
            [],
          );
        }));
    }
  }
}

/** Moves a slider of the page as the arrow keys do. */
export function slideTo(page: Page, label: string, index: number): Promise<void> {
  return page
    .getByLabel(label)
    .first()
    .evaluate((element, value) => {
      const slider = element as HTMLInputElement;
      slider.value = String(value);
      slider.dispatchEvent(new Event("input"));
    }, index);
}

interface Violation {
  id: string;
  nodes: { html: string }[];
}

async function violationsOfAxe(): Promise<Violation[]> {
  const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
  return (await axe.run()).violations;
}

/**
 * The charts of which nothing but the paper is seen: of a drawn one some dots have one of the colours of its lines; the
 * cells of a map do not have one colour.
 */
export function inkOfCharts(): string[] {
  const maps = [...document.querySelectorAll("figure[data-map]")].filter((map) => {
    const colours = [...map.querySelectorAll("td")].map((cell) => getComputedStyle(cell).backgroundColor);
    return new Set(colours).size < 2;
  });
  const charts = [...document.querySelectorAll("figure[data-chart]")].flatMap((figure) => {
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
  return [...maps.map((map) => `${map.querySelector("h3")?.textContent}: one colour`), ...charts];
}

export function grouped(value: number): string {
  return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
}
