/**
 * `npm run pictures`: the pictures of the README and the sample reports, made by the commands that their captions name.
 * A screen is the output of the command, colours and all, as an SVG; a chart is what Chromium draws of an HTML report.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { OWN_RECORDINGS, recordingsOf } from "../test/conformance/corpus.js";
import { curvesPage } from "../test/conformance/curves-page.js";
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
  "compare-kernels": ["compare", "flush", "--connections", "5000", "--kernel", "2.6.31,5.4,6.18.44"],
  "sweep-buffer-reader": [
    ...["sweep", "flush", "--connections", "1000", "--kernel", "5.4"],
    ...["-L", "buffer=2048,8k,64k", "-P", "reader=100us:10ms:x10"],
  ],
  "size-buffer": [
    ...["size", "flush", "--connections", "5000", "--kernel", "6.18.44", "--policy", "lossy"],
    ...["--find", "buffer", "--expect", "destroy.lost == 0"],
  ],
};
/** Of the running kernel; where live mode is not possible the one that is there stays. */
const PARITY = ["parity", "--only", "drain", "--runs", "3"];

function spawned(args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [path.join(ROOT, "bin", "ct-reliable.js"), ...args], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  });
}

function ctReliable(args: readonly string[], env: Record<string, string> = {}): string {
  const { stdout, stderr, status } = spawned(args, env);
  if (status !== 0) throw new Error(`expected ct-reliable ${args.join(" ")} to end well, got ${status}: ${stderr}`);
  return stdout;
}

function sample(name: string): string {
  return path.join(SAMPLES, `${name}.html`);
}

mkdirSync(IMAGES, { recursive: true });
mkdirSync(SAMPLES, { recursive: true });
for (const [name, args] of Object.entries(REPORTS)) {
  ctReliable([...args, "--format", "html", "--output", sample(name)]);
}

const live = spawned([...PARITY, "--format", "html", "--output", sample("parity")]);
if (live.status !== 0) console.error(`docs/samples/parity.html stays as it is: ${live.stderr}`);
writeFileSync(sample("recorded-kernels"), curvesPage(recordingsOf([OWN_RECORDINGS]), "npm run pictures"));

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
