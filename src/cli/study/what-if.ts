/** `--what-if`: below the report of a run, what each setting would have made of it. */

import type { Report } from "../../report/report.js";
import { UsageError } from "../../scenario/errors.js";
import type { Dependencies, Resolve } from "../dependencies.js";
import { FORMAT, QUIET } from "../destinations.js";
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

/** Throws UsageError where it was asked for and cannot be. */
export function refuseWhatIf(flags: FlagValues): void {
  if (!flags.has(WHAT_IF)) return;
  if (flags.has(LIVE)) throw new UsageError(`--${WHAT_IF.name}: expected a simulation, got --${LIVE.name}`);
  const format = flags.of(FORMAT) ?? "text";
  if (format !== "text") throw new UsageError(`--${WHAT_IF.name}: expected --${FORMAT.name} text, got ${format}`);
}

/** What stands below the text of the report, for a terminal of some width; nothing where it was not asked for. */
export async function whatIfBelow(
  report: Report,
  flags: FlagValues,
  { resolve, io, dependencies }: { resolve: Resolve; io: Io; dependencies: Dependencies },
): Promise<(options: { colour: boolean; width: number }) => string> {
  if (!flags.has(WHAT_IF)) return () => "";
  const { whatIf, whatIfBudget, whatIfText, mergeParameters } = await dependencies.studies();
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
    return (options) => `\n${whatIfText(found, options)}`;
  } finally {
    interrupt.release();
    view.stop();
  }
}
