/**
 * `--rate-profile FILE`: a rate over time, read from a file. What a line of it says is
 * scenario/parameters/rate-profile.ts.
 */
import { readFileSync, statSync } from "node:fs";
import type { Overrides } from "../scenario/defaults.js";
import { inPlace, quoted, UsageError } from "../scenario/errors.js";
import { parseRateProfile } from "../scenario/parameters/rate-profile.js";
import { systemReason } from "./failure.js";
import { type FlagValues, valued } from "./flag.js";
import { parsePath } from "./written-file.js";

const LARGEST_FILE_BYTES = 16 * 1024 * 1024;

export const RATE_PROFILE_FLAG = valued({
  name: "rate-profile",
  value: "FILE",
  heading: "Load:",
  description:
    "a rate that changes, in the place of --rate: a file of lines SECONDS,CONNECTIONS PER SECOND, with a straight line from " +
    "one to the next; two lines of one time are a step",
  file: true,
  repeats: true,
  parse: parsePath,
});

/** The parameters with the rate of the file in them. Throws UsageError. */
export function withRateProfile(overrides: Overrides, flags: FlagValues): Overrides {
  const path = flags.of(RATE_PROFILE_FLAG);
  return path === null ? overrides : { ...overrides, rateProfile: parseRateProfile(textOf(path), path) };
}

function textOf(path: string): string {
  return inPlace("--rate-profile", () => {
    try {
      const { size } = statSync(path);
      if (size > LARGEST_FILE_BYTES) {
        throw new UsageError(`expected a file of at most ${LARGEST_FILE_BYTES} bytes, got ${quoted(path)} of ${size}`);
      }
      return readFileSync(path, "utf8");
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`expected a file that can be read, got ${quoted(path)} (${systemReason(error)})`);
    }
  });
}
