import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Report } from "../../src/report/report.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import { mergeParameters } from "../../src/scenario/merge.js";
import type { Experiment } from "../../src/scenario/scenario.js";
import { simulate } from "../../src/simulation/simulation.js";
import { actionsOf } from "../../src/study/actions.js";
import { adviceOn } from "../../src/study/advice.js";
import { allChanges, promisingChanges } from "../../src/study/change.js";
import { compareHarms, harmsOf } from "../../src/study/harm.js";
import { ownSetting } from "../../src/study/own-setting.js";
import { adviceBudget, adviceFor, effectOf, whatIf, whatIfBudget } from "../../src/study/what-if.js";

const AMPLE = { budget: 1e9 };

function ran(experiment: Experiment, overrides: Overrides): Report {
  return simulate(resolveScenario(experiment, overrides));
}

const SLOW_DRAIN: Overrides = { connections: 2000, kernel: "6.1" };
const slowDrain = ran("flush", SLOW_DRAIN);
/** On top of what was said: what its kernel decided (nf_conntrack_events, say) another kernel decides anew. */
const vary = (over: Overrides) => resolveScenario("flush", { ...SLOW_DRAIN, ...over });

describe("advice", () => {
  test("is a run: with the change that it names, the scenario ends as it says", async () => {
    const advice = (await adviceFor(slowDrain, AMPLE))!;
    assert.equal(advice.flags, "--buffer 208k");
    const after = ran("flush", { connections: 2000, kernel: "6.1", listeners: [{ bufferBytes: 212_992 }] });
    assert.deepEqual(advice.after, harmsOf(after));
    assert.ok(advice.after.drainSeconds! < advice.before.drainSeconds! / 2);
  });

  test("is none where nothing went wrong", async () => {
    const well = ran("flush", { connections: 100, listeners: [{ bufferBytes: 131_071, serviceNanoseconds: 1000 }] });
    assert.equal(well.events.destroy.lost, 0);
    assert.equal(await adviceFor(well, AMPLE), null);
  });

  test("is none where the budget is too small for any run, whatever would help", async () => {
    let untried: readonly string[] = [];
    const watch = {
      budget: 5000,
      untried: (flags: readonly string[]) => {
        untried = flags;
      },
    };
    assert.equal(await adviceFor(slowDrain, watch), null);
    assert.ok(
      untried.some((flags) => flags.startsWith("--buffer")),
      untried.join(),
    );
  });

  test("is the same within the usual budget each time it is asked for", async () => {
    const budget = adviceBudget(slowDrain);
    const [one, other] = [await adviceFor(slowDrain, { budget }), await adviceFor(slowDrain, { budget })];
    assert.deepEqual(one, other);
  });

  test("of a listener that is told of losses brings them back by resending", async () => {
    const lossy = ran("flush", { connections: 2000, listeners: [{ policy: "lossy" }] });
    const advice = (await adviceFor(lossy, AMPLE))!;
    assert.equal(advice.flags, "--policy reliable");
    assert.ok(lossy.events.destroy.lost! > 0);
    assert.equal(advice.after.destroyNotArrived, 0);
  });

  test("after a limit that cut the flood short is a longer limit and nothing else", async () => {
    const cut = ran("flood", { limitSeconds: 10 });
    assert.ok(cut.table.created < 2000);
    assert.deepEqual(
      promisingChanges(cut).map(({ knob }) => knob),
      ["limit"],
    );
    const advice = (await adviceFor(cut, AMPLE))!;
    assert.deepEqual([advice.flags, advice.before.cut, advice.after.cut], ["--limit 800s", 1, 0]);
  });

  test("is never the kernel", () => {
    for (const kernel of ["2.6.31", "5.4", "6.1", "6.18.44"]) {
      const changes = promisingChanges(ran("flush", { connections: 500, kernel }));
      assert.ok(changes.length > 2);
      assert.ok(changes.every(({ knob }) => knob !== "kernel"));
    }
  });

  test("asks for rmem_max where the buffer is above it, and not where it is not", () => {
    const changes = promisingChanges(slowDrain);
    const { rmemMaxBytes } = slowDrain.scenario;
    const buffers = changes.filter(({ knob }) => knob === "buffer");
    assert.ok(buffers.length >= 2);
    for (const { flags, overrides } of buffers) {
      const bytes = overrides.listeners![0]!.bufferBytes!;
      assert.equal(flags.includes("--rmem-max"), bytes > rmemMaxBytes, flags);
      assert.equal(overrides.rmemMaxBytes, bytes > rmemMaxBytes ? bytes : undefined);
    }
  });

  test("for a buffer that grows is about how far it may grow", () => {
    const growing = ran("flush", { connections: 500, listeners: [{ bufferBytes: 2048, bufferMaxBytes: 4096 }] });
    const buffers = promisingChanges(growing).filter(({ knob }) => knob === "buffer");
    assert.ok(buffers.length > 0);
    assert.ok(buffers.every(({ flags }) => /^--buffer-max \S+$/.test(flags)));
  });

  test("of an exponential reader stays exponential", () => {
    const report = ran("flush", {
      connections: 500,
      listeners: [{ serviceNanoseconds: 300_000, serviceDistribution: "exponential" }],
    });
    const readers = promisingChanges(report).filter(({ knob }) => knob === "reader");
    assert.deepEqual(
      readers.map(({ flags }) => flags),
      ["--reader 150us,exponential", "--reader 30us,exponential"],
    );
  });

  test("leaves out what contradicts another setting", async () => {
    const { effects: forbidden } = await whatIf(slowDrain, {
      ...AMPLE,
      vary(over) {
        if (over.nfConntrackMax !== undefined) return resolveScenario("flush", { kernel: "none" });
        return resolveScenario("flush", { ...over, connections: 100 });
      },
    });
    assert.ok(forbidden.length > 5);
    assert.ok(forbidden.every(({ knob }) => knob !== "nf-conntrack-max"));
  });
});

