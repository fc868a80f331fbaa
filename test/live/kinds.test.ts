/**
 * What a flood can be made of, on the running kernel and in the simulator: every protocol, family and script, rates
 * over time, deletes, the sysctl of events. Where the kernel cannot be had these tests are skipped and say why; with
 * REQUIRE_LIVE=1 they fail instead.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { liveHost, liveOverrides } from "../../src/live/host/host.js";
import { whyNotLive } from "../../src/live/live.js";
import type { EventsReport, Report } from "../../src/report/report.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import type { TrafficClass } from "../../src/scenario/scenario.js";
import { simulation } from "../../src/simulation/simulation.js";
import { builtPackage, removePackage } from "../built.js";

type LiveModule = typeof import("../../src/live/live.js");

const required = process.env.REQUIRE_LIVE === "1";
const reason = await whyNotLive();
const skip = reason !== null && !required ? reason : false;
const built = skip === false ? await builtPackage() : "";
const folder = mkdtempSync(path.join(os.tmpdir(), "ct-reliable-test-"));
after(() => {
  if (built !== "") removePackage(built);
  rmSync(folder, { recursive: true });
});

/** A reader that misses nothing, so that what arrives is what the kernel raised. */
const ROOMY = { bufferBytes: 4_194_304, serviceNanoseconds: 0 };

async function both(
  overrides: Overrides,
  experiment: "flood" | "flush" = "flush",
): Promise<{ live: Report; simulated: Report }> {
  const { liveBackend } = (await import(path.join(built, "dist", "live", "live.js"))) as LiveModule;
  const machine = { ...liveOverrides(liveHost()), limitSeconds: 60, flushDelayNanoseconds: 1e8, listeners: [ROOMY] };
  const scenario = resolveScenario(experiment, { ...machine, ...overrides });
  return { live: await liveBackend().run(scenario), simulated: await simulation.run(scenario) };
}

const delivered = ({ new: created, update, destroy }: EventsReport): (number | null)[] => [
  created.delivered,
  update.delivered,
  destroy.delivered,
];

/** A kind, and what each of its connections is heard of: NEW, UPDATE, DESTROY. */
const KINDS: readonly [Partial<TrafficClass>, [number, number, number]][] = [
  [{ script: "one-packet" }, [1, 0, 1]],
  [{ script: "request-reply" }, [1, 1, 1]],
  [{ script: "short", protocol: "tcp" }, [1, 6, 1]],
  [{ script: "syn-only" }, [1, 0, 1]],
  [{ script: "half-open" }, [1, 1, 1]],
  [{ script: "reset" }, [1, 3, 1]],
  [{ script: "long-lived", protocol: "tcp", lifetimeNanoseconds: 5e8, packetsPerSecond: 20 }, [1, 6, 1]],
  [{ script: "stream", lifetimeNanoseconds: 5e8, packetsPerSecond: 20 }, [1, 1, 1]],
  [{ script: "one-packet", protocol: "icmp" }, [1, 0, 1]],
  [{ script: "request-reply", protocol: "icmp" }, [1, 1, 1]],
  [{ script: "one-packet", family: "ipv6" }, [1, 0, 1]],
  [{ script: "request-reply", family: "ipv6" }, [1, 1, 1]],
  [{ script: "short", protocol: "tcp", family: "ipv6" }, [1, 6, 1]],
  [{ script: "syn-only", family: "ipv6" }, [1, 0, 1]],
  [{ script: "request-reply", protocol: "icmp", family: "ipv6" }, [1, 1, 1]],
];

describe("of a connection the kernel and the simulator tell the same:", { skip }, () => {
  for (const [kind, events] of KINDS) {
    const { script, protocol = "its own protocol", family = "ipv4" } = kind;
    test(`${script} over ${protocol} and ${family}`, async () => {
      const { live, simulated } = await both({ traffic: [{ ...kind, connections: 60 }] });
      const expected = events.map((count) => 60 * count);
      assert.deepEqual(delivered(simulated.events), expected);
      assert.deepEqual(delivered(live.events), expected);
      assert.deepEqual([live.ended, live.table.created, live.dying.final], ["settled", 60, 0]);
    });
  }
});

