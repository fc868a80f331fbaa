/** `--what-if`: what each setting would have made of a run, in its report. */

import type { Format } from "../../render/renderers.js";
import type { Report } from "../../report/report.js";
import { listed, UsageError } from "../../scenario/errors.js";
import type { Dependencies, Resolve } from "../dependencies.js";
import { FORMAT, formatsOf, QUIET } from "../destinations.js";
import { type FlagValues, switched } from "../flag.js";
import { breathing, listenForInterrupt } from "../interrupt.js";
import type { Io } from "../io.js";
import { LIVE } from "../live.js";
import { lineView } from "../progress.js";

export const WHAT_IF = switched({
  name: "what-if",
  heading: "Run:",
  description:
    "run it again with each setting changed by itself (buffer, reader, policy, table, grace, kernel) and rank them by what " +
    "they do to what went wrong",
});

/** The others have a place for figures of the run alone. */
const SHOWING = new Set<Format>(["text", "json", "markdown", "html"]);

/** Throws UsageError where it was asked for and cannot be. */
export function refuseWhatIf(flags: FlagValues): void {
  if (!flags.has(WHAT_IF)) return;
  if (flags.has(LIVE)) throw new UsageError(`--${WHAT_IF.name}: expected a simulation, got --${LIVE.name}`);
  const formats = formatsOf(flags);
  if (formats.some((format) => SHOWING.has(format))) return;
  throw new UsageError(
    `--${WHAT_IF.name}: expected --${FORMAT.name} or --export ${listed([...SHOWING])}, got ${formats.join(" and ")}`,
  );
}

/** With what each setting would have made of it, where that was asked for. */
export async function withWhatIf(
  report: Report,
  flags: FlagValues,
  { resolve, io, dependencies }: { resolve: Resolve; io: Io; dependencies: Dependencies },
): Promise<Report> {
  if (!flags.has(WHAT_IF)) return report;
  const { whatIf, whatIfBudget, whatIfOf, mergeParameters } = await dependencies.studies();
  const view = await lineView(io, { quiet: flags.has(QUIET) });
  const interrupt = listenForInterrupt(io.signals, () => view.stop());
  try {
    const found = await whatIf(report, {
      budget: whatIfBudget(report),
      // On top of what was given, so that a kernel brings the defaults that go with it.
      vary: (over) => resolve(report.scenario.experiment, mergeParameters(flags.overrides, over)),
      trying: (change) => view.update(`trying ${change.flags}`),
      breathe: breathing(),
      stopRequested: interrupt.requested,
    });
    return { ...report, whatIf: whatIfOf(found) };
  } finally {
    interrupt.release();
    view.stop();
  }
}
