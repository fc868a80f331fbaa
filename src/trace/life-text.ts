/**
 * The life of one entry as a person reads it: why it waited in one paragraph, then what happened, a line for a moment.
 * An attempt, the dying list and the timer that follows are one line; of many attempts the first and the last are
 * shown.
 */
import { count, duration, plural, size } from "../render/text/numbers.js";
import { legibleWidth, wrap } from "../render/text/paragraph.js";
import { themeOf } from "../render/text/theme.js";
import type { Scenario } from "../scenario/scenario.js";
import { tuplesOf } from "./addresses.js";
import { addressText } from "./conntrack-text.js";
import type { Life, ListenerOffer, TimedStep } from "./life.js";

type Attempt = TimedStep & { what: "attempt" };
type Waits = TimedStep & { what: "waits" };

interface Line {
  seconds: number;
  text: string;
  /** A refused attempt that another one followed: of many, some are left out. */
  resend: boolean;
}

/** Of refused attempts in a row, as many are shown at the beginning and at the end. */
const SHOWN_AT_EACH_END = 5;
const TIME_COLUMNS = 12;

export function renderLife(
  life: Life,
  scenario: Scenario,
  { colour, width }: { colour: boolean; width: number },
): string {
  const theme = themeOf(colour);
  const columns = legibleWidth(width, 120);
  const lines = shortened(linesOf(life.steps)).flatMap(({ seconds, text }) => {
    const [first = "", ...others] = wrap(text, columns - TIME_COLUMNS - 2);
    const time = Number.isNaN(seconds) ? "" : `${seconds.toFixed(6)} s`;
    const margin = " ".repeat(TIME_COLUMNS + 2);
    return [`${theme.aside(time.padStart(TIME_COLUMNS))}  ${first}`, ...others.map((line) => margin + line)];
  });
  return `${[
    theme.heading(titleOf(life)),
    ...wrap(storyOf(life, scenario), columns),
    "",
    ...lines,
    ...wrap(endOf(life), columns),
  ].join("\n")}\n`;
}

function titleOf({ entry, tuple, id, protocol, family }: Life): string {
  const { original } = tuplesOf(tuple, protocol, family);
  const end = (address: Uint8Array, port: number): string => {
    const text = addressText(address, family);
    if (protocol === "icmp") return text;
    return family === "ipv6" ? `[${text}]:${port}` : `${text}:${port}`;
  };
  const from = end(original.source, original.sourcePort);
  const to = end(original.destination, original.destinationPort);
  return `entry ${count(entry)}: ${protocol.toUpperCase()} ${from} → ${to}, id ${id}`;
}

/** Why its last event waited, or that it did not. */
export function storyOf(life: Life, scenario: Scenario): string {
  const { steps } = life;
  const lost = attemptsOf(steps).find(({ outcome }) => outcome === "lost");
  if (lost !== undefined) {
    const why = reasonOf(refusingOffer(lost)!);
    return `Its ${lost.event.toUpperCase()} was lost ${duration(lost.seconds)} into the run: ${why}, and no listener asked the kernel to keep what it refuses.`;
  }
  const attempts = attemptsOf(steps).filter(({ event }) => event === "destroy");
  const refused = attempts.filter(({ outcome }) => outcome === "kept");
  if (refused.length === 0) return "No attempt for it was refused.";
  const last = attempts.at(-1)!;
  const delivered = last.outcome === "kept" ? null : last;
  const waited = (delivered?.seconds ?? steps.at(-1)!.seconds) - attempts[0]!.seconds;
  const came =
    delivered === null
      ? `Its DESTROY had not been delivered after ${duration(waited)}`
      : `Its DESTROY was delivered ${duration(waited)} after the entry had left the table`;
  return `${came}: ${plural(refused.length, "attempt was", "attempts were")} refused, ${reasonsOf(refused)}. ${waitingOf(steps, scenario)}`;
}

