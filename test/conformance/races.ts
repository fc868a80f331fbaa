/**
 * Quantities that the model does not claim, each with the reason. They are listed in every output, never skipped silently.
 */
import type { Recording } from "./recording.js";

/** Why a quantity of a recording is not compared, or null. */
export function raceOf(_recording: Recording, _quantity: string): string | null {
  return null;
}
