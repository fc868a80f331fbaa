/**
 * The fixed loop that every rate is compared with, so that machines can be: steps that depend on each other, each an
 * integer hash and a look at one of 16 MiB in no order, which is what a table of connections does to a processor. It
 * must never change, or no two results can be compared any more.
 */
import { best, cpuSeconds } from "./timing.js";

const STEPS = 1_000_000;
const WORDS = 1 << 22;

/** Steps per second on the machine that the targets were set on. */
export const REFERENCE_STEPS_PER_SECOND = 7_000_000;

/** Steps per second here and now. */
export function calibrate(repetitions = 5): number {
  const memory = Int32Array.from({ length: WORDS }, (_, index) => Math.imul(index, 0x9e37_79b1));
  let state = 1;
  const loop = (): void => {
    for (let step = 0; step < STEPS; step++) {
      const hash = Math.imul(state ^ (state >>> 15), 0x85eb_ca6b);
      const at = (hash ^ (hash >>> 13)) & (WORDS - 1);
      state = memory[at]! + step;
      memory[at] = state;
    }
  };
  loop();
  return STEPS / best(repetitions, () => cpuSeconds(loop)).value;
}
