/**
 * The rules by which a scenario's kernel works: the row of its version, and over it what a vendor backported or a
 * sysctl says. A distribution's version hides its level (a kernel called 5.14.0 may have the redelivery of 5.19), so
 * each rule that may have been backported can be set by itself.
 */
import type { Scenario } from "../scenario/scenario.js";
import { type Release, releaseFor } from "./release.js";

type Rules = Pick<Scenario, "kernel" | "kernelRules">;

/** Entries per list and run, where a rule asks for a worker that the version has not (3.17 and 5.5). */
const BATCH_OF_TIMER_KERNELS = 16;
const BATCH = 32;

/** The row of the scenario's version with its rules; the row itself where all are its own. Null: no such version. */
export function effectiveRelease({ kernel, kernelRules }: Rules): Release | null {
  const row = releaseFor(kernel);
  if (row === null) return null;
  const { admission, gc, retry } = kernelRules;
  if (admission === "own" && gc === "own" && retry === "own") return row;
  return {
    ...row,
    ...(admission === "own" ? {} : { admission }),
    ...(gc === "own" ? {} : { gc }),
    ...(retry === "own" ? {} : retryOf(row, retry)),
  };
}

function retryOf(
  row: Release,
  retry: Exclude<Scenario["kernelRules"]["retry"], "own">,
): Pick<Release, "redelivery" | "redeliveryBatch" | "invertedDeadline"> {
  if (retry === "workqueue") {
    const redeliveryBatch = row.redeliveryBatch || (row.redelivery === "timer" ? BATCH_OF_TIMER_KERNELS : BATCH);
    return { redelivery: "workqueue", redeliveryBatch, invertedDeadline: false };
  }
  if (retry === "timer") return { redelivery: "timer", redeliveryBatch: 0, invertedDeadline: false };
  return { redelivery: "evict-list", redeliveryBatch: 0, invertedDeadline: retry === "evict-list-inverted" };
}