function reasonsOf(refused: readonly Attempt[]): string {
  const full = refused.filter((attempt) => refusingOffer(attempt)?.refusal === "full").length;
  const congested = refused.filter((attempt) => refusingOffer(attempt)?.refusal === "congested").length;
  const unbuilt = refused.length - full - congested;
  const reasons = [
    ...(full > 0 ? [`${count(full)} because the receive buffer was full`] : []),
    ...(congested > 0 ? [`${count(congested)} because the socket was congested until its queue would be empty`] : []),
    ...(unbuilt > 0 ? [`${count(unbuilt)} because the message could not be built`] : []),
  ];
  if (reasons.length > 1) return reasons.join(", ");
  return `${refused.length > 1 ? "each time " : ""}${reasons[0]!.replace(/^\S+ /, "")}`;
}

/** What it did between the attempts. */
function waitingOf(steps: readonly TimedStep[], scenario: Scenario): string {
  const waits = steps.filter((step): step is Waits => step.what === "waits");
  const delays = waits.flatMap(({ requestedSeconds }) => (requestedSeconds === null ? [] : [requestedSeconds]));
  if (delays.length === 0) {
    return "Between them it waited on the dying list for the kernel's worker, which stops at its first refusal.";
  }
  const most = duration(scenario.graceMaxSeconds);
  if (delays.length === 1)
    return `Between them it slept for ${duration(delays[0]!)}, drawn at random from up to ${most}.`;
  const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
  return (
    `On the dying list it slept ${count(delays.length)} times, for a time drawn anew from up to ${most}, whether there was ` +
    `room meanwhile or not: ${duration(Math.min(...delays))} to ${duration(Math.max(...delays))}, ${duration(mean)} on average.`
  );
}

function endOf({ fate, believes }: Life): string {
  const fates = {
    freed: "The entry is freed",
    dying: "At the end of the run the entry is on the dying list",
    active: "At the end of the run the entry is in the table",
    unconfirmed: "The entry never entered the table",
  };
  const beliefs = {
    unknown: "the daemon never heard of it",
    alive: "the daemon believes it alive",
    dead: "the daemon believes it gone",
  };
  return `${fates[fate]}; ${beliefs[believes]}.`;
}

function attemptsOf(steps: readonly TimedStep[]): Attempt[] {
  return steps.filter((step): step is Attempt => step.what === "attempt");
}

function linesOf(steps: readonly TimedStep[]): Line[] {
  const lines: Line[] = [];
  const known = new Set<string>();
  let believed: string | null = null;
  for (const step of steps) {
    const previous = lines.at(-1);
    if (step.what === "read") {
      const delivery = lines.findLast((line) => isDelivery(line, step));
      // Where a recv changes what the daemon believes after something else has happened it has a line of its own.
      if (delivery !== undefined && (delivery === previous || step.believes === believed)) {
        const belief = step.believes === believed ? "" : `, and the daemon believes it ${step.believes}`;
        delivery.text += `; read ${duration(step.queuedSeconds)} later${belief}`;
        believed = step.believes;
        continue;
      }
    }
    if (step.what === "read" || step.what === "resync") believed = step.believes;
    const text = textOf(step, known);
    // What happens at the same moment as the attempt or the packet that caused it stands behind it.
    const follows =
      step.what === "attempt"
        ? step.outcome === "delivered" && step.event !== "destroy"
        : step.what !== "packet" && step.what !== "read" && step.what !== "leaves";
    if (follows && previous !== undefined && previous.seconds === step.seconds) previous.text += `; ${text}`;
    else lines.push({ seconds: step.seconds, text, resend: step.what === "attempt" && step.outcome === "kept" });
  }
  return lines;
}

/** Whether the message that is read was delivered in a line, to within what a double loses of a nanosecond. */
function isDelivery(line: Line, { seconds, queuedSeconds }: TimedStep & { what: "read" }): boolean {
  return Math.abs(seconds - queuedSeconds - line.seconds) < 1e-9;
}

function shortened(lines: readonly Line[]): Line[] {
  const kept: Line[] = [];
  for (let at = 0; at < lines.length; ) {
    let end = at;
    while (end < lines.length && lines[end]!.resend) end++;
    if (end - at > 2 * SHOWN_AT_EACH_END + 1) {
      const hidden = end - at - 2 * SHOWN_AT_EACH_END;
      kept.push(...lines.slice(at, at + SHOWN_AT_EACH_END));
      kept.push({
        seconds: Number.NaN,
        text: `… ${plural(hidden, "refused attempt", "refused attempts")} more`,
        resend: false,
      });
      kept.push(...lines.slice(end - SHOWN_AT_EACH_END, end));
      at = end;
    } else {
      kept.push(...lines.slice(at, Math.max(end, at + 1)));
      at = Math.max(end, at + 1);
    }
  }
  return kept;
}

