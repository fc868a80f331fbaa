/**
 * `npm run bench -- [ROW…] [--short] [--against] [--save]`: the table of targets against this build. A table goes to
 * standard error, the same as JSON to standard output.
 *
 *   --short    what CI runs: seconds per row, and exit 1 when a figure is below half of its target, or, where the
 *              stored baseline does not meet that target, below half of the baseline
 *   --against  also what moved against the stored baseline by more than noise
 *   --save     stores the result as the baseline of these rows
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildBundle } from "./bundle.js";
import { REFERENCE_STEPS_PER_SECOND } from "./calibration.js";
import { ahead, type Measured, moved } from "./result.js";
import type { Figure } from "./row.js";
import { ROWS } from "./rows.js";

const BASELINE = fileURLToPath(new URL("baseline.json", import.meta.url));
const CHILD = fileURLToPath(new URL("child.ts", import.meta.url));
/** CI's machines are not quiet: only what is far off fails there, and only after as many tries. */
const FAR_OFF = 0.5;
const TRIES = 5;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { short: { type: "boolean" }, against: { type: "boolean" }, save: { type: "boolean" } },
  });
  const unknown = positionals.filter((name) => !ROWS.some((row) => row === name));
  if (unknown.length > 0) {
    console.error(`bench: expected rows of ${ROWS.join(", ")}, got ${unknown.join(", ")}`);
    return 2;
  }
  await buildBundle();
  const stored = JSON.parse(readFileSync(BASELINE, "utf8")) as Measured[];
  const baseline = values.against ? stored : [];
  const results: Measured[] = [];
  for (const name of positionals.length > 0 ? positionals : ROWS) {
    const measured = values.short ? measureShort(name, stored) : measure(name, false);
    results.push(measured);
    console.error(render(measured, baseline));
  }
  console.log(JSON.stringify(results, null, 1));
  if (values.save) save(ROWS.flatMap((row) => [...results, ...stored].find((measured) => measured.row === row) ?? []));
  const farOff = values.short ? results.flatMap((measured) => farOffIn(measured, stored)) : [];
  for (const sentence of farOff) console.error(`bench: ${sentence}`);
  return farOff.length > 0 ? 1 : 0;
}

/** Tries again what is far off: somebody else may have had the machine. */
function measureShort(name: string, stored: readonly Measured[]): Measured {
  let measured = measure(name, true);
  for (let tries = 1; tries < TRIES && farOffIn(measured, stored).length > 0; tries++) measured = measure(name, true);
  return measured;
}

function measure(name: string, short: boolean): Measured {
  const argv = ["--import", "tsx", CHILD, name, short ? "short" : "whole"];
  const { status, stdout } = spawnSync(process.execPath, argv, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`expected the row ${name} to end well, got exit code ${status}`);
  return JSON.parse(stdout) as Measured;
}

function save(results: readonly Measured[]): void {
  writeFileSync(BASELINE, `${JSON.stringify(results, null, 2)}\n`);
}

/** What is far off, in a sentence each. */
function farOffIn({ row, title, figures, calibration }: Measured, stored: readonly Measured[]): string[] {
  const baseline = stored.find((other) => other.row === row);
  return figures.flatMap((figure) => {
    const then = baseline?.figures.find(({ name }) => name === figure.name);
    const best = Math.min(1, (then && ahead(then, baseline!.calibration)) ?? 1);
    const least = FAR_OFF * best;
    const now = ahead(figure, calibration) ?? 1;
    if (now >= least) return [];
    return [`${title}, ${figure.name}: expected at least ${significant(least)} of its target, got ${significant(now)}`];
  });
}

function render(measured: Measured, baseline: readonly Measured[]): string {
  const { row, title, calibration, figures, skipped } = measured;
  if (skipped !== null) return `${title}\n  skipped: ${skipped}`;
  const before = baseline.find((other) => other.row === row);
  const machine = `machine ${(calibration / REFERENCE_STEPS_PER_SECOND).toFixed(2)}`;
  const lines = figures.map((figure) => {
    const then = before?.figures.find(({ name }) => name === figure.name);
    const factor = then === undefined ? null : moved(figure, calibration, then, before!.calibration);
    return [
      `  ${figure.name.padEnd(44)}`,
      `${significant(figure.value)} ${figure.unit}`.padEnd(20),
      verdict(figure, calibration).padEnd(30),
      figure.scales && figure.better === "more" ? `${significant((figure.value * 1e6) / calibration)} a step` : "",
      factor === null ? "" : `${significant(factor)} × the baseline`,
    ]
      .join(" ")
      .trimEnd();
  });
  return [`${title} (${machine})`, ...lines].join("\n");
}

function verdict(figure: Figure, calibration: number): string {
  const by = ahead(figure, calibration);
  if (by === null) return "";
  return `${by >= 1 ? "✓" : "✗"} ${figure.better === "more" ? "at least" : "at most"} ${figure.target} (${significant(by)})`;
}

function significant(value: number): string {
  return String(Number(value.toPrecision(3)));
}

process.exitCode = await main();
