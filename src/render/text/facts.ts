/**
 * What the sentences of the report ask about a run and the Report does not say in one field: which promise the listener
 * asked for, how fast its reader can be, whether the load was the one that was asked for.
 */
import type { Figure, Report } from "../../report/report.js";
import { POLICY, type Policy, type Scenario } from "../../scenario/scenario.js";
import { SECOND } from "../../scenario/units.js";

/** Known, and more than nothing. */
export function some(figure: Figure): figure is number {
  return figure !== null && figure > 0;
}

/** NETLINK_BROADCAST_ERROR is what makes the kernel keep a refused event; NO_ENOBUFS alone does not. */
export function isReliable(policy: Policy): boolean {
  return POLICY[policy].broadcastError;
}

export function firstIsReliable(report: Report): boolean {
  const first = report.scenario.listeners[0];
  return first !== undefined && isReliable(first.policy);
}

/** The groups that it would need to know which entries live. Dumps tell it, too. */
export function unaskedGroups({ scenario }: Pick<Report, "scenario">): readonly ("new" | "destroy")[] {
  const { groups, poll, resyncAfterNanoseconds } = scenario.listeners[0]!;
  if (poll !== null || resyncAfterNanoseconds !== null) return [];
  return (["new", "destroy"] as const).filter((group) => !groups.includes(group));
}

/** The observed reader's time for one message, shared by its decoders, its stalls spread over all of them. */
export function secondsPerMessage(scenario: Scenario): number {
  const listener = scenario.listeners[0];
  const { recvNanoseconds } = scenario.costs;
  const queue = listener?.queue ?? null;
  // Behind a queue a worker needs no recv, and the receiver may be the slower one.
  const receiver = recvNanoseconds + (queue?.receiveNanoseconds ?? 0);
  const one = (listener?.serviceNanoseconds ?? 0) + (queue === null ? recvNanoseconds : 0);
  const nanoseconds = Math.max(receiver, one / (listener?.decoders ?? 1));
  const stall = listener?.stall ?? null;
  const awake = stall === null ? 1 : 1 - Math.min(0.99, stall.forNanoseconds / stall.everyNanoseconds);
  return nanoseconds / SECOND / awake;
}

/** Rates that differ by less are one. */
const SAME_RATE = 0.02;
/** Of the mean of Poisson arrivals, in standard deviations: chance and not the machine. */
const CHANCE_DEVIATIONS = 3;

/** Whether the machine made fewer connections per second than were asked for, and not chance. */
export function rateMissed({ load, scenario }: Pick<Report, "load" | "scenario">): boolean {
  const { askedRatePerSecond: asked, achievedRatePerSecond: achieved, openedConnections } = load;
  if (asked === null || achieved === null) return false;
  const poisson = scenario.arrivals === "poisson" || scenario.traffic.some(({ arrivals }) => arrivals === "poisson");
  const chance = poisson ? CHANCE_DEVIATIONS / Math.sqrt(Math.max(1, openedConnections)) : 0;
  return achieved < asked * (1 - Math.max(SAME_RATE, chance));
}

/** Whether the two rates differ by more than a rounding, by chance too. */
export function ratesDiffer({ load }: Pick<Report, "load">): boolean {
  const { askedRatePerSecond: asked, achievedRatePerSecond: achieved } = load;
  return asked !== null && achieved !== null && Math.abs(achieved - asked) > SAME_RATE * asked;
}

/** When the reader stopped for good, if it did: it was told never to read again then. */
export function readerStopped({ flush, daemon, scenario }: Report): "at its first ENOBUFS" | "at the flush" | null {
  const listener = scenario.listeners[0];
  if (listener?.stopsAtEnobufs === true && some(daemon.enobufs)) return "at its first ENOBUFS";
  return flush !== null && listener?.heldAfterFlushNanoseconds === null ? "at the flush" : null;
}
