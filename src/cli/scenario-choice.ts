/** Which scenarios of a set run, and how often: flags of the commands that take scenario files. */
import { MOST_SEEDS } from "../scenario/expectation.js";
import { formatCount, parseCount } from "../scenario/units.js";
import { type Flag, valued } from "./flag.js";

export const SCENARIOS = "Scenarios:";

export const ONLY = valued({
  name: "only",
  value: "PATTERN",
  heading: SCENARIOS,
  description: "run only scenarios whose name contains PATTERN, or matches it where it has a *",
  parse: (text) => text,
});

export function runsFlag(description: string): Flag<number> {
  return valued({
    name: "runs",
    value: "N",
    heading: SCENARIOS,
    description,
    repeats: true,
    parse: (text) => parseCount(text, { min: 1, max: MOST_SEEDS }),
    format: formatCount,
  });
}