describe("a harm", () => {
  const well = harmsOf(slowDrain);

  test("that one change removes while another grows makes it no help", () => {
    const before = { ...well, destroyNotArrived: 100, newNotArrived: 5 };
    assert.deepEqual(compareHarms(before, { ...before, destroyNotArrived: 0, newNotArrived: 6 }, 1000), {
      better: ["destroyNotArrived"],
      worse: ["newNotArrived"],
    });
  });

  test("is better from a tenth less on", () => {
    const before = { ...well, destroyNotArrived: 100 };
    assert.deepEqual(compareHarms(before, { ...before, destroyNotArrived: 91 }, 1000).better, []);
    assert.deepEqual(compareHarms(before, { ...before, destroyNotArrived: 90 }, 1000).better, ["destroyNotArrived"]);
  });

  test("that neither run knows, or one of them alone, is not compared", () => {
    const before = { ...well, stale: null };
    assert.deepEqual(compareHarms(before, { ...before, stale: 100 }, 1000), { better: [], worse: [] });
  });

  test("of a dying list begins at a second and at a tenth of the table", () => {
    const before = { ...well, drainSeconds: 0.2, peakDying: 10 };
    assert.deepEqual(compareHarms(before, { ...before, drainSeconds: 0.9, peakDying: 99 }, 1000).worse, []);
    assert.deepEqual(compareHarms(before, { ...before, drainSeconds: 1.1, peakDying: 101 }, 1000).worse, [
      "drainSeconds",
      "peakDying",
    ]);
  });

  test("of a list that never empties is worse than any time", () => {
    const before = { ...well, drainSeconds: 500 };
    const never = { ...well, drainSeconds: Number.POSITIVE_INFINITY };
    assert.deepEqual(compareHarms(before, never, 1000).worse, ["drainSeconds"]);
    assert.deepEqual(compareHarms(never, before, 1000).better, ["drainSeconds"]);
  });

  test("of waiting is none of a listener for whom nothing is resent", () => {
    const { drainSeconds, peakDying } = harmsOf(ran("flush", { connections: 500, listeners: [{ policy: "lossy" }] }));
    assert.deepEqual([drainSeconds, peakDying], [null, null]);
  });
});

