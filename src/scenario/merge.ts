/**
 * What was said later (by a variant, the environment, a flag) laid over what was said before. Keys are merged, and so
 * are listeners in the same place. Of connections, rate and duration two say the third, so that a third that comes
 * later replaces one of two; whether the two that stay make a load is defaults.ts.
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

/** `over` wins. Keys are merged, and so are listeners in the same place: a variant says what it changes. */
export function mergeParameters(base: Overrides, over: Overrides): Overrides {
  const overruled = overruledLoad(base, over);
  const rest = Object.fromEntries(Object.entries(base).filter(([key]) => !overruled.includes(key)));
  return mergeObjects(rest, { ...over });
}

function mergeObjects(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = mergeValues(key, merged[key], value);
  return merged;
}

function mergeValues(key: string, base: unknown, over: unknown): unknown {
  if (key === "listeners" && Array.isArray(base) && Array.isArray(over)) {
    const length = Math.max(base.length, over.length);
    return Array.from({ length }, (_, index) => mergeObjects(base[index] ?? {}, over[index] ?? {}));
  }
  return isRecord(base) && isRecord(over) ? mergeObjects(base, over) : over;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
