/** Whether a run fits into memory, and the sentence that refuses one that does not. */
import { UsageError } from "../scenario/errors.js";
import type { Scenario } from "../scenario/scenario.js";
import { formatCount } from "../scenario/units.js";
import { entriesAtOnce, memoryBytes } from "../simulation/memory.js";

/** Before it runs. Throws UsageError where the entries would not fit; `name`: of a run that is one of many. */
export function refuseTooLarge(scenario: Scenario, availableBytes: number, name: string | null = null): void {
  const needed = memoryBytes(scenario);
  if (needed <= availableBytes) return;
  const mebibytes = (bytes: number): string => `${formatCount(Math.ceil(bytes / 1_048_576))} MiB`;
  throw new UsageError(
    `${name === null ? "" : `${name}: `}expected a run that fits into ${mebibytes(availableBytes)} of memory, got ` +
      `${formatCount(entriesAtOnce(scenario))} entries at once, which would need ${mebibytes(needed)}: ` +
      "fewer --connections or a lower --nf-conntrack-max need less",
  );
}
