/**
 * What every figure of the Report is: its meaning, its unit, the figure that is 100 % of it, and when it may be null.
 * From it come the published JSON Schema of the Report and the list of metrics; the types are report.ts.
 */
import {
  choiceOf,
  flag,
  list,
  nullable,
  type ObjectSchema,
  object,
  type Schema,
  text,
} from "../scenario/json-schema.js";
import { EVENT_GROUPS, SCENARIO } from "../scenario/scenario.js";
import type { KindPace, ProgramReport, ProgramSocket } from "./program.js";
import {
  ADVICE_FIGURES,
  type Advice,
  type AdviceEffect,
  type ClassReport,
  type ConntrackdStatistics,
  type DaemonReport,
  type DeletesReport,
  type DumpsReport,
  type EventCounts,
  type EventsReport,
  type FullTable,
  type LatencyReport,
  type LoadReport,
  type QueueReport,
  type Report,
  SCHEMA_VERSION,
  type SocketReport,
  type TableReport,
  type Tried,
  type WhatIf,
} from "./report.js";

/** How many of something: a whole number. `whole`: the metric that is 100 % of it. */
function count(unit: string, description: string, whole?: string): Schema {
  return { type: "integer", description, minimum: 0, unit, ...(whole === undefined ? {} : { whole }) };
}

function seconds(description: string): Schema {
  return { type: "number", description, minimum: 0, unit: "seconds" };
}

function bytes(description: string, whole?: string): Schema {
  return count("bytes", description, whole);
}

function mean(unit: string, description: string, whole?: string): Schema {
  return { ...count(unit, description, whole), type: "number" };
}

/** A running kernel need not tell it; null where it does not. */
function orUnknown(schema: Schema): Schema {
  return nullable(schema);
}

/** No running kernel tells it. */
function simulatedOnly(schema: Schema): Schema {
  return { ...nullable(schema), simulated: true };
}

/** A moment after the flush that may not come. */
function orNever(schema: Schema): Schema {
  return { ...nullable(schema), never: true, needs: "flush" };
}

/** A curve. */
function pairs(description: string): Schema {
  const pair = list({ type: "number", description: "a figure", minimum: 0 }, description);
  return list(pair, `pairs of ${description}`);
}

/** Of an expectation: a number, true or false, or null. */
function metricValue(description: string): Schema {
  return nullable({ type: "number", description, alternatives: ["boolean"] });
}

/** `at`: its place in the Report, such as `events`. */
const eventCounts = (at: string, type: string): ObjectSchema<EventCounts> => {
  const raised = `${at}.${type}.raised`;
  const attempts = `${at}.${type}.attempts`;
  const name = type.toUpperCase();
  return object(`what became of ${name} events: raised = delivered + unread + merged + lost + pending`, {
    raised: orUnknown(
      count("events", `${name} events that packets, timeouts, a flush or evictions raised for the listener`, raised),
    ),
    delivered: orUnknown(count("events", `${name} events that the daemon read in a message of that type`, raised)),
    unread: orUnknown(
      count(
        "events",
        `${name} events that the socket took and nobody had read when it closed or the run ended`,
        raised,
      ),
    ),
    merged: orUnknown(count("events", `${name} events carried by a message of another type`, raised)),
    lost: orUnknown(count("events", `${name} events that no message will ever carry`, raised)),
    pending: orUnknown(count("events", `${name} events still kept for a resend when the run ended`, raised)),
    notSubscribed: orUnknown(
      count("events", `${name} events that the listener did not ask for; they are in no other count of events`),
    ),
    attempts: orUnknown(count("broadcasts", `broadcasts of ${name} events, resends included`, attempts)),
    refused: orUnknown(count("broadcasts", `broadcasts of ${name} events that the observed socket rejected`, attempts)),
  });
};

const eventsOf = (at: string): ObjectSchema<EventsReport> =>
  object<EventsReport>("what became of the events", {
    new: eventCounts(at, "new"),
    update: eventCounts(at, "update"),
    destroy: eventCounts(at, "destroy"),
  });

const partEnd = (description: string): Schema => choiceOf(["done", "limit", "interrupted"], description);

