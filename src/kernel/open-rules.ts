/**
 * The rules that a kernel's name leaves open, as settings: each as the kernel would have it if its vendor had taken a
 * change that the name does not tell (vendor.ts). A rule that was set by hand is not open. What such a setting makes of
 * a run only a run can tell (study/hidden-rules.ts).
 */
import { POLICY, type Scenario } from "../scenario/scenario.js";
import { effectiveRelease } from "./effective-release.js";
import type { Release } from "./release.js";
import type { Change } from "./release-changes.js";
import { hiddenChanges, mayBeOpenWrt } from "./vendor.js";

type SetRules = Pick<Scenario["kernelRules"], "admission" | "gc" | "retry">;

export interface OpenRule {
  /** The flag without its dashes. */
  name: keyof SetRules | "chain-events";
  /** As a person sets it: `--admission new`. */
  flags: string;
  rules: Partial<SetRules>;
  /** OpenWrt's chain of notifiers. */
  chainEvents?: true;
}

type Named = Pick<Scenario, "kernel" | "kernelRules" | "kernelConfig" | "listeners">;

/** In the order of the mainline; empty: the name says it all. */
export function openRules(scenario: Named): OpenRule[] {
  const { kernel, kernelRules, kernelConfig } = scenario;
  if (mayBeOpenWrt(kernel)) {
    const isReliable = scenario.listeners.some(({ policy }) => POLICY[policy].broadcastError);
    return isReliable && !kernelConfig.chainEvents ? [CHAIN_EVENTS] : [];
  }
  const rules = hiddenChanges(kernel).flatMap((change) => rulesOf(change, scenario));
  const open = rules.filter(({ name }) => name !== "chain-events" && kernelRules[name] === "own");
  return [...new Map(open.map((rule) => [rule.flags, rule])).values()];
}

const CHAIN_EVENTS: OpenRule = {
  name: "chain-events",
  flags: "--kernel-config chain-events=on",
  rules: {},
  chainEvents: true,
};

function rulesOf({ facts }: Change, scenario: Named): OpenRule[] {
  const own = effectiveRelease(scenario)!;
  const { admission, gc } = facts;
  const rules: OpenRule[] = [];
  if (admission !== undefined)
    rules.push({ name: "admission", flags: `--admission ${admission}`, rules: { admission } });
  // Where entries have timers, a worker would be another table.
  if (gc !== undefined && gc !== "none" && own.gc !== "none")
    rules.push({ name: "gc", flags: `--gc ${gc}`, rules: { gc } });
  // What mends the evict list comes with it.
  const retry = facts.invertedDeadline === false ? "evict-list" : retryOf({ ...own, ...facts });
  if (retry !== retryOf(own)) rules.push({ name: "retry", flags: `--retry ${retry}`, rules: { retry } });
  return rules;
}

function retryOf({
  redelivery,
  invertedDeadline,
}: Pick<Release, "redelivery" | "invertedDeadline">): SetRules["retry"] {
  return redelivery === "evict-list" && invertedDeadline ? "evict-list-inverted" : redelivery;
}
