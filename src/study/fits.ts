/** Whether a run fits into memory, and the sentence that refuses one that does not. */
import { UsageError } from "../scenario/errors.js";
import type { Scenario } from "../scenario/scenario.js";
import { formatCount, formatMebibytes } from "../scenario/units.js";
import { entriesAtOnce, memoryBytes } from "../simulation/memory.js";

/** Before it runs. Throws UsageError where the entries would not fit; `name`: of a run that is one of many. */
export function refuseTooLarge(scenario: Scenario, availableBytes: number, name: string | null = null): void {
  const needed = memoryBytes(scenario);
  if (needed <= availableBytes) return;
  throw new UsageError(
    `${name === null ? "" : `${name}: `}expected a run that fits into ${formatMebibytes(availableBytes)} of memory, got ` +
      `${formatCount(entriesAtOnce(scenario))} entries at once, which would need ${formatMebibytes(needed)}: ` +
      "fewer --connections or a lower --nf-conntrack-max need less",
  );
}