const load: ObjectSchema<LoadReport> = object("the flood that was asked for, and the one that the machine made", {
  askedRatePerSecond: nullable({
    type: "number",
    description: "connections per second that were asked for; null: as fast as the machine makes them",
    unit: "per second",
  }),
  achievedRatePerSecond: orUnknown({
    type: "number",
    description: "connections per second that were made",
    unit: "per second",
    whole: "load.askedRatePerSecond",
  }),
  askedConnections: count("connections", "connections that were asked for"),
  openedConnections: count("connections", "connections whose first packet was sent", "load.askedConnections"),
  ended: partEnd("what ended the flood"),
  secondFlood: nullable(
    object<NonNullable<LoadReport["secondFlood"]>>("the second flood; null without one", {
      askedConnections: count("connections", "connections of the second flood that were asked for"),
      openedConnections: count(
        "connections",
        "connections of the second flood whose first packet was sent",
        "load.secondFlood.askedConnections",
      ),
      ended: partEnd("what ended the second flood"),
    }),
  ),
});

const classReport: ObjectSchema<ClassReport> = object("a kind of flow", {
  name: text("its name", "a name"),
  protocol: SCENARIO.properties.protocol,
  family: SCENARIO.properties.family,
  askedConnections: count("connections", "connections that were asked for"),
  openedConnections: count("connections", "connections whose first packet was sent", "classes[N].askedConnections"),
  events: nullable(eventsOf("classes[N].events")),
});

const packets = (description: string): Schema => orUnknown(count("packets", description, "load.openedConnections"));

const table: ObjectSchema<TableReport> = object("the conntrack table", {
  max: count("entries", "nf_conntrack_max"),
  buckets: count("buckets", "buckets of the hash table"),
  peakCount: orUnknown(count("entries", "most entries at once, active and dying", "table.max")),
  created: count("entries", "entries that were created"),
  destroyed: orUnknown(count("entries", "entries that were freed", "table.created")),
  active: orUnknown(count("entries", "entries alive at the end", "table.created")),
  expired: object<TableReport["expired"]>("entries that are dead and still counted, because none met them yet", {
    peak: orUnknown(count("entries", "most entries that were expired and still counted", "table.max")),
    final: orUnknown(count("entries", "entries that are expired and still counted at the end", "table.created")),
  }),
  earlyDrop: count("entries", "entries that early_drop evicted to make room", "table.created"),
  drop: count(
    "packets",
    "packets dropped as the kernel counts them: for want of room, or by the tracker",
    "scenario.connections",
  ),
  insertFailed: count("packets", "packets dropped because their entry could not be inserted", "scenario.connections"),
  invalid: orUnknown(count("packets", "packets that the tracker found invalid")),
  clash: orUnknown(count("packets", "packets whose entry met one with the same tuple when it was inserted")),
  dropped: object<TableReport["dropped"]>("packets of the load that were dropped, by reason", {
    full: packets("packets dropped because the table was full"),
    reopening: packets("SYNs dropped because the connection that they reopen has a DESTROY that was refused"),
    insertion: packets("packets dropped because their entry could not be inserted"),
  }),
  full: nullable(
    object<FullTable>("the table when it first had no room; null: it always had, or it cannot be known", {
      atSeconds: seconds("when that was"),
      alive: count("entries", "entries that were alive then", "table.max"),
      expired: count("entries", "entries that were expired then and still counted", "table.max"),
      dying: count("entries", "entries on the dying list then", "table.max"),
    }),
  ),
});

const adviceEffects = (description: string): Schema =>
  list(
    object<AdviceEffect>("a figure before and after", {
      figure: choiceOf([...ADVICE_FIGURES], "what is less or more"),
      before: nullable({ type: "number", description: "in this run; null: never, or none" }),
      after: nullable({ type: "number", description: "with the flags; null: never, or none" }),
    }),
    description,
  );