describe("what-if", () => {
  test("tries every setting once, the kernel too, and what helps most comes first", async () => {
    const { effects } = await whatIf(slowDrain, { ...AMPLE, vary });
    assert.equal(effects.length, allChanges(slowDrain).length);
    assert.ok(effects.some(({ knob }) => knob === "kernel"));
    const helpful = effects.filter(({ helps }) => helps);
    assert.deepEqual(effects.slice(0, helpful.length), helpful);
    const drains = helpful.map(({ after }) => after.drainSeconds!);
    assert.equal(drains[0], Math.min(...drains));
  });

  test("names the changes whose runs take more than they may", async () => {
    const { effects, unfinished } = await whatIf(slowDrain, { budget: 5000, vary });
    assert.equal(effects.length + unfinished.length, allChanges(slowDrain).length);
    assert.ok(unfinished.length > 5);
    const ample = await whatIf(slowDrain, { budget: whatIfBudget(slowDrain), vary });
    assert.deepEqual(ample.unfinished, []);
  });

  test("stops between two runs when it is told to", async () => {
    assert.deepEqual(await whatIf(slowDrain, { ...AMPLE, stopRequested: () => true }), { effects: [], unfinished: [] });
  });

  test("a run is about as many actions as its packets, its attempts and its reads", () => {
    // The simulator's own count of a flush of 2000 at this setting lies between.
    const actions = actionsOf(slowDrain);
    assert.ok(actions > 6000 && actions < 25_000, String(actions));
  });

  test("compares a longer limit by whether the run came to its end, and by nothing else", () => {
    const [cut, whole] = [5, 600].map((limitSeconds) => ran("flush", { connections: 3000, limitSeconds }));
    const effect = effectOf({ knob: "limit", flags: "--limit 600s", overrides: {} }, cut!, whole!);
    assert.deepEqual([effect.better, effect.worse, effect.helps], [["cut"], [], true]);
  });
});

