/**
 * A listener: what it asks of its socket, which events it hears, and how its reader behaves. What a policy sets is said
 * here and nowhere else. In a flag `--listeners` a further listener is described by the same names as the flags of the
 * first.
 */
import { choice } from "../choice.js";
import { quoted, UsageError } from "../errors.js";
import {
  choiceOf,
  type Described,
  list,
  nullable,
  quantity,
  shape,
  text,
  type ValueOf,
  flag as yesOrNo,
} from "../json-schema.js";
import { DAY, formatDuration, GIB, HOUR, LONGEST_DURATION, type Range } from "../units.js";
import { type Codec, keyed, numberIn, onOrOff, pairIn, plain, sets } from "./codec.js";
import { each, flag, flagNoteOf, type Parameter, parameter } from "./parameter.js";
import { PRESET_NAMES, type PresetName, presetOf } from "./preset.js";

const READER = "Socket and reader:";

/** SO_RCVBUF and the sysctls that cap it are ints. */
export const BUFFER_BYTES: Range = { min: 0, max: GIB };
export const AFTER_FLUSH: Range = { min: 0, max: LONGEST_DURATION };
const STALL_TIME: Range = { min: 1, max: DAY };
/** Decoders that a daemon may hand its messages to. */
export const MOST_DECODERS = 16;

export const EVENT_GROUPS = ["new", "update", "destroy"] as const;
export type EventGroup = (typeof EVENT_GROUPS)[number];

/**
 * The socket options that a listener sets, as a policy: what conntrackd does, what the commit's own test does, and the
 * others.
 */
export const POLICY = {
  reliable: { broadcastError: true, noEnobufs: true },
  "broadcast-error": { broadcastError: true, noEnobufs: false },
  "no-enobufs": { broadcastError: false, noEnobufs: true },
  lossy: { broadcastError: false, noEnobufs: false },
} as const;
export type Policy = keyof typeof POLICY;
export const POLICIES = Object.keys(POLICY) as Policy[];

const DISTRIBUTION = choiceOf(["fixed", "exponential"], "whether that time is always the same or exponential");
const SERVICE = quantity("duration", { min: 0, max: HOUR }, "time that the reader needs for a message");

interface Reader {
  serviceNanoseconds?: number;
  serviceDistribution?: ValueOf<typeof DISTRIBUTION>;
}

/** `1ms`, `1ms,fixed` or `1ms,exponential`. */
const readerCodec: Codec = {
  parse(text): Reader {
    const [duration = "", ...rest] = text.split(",");
    return {
      serviceNanoseconds: numberIn(SERVICE, duration),
      serviceDistribution: rest.length === 0 ? "fixed" : choice(["fixed", "exponential"])(rest.join(",")),
    };
  },
  format({ serviceNanoseconds, serviceDistribution = "fixed" }: Reader) {
    if (serviceNanoseconds === undefined) return null;
    const duration = formatDuration(serviceNanoseconds);
    return serviceDistribution === "fixed" ? duration : `${duration},${serviceDistribution}`;
  },
};

const STALL = shape("pauses of the reader; null: none", {
  /** Counted from the first packet. */
  everyNanoseconds: quantity("duration", STALL_TIME, "the period of the pauses, from the first packet on"),
  forNanoseconds: quantity("duration", STALL_TIME, "how long the reader stops in every period after the first"),
});
interface Stall extends ValueOf<typeof STALL> {}

const STALL_ONCE = shape("one pause of the reader; null: none", {
  atNanoseconds: quantity("duration", AFTER_FLUSH, "when it begins, from the first packet on"),
  forNanoseconds: quantity("duration", STALL_TIME, "how long the reader stops then"),
});
interface StallOnce extends ValueOf<typeof STALL_ONCE> {}

interface Stalls {
  stall?: Stall | null;
  stallOnce?: StallOnce | null;
}