const tried = (description: string): ObjectSchema<WhatIf> =>
  object<WhatIf>(description, {
    tried: list(
      object<Tried>("a setting", {
        flags: text("the flags", "flags"),
        helps: { type: "boolean", description: "whether it improves something and worsens nothing" },
        better: adviceEffects("what is less with it, the gravest first"),
        worse: adviceEffects("what is more with it"),
      }),
      "what helps, or changes, most first",
    ),
    unfinished: list(text("the flags", "flags"), "changes whose runs took far longer, or were stopped"),
  });

const socket = (prefix: string): ObjectSchema<SocketReport> =>
  object("the socket of the listener", {
    requestedBytes: orUnknown(bytes("what SO_RCVBUF was asked for")),
    rcvbufBytes: orUnknown(bytes("what the kernel made of it: cap, doubling, floor")),
    truesizeBytes: bytes("what one DESTROY message is charged"),
    capacityMessages: orUnknown(count("messages", "DESTROY messages that fit while nobody reads")),
    peakRmemBytes: simulatedOnly(bytes("most that was queued at once", `${prefix}rcvbufBytes`)),
    drops: count("messages", "column Drops of /proc/net/netlink"),
    enobufs: orUnknown(count("errors", "ENOBUFS that the reader got")),
    congestions: simulatedOnly(count("episodes", "how often the socket became congested")),
  });

const received = (name: string): Schema => orUnknown(count("messages", `${name} messages that the daemon read`));

const CONNTRACKD: ObjectSchema<ConntrackdStatistics> = object(
  "what conntrackd says of itself, where it was the reader",
  {
    active: orUnknown(count("entries", "entries in its cache")),
    created: orUnknown(count("entries", "entries that it created")),
    updated: orUnknown(count("updates", "updates that it made")),
    destroyed: orUnknown(count("entries", "entries that it destroyed")),
    eventsReceived: orUnknown(count("events", "events that it received")),
    overruns: orUnknown(count("errors", "ENOBUFS that it counted")),
    resyncs: orUnknown(count("resyncs", "dumps of the kernel's table that it made")),
    bufferBytes: orUnknown(bytes("the buffer of its socket at the end")),
  },
);

const pace = (description: string): Schema => ({ ...mean("microseconds", description), minimum: 0 });

const KIND_PACE = {
  microsecondsPerMessage: pace("time of a message"),
  clockMicrosecondsPerMessage: pace("by the clock alone, with what it waited for a CPU"),
  messages: count("messages", "messages that this is taken from"),
};

const PROGRAM_SOCKET: ObjectSchema<ProgramSocket> = object("a socket of the program", {
  process: nullable(
    object<NonNullable<ProgramSocket["process"]>>("the process that holds it; null: that may not be read", {
      pid: count("a number", "its number"),
      name: text("its name", "a name"),
    }),
  ),
  groups: list(choiceOf(EVENT_GROUPS, "a group"), "the groups that it is in"),
  broadcastError: orUnknown(flag("whether NETLINK_BROADCAST_ERROR is set")),
  noEnobufs: orUnknown(flag("whether NETLINK_NO_ENOBUFS is set")),
  rcvbufBytes: orUnknown(bytes("its receive buffer at first")),
  rcvbufBytesAtEnd: orUnknown(bytes("its receive buffer at the end")),
  capacityMessages: orUnknown(count("messages", "messages that fit into the first buffer")),
  offered: orUnknown(count("messages", "messages of its groups that the kernel had for it, resends included")),
  admitted: orUnknown(count("messages", "of these, those that its buffer had room for")),
  drops: count("messages", "of these, those that it had no room for"),
  unread: count("messages", "still queued at the end"),
  peakRmemBytes: bytes("most that was queued at once, as sampled"),
  fullSeconds: seconds("time in which one more message would not have fitted, as sampled"),
  openedSeconds: { type: "number", description: "when it was first seen", unit: "seconds" },
  closedSeconds: orUnknown({ type: "number", description: "when it was gone; null: never", unit: "seconds" }),
  pace: nullable(
    object<NonNullable<ProgramSocket["pace"]>>("how fast it was read while messages waited; null: too few did", {
      ...KIND_PACE,
      fastMicroseconds: orUnknown(pace("in the fastest twentieth of stretches of some hundred messages")),
      slowMicroseconds: orUnknown(pace("in the slowest twentieth of them")),
      messagesPerSecond: mean("messages per second", "the rate that it sustains"),
      kinds: object("of stretches in which all messages were of one kind; null: there were too few", {
        new: nullable(object<KindPace>("of NEW", KIND_PACE)),
        update: nullable(object<KindPace>("of UPDATE", KIND_PACE)),
        destroy: nullable(object<KindPace>("of DESTROY", KIND_PACE)),
      }),
    }),
  ),
});

