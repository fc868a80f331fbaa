/**
 * Connections, rate and duration: two of them say the third. What is said later (by a variant, the environment, a flag)
 * wins over what was said before, and so a third that comes later replaces one of two. This file owns which; whether
 * the two that stay make a load is defaults.ts.
 */
import type { Overrides } from "./defaults.js";

/** In the order in which they give way: what a rate is given for stays, a duration or a number replaces the other. */
const LOAD = ["connections", "durationSeconds", "ratePerSecond"] as const;

/** The parameters of `before` that no longer hold beside `later`. */
export function overruledLoad(before: Overrides, later: Overrides): readonly string[] {
  const said = LOAD.filter((key) => later[key] !== undefined);
  const rest = LOAD.filter((key) => before[key] !== undefined && !said.includes(key));
  if (said.length === 0 || said.length + rest.length < LOAD.length) return [];
  if (said.length > 1) return rest;
  // Nothing has a duration at the rate max.
  if (later.ratePerSecond === null) return ["durationSeconds"];
  if (before.ratePerSecond === null && said[0] === "durationSeconds") return ["ratePerSecond"];
  return rest.slice(0, 1);
}
