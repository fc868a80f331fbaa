/**
 * What is offered to the kernel: connections, how they arrive, and what each is made of. The limits that a program
 * meets elsewhere stand here, too.
 */
import { choice } from "../choice.js";
import { quoted, UsageError } from "../errors.js";
import { choiceOf, type Described, nullable, quantity, shape, type ValueOf, flag as yesOrNo } from "../json-schema.js";
import { formatCount, HOUR, LONGEST_DURATION, MILLISECOND, RATES, type Range, SECOND } from "../units.js";
import { formatValue } from "../value.js";
import { type Codec, numberIn, pairIn } from "./codec.js";
import { each, type FlagNote, flag, parameter } from "./parameter.js";

const LOAD = "Load:";

/** Of the table, and so the connections of one flood: the model keeps each in memory. */
export const MOST_ENTRIES = 2 ** 24;
/** Packets of the shortest TCP connection: handshake, FIN, FIN with the ACK on it, ACK. */
export const SHORTEST_TCP_PACKETS = 6;
export const RUN_TIME_SECONDS: Range = { min: MILLISECOND / SECOND, max: LONGEST_DURATION / SECOND };

export const CONNECTIONS: Range = { min: 0, max: MOST_ENTRIES };
export const ARRIVALS = ["constant", "poisson", "burst"] as const;
export type Arrivals = (typeof ARRIVALS)[number];
export const PROTOCOLS = ["udp", "tcp", "icmp"] as const;
export type Protocol = (typeof PROTOCOLS)[number];
export const FAMILIES = ["ipv4", "ipv6"] as const;
export type Family = (typeof FAMILIES)[number];
export type Path = "loopback" | "forward";

/** One request; or handshake, close and the acknowledgement of each FIN. */
const PACKETS: Record<Protocol, number> = { udp: 1, icmp: 1, tcp: 7 };

export const BURST = quantity("count", { min: 1, max: 1e6 }, "connections that arrive at one instant with burst");

interface ArrivalsGiven {
  arrivals?: Arrivals;
  burstConnections?: number;
}

/** `constant`, `poisson`, `burst` or `burst:N`. */
const arrivalsCodec: Codec = {
  parse(text): ArrivalsGiven {
    const [word = "", ...rest] = text.split(":");
    const arrivals = choice(ARRIVALS)(word);
    if (rest.length === 0) return { arrivals };
    if (arrivals !== "burst") {
      throw new UsageError(`expected a size only for burst, as in burst:50, got ${quoted(text)}`);
    }
    return { arrivals, burstConnections: numberIn(BURST, rest.join(":")) };
  },
  format({ arrivals = "constant", burstConnections }: ArrivalsGiven) {
    if (arrivals !== "burst" || burstConnections === undefined) return arrivals;
    return `${arrivals}:${formatCount(burstConnections)}`;
  },
};

const SECOND_FLOOD = shape("more connections after the flush; null: none", {
  connections: quantity("count", { ...CONNECTIONS, min: 1 }, "connections to open in the second flood"),
  /** From the start of the flush. */
  afterFlushSeconds: quantity(
    "seconds",
    { min: 0, max: LONGEST_DURATION / SECOND },
    "when they begin, from the start of the flush",
  ),
});
interface SecondFlood extends ValueOf<typeof SECOND_FLOOD> {}

/** `20k@5s`: that many connections, that long after the flush begins. */
const secondFloodCodec: Codec = {
  parse(text): { secondFlood: SecondFlood } {
    const [count, delay] = pairIn(text, "@", "COUNT@DURATION such as 20k@5s");
    return {
      secondFlood: {
        connections: numberIn(SECOND_FLOOD.properties.connections, count),
        afterFlushSeconds: numberIn(SECOND_FLOOD.properties.afterFlushSeconds, delay),
      },
    };
  },
  format({ secondFlood }: { secondFlood?: SecondFlood | null }) {
    if (!secondFlood) return null;
    const { connections, afterFlushSeconds } = secondFlood;
    return `${formatCount(connections)}@${formatValue(SECOND_FLOOD.properties.afterFlushSeconds, afterFlushSeconds)}`;
  },
};