const PROGRAM: ObjectSchema<ProgramReport> = object("the foreign program that was the reader, where one was", {
  command: text("as it was written", "a command"),
  sockets: list(PROGRAM_SOCKET, "its conntrack sockets, in the order in which they were seen"),
  processes: count("processes", "most processes at once"),
  cpuSeconds: seconds("processor time from the first packet on"),
  cpuMicrosecondsPerMessage: orUnknown(pace("processor time for each message that it read")),
  memoryBytes: orUnknown(bytes("most resident memory, the sum over its processes")),
  ended: nullable(
    object<NonNullable<ProgramReport["ended"]>>("that it ended before the run did; null: it did not", {
      atSeconds: seconds("when that was seen"),
      exitStatus: orUnknown(count("a number", "its exit status")),
      signal: orUnknown(count("a number", "the signal that ended it")),
    }),
  ),
});

const daemon: ObjectSchema<DaemonReport> = {
  ...object<DaemonReport>("what the daemon knows", {
    received: object<DaemonReport["received"]>("messages that the daemon read", {
      new: received("NEW"),
      update: received("UPDATE"),
      destroy: received("DESTROY"),
    }),
    enobufs: orUnknown(count("errors", "ENOBUFS that the daemon got")),
    resyncs: orUnknown(count("resyncs", "dumps of the kernel's table that the daemon made")),
    duplicates: orUnknown(count("messages", "messages about what the daemon already knew", "table.created")),
    reordered: orUnknown(count("messages", "messages that the daemon handled after a later one of the same tuple")),
    newAfterDestroy: simulatedOnly(
      count(
        "messages",
        "NEW that the daemon read after the DESTROY of their entry had been raised",
        "events.new.delivered",
      ),
    ),
    queue: {
      ...nullable(
        object<QueueReport>("the program's own queue; null without one", {
          peakMessages: count("messages", "most that waited in it"),
          dropped: count("messages", "messages that the program read and dropped because it was full"),
          fullSeconds: seconds("time in which it was full"),
        }),
      ),
      needs: "queue",
    },
    dumps: {
      ...nullable(
        object<DumpsReport>("dumps of a poll, or on the socket of the events; null without them", {
          begun: count("dumps", "dumps that were begun"),
          completed: count("dumps", "dumps that came to their end"),
          refused: count("requests", "requests for a dump for which the socket had no room"),
          parts: count("messages", "parts of dumps that the kernel made"),
          entries: count("entries", "entries that the parts listed, those that were listed before included"),
          longestSeconds: seconds("what the longest dump took"),
          cpuSeconds: seconds("processor time of the dumps, in kernel and program"),
          goneListed: orUnknown(count("entries", "entries that are gone and were in a dump", "table.destroyed")),
          goneUnlisted: orUnknown(count("entries", "entries that are gone and were in no dump", "table.destroyed")),
          meanUntoldSeconds: orUnknown(
            seconds("from the last listing of an entry to its end, on average; null: no listed entry is gone"),
          ),
        }),
      ),
      needs: "dumps",
    },
    stale: orUnknown(
      count("entries", "entries that the daemon believes alive and the kernel does not have", "table.created"),
    ),
    missing: orUnknown(
      count("entries", "entries that are alive in the kernel and unknown to the daemon", "table.created"),
    ),
    inSync: orUnknown(flag("whether nothing is stale or missing at the end")),
    inSyncAfterFlushSeconds: orNever(seconds("from the start of the flush until the daemon was in sync for good")),
    conntrackd: CONNTRACKD,
  }),
  optional: ["conntrackd"],
};

