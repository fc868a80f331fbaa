/**
 * The running kernel, briefly. Where it cannot be had these tests are skipped and say why; with REQUIRE_LIVE=1 they
 * fail instead.
 */
import assert from "node:assert/strict";
import { type ChildProcess, fork, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { liveHost, liveOverrides } from "../../src/live/host/host.js";
import { whyNotLive } from "../../src/live/live.js";
import type { FromChild } from "../../src/live/messages.js";
import { requireConntrackd } from "../../src/live/readers/conntrackd.js";
import type { Observer } from "../../src/report/backend.js";
import type { Report } from "../../src/report/report.js";
import { type Overrides, resolveScenario } from "../../src/scenario/defaults.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { builtPackage, removePackage } from "../built.js";
import { captured } from "../cli/harness.js";

type LiveModule = typeof import("../../src/live/live.js");

const reason = await whyNotLive();
const required = process.env.REQUIRE_LIVE === "1";
const skip = reason !== null && !required ? reason : false;

/** What threads are started from: they do not inherit the loader of TypeScript. */
const installation = skip === false ? await builtPackage() : "";
const dist = path.join(installation, "dist");
after(() => {
  if (installation !== "") removePackage(installation);
});

const load = (): Promise<LiveModule> => import(path.join(dist, "live", "live.js"));

function flush(overrides: Overrides): Scenario {
  return resolveScenario("flush", { ...liveOverrides(liveHost()), limitSeconds: 60, ...overrides });
}

async function run(overrides: Overrides, observer?: Observer): Promise<Report> {
  const { liveBackend } = await load();
  return liveBackend().run(flush(overrides), observer);
}

describe("the running kernel", { skip }, () => {
  test("sends every DESTROY to a slow reader that asked for reliable delivery", async () => {
    const report = await run({
      connections: 300,
      listeners: [{ bufferBytes: 2048, serviceNanoseconds: 200_000, policy: "broadcast-error" }],
    });
    assert.equal(report.backend, "live");
    const { destroy } = report.events;
    assert.deepEqual([destroy.raised, destroy.delivered, destroy.lost, destroy.pending], [300, 300, 0, 0]);
    assert.ok(report.socket.drops > 0 && report.socket.drops === destroy.refused);
    assert.ok(report.dying.afterFlush! > 0 && report.dying.final === 0);
    assert.ok(report.dying.emptyAfterFlushSeconds! > 0);
    assert.equal(report.daemon.inSync, true);
  });

  test("loses for a lossy reader that does not read what the buffer has no room for, to the message", async () => {
    const report = await run({
      connections: 300,
      limitSeconds: 10,
      listeners: [{ bufferBytes: 8192, policy: "lossy", heldAfterFlushNanoseconds: null }],
    });
    const { capacityMessages, drops } = report.socket;
    assert.equal(report.events.destroy.unread, capacityMessages);
    assert.equal(report.events.destroy.delivered, 0);
    assert.equal(drops, 300 - capacityMessages!);
    assert.equal(report.daemon.stale, 300);
  });

  test("makes of a TCP connection of seven packets a NEW, six UPDATEs and a DESTROY", async () => {
    const { events } = await run({ connections: 50, protocol: "tcp", listeners: [{ bufferBytes: 212_992 }] });
    assert.deepEqual([events.new.delivered, events.update.delivered, events.destroy.delivered], [50, 300, 50]);
  });

  test("of a connection with a reply tells the reply in an UPDATE", async () => {
    const { events } = await run({ connections: 50, packets: 2, listeners: [{ bufferBytes: 212_992 }] });
    assert.deepEqual([events.new.delivered, events.update.delivered, events.destroy.delivered], [50, 50, 50]);
  });

  test("refuses connections where a table that was filled to its limit has no room", async () => {
    const { table, events } = await run({
      connections: 300,
      nfConntrackMax: 200,
      listeners: [{ bufferBytes: 212_992, serviceNanoseconds: 0 }],
    });
    assert.equal(table.created + table.drop, 300);
    assert.ok(table.drop > 50, `${table.drop} refused`);
    assert.equal(events.destroy.delivered, table.created);
  });

  test("does not know how often an entry was resent, nor how late its DESTROY was", async () => {
    const { resends, latency, redelivery } = await run({ connections: 20 });
    assert.deepEqual([resends.perEntry.max, latency.destroy.maxSeconds, redelivery], [null, null, null]);
  });
});

test("the running kernel does not tell how long the dying list was where entries ended before the flush", {
  skip,
}, async () => {
  const { dying, events } = await run({
    connections: 60,
    ratePerSecond: 40,
    protocol: "tcp",
    packets: 6,
    timeoutsSeconds: { tcp_time_wait: 1 },
    listeners: [{ bufferBytes: 2048, serviceNanoseconds: 1_000_000, slowFrom: "start", smallFrom: "start" }],
  });
  assert.deepEqual([dying.peak, dying.peakAtSeconds, dying.peakDuringFlood], [null, null, null]);
  assert.deepEqual([dying.final, events.destroy.delivered], [0, 60]);
});

describe("conntrackd as the reader", { skip: skip === false ? withoutConntrackd() : skip }, () => {
  test("counts the entries that were destroyed, and every DESTROY arrives", async () => {
    const { liveBackend } = await load();
    const scenario = flush({ connections: 200, listeners: [{ bufferBytes: 65_536, policy: "reliable" }] });
    const { daemon, events, socket } = await liveBackend({ daemon: "conntrackd" }).run(scenario);
    assert.equal(events.destroy.delivered, 200);
    assert.equal(daemon.conntrackd!.destroyed, daemon.conntrackd!.created);
    assert.equal(daemon.received.new! + daemon.received.destroy!, daemon.conntrackd!.eventsReceived);
    assert.equal(socket.rcvbufBytes, daemon.conntrackd!.bufferBytes);
  });

  test("is in sync when it has read the last DESTROY", async () => {
    const { liveBackend } = await load();
    const scenario = flush({ connections: 200, listeners: [{ bufferBytes: 65_536, policy: "reliable" }] });
    const { daemon, dying } = await liveBackend({ daemon: "conntrackd" }).run(scenario);
    assert.equal(daemon.inSync, true);
    const after = daemon.inSyncAfterFlushSeconds!;
    assert.ok(after >= 0 && after <= dying.emptyAfterFlushSeconds! + 1, `${after} s after the flush`);
  });

  test("that lost is in sync with its resync, not before", async () => {
    const { liveBackend } = await load();
    const listeners = [{ bufferBytes: 2048, policy: "lossy" as const, resyncAfterNanoseconds: 2e9 }];
    const { daemon, socket } = await liveBackend({ daemon: "conntrackd" }).run(flush({ connections: 2000, listeners }));
    assert.ok(socket.drops > 0);
    assert.equal(daemon.inSync, true);
    assert.ok(daemon.resyncs! > 0 && daemon.inSyncAfterFlushSeconds! >= 1, `${daemon.inSyncAfterFlushSeconds} s`);
  });
});

test("a live run that lost something has advice from a simulation of it, unless --no-advice", { skip }, async () => {
  const from = (...name: string[]) => import(path.join(dist, "cli", ...name));
  const { main } = (await from("main.js")) as typeof import("../../src/cli/main.js");
  const { installed } = (await from("dependencies.js")) as typeof import("../../src/cli/dependencies.js");
  const advised = async (...more: string[]): Promise<Report> => {
    const [stdout, stderr] = [captured(), captured()];
    const load = [
      "--connections",
      "3000",
      "--policy",
      "lossy",
      "--buffer",
      "16k",
      "--reader",
      "200us",
      "--limit",
      "30s",
    ];
    const argv = ["flush", "--live", ...load, "--format", "json", ...more];
    assert.equal(await main(argv, { stdout, stderr, env: {}, signals: new EventEmitter() }, installed), 0, stderr.text);
    return JSON.parse(stdout.text);
  };
  const report = await advised();
  assert.ok(report.events.destroy.lost! > 1000);
  // Where this machine was too busy to be like its own simulation, there is no advice.
  if (report.advice !== null) {
    for (const { flags, improves } of report.advice) {
      assert.doesNotMatch(flags, /--(rmem-max|force|queue|decoders|resync|poll)/);
      assert.ok(improves.length > 0);
    }
  }
  assert.equal((await advised("--no-advice")).advice, null);
});

describe("a live run", { skip }, () => {
  test("that is asked to stop reports what it has", async () => {
    let asked = false;
    const report = await run(
      { connections: 5000, ratePerSecond: 500, listeners: [{ bufferBytes: 2048 }] },
      {
        progress: ({ opened }) => {
          asked ||= opened > 100;
        },
        stopRequested: () => asked,
      },
    );
    assert.equal(report.interrupted, true);
    assert.ok(report.table.created > 100 && report.table.created < 5000);
  });

  test("leaves no process behind when the one that started it is killed", async () => {
    const program = path.join(installation, "killed.mjs");
    const scenario = JSON.stringify(flush({ connections: 2000, ratePerSecond: 100 }));
    writeFileSync(
      program,
      `import { liveBackend } from "./dist/live/live.js";
       await liveBackend().run(${scenario}, { progress: () => process.send("runs"), stopRequested: () => false });`,
    );
    const parent = fork(program, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    await once(parent, "message");
    const insiders = processesBelow(parent.pid!);
    assert.ok(insiders.some(isInside));
    parent.kill("SIGKILL");
    await once(parent, "exit");
    const left = () => insiders.filter((pid) => existsSync(`/proc/${pid}`));
    for (let waited = 0; left().length > 0 && waited < 100; waited++) await setTimeout(20);
    assert.deepEqual(left(), []);
  });

  test("names the signal that ended its process in the namespace", async () => {
    const { liveBackend } = await load();
    let isKilled = false;
    const running = liveBackend().run(flush({ connections: 2000, ratePerSecond: 100 }), {
      progress: () => {
        if (isKilled) return;
        isKilled = true;
        for (const pid of processesBelow(process.pid).filter(isInside)) process.kill(pid, "SIGKILL");
      },
      stopRequested: () => false,
    });
    await assert.rejects(running, /^Error: the process in the namespace ended with SIGKILL$/);
  });

  test("refuses to run in the namespace that it was started in", async () => {
    const child = fork(path.join(dist, "live", "child.js"), {
      env: {
        ...process.env,
        CT_RELIABLE_PARENT_NAMESPACE: readlinkSync("/proc/self/ns/net"),
        CT_RELIABLE_PARENT_PROCESS: `${process.pid}`,
      },
    });
    const message = await answerOf(child);
    assert.equal(message.what, "failure");
    assert.ok(message.what === "failure" && message.kind === "impossible");
    assert.match(message.text, /refuses to run in the network namespace that it was started in/);
  });
});

describe("where it is not possible, one sentence says so and what to change:", { skip }, () => {
  test("no unshare on PATH", async () => {
    assert.match(await sentenceWith(dist, "/nonexistent"), /unshare, which is not on PATH: install util-linux$/);
  });

  test("a machine that allows no namespaces", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "ct-reliable-"));
    writeFileSync(
      path.join(folder, "unshare"),
      "#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n",
      {
        mode: 0o755,
      },
    );
    const sentence = await sentenceWith(dist, `${folder}:/bin:/usr/bin`);
    rmSync(folder, { recursive: true });
    assert.match(
      sentence,
      /allows no network namespace \(unshare failed: Operation not permitted\): .* user namespaces/,
    );
  });

  test("koffi is not installed", async () => {
    // Outside of the project no package is found.
    const folder = mkdtempSync(path.join(os.tmpdir(), "ct-reliable-"));
    cpSync(dist, folder, { recursive: true, dereference: true });
    writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
    const sentence = await sentenceWith(folder, process.env.PATH ?? "");
    rmSync(folder, { recursive: true });
    assert.match(sentence, /^live mode needs the optional package koffi, .*: npm install koffi$/);
  });
});

function withoutConntrackd(): string | false {
  try {
    requireConntrackd();
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What `whyNotLive` says in a process with this PATH. */
async function sentenceWith(folder: string, searchPath: string): Promise<string> {
  const module = JSON.stringify(path.join(folder, "live", "live.js"));
  const program = `import { whyNotLive } from ${module}; process.stdout.write(String(await whyNotLive()));`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    env: { PATH: searchPath },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return text;
}

async function answerOf(child: ChildProcess): Promise<FromChild> {
  child.send({ what: "run", scenario: flush({ connections: 1 }), daemon: null, host: liveHost() });
  const [message] = (await once(child, "message")) as [FromChild];
  child.kill();
  return message;
}

function isInside(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("/live/child.js");
}

/** Those that a process has started, and theirs. */
function processesBelow(pid: number): number[] {
  const own = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const children = own === "" ? [] : own.split(" ").map(Number);
  return [...children, ...children.flatMap(processesBelow)];
}