/** Given beside or in the place of one of connections and ratePerSecond; a resolved scenario has no such field. */
export const DURATION_SECONDS: Described<number> & { flag: FlagNote } = {
  ...quantity(
    "seconds",
    RUN_TIME_SECONDS,
    "how long to open connections: two of connections, rate and duration give the third",
  ),
  flag: flag(LOAD, "duration DURATION"),
};

export const LOAD_PARAMETERS = {
  connections: parameter(
    quantity("count", CONNECTIONS, "connections to open"),
    20_000,
    flag(LOAD, "connections COUNT"),
  ),
  /**
   * Connections per second; null: as fast as the machine makes them. A flood outlasts TIME_WAIT, so that its entries
   * also expire.
   */
  ratePerSecond: parameter(
    nullable(quantity("rate", RATES, "new connections per second, or max: as fast as the machine makes them")),
    each<number | null>({ flood: 100, flush: null }),
    flag(LOAD, "rate RATE"),
  ),
  /** `burst`: connections arrive in groups of `burstConnections` at one instant, the mean rate stays. */
  arrivals: parameter(
    choiceOf(ARRIVALS, "constant, poisson or burst (burstConnections at one instant, the mean rate stays)"),
    each<Arrivals>({ flood: "poisson", flush: "constant" }),
    flag(LOAD, "arrivals KIND", {
      description: "constant, poisson, burst or burst:N (N connections at one instant, the mean rate stays)",
      codec: arrivalsCodec,
    }),
  ),
  burstConnections: parameter(BURST, 10),
  protocol: parameter(
    choiceOf(PROTOCOLS, "udp, tcp or icmp"),
    each<Protocol>({ flood: "tcp", flush: "udp" }),
    flag(LOAD, "protocol NAME"),
  ),
  family: parameter(choiceOf(FAMILIES, "ipv4 or ipv6"), "ipv4", flag(LOAD, "family NAME")),
  /** On `loopback` a packet passes the confirm hook twice (POST_ROUTING and LOCAL_IN), on `forward` once. */
  path: parameter(
    choiceOf(["loopback", "forward"], "loopback (a packet passes the confirm hook twice) or forward (once)"),
    each<Path>({ flood: "forward", flush: "loopback" }),
    flag(LOAD, "path NAME"),
  ),
  tuples: parameter(
    nullable(
      quantity(
        "count",
        { min: 1, max: MOST_ENTRIES },
        "connections use so many tuples in turn; without it every connection has its own",
      ),
    ),
    null,
    flag(LOAD, "tuples COUNT"),
  ),
  packets: parameter(
    quantity("count", { min: 1, max: 1e6 }, "packets of one connection"),
    ({ protocol }) => PACKETS[protocol],
    flag(LOAD, "packets N"),
  ),
  packetGapNanoseconds: parameter(
    quantity("duration", { min: 0, max: HOUR }, "time between two packets of one connection; 0: back to back"),
    ({ experiment, packets }) => (experiment === "flood" && packets > 1 ? 500_000 : 0),
    flag(LOAD, "packet-gap DURATION"),
  ),
  /** A closed UDP port answers every packet with an ICMP error. */
  udpPortOpen: parameter(
    yesOrNo("whether the UDP port of the receiver is open; a closed one answers with ICMP errors"),
    true,
  ),
  secondFlood: parameter(
    nullable({ ...SECOND_FLOOD, needed: Object.keys(SECOND_FLOOD.properties) }),
    null,
    flag(LOAD, "second-flood COUNT@DURATION", {
      description: "that many more connections, that long after the flush begins",
      codec: secondFloodCodec,
    }),
  ),
};