describe("several kinds at once", { skip }, () => {
  const traffic: Partial<TrafficClass>[] = [
    { script: "short", protocol: "tcp", connections: 80, ratePerSecond: 2000 },
    { script: "syn-only", connections: 150 },
    { script: "request-reply", family: "ipv6", connections: 120 },
    { script: "one-packet", protocol: "icmp", connections: 50 },
  ];

  test("in one file, live and simulated, have the same shape of report", () => {
    const file = path.join(folder, "four-kinds.json");
    const release = liveOverrides(liveHost());
    writeFileSync(
      file,
      JSON.stringify({
        title: "four kinds",
        scenario: { ...release, experiment: "flush", traffic, listeners: [ROOMY] },
      }),
    );
    const [live, simulated] = [["--live"], []].map((flags) => {
      const command = [path.join(built, "bin", "ct-reliable.js"), "run", file, "--format", "json", ...flags];
      const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
      assert.equal(status, 0, stderr);
      return JSON.parse(stdout).scenarios[0].reports[0] as Report;
    });
    assert.deepEqual([live!.backend, simulated!.backend], ["live", "simulation"]);
    assert.deepEqual(
      Object.keys(live!),
      Object.keys(simulated!).filter((key) => key in live!),
    );
    assert.deepEqual(shapeOf(live!.classes), shapeOf(simulated!.classes));
    assert.deepEqual(shapeOf(live!.load), shapeOf(simulated!.load));
    for (const [index, kind] of live!.classes.entries()) {
      const other = simulated!.classes[index]!;
      assert.deepEqual([kind.name, kind.openedConnections], [other.name, other.openedConnections]);
      assert.deepEqual(delivered(kind.events!), delivered(other.events!), kind.name);
      assert.deepEqual([kind.events!.new.lost, kind.events!.destroy.lost], [0, 0]);
    }
  });

  test("lose, of each kind so many that all of them together are what was lost", async () => {
    const listeners = [{ bufferBytes: 8192, policy: "lossy", serviceNanoseconds: 1_000_000 } as const];
    const { live } = await both({ traffic, listeners });
    const { destroy } = live.events;
    assert.ok(destroy.lost! > 0);
    const ofKinds = live.classes.map(({ events }) => events!.destroy.lost!);
    assert.equal(
      ofKinds.reduce((sum, lost) => sum + lost, 0),
      destroy.lost,
    );
  });

  test("of which one is deleted leave the others, beside a table that is filled to its limit", async () => {
    const { live, simulated } = await both({
      traffic: [
        { script: "one-packet", name: "udp", connections: 200 },
        { script: "one-packet", family: "ipv6", name: "udp6", connections: 100 },
      ],
      nfConntrackMax: 1000,
      delete: { class: "udp6", atSeconds: 0.05 },
      flushDelayNanoseconds: 3e9,
    });
    for (const { deletes, flush, ended } of [live, simulated]) {
      assert.equal(ended, "settled");
      assert.deepEqual([deletes!.entries, deletes!.absent, deletes!.dumps, flush!.entries], [100, 0, 1, 200]);
    }
  });
});

describe("deletes on the running kernel", { skip }, () => {
  test("of a share end that share, and the flush the rest", async () => {
    const { live, simulated } = await both({
      connections: 1000,
      flushDelayNanoseconds: 3e9,
      delete: { share: 0.5, atSeconds: 0.2 },
    });
    const entries = live.deletes!.entries!;
    assert.equal(entries, simulated.deletes!.entries, "the same draw of the same seed");
    assert.equal(live.flush!.entries, 1000 - entries);
    assert.equal(live.events.destroy.delivered, 1000);
    assert.equal(live.deletes!.dyingAfter, 0);
  });

  test("of a small buffer leave what was refused on the dying list", async () => {
    const { live } = await both({
      connections: 500,
      flushDelayNanoseconds: 4e9,
      delete: { share: 1, atSeconds: 0.3 },
      listeners: [{ bufferBytes: 2048, serviceNanoseconds: 2_000_000, slowFrom: "start", smallFrom: "start" }],
    });
    assert.equal(live.deletes!.entries, 500);
    assert.ok(live.deletes!.dyingAfter! > 100, `${live.deletes!.dyingAfter} are dying`);
    assert.deepEqual([live.events.destroy.delivered, live.dying.final, live.flush!.entries], [500, 0, 0]);
  });

  test("at a pace go on until there is nothing that they could delete", async () => {
    const { live } = await both({ connections: 200, flush: false, delete: { share: 1, perSecond: 400 } });
    assert.deepEqual([live.deletes!.entries, live.deletes!.ended, live.ended], [200, "done", "settled"]);
    const { durationSeconds } = live.deletes!;
    assert.ok(durationSeconds > 0.45, `in ${durationSeconds} s`);
  });
});

