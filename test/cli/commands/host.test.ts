import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { installed, type Surveying } from "../../../src/cli/dependencies.js";
import type { HostSource } from "../../../src/live/host/survey.js";
import type { HostReport } from "../../../src/report/host.js";
import { resolveScenario } from "../../../src/scenario/defaults.js";
import { readScenarioFiles } from "../../../src/scenario/file.js";
import { simulation } from "../../../src/simulation/simulation.js";
import {
  CONNTRACKD,
  CONTAINER,
  conntrackFiles,
  exampleSource,
  NODE,
  OPENWRT,
  ROUTER,
  ROUTER_AS_NOBODY,
} from "../../live/example-hosts.js";
import { run, type Setup } from "../harness.js";

/** The command on a host that is none of ours, with the simulator behind it and a clock that goes as it is told. */
function onHost(source: HostSource, argv: readonly string[], setup: Setup & { pause?: Surveying["pause"] } = {}) {
  let now = 0;
  return run(["host", ...argv], {
    ...setup,
    dependencies: {
      backend: async () => simulation,
      surveying: async () => ({
        ...(await installed.surveying()),
        thisHost: async () => source,
        seconds: () => now++,
        pause: setup.pause ?? (async (_, { aborted }) => aborted),
      }),
    },
  });
}

async function reportOf(source: HostSource, ...argv: string[]): Promise<HostReport> {
  return JSON.parse((await onHost(source, ["--format", "json", ...argv])).stdout);
}

