/**
 * What was run, in words: the load, the buffer from what was asked to the messages that fit, the reader, the policy. It
 * explains the resolved scenario and the socket that came of it, not what happened in the run.
 */

import type { Figure, Report } from "../../report/report.js";
import { LISTENER, listenerText } from "../../scenario/parameters/listener.js";
import { flagNoteOf } from "../../scenario/parameters/parameter.js";
import { presetOf } from "../../scenario/parameters/preset.js";
import { EVENT_GROUPS, type ListenerScenario, type Scenario, type TrafficClass } from "../../scenario/scenario.js";
import { SECOND } from "../../scenario/units.js";
import { pollOf, pollsOnly } from "./dumps.js";
import { isReliable, ratesDiffer, secondsPerMessage } from "./facts.js";
import { count, duration, plural, size } from "./numbers.js";

export function titleOf(report: Report): string {
  const { tool, scenario, kernel } = report;
  // A version between two rows of the release table is modelled as the older one.
  const isModelled = report.backend === "simulation" && scenario.kernel !== kernel.release;
  const version = isModelled ? `${scenario.kernel} (as ${kernel.release})` : kernel.release;
  const where = report.backend === "live" ? "live on this machine" : `simulated, seed ${report.seed ?? scenario.seed}`;
  return `${tool.name} ${tool.version}: ${scenario.experiment} on Linux ${version}, ${where}`;
}

export function loadOf({ scenario, load }: Report): string {
  if (scenario.replay !== null)
    return `${replayOf(scenario.replay)}${deletesOf(scenario)}${scenario.flush ? ", then conntrack -F" : ", no flush"}`;
  if (scenario.traffic.length > 0) {
    return `${scenario.traffic.map(kindOf).join(", ")}${deletesOf(scenario)}${scenario.flush ? ", then conntrack -F" : ", no flush"}`;
  }
  const protocol = `${scenario.protocol.toUpperCase()}${scenario.family === "ipv6" ? " (IPv6)" : ""}`;
  const second = scenario.secondFlood;
  return [
    `${plural(scenario.connections, `${protocol} connection`, `${protocol} connections`)} of ${plural(scenario.packets, "packet", "packets")}`,
    ` ${paceOf(scenario, load)}`,
    deletesOf(scenario),
    scenario.flush ? ", then conntrack -F" : ", no flush",
    second === null
      ? ""
      : `, and ${plural(second.connections, "connection", "connections")} more ${duration(second.afterFlushSeconds)} after it`,
  ].join("");
}

function deletesOf({ delete: deletes }: Scenario): string {
  if (deletes === null) return "";
  const { share, class: kind, atSeconds, perSecond } = deletes;
  const which = kind === null ? "the entries" : `those of ${kind}`;
  const what =
    share === 1 && kind === null
      ? "all entries"
      : share === 1
        ? which
        : `${Number((100 * share).toPrecision(12))}% of ${which}`;
  const pace = perSecond === null ? "" : `, ${count(perSecond)} in a second,`;
  return `, conntrack -D of ${what}${pace} ${perSecond === null ? "at" : "from"} ${duration(atSeconds)}${perSecond === null ? "" : " on"}`;
}

function replayOf(replay: NonNullable<Scenario["replay"]>): string {
  const { file, seconds, newEvents, updateEvents, destroyEvents, entriesAtStart } = replay;
  const there = entriesAtStart === 0 ? "" : `, ${plural(entriesAtStart, "entry", "entries")} there at the start`;
  return `the log ${file} of ${duration(seconds)}: ${count(newEvents)} NEW, ${count(updateEvents)} UPDATE, ${count(destroyEvents)} DESTROY${there}`;
}

function kindOf(kind: TrafficClass): string {
  const protocol = `${kind.protocol.toUpperCase()}${kind.family === "ipv6" ? " over IPv6" : ""}`;
  return `${count(kind.connections)} ${kind.name} (${protocol}, ${plural(kind.packets, "packet", "packets")}) ${paceOf(kind, null)}`;
}

