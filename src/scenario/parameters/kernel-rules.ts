/**
 * Rules of the kernel that its version does not settle: what a vendor may have backported, and what a sysctl or a patch
 * of a running system changes. `own` is what the version has (kernel/effective-release.ts lays the others over it).
 */
import { choiceOf, nullable, quantity, shape, type ValueOf } from "../json-schema.js";
import { KERNEL_SECONDS } from "./kernel.js";
import { flag, parameter } from "./parameter.js";

/** The gc workers that a kernel may have (kernel/conntrack/gc/). */
export const GC_WORKERS = ["fraction-64", "fraction-128", "pass-120s", "pass-halving", "pass-mean"] as const;

const OWN = "own";
const ADMISSIONS = [OWN, "old", "new"] as const;
const WORKERS = [OWN, ...GC_WORKERS] as const;
const RETRIES = [OWN, "timer", "workqueue", "evict-list", "evict-list-inverted"] as const;

export const KERNEL_RULES = shape("rules that a vendor may have backported, or a sysctl changed; own: of the version", {
  admission: parameter(
    choiceOf(
      ADMISSIONS,
      "whether a socket that is not over its buffer takes one more message, which may overshoot: old (it does) or new " +
        "(it does not, since the updates of July 2025); own: as the version has it",
    ),
    OWN,
    flag("Kernel:", "admission RULE"),
  ),
  gc: parameter(
    choiceOf(WORKERS, "the worker that finds expired entries, by what it does; own: the version's"),
    OWN,
    flag("Kernel:", "gc WORKER"),
  ),
  /** Null: as the kernel has it. */
  gcIntervalSeconds: parameter(
    nullable(
      quantity(
        "whole seconds",
        KERNEL_SECONDS,
        "the longest time between two passes of the gc worker, where the kernel has a sysctl or a patch for it",
      ),
    ),
    null,
    flag("Kernel:", "gc-interval DURATION"),
  ),
  /** `evict-list-inverted`: as it was until the updates of July 2026. */
  retry: parameter(
    choiceOf(RETRIES, "how an undelivered DESTROY is retried, inverted: as before July 2026; own: as the version does"),
    OWN,
    flag("Kernel:", "retry ENGINE"),
  ),
});
export interface KernelRules extends ValueOf<typeof KERNEL_RULES> {}
