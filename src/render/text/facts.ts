/**
 * What the sentences of the report ask about a run and the Report does not say in one field: which promise the listener
 * asked for, how fast its reader can be, how much was asked of it. Estimates for choosing a sentence or an advice; the
 * figures on the screen come from the Report alone.
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

/** The observed reader's time for one message, shared by its decoders, its stalls spread over all of them. */
export function secondsPerMessage(scenario: Scenario): number {
  const listener = scenario.listeners[0];
  const { recvNanoseconds } = scenario.costs;
  const one = (listener?.serviceNanoseconds ?? 0) + recvNanoseconds;
  const nanoseconds = Math.max(recvNanoseconds, one / (listener?.decoders ?? 1));
  const stall = listener?.stall ?? null;
  const awake = stall === null ? 1 : 1 - Math.min(0.99, stall.forNanoseconds / stall.everyNanoseconds);
  return nanoseconds / SECOND / awake;
}

/** How long the flood lasted; null: the run does not tell. */
export function floodSeconds({ scenario, flush }: Report): number | null {
  if (scenario.ratePerSecond !== null && scenario.connections > 0) return scenario.connections / scenario.ratePerSecond;
  const seconds = (flush?.atSeconds ?? 0) - scenario.flushDelayNanoseconds / SECOND;
  return seconds > 0 ? seconds : null;
}

/** How many messages the flood raised in the time that the reader needs for one: above 1 it falls behind for good. */
export function floodPressure(report: Report): number {
  const seconds = floodSeconds(report);
  if (seconds === null || report.scenario.listeners[0]?.slowFrom === "flush") return 0;
  const { new: created, update } = report.events;
  return (((created.raised ?? 0) + (update.raised ?? 0)) / seconds) * secondsPerMessage(report.scenario);
}

/** The least time in which the reader can take what the flush left behind. */
export function readerDrainSeconds(report: Report): number {
  return (report.dying.afterFlush ?? 0) * secondsPerMessage(report.scenario);
}

/** When the reader stopped for good, if it did: it was told never to read again then. */
export function readerStopped({ flush, daemon, scenario }: Report): "at its first ENOBUFS" | "at the flush" | null {
  const listener = scenario.listeners[0];
  if (listener?.stopsAtEnobufs === true && daemon.enobufs > 0) return "at its first ENOBUFS";
  return flush !== null && listener?.heldAfterFlushNanoseconds === null ? "at the flush" : null;
}

/** Each refusal of an attempt is a drop of the socket that refused it. */
export function refusedInAll({ socket }: Report): number {
  return socket.drops;
}