const latency = (from: string): ObjectSchema<LatencyReport> => {
  const figure = (what: string): Schema => simulatedOnly(seconds(`${from}, ${what}`));
  return {
    ...object<LatencyReport>(from, {
      p50Seconds: figure("median"),
      p90Seconds: figure("90 % at most"),
      p99Seconds: figure("99 % at most"),
      maxSeconds: figure("at most"),
      curve: pairs("seconds, and the events that took no longer"),
    }),
    optional: ["curve"],
  };
};
const resends = (what: string): Schema =>
  simulatedOnly(count("resends", `resends of an entry that needed any, ${what}`));
const dying = (description: string): Schema => orUnknown(count("entries", description, "table.created"));

export const REPORT: ObjectSchema<Report> = {
  ...object<Report>("The Report of a run of ct-reliable.", {
    schemaVersion: { type: "integer", description: "of this shape", enum: [SCHEMA_VERSION] },
    tool: object<Report["tool"]>("what wrote it", {
      name: choiceOf(["ct-reliable"], "the tool"),
      version: text("its version", "a version"),
    }),
    backend: choiceOf(["simulation", "live"], "the simulated kernel or the running one"),
    seed: nullable(text("the seed of everything random; null when live", "a seed")),
    kernel: object<Report["kernel"]>("the kernel", {
      release: text("the release that it is, or is modelled as", "a release"),
      redelivery: choiceOf(["timer", "workqueue", "evict-list"], "how it resends DESTROY events"),
      hz: { ...SCENARIO.properties.hz, unit: "ticks per second" },
      admission: choiceOf(["old", "new"], "when a socket accepts a message: rmem before it fits, or rmem after it"),
    }),
    scenario: SCENARIO,
    ended: choiceOf(
      ["settled", "limit", "interrupted"],
      "why the run is over: nothing was left to do, its limit, a signal",
    ),
    endedDuring: choiceOf(["flood", "pause", "flush", "drain", "second flood"], "where the experiment was then"),
    endedAtSeconds: seconds("when it was over"),
    load,
    socket: socket("socket."),
    events: eventsOf("events"),
    classes: list(classReport, "kinds of flow, in the order of the scenario"),
    resends: {
      ...object<Report["resends"]>("DESTROY events that needed more than one attempt", {
        entries: orUnknown(count("entries", "entries whose DESTROY needed more than one attempt", "table.created")),
        total: orUnknown(count("resends", "attempts after the first, of all entries")),
        perEntry: object<Report["resends"]["perEntry"]>("resends of an entry that needed any", {
          mean: orUnknown(mean("resends", "resends of an entry that needed any, in the mean")),
          p50: resends("median"),
          p90: resends("90 % at most"),
          p99: resends("99 % at most"),
          max: resends("at most"),
        }),
        histogram: pairs("a number of resends, and the entries that needed so many"),
      }),
      optional: ["histogram"],
    },
    latency: object<Report["latency"]>("how late events come", {
      new: latency("from sending a NEW to reading it"),
      update: latency("from sending an UPDATE to reading it"),
      destroy: latency("from raising a DESTROY to reading it"),
    }),
    dying: object<Report["dying"]>("the dying list", {
      peakDuringFlood: dying("most entries on the dying list during the flood"),
      meanDuringFlood: orUnknown(
        mean("entries", "entries on the dying list during the flood, in the mean over time", "table.created"),
      ),
      afterFlush: dying("entries on the dying list when the flush returned; null: it did not"),
      peak: dying("most entries on the dying list in the whole run"),
      peakAtSeconds: orUnknown(seconds("when it was longest")),
      emptyAfterFlushSeconds: orNever(seconds("from the start of the flush until the dying list was empty for good")),
      final: dying("entries on the dying list at the end"),
    }),
    table,
    gc: nullable(
      object<NonNullable<Report["gc"]>>("the gc worker; null where entries have timers", {
        runs: count("runs", "runs of the gc worker"),
        longestPauseSeconds: orUnknown(seconds("longest time between two runs of the gc worker")),
      }),
    ),
    redelivery: {
      ...nullable(
        object<NonNullable<Report["redelivery"]>>("the redelivery worker; null where every entry has a timer", {
          runs: count("runs", "runs of the worker"),
          delivered: count("entries", "entries that it delivered"),
          mostInOneRun: count("entries", "most entries that one run delivered"),
        }),
      ),
      needs: "worker",
      simulated: true,
    },
    deletes: nullable(
      object<DeletesReport>("deletes by system calls of their own; null without one", {
        atSeconds: seconds("when the first dump for it began"),
        durationSeconds: seconds("from there to the last delete, or the end of the run"),
        dumps: count("dumps", "dumps of the table that were begun for it"),
        entries: orUnknown(count("entries", "entries that were deleted one by one", "table.created")),
        absent: orUnknown(count("deletes", "deletes of what was gone before they came")),
        attempts: orUnknown(count("broadcasts", "attempts to deliver that the deletes made")),
        deliveredAtOnce: orUnknown(
          count("entries", "entries whose DESTROY was delivered by the delete itself", "deletes.entries"),
        ),
        dyingAfter: orUnknown(
          count(
            "entries",
            "entries on the dying list after the last delete; null: they were not over",
            "table.created",
          ),
        ),
        ended: partEnd("what ended them"),
      }),
    ),
    flush: {
      ...nullable(
        object<NonNullable<Report["flush"]>>("the flush; null without one", {
          atSeconds: seconds("when it began"),
          durationSeconds: seconds("how long it took"),
          entries: orUnknown(count("entries", "entries that it deleted", "table.created")),
          attempts: orUnknown(count("broadcasts", "attempts to deliver that it made")),
          ended: partEnd("what ended it"),
        }),
      ),
      needs: "flush",
    },
    daemon,
    program: nullable(PROGRAM),
    otherListeners: list(
      object<Report["otherListeners"][number]>("a listener after the first", {
        socket: socket("otherListeners[N].socket."),
        daemon,
      }),
      "the listeners after the first, in the order of the scenario",
    ),
    timeline: {
      ...object<Report["timeline"]>("figures over time, bounded in number", {
        intervalSeconds: seconds("time between two rows before the flush"),
        drainIntervalSeconds: seconds("time between two rows from the flush on; absent where there was none"),
        columns: list(text("a column", "a name"), "what the numbers of a row are"),
        rows: list(
          list(orUnknown({ type: "number", description: "a figure" }), "a row"),
          "one row for each interval, from the first packet on",
        ),
      }),
      optional: ["drainIntervalSeconds"],
    },
    invariants: object<Report["invariants"]>("the rules that every run must keep", {
      checked: count("checks", "how often a rule was checked"),
      violated: list(text("a rule with its figures", "a sentence"), "rules that did not hold: a bug of ct-reliable"),
    }),
    expectations: list(
      object<Report["expectations"][number]>("an expectation and what came of it", {
        expression: text("as it was written", "an expectation"),
        actual: metricValue("what was measured; a share is 1 for 100 %; null: it never came"),
        limit: metricValue("what it was compared with, in the same unit"),
        unit: text("of both: a share, or the unit of the metric", "a unit"),
        ok: { type: "boolean", description: "whether it held" },
      }),
      "the expectations of this run",
    ),
    advice: nullable(
      list(
        object<Advice>("a run that was made with other flags", {
          flags: text("the flags", "flags"),
          setting: nullable(
            text("the same in the reader's own configuration; null: it has no word for it", "a setting"),
          ),
          improves: adviceEffects("what is less with them"),
          costs: adviceEffects("what is more with them, and does no harm yet"),
        }),
        "the best of what was tried, of a live run in a simulation of it; null: nothing was tried",
      ),
    ),
    untried: list(
      text("flags", "a setting"),
      "what was not tried because it takes longer than advice may; absent where something helps, or all was tried",
    ),
    whatIf: tried("what each setting, changed by itself, would have made of it; absent where nobody asked"),
    hiddenRules: tried(
      "what each rule that the kernel's name does not tell would have made of it, the largest change first; absent where " +
        "the name tells all that can be set, or nothing was tried",
    ),
    interrupted: { type: "boolean", description: "true where a signal ended the run before it settled", enum: [true] },
  }),
  optional: ["interrupted", "untried", "whatIf", "hiddenRules"],
};
