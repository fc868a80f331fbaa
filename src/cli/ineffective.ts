/**
 * Flags that were given and change nothing beside the others: one sentence each, for a note. They are accepted all the
 * same, so that one command line can be tried on every kernel. What contradicts is refused elsewhere
 * (scenario/defaults.ts).
 */
import { effectiveRelease } from "../kernel/effective-release.js";
import type { Overrides } from "../scenario/defaults.js";
import { COSTS } from "../scenario/parameters/costs.js";
import { flagNoteOf } from "../scenario/parameters/parameter.js";
import { type ListenerScenario, POLICY, type Scenario } from "../scenario/scenario.js";
import { formatDuration, SECOND } from "../scenario/units.js";
import { flagOf } from "./parameter-flags.js";

interface Rule {
  applies(given: Overrides, scenario: Scenario): boolean;
  says(scenario: Scenario, given: Overrides): string;
}

/** What the daemon does when it hears ENOBUFS. */
const AFTER_ENOBUFS = ["bufferMaxBytes", "resyncAfterNanoseconds", "stopsAtEnobufs"] as const;

/** What of a listener is about the socket of its events and what is read from it. */
const OF_EVENTS = ["bufferBytes", "bufferMaxBytes", "policy", "serviceNanoseconds", "groups", "queue"] as const;

/** Of them what was given by itself and not by a preset. */
function settingsOfEvents(listener: Partial<ListenerScenario> = {}): (typeof OF_EVENTS)[number][] {
  return listener.preset ? [] : OF_EVENTS.filter((field) => (listener[field] ?? null) !== null);
}

const RULES: readonly Rule[] = [
  {
    applies: ({ graceMaxSeconds }, scenario) =>
      graceMaxSeconds !== undefined && effectiveRelease(scenario)?.redelivery !== "timer",
    says: ({ kernel }) => `--grace-max has no effect on ${kernel}: the sysctl went with 3.17`,
  },
  {
    applies: (_, { kernelConfig, listeners }) =>
      kernelConfig.chainEvents && listeners.some(({ policy }) => policy === "reliable" || policy === "broadcast-error"),
    says: ({ listeners }) =>
      `${listeners.find(({ policy }) => policy !== "lossy" && policy !== "no-enobufs")!.policy} delivery does not work on a ` +
      "kernel with chain-events: its notifier chain drops the error of a broadcast, and with it the event",
  },
  {
    applies: (_, scenario) =>
      scenario.kernelRules.gcIntervalSeconds !== null && !effectiveRelease(scenario)?.gc.startsWith("pass"),
    says: ({ kernel }) => `--gc-interval has no effect on ${kernel}: no gc worker of it makes whole passes`,
  },
  {
    applies: ({ listeners }, { listeners: [first] }) =>
      first!.poll?.withEvents === false && settingsOfEvents(listeners?.[0]).length > 0,
    says: (_, given) =>
      `${settingsOfEvents(given.listeners?.[0])
        .map((field) => flagOf(`listeners.0.${field}`))
        .join(", ")} without effect: a poll in place of events has no event socket (--poll EVERY,events listens, too)`,
  },
  {
    applies: ({ listeners }, { listeners: [first] }) =>
      listeners?.[0]?.dumpsOnEventSocket === true && first!.poll === null && first!.resyncAfterNanoseconds === null,
    says: () => "--dump-on-event-socket has no effect without --poll or --resync: nothing is dumped",
  },
  {
    applies: ({ arrivals }, { ratePerSecond }) =>
      arrivals !== undefined && arrivals !== "constant" && ratePerSecond === null,
    says: ({ arrivals }) => `--arrivals ${arrivals} has no effect without a rate: one connection follows the other`,
  },
  {
    applies: ({ listeners }, { flush, delete: deletes, listeners: [first] }) =>
      typeof listeners?.[0]?.portidServiceNanoseconds === "number" &&
      ((!flush && deletes === null) || !first!.groups.includes("destroy")),
    says: () => "--reader-portid has no effect: no DESTROY of a flush or a delete is read",
  },
  {
    applies: ({ packetGapNanoseconds = 0 }, { packets }) => packetGapNanoseconds > 0 && packets === 1,
    says: () => "--packet-gap has no effect on connections of one packet",
  },
  {
    applies: ({ costs }, { cpus }) => costs?.wakeupNanoseconds !== undefined && cpus === 1,
    says: () => "--cost-wakeup has no effect with --cpus 1: the reader runs when the kernel lets go of the CPU",
  },
  {
    applies: ({ secondFlood }, { flush }) => Boolean(secondFlood) && !flush,
    says: () => "--second-flood has no effect with --no-flush: it is counted from the flush",
  },
  {
    applies: ({ secondFlood }, { limitSeconds, flush }) =>
      Boolean(secondFlood) && flush && secondFlood!.afterFlushSeconds >= limitSeconds,
    says: ({ limitSeconds }) =>
      `--second-flood has no effect: the run ends at --limit ${formatDuration(limitSeconds * SECOND)}, before it begins`,
  },
  {
    applies: (given, { limitSeconds }) => (given.delete?.atSeconds ?? 0) >= limitSeconds,
    says: ({ limitSeconds }) =>
      `--delete has no effect: the run ends at --limit ${formatDuration(limitSeconds * SECOND)}, before it begins`,
  },
  ...AFTER_ENOBUFS.map(
    (field): Rule => ({
      applies: ({ listeners }, scenario) =>
        // What a preset brought was not asked for by itself.
        !listeners?.[0]?.preset && Boolean(listeners?.[0]?.[field]) && POLICY[scenario.listeners[0]!.policy].noEnobufs,
      says: ({ listeners }) =>
        `${flagOf(`listeners.0.${field}`)} has no effect with --policy ${listeners[0]!.policy}: no ENOBUFS is ever reported`,
    }),
  ),
];

/** The running kernel has costs and chance of its own. */
const LIVE_RULES: readonly Rule[] = [
  {
    applies: ({ costs }) => costs !== undefined,
    says: (_, { costs }) =>
      `${Object.keys(costs!)
        .map((key) => COST_FLAGS[key])
        .join(
          " and ",
        )} ${Object.keys(costs!).length === 1 ? "has" : "have"} no effect with --live: the machine's own costs are what they are`,
  },
  {
    applies: ({ seed }) => seed !== undefined,
    says: ({ arrivals, ratePerSecond, listeners }) =>
      (arrivals === "poisson" && ratePerSecond !== null) ||
      listeners.some(({ serviceDistribution }) => serviceDistribution === "exponential")
        ? "--seed repeats the drawn times of the load and the reader with --live, and not the run: the kernel has its own"
        : "--seed has no effect with --live: nothing is drawn in this run",
  },
];

/** As typed, by the parameter that each sets. */
const COST_FLAGS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(COSTS.properties).map(([key, described]) => [key, `--${flagNoteOf(described)?.name}`]),
);

/** `given`: with the flags alone, without what a live machine brings. */
export function ineffectiveFlags(given: Overrides, scenario: Scenario, { live }: { live: boolean }): string[] {
  const rules = live ? [...RULES, ...LIVE_RULES] : RULES;
  return rules.filter((rule) => rule.applies(given, scenario)).map((rule) => rule.says(scenario, given));
}
