/**
 * The command `metrics`: everything that an expectation can ask, with unit, meaning and what 100 % of it is. It prints the table that
 * report/metrics.ts has.
 */
import { UsageError } from "../../scenario/errors.js";
import { hasColour } from "../colour.js";
import type { CommandAction } from "../command.js";
import type { Dependencies } from "../dependencies.js";
import { EXIT } from "../exit-codes.js";
import { type Given, readFlags } from "../flag.js";
import { METRICS_FLAGS } from "../flags.js";
import { type Io, widthOf } from "../io.js";

export const metrics: CommandAction = {
  flags: METRICS_FLAGS,
  defaults: null,
  run: printMetrics,
};

async function printMetrics(
  given: readonly Given[],
  io: Io,
  _: Dependencies,
  [part = "", ...others]: readonly string[],
): Promise<number> {
  if (others.length > 0) throw new UsageError(`expected one part of a name after metrics, got ${others.length + 1}`);
  const { settings } = readFlags(METRICS_FLAGS, given);
  const { METRICS, metricsNamedLike } = await import("../../report/metrics.js");
  const found = part === "" ? METRICS : metricsNamedLike(part);
  if (settings.format === "json") {
    io.stdout.write(`${JSON.stringify({ schemaVersion: 1, metrics: found }, null, 2)}\n`);
    return EXIT.ok;
  }
  const { renderMetrics } = await import("../../render/metrics-text.js");
  io.stdout.write(
    renderMetrics(found, { colour: hasColour(io.stdout, io.env, settings.colour), width: widthOf(io.stdout) }),
  );
  return EXIT.ok;
}
