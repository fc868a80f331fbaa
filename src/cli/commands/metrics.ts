/**
 * The command `metrics`: everything that an expectation can ask, with unit, meaning and what 100 % of it is. It prints
 * the table that report/metrics.ts has.
 */
import { UsageError } from "../../scenario/errors.js";
import { NO_COLOR } from "../colour.js";
import type { Call, Command } from "../command.js";
import { formatFlag, placeOf } from "../destinations.js";
import { EXIT } from "../exit-codes.js";
import { readFlags } from "../flag.js";
import { SUMMARIES } from "../summaries.js";

const FORMAT = formatFlag(["text", "json"]);
const FLAGS = [FORMAT, NO_COLOR];

export const metrics: Command = {
  name: "metrics",
  summary: SUMMARIES.metrics,
  operands: "[PART]",
  examples: [
    ["metrics", "all of them"],
    ["metrics dying", "those whose name contains a word"],
    ["metrics --format json", "for a program to read"],
  ],
  flags: FLAGS,
  defaults: null,
  run: printMetrics,
};

async function printMetrics({ given, operands: [part = "", ...others], io }: Call): Promise<number> {
  if (others.length > 0) throw new UsageError(`expected one part of a name after metrics, got ${others.length + 1}`);
  const flags = readFlags(FLAGS, given);
  const { METRICS, metricsNamedLike } = await import("../../report/metrics.js");
  const found = part === "" ? METRICS : metricsNamedLike(part);
  if (flags.of(FORMAT) === "json") {
    io.stdout.write(`${JSON.stringify({ schemaVersion: 1, metrics: found }, null, 2)}\n`);
    return EXIT.ok;
  }
  const { renderMetrics } = await import("../../render/metrics-text.js");
  io.stdout.write(renderMetrics(found, placeOf(flags, io)));
  return EXIT.ok;
}