/** `500ms/10s`: stopped for the first in every second; `5s@30s`: once, from the second on. */
const stallCodec: Codec = {
  parse(text): Stalls {
    if (text.includes("@")) {
      const [pause, at] = pairIn(text, "@", "FOR@TIME such as 5s@30s");
      return {
        stallOnce: {
          atNanoseconds: numberIn(STALL_ONCE.properties.atNanoseconds, at),
          forNanoseconds: numberIn(STALL_ONCE.properties.forNanoseconds, pause),
        },
      };
    }
    const [pause, period] = pairIn(text, "/", "FOR/EVERY such as 500ms/10s, or FOR@TIME such as 5s@30s");
    return {
      stall: {
        everyNanoseconds: numberIn(STALL.properties.everyNanoseconds, period),
        forNanoseconds: numberIn(STALL.properties.forNanoseconds, pause),
      },
    };
  },
  format({ stall, stallOnce }: Stalls) {
    if (stall) return `${formatDuration(stall.forNanoseconds)}/${formatDuration(stall.everyNanoseconds)}`;
    return stallOnce ? `${formatDuration(stallOnce.forNanoseconds)}@${formatDuration(stallOnce.atNanoseconds)}` : null;
  },
};

/**
 * `new+destroy`: in the order of the event types, whatever the order in which they were given; and as `conntrack -E -e`
 * has them, NEW,UPDATES,DESTROY.
 */
const groupsCodec: Codec = {
  parse(text): { groups: EventGroup[] } {
    const names = text.toLowerCase().replace("updates", "update").split(/[+,]/);
    const groups = names.map(choice(EVENT_GROUPS));
    if (new Set(groups).size !== groups.length) {
      throw new UsageError(`expected each group once, got ${quoted(text)}`);
    }
    return { groups: EVENT_GROUPS.filter((group) => groups.includes(group)) };
  },
  format: ({ groups }: { groups?: readonly EventGroup[] }) => groups?.join("+") ?? null,
};

/** Given as a flag it brings what it sets, so that it wins over a file as every flag does. */
const presetCodec: Codec = {
  parse(word) {
    const preset = choice(PRESET_NAMES)(word);
    return { preset, ...presetOf(preset).sets };
  },
  format: ({ preset }: { preset?: PresetName | null }) => preset ?? null,
};

const FULL_QUEUE = ["block", "drop"] as const;
/** Each is a few numbers in memory. */
export const MOST_QUEUED = 1 << 20;

const QUEUE = shape("a queue of the program between the receiver and its decoders; null: none", {
  messages: quantity("count", { min: 1, max: MOST_QUEUED }, "how many messages it holds"),
  whenFull: choiceOf(FULL_QUEUE, "what happens to a message when it is full: the receiver waits, or drops it"),
  receiveNanoseconds: quantity(
    "duration",
    { min: 0, max: HOUR },
    "time that the receiver needs for a message until it is in the queue, beside its recv",
  ),
});
interface Queue extends ValueOf<typeof QUEUE> {}
/** What a file leaves out. */
export const USUAL_QUEUE = { whenFull: "block", receiveNanoseconds: 0 } as const;

/** `8192`, `8192,drop`, `8192,block,2us`. */
const queueCodec: Codec = {
  parse(text): { queue: Queue } {
    const [messages = "", whenFull = "block", receive = "0s", ...rest] = text.split(",");
    if (rest.length > 0) throw new UsageError(`expected MESSAGES[,block|drop[,DURATION]], got ${quoted(text)}`);
    const { properties } = QUEUE;
    return {
      queue: {
        messages: numberIn(properties.messages, messages),
        whenFull: choice(FULL_QUEUE)(whenFull),
        receiveNanoseconds: numberIn(properties.receiveNanoseconds, receive),
      },
    };
  },
  format({ queue }: { queue?: Queue | null }) {
    if (!queue) return null;
    const { messages, whenFull, receiveNanoseconds } = queue;
    if (receiveNanoseconds > 0) return `${messages},${whenFull},${formatDuration(receiveNanoseconds)}`;
    return whenFull === "block" ? String(messages) : `${messages},${whenFull}`;
  },
};

/** `tcp+icmp`, `nat`: protocols and names of kinds of flow. */
const filterCodec: Codec = {
  parse(text): { filter: string[] } {
    const words = text.split("+");
    if (words.some((word) => !FILTER_WORD.test(word))) {
      throw new UsageError(
        `expected protocols or names of kinds of flow with + between them, such as tcp+icmp, got ${quoted(text)}`,
      );
    }
    if (new Set(words).size !== words.length) throw new UsageError(`expected each of them once, got ${quoted(text)}`);
    return { filter: words };
  },
  format: ({ filter }: { filter?: readonly string[] | null }) => filter?.join("+") ?? null,
};
const FILTER_WORD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;