/** `load`: what came of it; null where that is not known of this kind alone. */
function paceOf(
  scenario: Pick<Scenario, "ratePerSecond" | "arrivals" | "burstConnections"> & Partial<Pick<Scenario, "rateProfile">>,
  load: Report["load"] | null,
): string {
  const achieved = load?.achievedRatePerSecond ?? null;
  const known = achieved !== null;
  const made = `${count(achieved)}/s`;
  const changes = (scenario.rateProfile ?? []).length > 0 ? "rates over time, a mean of " : "";
  const pace =
    scenario.ratePerSecond === null
      ? `as fast as the machine makes them${known ? `: ${made}` : ""}`
      : `at ${changes}${count(scenario.ratePerSecond)}/s${load !== null && ratesDiffer({ load }) ? ` asked, ${made} made` : ""}`;
  if (scenario.arrivals === "poisson") return `${pace} (Poisson)`;
  if (scenario.arrivals === "burst") return `${pace} in bursts of ${count(scenario.burstConnections)}`;
  return pace;
}

/**
 * From the request to the messages: asked, capped by rmem_max (unless with SO_RCVBUFFORCE, as a buffer that grows
 * asks), doubled or raised by the kernel, divided by truesize.
 */
export function bufferOf(report: Report): string {
  if (pollsOnly(report)) return "none for events: it listens to none";
  const { scenario, socket } = report;
  const listener = scenario.listeners[0];
  const messages = socket.capacityMessages === null ? "" : plural(socket.capacityMessages, "message", "messages");
  const room = messages === "" ? "" : `: ${messages} of ${size(socket.truesizeBytes)}`;
  if (socket.requestedBytes === null) return `${size(socket.rcvbufBytes)} effective, as the program set it up${room}`;
  const asked = listener?.bufferBytes ?? socket.requestedBytes;
  const most = listener?.bufferMaxBytes ?? null;
  const forced = listener?.force === true;
  const capped = most === null && !forced ? Math.min(asked, scenario.rmemMaxBytes) : asked;
  const steps = [`${size(asked)} asked${forced && asked > scenario.rmemMaxBytes ? ", forced past rmem_max" : ""}`];
  if (capped < asked) steps.push(`${size(capped)} (rmem_max)`);
  steps.push(`${size(socket.rcvbufBytes)} effective${effectiveReason(socket.rcvbufBytes, capped)}`);
  const late = listener?.smallFrom === "flush" ? ", from the flush on" : "";
  const grows = most === null ? "" : `; twice as much after each ENOBUFS while it asks for at most ${size(most)}`;
  return `${steps.join(" → ")}${room}${late}${grows}`;
}

/** SO_RCVBUF doubles what it is given, and never goes below SOCK_MIN_RCVBUF. */
function effectiveReason(rcvbufBytes: Figure, cappedBytes: number): string {
  if (rcvbufBytes === null) return "";
  if (rcvbufBytes === 2 * cappedBytes) return " (doubled)";
  return rcvbufBytes > 2 * cappedBytes ? " (kernel minimum)" : "";
}

/** The program as which the listener was set up, what that sets, and what of it was given otherwise; null: none. */
export function presetText({ scenario }: Report): string | null {
  const listener = scenario.listeners[0];
  if (!listener || listener.preset === null) return null;
  const { sets } = presetOf(listener.preset);
  const own = Object.entries(sets).filter(
    ([key, value]) => JSON.stringify(listener[key as keyof ListenerScenario]) === JSON.stringify(value),
  );
  const given = Object.keys(sets).filter((key) => !own.some(([same]) => same === key));
  const on = own.filter(([, value]) => value !== false);
  const brought = listenerText(Object.fromEntries(on)).replaceAll("=", " ").replaceAll(",", ", ");
  return `${listener.preset} brings ${brought}${given.length === 0 ? "" : `; given otherwise: ${given.map(itemOf).join(", ")}`}`;
}

function itemOf(key: string): string {
  const note = flagNoteOf(LISTENER.properties[key as keyof ListenerScenario]);
  return note?.item ?? note?.name ?? key;
}