describe("advice for readers as programs set them up", () => {
  const flushed = (listener: object, overrides: Overrides = {}) =>
    ran("flush", { connections: 3000, kernel: "5.15", listeners: [listener], ...overrides });

  test("that stop at their first ENOBUFS tries to do without it, which its library calls NoENOBUFS", () => {
    const report = flushed({ preset: "go-conntrack", bufferBytes: 8192 });
    const changes = promisingChanges(report);
    const change = changes.find(({ flags }) => flags === "--policy no-enobufs")!;
    assert.equal(ownSetting("go-conntrack", change.overrides), "SetOption(netlink.NoENOBUFS, true)");
    assert.ok(!changes.some(({ knob }) => knob === "resync"), "what has stopped dumps nothing");
  });

  test("names conntrackd's and ulogd's own lines, in their own sizes", async () => {
    const growing = flushed({ preset: "conntrackd", bufferBytes: 4096, bufferMaxBytes: 8192 });
    const [advice] = await adviceOn(growing);
    assert.match(advice!.flags, /^--buffer-max |^--policy reliable/);
    assert.match(advice!.setting!, /^NetlinkBufferSizeMaxGrowth \d+$|^NetlinkEventsReliable On$/);
    assert.equal(
      ownSetting("conntrackd", { listeners: [{ bufferMaxBytes: 8_388_608 }] }),
      "NetlinkBufferSizeMaxGrowth 16777216",
    );
    assert.equal(ownSetting("ulogd", { listeners: [{ groups: ["new", "destroy"] }] }), "event_mask=0x5");
    assert.equal(ownSetting(null, { listeners: [{ bufferBytes: 1 }] }), null);
    assert.equal(ownSetting("agent", { listeners: [{ bufferBytes: 1 }] }), null);
  });

  test("with SO_RCVBUFFORCE asks for no rmem_max", () => {
    const report = flushed({ policy: "lossy", bufferBytes: 106_496, force: true }, { connections: 10_000 });
    const buffers = promisingChanges(report).filter(({ knob }) => knob === "buffer");
    assert.ok(buffers.length > 0);
    for (const { flags } of buffers) assert.doesNotMatch(flags, /rmem-max/);
  });

  test("beside a second reliable listener promises nothing that it does not keep", async () => {
    const report = ran("flush", {
      connections: 2000,
      kernel: "5.4",
      listeners: [{ policy: "lossy" }, { policy: "reliable", bufferBytes: 2048, serviceNanoseconds: 1e6 }],
    });
    const effect = await adviceFor(report, AMPLE);
    if (effect === null) return;
    const { experiment, ...parameters } = report.scenario;
    const after = simulate(resolveScenario(experiment, mergeParameters(parameters as Overrides, effect.overrides)));
    assert.deepEqual(harmsOf(after), effect.after);
    assert.deepEqual(effect.worse, []);
  });

  test("of a latched socket of a reliable listener is the policy that knows no latch, if nothing cheaper helps", () => {
    const latched = ran("flush", { connections: 2000, kernel: "6.1", listeners: [{ policy: "broadcast-error" }] });
    assert.ok(latched.socket.congestions! > 0);
    const change = promisingChanges(latched).find(({ flags }) => flags === "--policy reliable")!;
    const after = simulate(resolveScenario("flush", { connections: 2000, kernel: "6.1", ...change.overrides }));
    assert.equal(after.socket.congestions, 0);
    const reliable = ran("flush", { connections: 2000, kernel: "6.1", listeners: [{ policy: "reliable" }] });
    assert.ok(!promisingChanges(reliable).some(({ knob }) => knob === "policy"));
  });

  test("of a full queue of its own is a longer one or more workers, and of one that never filled neither", async () => {
    const load = { ratePerSecond: 2000, connections: 8000, protocol: "udp", kernel: "4.8", flush: false } as const;
    const listener = { policy: "lossy", bufferBytes: 4_000_000, serviceNanoseconds: 600_000 } as const;
    const queue = { messages: 50, whenFull: "drop", receiveNanoseconds: 0 } as const;
    const report = ran("flood", { ...load, rmemMaxBytes: 4_000_000, listeners: [{ ...listener, queue }] });
    assert.ok(report.daemon.queue!.dropped > 0);
    const advice = (await adviceFor(report, AMPLE))!;
    assert.match(advice.flags, /^--decoders 4$|^--queue|^--reader/);
    assert.equal(advice.after.newNotArrived, 0);
    const idle = ran("flood", { ...load, connections: 10, listeners: [{ ...listener, queue }] });
    assert.ok(!promisingChanges(idle).some(({ knob }) => knob === "queue"));
  });

  test("of a poll that misses flows is a shorter one, and nothing about a socket that it has not", async () => {
    const report = ran("flood", {
      protocol: "udp",
      kernel: "4.8",
      ratePerSecond: 100,
      connections: 4000,
      timeoutsSeconds: { udp: 5 },
      flush: false,
      listeners: [{ poll: { everyNanoseconds: 2e10, withEvents: false } }],
    });
    const knobs = new Set(promisingChanges(report).map(({ knob }) => knob));
    assert.deepEqual([...knobs], ["poll"]);
    const all = allChanges(report).map(({ knob }) => knob);
    assert.ok(all.includes("poll"));
    assert.ok(!all.some((knob) => ["buffer", "policy", "groups", "resync"].includes(knob)));
    const advice = (await adviceFor(report, AMPLE))!;
    assert.equal(advice.flags, "--poll 2s");
    assert.equal(advice.after.goneUnlisted, 0);
  });

  test("for a table that is full of the dead tries the gc's pause beside a larger table", () => {
    const report = ran("flood", {
      protocol: "udp",
      kernel: "5.15.0",
      ratePerSecond: 300,
      connections: 36_000,
      nfConntrackMax: 16_384,
      flush: false,
      listeners: [{ policy: "lossy", bufferBytes: 106_496, serviceNanoseconds: 10_000 }],
    });
    assert.ok(report.table.full!.expired > 4096);
    const changes = promisingChanges(report).map(({ knob }) => knob);
    assert.ok(changes.indexOf("gc-interval") > changes.indexOf("nf-conntrack-max"));
    const alive = ran("flood", { protocol: "udp", kernel: "4.8", connections: 5000, nfConntrackMax: 1000 });
    assert.ok(!promisingChanges(alive).some(({ knob }) => knob === "gc-interval"));
  });
});
