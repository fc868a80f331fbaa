import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Schema as JsonSchema, Validator } from "@cfworker/json-schema";
import { figureOf, METRICS, metricNamed, metricsNamedLike } from "../../src/report/metrics.js";
import type { Report } from "../../src/report/report.js";
import { REPORT } from "../../src/report/schema.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { UsageError } from "../../src/scenario/errors.js";
import { published } from "../../src/scenario/json-schema.js";
import type { Replay } from "../../src/scenario/parameters/replay.js";
import { simulate } from "../../src/simulation/simulation.js";
import { keepLog } from "../../src/workload/replay/kept.js";
import { ReplayParser } from "../../src/workload/replay/parse.js";
import { floodScenario, flushScenario } from "../simulation/scenarios.js";

function replayed(): Replay {
  const parser = new ReplayParser("events.csv");
  for (const line of ["0,NEW,udp,1", "1,DESTROY,tcp,", "2,NEW,icmp,"]) parser.line(line);
  const log = parser.end();
  const sha256 = "0".repeat(64);
  keepLog(sha256, log);
  return { file: "events.csv", sha256, ...log.summary() };
}

/** A run of each way of redelivery, with everything that a report can have. */
const REPORTS: readonly (readonly [what: string, report: Report])[] = [
  ["2.6.31", simulate(flushScenario({ connections: 300 }))],
  [
    "3.6 with three listeners and a second flood",
    simulate(
      flushScenario({
        kernel: "3.6",
        connections: 300,
        tuples: 100,
        ratePerSecond: 1000,
        secondFlood: { connections: 50, afterFlushSeconds: 1 },
        listeners: [
          { stall: { everyNanoseconds: 1e9, forNanoseconds: 1e8 } },
          { decoders: 2, portidServiceNanoseconds: 1e6 },
          { bufferBytes: 4096 },
        ],
      }),
    ),
  ],
  [
    "5.10 that grows and resyncs",
    simulate(
      flushScenario({
        kernel: "5.10",
        kernelRules: { gcIntervalSeconds: 60 },
        connections: 300,
        rmemMaxBytes: 2 ** 24,
        listeners: [
          { bufferMaxBytes: 8192, resyncAfterNanoseconds: 1e9, policy: "lossy" },
          { bufferBytes: 2 ** 24, closesAfterFlushNanoseconds: 6e10 },
        ],
      }),
    ),
  ],
  ["6.18 without a flush", simulate(floodScenario({ kernel: "6.18", connections: 300, flush: false }))],
  ["6.18.44 cut short", simulate(floodScenario({ kernel: "6.18.44", connections: 300, limitSeconds: 1 }))],
  [
    "6.1 whose table is full",
    simulate(
      floodScenario({ kernel: "6.1", connections: 3000, nfConntrackMax: 200, ratePerSecond: 20, limitSeconds: 300 }),
    ),
  ],
  ["of a log", simulate(resolveScenario("flood", { kernel: "6.18", replay: replayed() }))],
  [
    "of a rate over time",
    simulate(
      resolveScenario("flood", {
        kernel: "6.18",
        rateProfile: [
          { seconds: 0, connectionsPerSecond: 10 },
          { seconds: 5, connectionsPerSecond: 50 },
        ],
      }),
    ),
  ],
  [
    "of a rate that changes",
    simulate(
      floodScenario({
        rateProfile: [
          { seconds: 0, connectionsPerSecond: 100 },
          { seconds: 1, connectionsPerSecond: 300 },
        ],
      }),
    ),
  ],
  [
    "of two kinds of flow",
    simulate(
      floodScenario({
        limitSeconds: 100,
        traffic: [
          { script: "long-lived", connections: 20, ratePerSecond: 100, lifetimeNanoseconds: 2e9, packetsPerSecond: 2 },
          { script: "one-packet", connections: 20, ratePerSecond: 100, arrivals: "burst", burstConnections: 5 },
        ],
      }),
    ),
  ],
  [
    "of deletes one by one, beside a rate that changes",
    simulate(
      floodScenario({
        kernel: "6.18",
        rateProfile: [
          { seconds: 0, connectionsPerSecond: 10 },
          { seconds: 10, connectionsPerSecond: 50 },
        ],
        delete: { share: 0.5, perSecond: 20, atSeconds: 2 },
        listeners: [{ stallOnce: { atNanoseconds: 3e9, forNanoseconds: 1e9 } }],
        limitSeconds: 100,
      }),
    ),
  ],
  [
    "of a reader with a queue of its own that polls, too",
    simulate(
      floodScenario({
        kernel: "6.18",
        protocol: "udp",
        connections: 500,
        listeners: [
          {
            filter: ["udp"],
            queue: { messages: 10, whenFull: "drop", receiveNanoseconds: 0 },
            poll: { everyNanoseconds: 5e9, withEvents: true },
          },
        ],
      }),
    ),
  ],
  ["of nothing", simulate(floodScenario({ connections: 0, listeners: [{}, {}] }))],
];