const POLL = shape("dumps of the kernel's table at a fixed pace; null: none", {
  everyNanoseconds: quantity("duration", STALL_TIME, "from the end of one dump to the beginning of the next"),
  withEvents: yesOrNo("whether it listens to events, too; a program that polls in place of events has no event socket"),
});
interface Poll extends ValueOf<typeof POLL> {}
export const USUAL_POLL = { withEvents: false } as const;

/** `30s` in place of events, `30s,events` beside them. */
const pollCodec: Codec = {
  parse(text): { poll: Poll } {
    const [every = "", events, ...rest] = text.split(",");
    if (rest.length > 0 || (events !== undefined && events !== "events")) {
      throw new UsageError(
        `expected a duration such as 30s, or 30s,events for dumps beside the events, got ${quoted(text)}`,
      );
    }
    return {
      poll: { everyNanoseconds: numberIn(POLL.properties.everyNanoseconds, every), withEvents: events !== undefined },
    };
  },
  format({ poll }: { poll?: Poll | null }) {
    if (!poll) return null;
    return `${formatDuration(poll.everyNanoseconds)}${poll.withEvents ? ",events" : ""}`;
  },
};

const startOrFlush = (description: string): Described<"start" | "flush"> => choiceOf(["start", "flush"], description);

/** What a listener has that is not the first, where that differs: it is a lossy observer with the usual buffer. */
interface Unlike<T> extends Parameter<T> {
  beside: T;
}

function unlike<T>(beside: T, first: Parameter<T>): Unlike<T> {
  return { ...first, beside };
}

