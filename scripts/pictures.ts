/**
 * `npm run pictures`: the pictures of the README and the sample reports, made by the commands that their captions name.
 * A screen is the output of the command, colours and all, as an SVG; a chart is what Chromium draws of an HTML report.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { screenSvg } from "./screen-svg.js";

const ROOT = path.join(import.meta.dirname, "..");
const IMAGES = path.join(ROOT, "docs", "images");
const SAMPLES = path.join(ROOT, "docs", "samples");
const COLUMNS = 92;

/** A report to look at, by the name of its file. */
const REPORTS: Readonly<Record<string, readonly string[]>> = {
  "flush-2.6.31": ["flush"],
  "flush-5.4": ["flush", "--kernel", "5.4"],
  "flush-6.18.44": ["flush", "--kernel", "6.18.44"],
  "flood-lossy": ["flood", "--policy", "lossy", "--reader", "1ms", "--rate", "300/s"],
  scenarios: [
    "run",
    "scenarios/conntrack-flush.yaml",
    "scenarios/default-rmem.yaml",
    "scenarios/table-full-by-dying.yaml",
  ],
};

function ctReliable(args: readonly string[], env: Record<string, string> = {}): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [path.join(ROOT, "bin", "ct-reliable.js"), ...args], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`expected ct-reliable ${args.join(" ")} to end well, got ${status}: ${stderr}`);
  return stdout;
}

mkdirSync(IMAGES, { recursive: true });
rmSync(SAMPLES, { recursive: true, force: true });
mkdirSync(SAMPLES, { recursive: true });
for (const [name, args] of Object.entries(REPORTS)) {
  ctReliable([...args, "--format", "html", "--output", path.join(SAMPLES, `${name}.html`)]);
}

const screen = ["flush", "--chart"];
const shown = ctReliable(screen, { FORCE_COLOR: "1", COLUMNS: String(COLUMNS), LC_ALL: "C.UTF-8" });
writeFileSync(path.join(IMAGES, "screen.svg"), screenSvg(`$ ct-reliable ${screen.join(" ")}\n${shown}`, COLUMNS));

const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium"].find(
  (file) => file !== undefined && existsSync(file),
);
if (executablePath === undefined)
  throw new Error("expected Chromium (apt-get install chromium, or its path in CHROMIUM), got none");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage({ viewport: { width: 900, height: 900 }, deviceScaleFactor: 2 });
for (const name of ["flush-2.6.31", "flush-6.18.44"]) {
  await page.goto(pathToFileURL(path.join(SAMPLES, `${name}.html`)).href);
  const figure = page.locator("figure[data-drawn]").first();
  await figure.waitFor();
  await figure.screenshot({ path: path.join(IMAGES, `chart-${name}.png`) });
}
await browser.close();