describe("a poll of the table on the running kernel", { skip }, () => {
  const polled = (seconds: number, withEvents: boolean) => ({
    ...ROOMY,
    poll: { everyNanoseconds: seconds * 1e9, withEvents },
  });

  for (const withEvents of [false, true]) {
    test(`${withEvents ? "beside" : "in place of"} events misses the short flows between two dumps`, async () => {
      const { live, simulated } = await both(
        {
          ...{ connections: 1000, ratePerSecond: 250, arrivals: "constant", protocol: "udp", packets: 1 },
          ...{ timeoutsSeconds: { udp: 1 }, flushDelayNanoseconds: 3e9 },
          listeners: [polled(3, withEvents)],
        },
        "flood",
      );
      const [told, expected] = [live.daemon.dumps!, simulated.daemon.dumps!];
      assert.deepEqual([live.ended, simulated.ended], ["settled", "settled"]);
      assert.equal(told.goneListed! + told.goneUnlisted!, 1000);
      assert.ok(expected.goneUnlisted! > 600 && expected.goneListed! > 150, JSON.stringify(expected));
      const difference = told.goneUnlisted! - expected.goneUnlisted!;
      assert.ok(Math.abs(difference) < 50, `${told.goneUnlisted} in no dump, simulated ${expected.goneUnlisted}`);
      assert.deepEqual([told.begun, told.completed, told.refused], [expected.begun, expected.completed, 0]);
      assert.ok(Math.abs(told.parts - expected.parts) < 5, `${told.parts} parts, simulated ${expected.parts}`);
      assert.ok(told.cpuSeconds > 0 && told.longestSeconds > 0);
      assert.deepEqual([live.daemon.stale, live.daemon.missing], [0, 0]);
      const heard = withEvents ? 1000 : 0;
      assert.deepEqual([live.events.new.delivered, live.events.destroy.delivered], [heard, heard]);
    });
  }

  test("leaves out what fills the table, and is told by the dump after the flush that all are gone", async () => {
    const { live } = await both({
      connections: 300,
      nfConntrackMax: 1000,
      flushDelayNanoseconds: 3e9,
      listeners: [polled(0.2, false)],
    });
    const { goneListed, goneUnlisted, meanUntoldSeconds } = live.daemon.dumps!;
    assert.deepEqual([goneListed, goneUnlisted, meanUntoldSeconds], [300, 0, null]);
    assert.ok(live.daemon.inSyncAfterFlushSeconds! > 0);
    assert.deepEqual([live.ended, live.socket.rcvbufBytes], ["settled", null]);
  });
});

describe("a rate that changes", { skip }, () => {
  test("opens on the running kernel as many in each second as its points say", async () => {
    const rateProfile = [
      { seconds: 0, connectionsPerSecond: 200 },
      { seconds: 1, connectionsPerSecond: 200 },
      { seconds: 1, connectionsPerSecond: 1000 },
      { seconds: 2, connectionsPerSecond: 1000 },
    ];
    const { live, simulated } = await both({ rateProfile, protocol: "udp", packets: 1, arrivals: "constant" }, "flood");
    assert.deepEqual([live.table.created, simulated.table.created], [1200, 1200]);
    const active = ({ timeline }: Report): number => {
      const [seconds, alive] = ["seconds", "active"].map((name) => timeline.columns.indexOf(name)) as [number, number];
      const rows = timeline.rows.filter((row) => row[seconds]! <= 1);
      return rows.at(-1)![alive]!;
    };
    const [first, expected] = [active(live), active(simulated)];
    assert.ok(Math.abs(first - expected) < 60, `${first} after a second, simulated ${expected}`);
  });
});

describe("nf_conntrack_events", { skip }, () => {
  test("0: no event of any flow, and every entry goes in the flush", async () => {
    const { live, simulated } = await both({ connections: 100, nfConntrackEvents: 0 });
    assert.deepEqual(live.events, simulated.events);
    assert.deepEqual([live.dying.afterFlush, live.flush!.attempts], [0, 0]);
  });

  test("1: also the flows that were made before there was a listener", async () => {
    const listeners = [{ ...ROOMY, joins: "flush" as const }];
    const { live, simulated } = await both({ connections: 100, nfConntrackEvents: 1, listeners });
    assert.deepEqual([live.events.destroy.delivered, simulated.events.destroy.delivered], [100, 100]);
  });

  test("2: not those, unless a listener of another namespace keeps the kernel awake", async () => {
    const listeners = [{ ...ROOMY, joins: "flush" as const }];
    const heard: (number | null)[] = [];
    // Tests beside this one have listeners now and then.
    while (heard.at(-1) !== 0 && heard.length < 20) {
      const { live, simulated } = await both({ connections: 100, nfConntrackEvents: 2, listeners });
      assert.equal(simulated.events.destroy.delivered, 0);
      heard.push(live.events.destroy.delivered);
    }
    assert.equal(heard.at(-1), 0, heard.join(", "));
  });
});

test("the page of a live run has its figures, and no NaN where the kernel tells none", { skip }, () => {
  const file = path.join(folder, "live.html");
  const flags = ["flush", "--live", "--connections", "300", "--buffer", "2048", "--reader", "200us", "--quiet"];
  const command = [path.join(built, "bin", "ct-reliable.js"), ...flags, "--export", `html=${file}`];
  const { status, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const page = readFileSync(file, "utf8");
  assert.match(page, /^<!doctype html>/i);
  assert.match(page, /live on this machine/);
  assert.match(page, />\s*300\s*</);
  const text = page.replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>/g, "");
  assert.doesNotMatch(text, /NaN|undefined|Infinity/);
});

/** Names and nesting of a value, whatever the figures are. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object" || value === null) return null;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]));
}
