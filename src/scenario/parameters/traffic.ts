/**
 * Kinds of flow that are offered at once: what one of their connections sends (its script), how many come, and at which
 * rate. A scenario without them has one kind, which connections, rate, protocol, packets and arrivals describe. What is
 * left out of a kind is what those say, or what its script needs; the rules between values are ../traffic.ts.
 */
import { choice } from "../choice.js";
import { quoted, UsageError } from "../errors.js";
import { choiceOf, type Described, list, nullable, quantity, shape, text, type ValueOf } from "../json-schema.js";
import { DAY, HOUR, RATES } from "../units.js";
import { type Codec, formatShare, keyed, plain, shareIn } from "./codec.js";
import { ARRIVALS, BURST, CONNECTIONS, FAMILIES, PROTOCOLS } from "./load.js";
import { flag, parameter } from "./parameter.js";

/** Records have six bits for the kind of an entry. */
const MOST_CLASSES = 64;

/**
 * What a connection sends. `short` opens, carries its packets and closes; `request-reply` is a question and its answer;
 * `one-packet` is never answered; `syn-only` and `half-open` are TCP connections of which the server never hears again
 * after the SYN, or after its SYN/ACK; `reset` ends with an RST; `long-lived` and `stream` go on for a lifetime, a
 * stream mostly from the server.
 */
export const SCRIPTS = [
  "short",
  "request-reply",
  "one-packet",
  "syn-only",
  "half-open",
  "reset",
  "long-lived",
  "stream",
] as const;
export type ScriptName = (typeof SCRIPTS)[number];

const TRAFFIC_CLASS = shape("a kind of flow", {
  name: text("its name in the report; without it that of its script", "a name of 1 to 40 letters, digits and dashes", {
    pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$",
  }),
  script: choiceOf(SCRIPTS, `what one of its connections sends: ${SCRIPTS.join(", ")}`),
  protocol: choiceOf(PROTOCOLS, "udp, tcp or icmp"),
  family: choiceOf(FAMILIES, "ipv4 or ipv6"),
  connections: quantity("count", { ...CONNECTIONS, min: 1 }, "connections to open"),
  ratePerSecond: nullable(quantity("rate", RATES, "new connections per second, or max")),
  arrivals: choiceOf(ARRIVALS, "constant, poisson or burst"),
  burstConnections: BURST,
  packets: quantity("count", { min: 1, max: 1e6 }, "packets of one connection"),
  packetGapNanoseconds: quantity("duration", { min: 0, max: HOUR }, "time between two packets of one connection"),
  lifetimeNanoseconds: nullable(
    quantity("duration", { min: 1, max: DAY }, "how long a long-lived connection or a stream goes on"),
  ),
  packetsPerSecond: nullable(quantity("rate", RATES, "packets of such a connection in a second")),
});
export interface TrafficClass extends ValueOf<typeof TRAFFIC_CLASS> {}

const SHARE: Described<number> = {
  type: "number",
  description: "in place of a rate and connections of its own: its share of the run's, from 0 to 1; all add up to 1",
  minimum: 0,
  maximum: 1,
};

/** As it is given: a resolved one has connections and a rate in the place of the share. */
export interface GivenTrafficClass extends Partial<TrafficClass> {
  share?: number;
}

const properties = TRAFFIC_CLASS.properties;

const shareCodec: Codec = {
  parse(text): GivenTrafficClass {
    const share = shareIn(text);
    if (share === null) throw new UsageError(`expected a share such as 70%, got ${quoted(text)}`);
    return { share };
  },
  format: ({ share }: GivenTrafficClass) => (share === undefined ? null : formatShare(share)),
};

/** ICMPv6 is ICMP over IPv6. */
const protocolCodec: Codec = {
  parse(word): Partial<TrafficClass> {
    if (word === "icmpv6") return { protocol: "icmp", family: "ipv6" };
    if (word === "sctp") {
      throw new UsageError(
        "expected udp, tcp, icmp or icmpv6, got sctp, whose states and message sizes are not modelled",
      );
    }
    return { protocol: choice(PROTOCOLS)(word) };
  },
  format: ({ protocol }: Partial<TrafficClass>) => protocol ?? null,
};

const keys = keyed(
  {
    rate: plain("ratePerSecond", properties.ratePerSecond),
    share: shareCodec,
    connections: plain("connections", properties.connections),
    protocol: protocolCodec,
    family: plain("family", properties.family),
    packets: plain("packets", properties.packets),
    gap: plain("packetGapNanoseconds", properties.packetGapNanoseconds),
    lifetime: plain("lifetimeNanoseconds", properties.lifetimeNanoseconds),
    pps: plain("packetsPerSecond", properties.packetsPerSecond),
    arrivals: plain("arrivals", properties.arrivals),
    burst: plain("burstConnections", properties.burstConnections),
    name: plain("name", properties.name),
  },
  "rate=5k/s",
);

interface Given {
  traffic?: readonly GivenTrafficClass[];
}

/** `short`, or `syn-only:rate=5k/s,connections=10k`. */
export const trafficCodec: Codec = {
  parse(word): Given {
    const at = word.indexOf(":");
    const script = choice(SCRIPTS)(at < 0 ? word : word.slice(0, at));
    if (at >= 0 && at === word.length - 1)
      throw new UsageError(`expected KEY=VALUE behind the colon, got ${quoted(word)}`);
    return { traffic: [{ script, ...(at < 0 ? {} : keys.parse(word.slice(at + 1))) }] };
  },
  format({ traffic = [] }: Given) {
    const { script, ...rest } = traffic.at(-1) ?? {};
    if (script === undefined) return null;
    const text = keys.format(rest);
    return text === null || text === "" ? script : `${script}:${text}`;
  },
};

export const TRAFFIC = parameter(
  {
    ...list(TRAFFIC_CLASS, "kinds of flow; none: the one that connections, rate, protocol and packets describe"),
    maxItems: MOST_CLASSES,
  },
  [],
  flag("Load:", "traffic SCRIPT[:KEY=VALUE,...]", {
    description:
      `a kind of flow, as in syn-only:rate=5k/s (may be repeated, for several at once); SCRIPT is ${SCRIPTS.join(", ")}, KEY is ` +
      "rate, share (as in 70%, of the run's rate and connections), connections, protocol, family, packets, gap, lifetime, pps (packets per second), arrivals, burst or name",
    codec: trafficCodec,
    add: (given: Given, later: Given) => ({ traffic: [...(given.traffic ?? []), ...(later.traffic ?? [])] }),
    quiet: true,
  }),
);

/** As a scenario file lists them. */
export const GIVEN_TRAFFIC = {
  ...TRAFFIC,
  items: { ...TRAFFIC_CLASS, properties: { ...properties, share: SHARE } },
};
