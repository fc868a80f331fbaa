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
import { SCENARIO } from "../scenario/scenario.js";
import type { ConntrackdStatistics, DaemonReport, EventCounts, Report, SocketReport } from "./report.js";

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

/** Of an expectation: a number, true or false, or null. */
function metricValue(description: string): Schema {
  return nullable({ type: "number", description, alternatives: ["boolean"] });
}

const events = (type: string): ObjectSchema<EventCounts> => {
  const raised = `events.${type}.raised`;
  const attempts = `events.${type}.attempts`;
  const name = type.toUpperCase();
  return object(`what became of ${name} events: raised = delivered + merged + lost + pending`, {
    raised: orUnknown(count("events", `${name} events that packets, timeouts, a flush or evictions raised`, raised)),
    delivered: count("events", `${name} events that reached the observed listener in a message of that type`, raised),
    merged: orUnknown(count("events", `${name} events carried by a message of another type`, raised)),
    lost: orUnknown(count("events", `${name} events that no message will ever carry`, raised)),
    pending: orUnknown(count("events", `${name} events still kept for a resend when the run ended`, raised)),
    attempts: orUnknown(count("broadcasts", `broadcasts of ${name} events, resends included`, attempts)),
    refused: orUnknown(count("broadcasts", `broadcasts of ${name} events that the observed socket rejected`, attempts)),
  });
};

const socket = (prefix: string): ObjectSchema<SocketReport> =>
  object("the socket of the listener", {
    requestedBytes: bytes("what SO_RCVBUF was asked for"),
    rcvbufBytes: bytes("what the kernel made of it: cap, doubling, floor"),
    truesizeBytes: bytes("what one DESTROY message is charged"),
    capacityMessages: count("messages", "DESTROY messages that fit while nobody reads"),
    peakRmemBytes: simulatedOnly(bytes("most that was queued at once", `${prefix}rcvbufBytes`)),
    drops: count("messages", "column Drops of /proc/net/netlink"),
    enobufs: count("errors", "ENOBUFS that the reader got"),
    congestions: simulatedOnly(count("episodes", "how often the socket became congested")),
  });

const received = (name: string): Schema => count("messages", `${name} messages that the daemon read`);

const CONNTRACKD: ObjectSchema<ConntrackdStatistics> = object(
  "what conntrackd says of itself, where it was the reader",
  {
    active: count("entries", "entries in its cache"),
    created: count("entries", "entries that it created"),
    updated: count("updates", "updates that it made"),
    destroyed: count("entries", "entries that it destroyed"),
    eventsReceived: count("events", "events that it received"),
    overruns: count("errors", "ENOBUFS that it counted"),
    resyncs: count("resyncs", "dumps of the kernel's table that it made"),
    bufferBytes: bytes("the buffer of its socket"),
  },
);

const daemon: ObjectSchema<DaemonReport> = {
  ...object<DaemonReport>("what the daemon knows", {
    received: object<DaemonReport["received"]>("messages that the daemon read", {
      new: received("NEW"),
      update: received("UPDATE"),
      destroy: received("DESTROY"),
    }),
    enobufs: count("errors", "ENOBUFS that the daemon got"),
    resyncs: count("resyncs", "dumps of the kernel's table that the daemon made"),
    duplicates: orUnknown(count("messages", "messages about what the daemon already knew", "table.created")),
    reordered: orUnknown(count("messages", "messages that the daemon handled after a later one of the same tuple")),
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

const latency = (what: string): Schema => simulatedOnly(seconds(`from raising a DESTROY to reading it, ${what}`));
const resends = (what: string): Schema =>
  simulatedOnly(count("resends", `resends of an entry that needed any, ${what}`));
const dying = (description: string): Schema => orUnknown(count("entries", description, "table.created"));

export const REPORT: ObjectSchema<Report> = {
  ...object<Report>("The Report of a run of ct-reliable.", {
    schemaVersion: { type: "integer", description: "of this shape", enum: [1] },
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
    socket: socket("socket."),
    events: object<Report["events"]>("what became of the events", {
      new: events("new"),
      update: events("update"),
      destroy: events("destroy"),
    }),
    resends: object<Report["resends"]>("DESTROY events that needed more than one attempt", {
      entries: orUnknown(count("entries", "entries whose DESTROY needed more than one attempt", "table.created")),
      total: orUnknown(count("resends", "attempts after the first, of all entries")),
      perEntry: object<Report["resends"]["perEntry"]>("resends of an entry that needed any", {
        mean: orUnknown(mean("resends", "resends of an entry that needed any, in the mean")),
        p50: resends("median"),
        p90: resends("90 % at most"),
        p99: resends("99 % at most"),
        max: resends("at most"),
      }),
    }),
    latency: object<Report["latency"]>("how late events come", {
      destroy: object<Report["latency"]["destroy"]>("from raising a DESTROY to reading it", {
        p50Seconds: latency("median"),
        p90Seconds: latency("90 % at most"),
        p99Seconds: latency("99 % at most"),
        maxSeconds: latency("at most"),
      }),
    }),
    dying: object<Report["dying"]>("the dying list", {
      peakDuringFlood: dying("most entries on the dying list during the flood"),
      meanDuringFlood: orUnknown(
        mean("entries", "entries on the dying list during the flood, in the mean over time", "table.created"),
      ),
      afterFlush: dying("entries on the dying list when the flush returned"),
      peak: dying("most entries on the dying list in the whole run"),
      peakAtSeconds: orUnknown(seconds("when it was longest")),
      emptyAfterFlushSeconds: orNever(seconds("from the start of the flush until the dying list was empty for good")),
      final: dying("entries on the dying list at the end"),
    }),
    table: object<Report["table"]>("the conntrack table", {
      max: count("entries", "nf_conntrack_max"),
      buckets: count("buckets", "buckets of the hash table"),
      peakCount: orUnknown(count("entries", "most entries at once, active and dying", "table.max")),
      created: count("entries", "entries that were created"),
      destroyed: orUnknown(count("entries", "entries that were freed", "table.created")),
      active: orUnknown(count("entries", "entries alive at the end", "table.created")),
      earlyDrop: count("entries", "entries that early_drop evicted to make room", "table.created"),
      drop: count("packets", "packets refused because the table was full", "scenario.connections"),
      insertFailed: count(
        "packets",
        "packets refused because their entry could not be inserted",
        "scenario.connections",
      ),
    }),
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
    flush: {
      ...nullable(
        object<NonNullable<Report["flush"]>>("the flush; null without one", {
          atSeconds: seconds("when it began"),
          durationSeconds: seconds("how long it took"),
          entries: orUnknown(count("entries", "entries that it deleted", "table.created")),
          attempts: orUnknown(count("broadcasts", "attempts to deliver that it made")),
        }),
      ),
      needs: "flush",
    },
    daemon,
    otherListeners: list(
      object<Report["otherListeners"][number]>("a listener after the first", {
        socket: socket("otherListeners[N].socket."),
        daemon,
      }),
      "the listeners after the first, in the order of the scenario",
    ),
    timeline: object<Report["timeline"]>("figures over time, bounded in number", {
      intervalSeconds: seconds("time between two rows"),
      columns: list(text("a column", "a name"), "what the numbers of a row are"),
      rows: list(
        list(orUnknown({ type: "number", description: "a figure" }), "a row"),
        "one row for each interval, from the first packet on",
      ),
    }),
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
    interrupted: { type: "boolean", description: "true where Ctrl-C ended the run before it settled", enum: [true] },
  }),
  optional: ["interrupted"],
};