export const LISTENER = shape("a listener: its socket and its reader", {
  /** The flags and the file override what it sets. */
  preset: parameter(
    nullable(choiceOf(PRESET_NAMES, "the program as which the listener is set up; what is given beside it wins")),
    null,
    flag(READER, "preset NAME", { codec: presetCodec, choices: PRESET_NAMES }),
  ),
  /** What SO_RCVBUF is asked for. */
  bufferBytes: unlike(
    212_992,
    parameter(
      quantity("size", BUFFER_BYTES, "what the listener asks SO_RCVBUF for, in bytes, k or MiB"),
      2048,
      flag(READER, "buffer SIZE"),
    ),
  ),
  /**
   * conntrackd's NetlinkBufferSizeMaxGrowth, as a request like `bufferBytes` (conntrackd's own two sizes are those that
   * the kernel makes of them, twice as large): after each ENOBUFS the daemon asks for twice as much while that is not
   * more than this. It does so with SO_RCVBUFFORCE from its first request on, so `rmemMaxBytes` caps nothing. Null: it
   * does not grow.
   */
  bufferMaxBytes: parameter(
    nullable(
      quantity(
        "size",
        BUFFER_BYTES,
        "after each ENOBUFS the daemon asks for twice the buffer, up to this (conntrackd's NetlinkBufferSizeMaxGrowth)",
      ),
    ),
    null,
    flag(READER, "buffer-max SIZE"),
  ),
  /** Implied where the buffer grows: the programs that do so ask with it. */
  force: parameter(
    yesOrNo("whether the buffer is asked for with SO_RCVBUFFORCE, which needs CAP_NET_ADMIN and knows no cap"),
    false,
    flag(READER, "force", {
      description: "ask for the buffer with SO_RCVBUFFORCE, which needs CAP_NET_ADMIN and knows no cap",
      codec: sets({ force: true }),
    }),
  ),
  policy: unlike(
    "lossy",
    parameter(
      choiceOf(
        POLICIES,
        "reliable (broadcast errors, no ENOBUFS), broadcast-error (the first alone), no-enobufs (the second alone) or lossy",
      ),
      "broadcast-error",
      flag(READER, "policy NAME"),
    ),
  ),
  /** Time between a recv that returned a message and the next recv, of one decoder. */
  serviceNanoseconds: unlike(
    0,
    parameter(
      SERVICE,
      each({ flood: 300_000, flush: 100_000 }),
      flag(READER, "reader DURATION[,exponential]", {
        description: "time that the reader needs for a message, fixed or exponentially distributed",
        codec: readerCodec,
      }),
    ),
  ),
  serviceDistribution: parameter(DISTRIBUTION, "fixed"),
  /**
   * Of an event that a request of a program caused (a flush, a delete): nlmsg_pid names who asked. `conntrack -E` of
   * conntrack-tools 1.4.7 looks that program up in /proc for each of them. Distributed as the other service times.
   */
  portidServiceNanoseconds: parameter(
    nullable(
      quantity(
        "duration",
        { min: 0, max: HOUR },
        "time that the reader needs for the DESTROY of a flush or a delete, which names the program that asked for it; " +
          "null: as for any message",
      ),
    ),
    null,
    flag(READER, "reader-portid DURATION", {
      description:
        "time that the reader needs for the DESTROY of a flush or a delete, which names the program that asked for it " +
        "(conntrack -E looks it up); not given: --reader",
    }),
  ),
  stall: parameter(
    nullable({ ...STALL, needed: Object.keys(STALL.properties) }),
    null,
    flag(READER, "reader-stall FOR/EVERY", {
      description:
        "the reader stops that long in every such period, as in 500ms/10s, or once at a time after the first packet, as in " +
        "5s@30s",
      codec: stallCodec,
      item: "stall",
    }),
  ),
  stallOnce: parameter(nullable({ ...STALL_ONCE, needed: Object.keys(STALL_ONCE.properties) }), null),
  /**
   * So many decoders take messages from the socket in turn. With one a message counts when it is read; with more each
   * counts when its decoder has given it its service time, so that messages of one entry may be applied in the wrong
   * order.
   */
  decoders: parameter(
    quantity(
      "count",
      { min: 1, max: MOST_DECODERS },
      "decoders that take messages in turn; with more than one they may finish out of order",
    ),
    1,
    flag(READER, "decoders N"),
  ),
  /**
   * conntrackd's NetlinkOverrunResync: so long after its last ENOBUFS (each one puts it off) the daemon dumps the
   * kernel's table and makes its own equal to it. Null: never.
   */
  resyncAfterNanoseconds: parameter(
    nullable(
      quantity(
        "duration",
        AFTER_FLUSH,
        "so long after an ENOBUFS the daemon dumps the kernel's table (conntrackd's NetlinkOverrunResync)",
      ),
    ),
    null,
    flag(READER, "resync DURATION"),
  ),
  /**
   * `conntrackd` asks for what it has, which the kernel doubles, while twice that is within its limit, and each ENOBUFS
   * puts its resync off (src/netlink.c and ctnl.c of conntrack-tools). `ulogd` asks for twice what it has, so that its
   * buffer grows by four, while that request is below its limit, and resyncs after the first ENOBUFS since the last
   * resync (input/flow/ulogd_inpflow_NFCT.c of ulogd2).
   */
  overrunAs: parameter(
    choiceOf(["conntrackd", "ulogd"], "the program as which the daemon grows its buffer and resyncs after an ENOBUFS"),
    "conntrackd",
    flag(READER, "overrun-as NAME"),
  ),
  /** Its process goes on to hold the socket open. */
  stopsAtEnobufs: parameter(
    yesOrNo("whether the reader stops for good at its first ENOBUFS"),
    false,
    flag(READER, "stop-at-enobufs", {
      description: "the reader stops for good at its first ENOBUFS",
      codec: sets({ stopsAtEnobufs: true }),
    }),
  ),
  groups: parameter(
    {
      ...list(choiceOf(EVENT_GROUPS, "an event group"), "the event groups that it joined"),
      minItems: 1,
      uniqueItems: true,
    },
    EVENT_GROUPS,
    flag(READER, "groups NAMES", {
      codec: groupsCodec,
      description: "the event groups that the listener joins, as in new+destroy",
    }),
  ),
  /**
   * A socket filter (SO_ATTACH_FILTER), which sk_filter() runs in netlink_broadcast() before the receive buffer is
   * charged: what it rejects is neither queued nor refused. conntrackd's Filter From Kernelspace is one.
   */
  filter: parameter(
    nullable({
      ...list(
        text("a protocol, or the name of a kind of flow", "tcp, udp, icmp or the name of a kind of flow", {
          pattern: FILTER_WORD.source,
        }),
        "what a socket filter lets pass: protocols and kinds of flow; null: there is no filter",
      ),
      minItems: 1,
      uniqueItems: true,
    } as Described<readonly string[]>),
    null,
    flag(READER, "filter WHAT", {
      codec: filterCodec,
      description:
        "a socket filter that lets only this pass, before the buffer is charged: protocols and names of kinds of flow, as in tcp or " +
        "tcp+icmp (of events alone: --groups)",
    }),
  ),
  /** The decoders are its workers. */
  queue: parameter(
    nullable({ ...QUEUE, needed: ["messages"] }),
    null,
    flag(READER, "queue MESSAGES[,drop]", {
      codec: queueCodec,
      description:
        "a queue of the program between its receiver and its workers (--decoders): when it is full the receiver waits, or drops; " +
        "8192,drop,2us: a receiver that needs 2 µs for a message",
    }),
  ),
  /**
   * conntrackd's PollSecs and ulogd's pollinterval are polls in place of events. Both set the timer of the next dump
   * when one is over.
   */
  poll: parameter(
    nullable({ ...POLL, needed: ["everyNanoseconds"] }),
    null,
    flag(READER, "poll EVERY[,events]", {
      codec: pollCodec,
      description:
        "the reader dumps the kernel's table at this pace in place of events, as with conntrackd's PollSecs; 30s,events: beside them",
    }),
  ),
  /** Replies of a dump go through the receive queue of the socket that asked for it. */
  dumpsOnEventSocket: parameter(
    yesOrNo("whether it asks for dumps (of a poll or a resync) on the socket of its events"),
    false,
    flag(READER, "dump-on-event-socket", {
      description:
        "the reader asks for the dumps of --poll and --resync on the socket of its events, whose buffer the replies then fill",
      codec: sets({ dumpsOnEventSocket: true }),
    }),
  ),
  /** `flush`: until the flush the socket has a large buffer and the reader no service time, so it is caught up. */
  slowFrom: unlike(
    "start",
    parameter(
      startOrFlush("flush: until the flush the reader needs no time for a message, so that it is caught up"),
      each<"start" | "flush">({ flood: "start", flush: "flush" }),
    ),
  ),
  /** `flush`: the large buffer shrinks to `bufferBytes` at the end of the flood. */
  smallFrom: unlike(
    "start",
    parameter(
      startOrFlush("flush: until the flush the socket has a large buffer"),
      each<"start" | "flush">({ flood: "start", flush: "flush" }),
    ),
  ),
  /** `flush`: the socket is opened right before the flush (or the watch), so it heard nothing of the flood. */
  joins: parameter(
    startOrFlush("flush: the socket is opened right before the flush and heard nothing of the flood"),
    "start",
  ),
  /** The reader sleeps this long from the start of the flush; null: it never reads again after it. */
  heldAfterFlushNanoseconds: parameter(
    nullable(
      quantity("duration", AFTER_FLUSH, "how long the reader sleeps from the start of the flush; null: for ever"),
    ),
    0,
  ),
  /** The socket is closed this long after the start of the flush; null: never. */
  closesAfterFlushNanoseconds: parameter(
    nullable(
      quantity("duration", AFTER_FLUSH, "how long after the start of the flush the socket is closed; null: never"),
    ),
    null,
  ),
});
export interface ListenerScenario extends ValueOf<typeof LISTENER> {}