/** Every number and truth with its path. */
function* leaves(value: unknown, path: string): Generator<readonly [name: string, value: number | boolean]> {
  if (typeof value === "number" || typeof value === "boolean") yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    yield* leaves(member, Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`);
  }
}

/** Where it cannot be known, or there was no flush. */
const MAY_BE_ABSENT = new Set(["histogram", "curve", "drainIntervalSeconds"]);

/** What is there for other reasons than to be compared. */
const NO_METRIC =
  /^(schemaVersion|interrupted|timeline\.(rows|drain)|expectations|advice|program|resends\.histogram)|\.curve\[/;

describe("every number and every truth of a report is a metric:", () => {
  for (const [what, report] of REPORTS) {
    test(what, () => {
      let found = 0;
      for (const [name, value] of leaves(report, "")) {
        if (NO_METRIC.test(name)) continue;
        const metric = metricNamed(name);
        assert.equal(metric.name, name);
        assert.equal(figureOf(report, metric), value, name);
        if (metric.alias !== null) assert.equal(figureOf(report, metricNamed(metric.alias)), value, metric.alias);
        found++;
      }
      assert.ok(found > 100, `${found} figures`);
    });
  }
});

test("together the reports have every metric that there is", () => {
  const names = REPORTS.flatMap(([, report]) =>
    [...leaves(report, "")].map(([name]) => name.replace(/\[\d+\]/, "[N]")),
  );
  const seen = new Set(names);
  assert.deepEqual(
    METRICS.map(({ name }) => name).filter((name) => !seen.has(name)),
    [],
  );
});

describe("a metric", () => {
  test("has a name and a meaning of its own", () => {
    const names = METRICS.flatMap(({ name, alias }) => (alias === null ? [name] : [name, alias]));
    assert.equal(new Set(names).size, names.length);
    for (const { name, meaning } of METRICS) assert.ok(meaning.length > 5, `${name}: ${meaning}`);
  });

  test("is a part of something that is measured in the same way, or counted", () => {
    const counted = (unit: string): boolean =>
      !["seconds", "nanoseconds", "true or false", "per second", "bytes", ""].includes(unit);
    for (const { name, unit, whole } of METRICS) {
      if (whole === null) continue;
      const { unit: ofWhole } = metricNamed(metricNamed(name.replace("[N]", "[7]")).whole!);
      assert.ok(
        unit === ofWhole || ((counted(unit) || unit === "") && (counted(ofWhole) || ofWhole === "")),
        `${name} of ${whole}: ${unit} of ${ofWhole}`,
      );
    }
  });

  test("of a list has a place, counted from 0", () => {
    assert.equal(metricNamed("otherListeners[12].socket.drops").name, "otherListeners[12].socket.drops");
    for (const name of [
      "otherListeners.socket.drops",
      "otherListeners[N].socket.drops",
      "otherListeners[-1].socket.drops",
      "otherListeners[00].socket.drops",
      "socket[0].drops",
      "otherListeners[0][0].socket.drops",
    ]) {
      assert.throws(() => metricNamed(name), UsageError, name);
    }
  });

  test("that a report has no place for is no figure, and one that did not come is null", () => {
    const [[, timers], , , [, unflushed]] = REPORTS as [(typeof REPORTS)[0], unknown, unknown, (typeof REPORTS)[0]];
    assert.equal(figureOf(timers, metricNamed("otherListeners[0].socket.drops")), undefined);
    assert.equal(figureOf(timers, metricNamed("redelivery.runs")), null);
    assert.equal(figureOf(unflushed, metricNamed("flush.entries")), null);
    assert.equal(figureOf(unflushed, metricNamed("drain")), null);
  });

  test("that is misspelt has a suggestion", () => {
    assert.throws(() => metricNamed("drian"), {
      message: 'expected a metric (ct-reliable metrics lists them), got "drian", did you mean "drain"?',
    });
    assert.throws(() => metricNamed("events.delivered"), /did you mean "events.new.delivered"\?$/);
    assert.throws(() => metricNamed("constructor"), /got "constructor"$/);
    assert.throws(() => metricNamed("events.__proto__"), /got "events.__proto__"$/);
  });

  test("is found by a part of its name or alias", () => {
    assert.deepEqual(
      metricsNamedLike("drai").map(({ alias }) => alias),
      ["drain"],
    );
    assert.ok(metricsNamedLike("dying").length >= 7, "dying");
    assert.throws(() => metricsNamedLike("drian"), UsageError);
  });
});

describe("the published schema of a report", () => {
  const validator = new Validator(published(REPORT, "canonical") as JsonSchema, "7", false);
  const valid = (report: unknown): boolean => validator.validate(JSON.parse(JSON.stringify(report))).valid;

  for (const [what, report] of REPORTS) {
    test(`takes a run of ${what}`, () => {
      const { errors } = validator.validate(JSON.parse(JSON.stringify(report)));
      assert.deepEqual(errors, []);
    });
  }

  test("refuses a report in which any key is missing, has another name or stands beside one more", () => {
    const [, [, report]] = REPORTS as [unknown, (typeof REPORTS)[0]];
    let refused = 0;
    const change = (at: Record<string, unknown>, restore: Record<string, unknown>): void => {
      for (const key of Object.keys(at)) delete at[key];
      Object.assign(at, restore);
    };
    const copy = JSON.parse(JSON.stringify({ ...report, timeline: { ...report.timeline, rows: [[0]] } }));
    assert.equal(valid(copy), true);
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null) return;
      if (Array.isArray(value)) {
        for (const [index, item] of value.entries()) walk(item, `${path}[${index}]`);
        return;
      }
      const at = value as Record<string, unknown>;
      const whole = { ...at };
      for (const key of Object.keys(whole)) {
        const { [key]: member, ...rest } = whole;
        change(at, rest);
        assert.equal(valid(copy), MAY_BE_ABSENT.has(key), `${path}.${key} missing`);
        change(at, { ...rest, [`${key}X`]: member });
        assert.equal(valid(copy), false, `${path}.${key} renamed`);
        refused++;
      }
      change(at, { ...whole, extra: 1 });
      assert.equal(valid(copy), false, `${path}.extra`);
      change(at, whole);
      for (const [key, member] of Object.entries(whole)) walk(member, `${path}.${key}`);
    };
    walk(copy, "");
    assert.ok(refused > 150, `${refused} keys`);
  });

  test("refuses figures that cannot be", () => {
    const [[, report]] = REPORTS as [(typeof REPORTS)[0]];
    for (const wrong of [
      { ...report, seed: 5 },
      { ...report, socket: { ...report.socket, drops: -1 } },
      { ...report, socket: { ...report.socket, drops: 1.5 } },
      { ...report, socket: { ...report.socket, drops: null } },
      { ...report, daemon: { ...report.daemon, inSync: "true" } },
      { ...report, backend: "guess" },
      { ...report, interrupted: false },
      { ...report, scenario: { ...report.scenario, connections: "5" } },
    ]) {
      assert.equal(valid(wrong), false, JSON.stringify(wrong).slice(0, 80));
    }
  });
});