/** `known`: status bits that were named before; they are named once. */
function textOf(step: TimedStep, known: Set<string>): string {
  switch (step.what) {
    case "packet": {
      const packet = `${step.segment === null ? "packet" : step.segment} ${step.direction === "original" ? "→" : "←"}`;
      if (step.verdict !== "accepted") return `${packet} ${step.verdict}`;
      const facts = [
        ...(step.state === null ? [] : [step.state]),
        ...step.status.filter((bit) => !known.has(bit)),
        ...(step.timeoutSeconds === null ? [] : [`timeout ${duration(step.timeoutSeconds)}`]),
      ];
      for (const bit of step.status) known.add(bit);
      return `${packet} ${facts.join(", ")}`.trimEnd();
    }
    case "created":
      return "entry made";
    case "confirmed":
      return "confirmed: in the table";
    case "bits":
      return `raises ${step.bits.join(", ")}`;
    case "leaves":
      return `leaves the table: ${CAUSES[step.cause]}`;
    case "attempt":
      return attemptText(step);
    case "dying":
      return `onto the dying list, ${count(step.dyingEntries)} with it`;
    case "waits":
      return waitsText(step);
    case "read":
      return `daemon reads ${step.event.toUpperCase()} after ${duration(step.queuedSeconds)} in the queue: believes it ${step.believes}`;
    case "resync":
      return `daemon dumps the table: believes it ${step.believes}`;
    case "freed":
      return "freed";
  }
}

const CAUSES = {
  timeout: "its timer fired",
  expired: "its deadline had passed",
  evicted: "evicted",
  flush: "conntrack -F",
  delete: "conntrack -D",
} as const;

function attemptText({ event, number, carries, listeners, outcome }: Attempt): string {
  const name = event.toUpperCase();
  const which = number > 1 ? `${name}, attempt ${number}` : name;
  const extra = carries.filter((bit) => bit !== name);
  const carrying = extra.length === 0 ? "" : ` (${extra.join(", ")})`;
  const offers = listeners.map((offer) => offerText(offer, listeners.length > 1)).join("; ");
  const fate = { delivered: "", kept: "", lost: ": lost", unheard: ": heard by no listener" }[outcome];
  return `${which}${carrying} ${offers}${fate}`.replace(" :", ":");
}

function offerText(offer: ListenerOffer, named: boolean): string {
  const who = named ? `listener ${offer.listener}: ` : "";
  if (!offer.admitted) return `${who}refused, ${reasonOf(offer)}`;
  const behind = offer.queuedMessages === 0 ? "an empty queue" : plural(offer.queuedMessages, "message", "messages");
  return `${who}delivered behind ${behind}`.replace("behind an", "to an");
}

function reasonOf(offer: ListenerOffer): string {
  const used = `${plural(offer.queuedMessages, "message", "messages")}, ${size(offer.rmemBytes)} of ${size(offer.rcvbufBytes)}`;
  if (offer.refusal === "congested") return `the socket is congested until its queue is empty (${used})`;
  return `the buffer is full (${used})`;
}

/** The first listener of which the kernel has to tell, or the first that refused. */
function refusingOffer({ listeners }: Attempt): ListenerOffer | undefined {
  return listeners.find(({ admitted }) => !admitted);
}

function waitsText({ requestedSeconds, armedSeconds }: Waits): string {
  if (requestedSeconds === null) {
    return armedSeconds === null
      ? "waits for the worker"
      : `waits for the worker, due ${armedSeconds === 0 ? "at once" : `in ${duration(armedSeconds)}`}`;
  }
  const armed = armedSeconds ?? 0;
  const asked = duration(requestedSeconds);
  return asked === duration(armed) ? `timer of ${asked}` : `timer of ${asked}, which fires in ${duration(armed)}`;
}