export function readerOf({ scenario, backend }: Pick<Report, "scenario" | "backend">): string {
  const listener = scenario.listeners[0];
  if (listener === undefined) return "none";
  const { poll, queue } = listener;
  if (poll !== null && !poll.withEvents) {
    if (backend === "live") return pollOf(poll);
    return `${pollOf(poll)}; ${duration(scenario.costs.dumpEntryNanoseconds / SECOND)} of CPU time for each entry`;
  }
  const rate = 1 / secondsPerMessage(scenario);
  const perSecond = count(rate < 1 ? rate : Math.floor(rate));
  const workers = queue === null ? "decoders" : "workers";
  const random =
    (listener.serviceDistribution === "exponential" ? " on average" : "") +
    (listener.decoders === 1 ? "" : ` in each of ${listener.decoders} ${workers}`);
  const speed =
    listener.serviceNanoseconds === 0
      ? `no time of its own per message${requestedOf(listener)}, at most ${perSecond}/s`
      : `${duration(listener.serviceNanoseconds / SECOND)} per message${random}${requestedOf(listener)}, at most ${perSecond}/s`;
  return [
    speed + (listener.slowFrom === "flush" ? " from the flush on" : ""),
    ...(queue === null ? [] : [queueOf(queue)]),
    ...(listener.stall === null ? [] : [stallOf(listener.stall)]),
    ...(listener.stallOnce === null ? [] : [stallOnceOf(listener.stallOnce)]),
    ...afterEnobufsOf(listener),
    ...(poll === null ? [] : [pollOf(poll)]),
    ...(listener.dumpsOnEventSocket ? ["asks for its dumps on the socket of its events"] : []),
    ...(scenario.flush ? afterFlushOf(listener) : []),
  ].join("; ");
}

/** Of a message that names the program which asked for the deletion. */
function requestedOf({ portidServiceNanoseconds: portid }: ListenerScenario): string {
  return portid === null ? "" : `, ${duration(portid / SECOND)} for the DESTROY of a flush or a delete`;
}

function afterEnobufsOf({ stopsAtEnobufs, resyncAfterNanoseconds: resync }: ListenerScenario): string[] {
  const facts: string[] = [];
  if (stopsAtEnobufs) facts.push("stops for good at its first ENOBUFS");
  if (resync !== null) facts.push(`dumps the table ${duration(resync / SECOND)} after its last ENOBUFS`);
  return facts;
}

function queueOf({ messages, whenFull }: NonNullable<ListenerScenario["queue"]>): string {
  const full = whenFull === "block" ? "makes the receiver wait" : "drops what comes";
  return `behind a queue of ${plural(messages, "message", "messages")}, which ${full} when it is full`;
}

function stallOnceOf({ atNanoseconds, forNanoseconds }: NonNullable<ListenerScenario["stallOnce"]>): string {
  return `stops for ${duration(forNanoseconds / SECOND)} once, at ${duration(atNanoseconds / SECOND)}`;
}

function stallOf(stall: NonNullable<ListenerScenario["stall"]>): string {
  return `stops for ${duration(stall.forNanoseconds / SECOND)} every ${duration(stall.everyNanoseconds / SECOND)}`;
}

function afterFlushOf(listener: ListenerScenario): string[] {
  const { heldAfterFlushNanoseconds: held, closesAfterFlushNanoseconds: closes } = listener;
  const facts: string[] = [];
  if (held === null) facts.push("never reads again after the flush");
  else if (held > 0) facts.push(`sleeps ${duration(held / SECOND)} from the flush on`);
  if (closes !== null) facts.push(`closes its socket ${duration(closes / SECOND)} after the flush`);
  return facts;
}

export function policyOf(report: Report): string {
  const listener = report.scenario.listeners[0];
  if (listener === undefined) return "none";
  const { groups, filter } = listener;
  const subscribed = groups.length === EVENT_GROUPS.length ? "" : `; subscribed to ${groups.join(" and ")} only`;
  const filtered = filter === null ? "" : `; a socket filter lets only ${filter.join(" and ")} pass`;
  return `${listener.policy}: ${refusalOf(report)}${subscribed}${filtered}`;
}

/** What follows when the socket has no room for a DESTROY. */
function refusalOf(report: Report): string {
  const [first, ...others] = report.scenario.listeners;
  if (report.scenario.kernelConfig.chainEvents && [first, ...others].some((one) => one && isReliable(one.policy))) {
    return "without effect on this kernel: its notifier chain drops the error, so an event that finds no room (refused) is lost";
  }
  if (first !== undefined && isReliable(first.policy)) {
    const waits = "a DESTROY that finds no room (refused) keeps its dead entry on the dying list";
    if (report.kernel.redelivery !== "timer") return `${waits} until the kernel's worker resends it`;
    return `${waits} and is resent after a random time up to ${duration(report.scenario.graceMaxSeconds)}`;
  }
  if (others.some((other) => isReliable(other.policy))) {
    return "an event that finds no room (refused) is resent only when a reliable listener refused it too";
  }
  return "an event that finds no room (refused) is lost";
}
