/**
 * Flags that were given and change nothing beside the others: one sentence each, for a note. They are accepted all the
 * same, so that one command line can be tried on every kernel. What contradicts is refused elsewhere
 * (scenario/defaults.ts).
 */
import { releaseFor } from "../kernel/release.js";
import type { Overrides } from "../scenario/defaults.js";
import { POLICY, type Scenario } from "../scenario/scenario.js";
import { flagOf } from "./parameter-flags.js";

interface Rule {
  applies(given: Overrides, scenario: Scenario): boolean;
  says(scenario: Scenario): string;
}

/** What the daemon does when it hears ENOBUFS. */
const AFTER_ENOBUFS = ["bufferMaxBytes", "resyncAfterNanoseconds", "stopsAtEnobufs"] as const;

const RULES: readonly Rule[] = [
  {
    applies: ({ graceMaxSeconds }, { kernel }) =>
      graceMaxSeconds !== undefined && releaseFor(kernel) !== null && releaseFor(kernel)?.redelivery !== "timer",
    says: ({ kernel }) => `--grace-max has no effect on ${kernel}: the sysctl went with 3.17`,
  },
  {
    applies: ({ arrivals }, { ratePerSecond }) =>
      arrivals !== undefined && arrivals !== "constant" && ratePerSecond === null,
    says: ({ arrivals }) => `--arrivals ${arrivals} has no effect without a rate: one connection follows the other`,
  },
  {
    applies: ({ packetGapNanoseconds = 0 }, { packets }) => packetGapNanoseconds > 0 && packets === 1,
    says: () => "--packet-gap has no effect on connections of one packet",
  },
  {
    applies: ({ costs }, { cpus }) => costs?.wakeupNanoseconds !== undefined && cpus === 1,
    says: () => "--cost-wakeup has no effect with --cpus 1: the reader runs when the kernel lets go of the CPU",
  },
  ...AFTER_ENOBUFS.map(
    (field): Rule => ({
      applies: ({ listeners }, scenario) =>
        Boolean(listeners?.[0]?.[field]) && POLICY[scenario.listeners[0]!.policy].noEnobufs,
      says: ({ listeners }) =>
        `${flagOf(`listeners.0.${field}`)} has no effect with --policy ${listeners[0]!.policy}: no ENOBUFS is ever reported`,
    }),
  ),
];

export function ineffectiveFlags(given: Overrides, scenario: Scenario): string[] {
  return RULES.filter((rule) => rule.applies(given, scenario)).map((rule) => rule.says(scenario));
}