/** The parameters of a listener that is not the first: the same, with other defaults. */
export const LISTENER_BESIDE: Readonly<Record<string, Parameter<unknown>>> = Object.fromEntries(
  Object.entries(LISTENER.properties).map(([key, described]) => [
    key,
    "beside" in described ? { ...described, standard: described.beside } : described,
  ]),
);

/** The names of the flags of the first listener, as keys of one text. */
const LISTENER_ITEMS = keyed(
  Object.fromEntries(
    Object.entries(LISTENER.properties).flatMap(([key, described]): [string, Codec][] => {
      const note = flagNoteOf(described);
      if (note === undefined) return [];
      const codec = described.type === "boolean" ? onOrOff(key) : (note.codec ?? plain(key, described));
      return [[note.item ?? note.name, codec]];
    }),
  ),
  "buffer=8k,reader=1ms,policy=lossy",
);
export const listenersCodec: Codec = listedIn(LISTENER_ITEMS);

/** Of a listener, as the flags and keys have it: `buffer=8k,policy=lossy`. */
export function listenerText(listener: Partial<ListenerScenario>): string {
  return LISTENER_ITEMS.format(listener) ?? "";
}

function listedIn(listener: Codec): Codec {
  return {
    parse: (text) => ({ listeners: [listener.parse(text)] }),
    format: ({ listeners = [] }: { listeners?: readonly object[] }) => listener.format(listeners.at(-1) ?? {}),
  };
}