test("a router: kernel, table, what differs from the release, the listener, and what a flush would do to it", async () => {
  const { code, stdout, stderr } = await onHost(exampleSource(ROUTER), []);
  assert.equal(code, 0);
  assert.equal(stderr, "");
  assert.match(stdout, /^Linux 6\.1\.170, modelled as release 6\.1/);
  assert.match(stdout, /^table {7}41,230 entries, 262,144 at most \(15\.7 %\)/m);
  assert.match(stdout, /udp_stream 1m \(the release:\s+2m\)/);
  assert.match(stdout, /^since boot {2}drop 11, early_drop 17, insert_failed 3$/m);
  assert.match(stdout, /^conntrackd \(pid 812\)$/m);
  assert.match(stdout, /^buffer {6}4 MiB effective, [\d,]+ messages of/m);
  assert.match(stdout, /^drops {7}12 so far$/m);
  assert.match(stdout, /^on a flush {2}Of 41,230 DESTROY [\d,]+ are read and [\d,]+ lost/m);
  assert.match(stdout, /Every reader takes 100us for a message \(--reader sets it/);
  assert.match(
    stdout,
    /conntrackd\s+grows\s+its\s+buffer\s+and\s+resyncs\s+after\s+an\s+ENOBUFS\s+as\s+in\s+the\s+configuration/,
  );
});

test("the figures of a flush are those of the scenario that --print-config prints", async () => {
  const source = exampleSource(ROUTER);
  const { flush } = (await reportOf(source)).verdicts[0]!;
  const { stdout } = await onHost(source, ["--print-config"]);
  const [file] = readScenarioFiles(stdout, "host.yaml", "host");
  const { experiment, overrides } = file!.cases[0]!;
  const [listener] = overrides.listeners!;
  assert.deepEqual([listener!.overrunAs, listener!.resyncAfterNanoseconds], ["conntrackd", 30e9]);
  const report = await simulation.run(resolveScenario(experiment, overrides));
  assert.equal(report.events.destroy.lost, flush?.lost);
  assert.equal(report.socket.capacityMessages, flush?.capacityMessages);
  assert.equal(report.socket.rcvbufBytes, CONNTRACKD.rcvbufBytes);
  assert.equal(overrides.kernelConfig?.acct, true);
  assert.equal(overrides.timeoutsSeconds?.udp_stream, 60);
});

test("every socket is a listener of the printed scenario, and each is judged with the same reader", async () => {
  const other = { ...CONNTRACKD, portid: 813, inode: 17_300 };
  const source = exampleSource({ ...ROUTER, sockets: [CONNTRACKD, other] });
  const { verdicts } = await reportOf(source, "--reader", "38us");
  assert.equal(verdicts.length, 2);
  assert.deepEqual(
    verdicts.map(({ listener }) => listener?.serviceNanoseconds),
    [38_000, 38_000],
  );
  assert.equal(verdicts[0]?.flush?.capacityMessages, verdicts[1]?.flush?.capacityMessages);
  const { stdout } = await onHost(source, ["--print-config", "--format", "json"]);
  assert.equal(JSON.parse(stdout).scenario.listeners.length, 2);
});

test("a table that fits whole is said to fit however slow the reader is, and only then", async () => {
  const source = (count: number) => exampleSource({ ...NODE, files: { ...NODE.files, ...conntrackFiles({ count }) } });
  const fits = (await reportOf(source(1200), "--reader", "1s")).verdicts[0]!;
  assert.equal(fits.flush?.lost, 0);
  assert.match(fits.sentence, /^All 1,200 DESTROY fit .* however slow the reader is\.$/);
  const quick = (await reportOf(source(5000), "--reader", "0")).verdicts[0]!;
  assert.doesNotMatch(quick.sentence, /however slow/);
});

test("a reliable listener keeps dead entries in the table and loses none", async () => {
  const reliable = { ...CONNTRACKD, broadcastError: true, noEnobufs: true, rcvbufBytes: 65_536 };
  const source = exampleSource({
    ...ROUTER,
    files: { ...ROUTER.files, ...conntrackFiles({ count: 2000 }) },
    sockets: [reliable],
  });
  const { sentence, flush } = (await reportOf(source)).verdicts[0]!;
  assert.equal(flush?.lost, 0);
  assert.ok(flush!.refused > 0);
  assert.match(sentence, /^All 2,000 DESTROY are read, after [\d,]+ attempts that were refused/);
});

test("a listener without DESTROY, an empty table and events that are off are nothing to a flush", async () => {
  const deaf = await reportOf(exampleSource({ ...ROUTER, sockets: [{ ...CONNTRACKD, groups: 1 }] }));
  assert.match(deaf.verdicts[0]!.sentence, /has not joined DESTROY/);
  const files = (settings: Record<string, number>) => ({ ...ROUTER.files, ...conntrackFiles(settings) });
  const empty = await reportOf(exampleSource({ ...ROUTER, files: files({ count: 0 }) }));
  assert.match(empty.verdicts[0]!.sentence, /the table is empty/);
  const off = await reportOf(exampleSource({ ...ROUTER, files: files({ events: 0 }) }));
  assert.match(off.verdicts[0]!.sentence, /nf_conntrack_events=0/);
});

test("as nobody the program is not named, but the pid of its port is, and what root would see is said", async () => {
  const { code, stdout } = await onHost(exampleSource(ROUTER_AS_NOBODY), []);
  assert.equal(code, 0);
  assert.match(stdout, /^a program that only root sees \(port 812, the pid of conntrackd/m);
  assert.match(stdout, /^Not read$/m);
});

test("a buffer that nobody tells is not simulated, and says so", async () => {
  const { stdout } = await onHost(exampleSource(OPENWRT), []);
  assert.match(stdout, /^buffer {6}not told; 3,840 B wait in it$/m);
  assert.match(stdout, /^on a flush {2}Not simulated: its receive buffer is not known\.$/m);
});

test("a container without conntrack names its namespace and has no listener", async () => {
  const { code, stdout } = await onHost(exampleSource(CONTAINER), []);
  assert.equal(code, 0);
  assert.match(stdout, /^namespace {3}net:\[4026531840\]/m);
  assert.match(stdout, /^No program listens to conntrack's events in this namespace\.$/m);
  assert.match(stdout, /Conntrack has no files in net:\[4026531840\]/);
});

test("a kernel that the model does not know is surveyed and not simulated", async () => {
  const source = exampleSource({ ...ROUTER, release: "9.1.0" });
  const { verdicts } = await reportOf(source);
  assert.equal(verdicts[0]?.flush, null);
  assert.match(verdicts[0]!.sentence, /no release of the model is Linux 9\.1\.0/);
  assert.equal((await onHost(source, ["--print-config"])).code, 2);
});

test("elsewhere than on Linux it is exit code 3", async () => {
  const { code, stderr } = await onHost(exampleSource({ ...ROUTER, system: "Darwin" }), []);
  assert.equal(code, 3);
  assert.equal(stderr, "ct-reliable: host is not possible here: expected Linux, got Darwin\n");
});

test("a watch ends after the intervals that were asked for, a row each", async () => {
  const { code, stdout } = await onHost(exampleSource(ROUTER), ["--watch", "1s", "--watch-for", "3"]);
  assert.equal(code, 0);
  const rows = stdout.slice(stdout.indexOf("interval  ")).trim().split("\n");
  assert.equal(rows.length, 4);
  assert.match(rows[0]!, /conntrackd drops\/s$/);
  assert.match(rows[3]!, /^ +1 s +41,230 +0 +0 +0$/);
  const { samples } = await reportOf(exampleSource(ROUTER), "--watch", "1s", "--watch-for", "2");
  assert.equal(samples.length, 2);
});

test("Ctrl-C ends a watch with what there is so far", async () => {
  const signals = new EventEmitter();
  let pauses = 0;
  const { code, stdout } = await onHost(exampleSource(ROUTER), ["--watch", "1s"], {
    signals,
    pause: async (_, { aborted }) => {
      if (++pauses > 2) signals.emit("SIGINT", "SIGINT");
      return aborted || pauses > 2;
    },
  });
  assert.equal(code, 130);
  assert.equal(stdout.slice(stdout.indexOf("interval  ")).trim().split("\n").length, 3);
});

test("what cannot be is one sentence and exit code 2", async () => {
  for (const [argv, sentence] of [
    [["--watch-for", "3"], /--watch-for: expected --watch INTERVAL beside it/],
    [["--watch", "1ms"], /--watch: expected a duration from 100ms to 1h/],
    [["--reader", "fast"], /--reader: expected a duration/],
  ] as const) {
    const { code, stderr } = await onHost(exampleSource(ROUTER), argv);
    assert.equal(code, 2);
    assert.match(stderr, sentence);
  }
});

test("--output has the whole, rows included", async () => {
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), "host-")), "host.txt");
  const argv = ["--output", file, "--watch", "1s", "--watch-for", "1"];
  writeFileSync(file, "before");
  assert.equal((await onHost(exampleSource(ROUTER), argv)).stdout, "");
  assert.match(readFileSync(file, "utf8"), /^Linux 6\.1\.170[\s\S]+\n +1 s +41,230/m);
});
