/**
 * `--seed random`: chance enters a run through its seed alone, and the seed enters here. It is drawn before anything is
 * resolved, so that the report and the command that repeats it name the seed itself. Node loads its crypto module for
 * it here, since few lines need that.
 */
import { RANDOM_SEED } from "../scenario/scenario.js";
import { note } from "./failure.js";
import type { FlagValues } from "./flag.js";
import type { Io } from "./io.js";

/** Returns whether one was drawn. */
export function drawSeed({ overrides }: FlagValues): boolean {
  if (overrides.seed !== RANDOM_SEED) return false;
  const { randomBytes } = process.getBuiltinModule("node:crypto");
  overrides.seed = randomBytes(8).toString("hex");
  return true;
}

export function announceSeed({ overrides }: FlagValues, io: Io): void {
  note(io, `--seed ${RANDOM_SEED} drew ${overrides.seed}`);
}
