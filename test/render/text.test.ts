import assert from "node:assert/strict";
import { test } from "node:test";
import { renderers } from "../../src/render/renderers.js";
import { renderText } from "../../src/render/text.js";
import type { Report } from "../../src/report/report.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { simulate } from "../../src/simulation/simulation.js";
import {
  brokenReport,
  interruptedReport,
  lossyReport,
  SAMPLES,
  sampleReport,
  threeListenersReport,
} from "../report/sample.js";

const COMMAND =
  "ct-reliable flood --connections 20000 --rate 20k/s --buffer 2048 --reader 200us --policy reliable --grace-max 15s --seed 1";
const WIDTHS = [40, 41, 55, 60, 72, 80, 100, 120, 200];
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that begins a colour
const ANSI = /\u001b\[/;

function render(report: Report, change: { colour?: boolean; width?: number; quiet?: boolean } = {}): string {
  return renderText(report, { colour: false, width: 80, quiet: false, command: COMMAND, timeline: false, ...change });
}

/** Sentences are wrapped; a test that looks for words does not care where. */
function unwrapped(text: string): string {
  return text.replace(/\s+/g, " ");
}

test("every figure of the first screen is on it", () => {
  const text = unwrapped(render(sampleReport()));
  for (const figure of [
    "2,048 B asked → 4,096 B effective (doubled): 8 messages of 552 B",
    "NEW 20,000 2,512 12.6 % 17,488 87.4 % 0 0 17,488",
    "UPDATE 20,000 2,490 12.4 % 17,510 87.5 % 0 0 17,510",
    "DESTROY 20,000 20,000 100 % 0 0 0 63,767",
    "resends 43,796 for 19,971 entries; per entry p50 2, p99 7, max 13",
    "of DESTROY p50 8.12 s, p99 33.9 s, max 52.1 s",
    "peak 19,983 at 1.02 s; under load 12 (mean 3.12 entries); 19,971 after the flush, empty in 52.2 s",
    "19,983 entries at 1 s, took 70.2 ms and 39,954 attempts",
    "peak 20,000 of 65,536; no packet dropped",
    "peak 4,416 B queued; 98,765 drops (messages refused), 0 ENOBUFS (errors that told the reader), congested (shut until empty) 0 times",
    "in sync 52.2 s after the flush",
    "Linux 2.6.31, simulated, seed 1",
  ]) {
    assert.ok(text.includes(figure), `expected "${figure}" in\n${render(sampleReport())}`);
  }
});

test("the last line is the command that repeats the run, on one line at any width", () => {
  for (const width of WIDTHS) assert.ok(render(sampleReport(), { width }).endsWith(`\n${COMMAND}\n`));
});

for (const [name, report] of Object.entries(SAMPLES)) {
  test(`no line is longer than the width: ${name}`, () => {
    for (const width of WIDTHS) {
      for (const quiet of [false, true]) {
        for (const line of render(report(), { width, quiet }).split("\n")) {
          assert.ok(line.length <= width || line === COMMAND, `expected at most ${width} columns, got "${line}"`);
        }
      }
    }
  });

  test(`what is not a word for people is never printed: ${name}`, () => {
    for (const width of WIDTHS) {
      assert.doesNotMatch(render(report(), { width }), /NaN|undefined|null|Infinity|\[object|e[+-]\d/);
    }
  });

  test(`colour changes no character of the text: ${name}`, () => {
    const plain = render(report());
    const coloured = render(report(), { colour: true });
    assert.doesNotMatch(plain, ANSI);
    assert.match(coloured, ANSI);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that begins a colour
    assert.equal(coloured.replace(/\u001b\[[0-9;]*m/g, ""), plain);
  });

  test(`no line ends with a space: ${name}`, () => {
    for (const width of WIDTHS) assert.doesNotMatch(render(report(), { width }), / $/m);
  });
}

test("the first screen is about thirty lines of 80 columns", () => {
  assert.ok(render(sampleReport()).trimEnd().split("\n").length <= 32);
  assert.ok(render(lossyReport()).trimEnd().split("\n").length <= 32);
});

test("counts of any size leave the table whole at 40 columns", () => {
  for (const raised of [999_999, 1_000_000, 12_345_678, 1_234_567_890]) {
    const report = sampleReport();
    for (const type of ["new", "update", "destroy"] as const) {
      report.events[type] = {
        raised,
        delivered: raised,
        unread: raised,
        merged: raised,
        lost: raised,
        pending: raised,
        notSubscribed: raised,
        attempts: raised,
        refused: raised,
      };
    }
    const rows = render(report, { width: 40 }).split("\n");
    const from = rows.findIndex((row) => row.startsWith("event"));
    const table = rows.slice(from, from + 8);
    assert.equal(new Set(table.map((row) => row.length)).size, 1, table.join("\n"));
    assert.ok(table[0]!.length <= 40);
  }
});

test("a request above rmem_max is shown capped, one below the floor raised", () => {
  const capped = sampleReport((report) => {
    Object.assign(report.scenario.listeners[0]!, { bufferBytes: 8 * 1024 * 1024 });
    Object.assign(report.socket, { rcvbufBytes: 425_984, capacityMessages: 772 });
  });
  assert.ok(
    unwrapped(render(capped)).includes(
      "8 MiB asked → 208 KiB (rmem_max) → 416 KiB effective (doubled): 772 messages of 552 B",
    ),
  );
  const raised = sampleReport((report) => {
    Object.assign(report.scenario.listeners[0]!, { bufferBytes: 128 });
    Object.assign(report.socket, { rcvbufBytes: 2304, truesizeBytes: 832, capacityMessages: 2 });
  });
  assert.ok(
    unwrapped(render(raised)).includes("128 B asked → 2,304 B effective (kernel minimum): 2 messages of 832 B"),
  );
});

test("an interrupted run says so on its first line", () => {
  assert.equal(render(interruptedReport()).split("\n")[0], "interrupted — the summary so far");
  assert.ok(!render(sampleReport()).includes("interrupted"));
});

test("a violated invariant stands above everything else", () => {
  const text = render(brokenReport());
  assert.ok(text.startsWith("INVARIANT VIOLATED: 2 rules of the model broke"));
  assert.ok(text.includes("✗ rmem 552 left in an empty queue"));
});

test("an expectation stands beside its measured value, in its own unit", () => {
  const lines = render(brokenReport()).split("\n");
  assert.ok(lines.includes("✗ destroy.delivered == 100% (is 99.995%)"));
  assert.ok(lines.includes("✓ dying.emptyAfterFlushSeconds <= 60s (is 52.2 s)"));
  assert.ok(lines.includes("✓ daemon.inSync (is true)"));
  assert.ok(lines.includes("✗ flush.attempts > 0 (is unknown)"));
});

test("more than one listener: a row for each, and none for one alone", () => {
  const text = render(threeListenersReport());
  assert.match(text, /^1 +4,096 B {2}reliable +20,000 +0 +98,765 {2}in sync$/m);
  assert.match(text, /^2 +416 KiB {2}lossy +63,767 +43,767 +11 {2}in sync$/m);
  assert.match(text, /^3 +4,096 B {2}broadcast-error +20,000 +0 +98,765 {2}out of sync$/m);
  assert.doesNotMatch(render(sampleReport()), /listener/);
});

test("quiet prints the verdict, and beside it only what else went wrong", () => {
  assert.equal(render(sampleReport(), { quiet: true }), "in sync; DESTROY 20,000 of 20,000 delivered (100 %)\n");
  assert.equal(
    render(lossyReport(), { quiet: true }),
    "out of sync: 3,141 stale, 0 missing; DESTROY 4,990 of 20,000 delivered (24.9 %)\n" +
      "87.4 % of NEW and 87.5 % of UPDATE were lost.\n",
  );
  const full = sampleReport();
  full.table.drop = 2;
  full.table.dropped.full = 2;
  assert.match(render(full, { quiet: true }), /^in sync; .*\nThe table was full: 2 packets were dropped\./);
});

test("quiet does not hide an interruption, a failed expectation or a violated invariant", () => {
  assert.match(render(interruptedReport(), { quiet: true }), /^interrupted — out of sync/);
  const text = unwrapped(render(brokenReport(), { quiet: true }));
  assert.match(text, /invariant violated: destroy: raised/);
  assert.match(text, /failed: destroy\.delivered == 100% \(is 99\.995%\)/);
});

test("a daemon that is not in sync is told what its words mean", () => {
  const text = unwrapped(render(interruptedReport()));
  assert.ok(text.includes("40 stale (dead, but believed alive), 7,000 missing (alive, but unknown)"));
});

test("a daemon that did not ask for NEW or DESTROY is not called in sync, nor out of it", () => {
  for (const [groups, unasked] of [
    [["destroy"], "no NEW"],
    [["new", "update"], "no DESTROY"],
    [["update"], "no NEW and no DESTROY"],
  ] as const) {
    const report = simulate(resolveScenario("flush", { connections: 100, listeners: [{ groups }] }));
    for (const quiet of [true, false]) {
      const text = unwrapped(render(report, { quiet }));
      assert.match(text, new RegExp(`does not know which entries live: it asked for ${unasked}`));
      assert.doesNotMatch(text, /in sync|out of sync/);
    }
  }
  const dumping = simulate(
    resolveScenario("flush", { connections: 100, listeners: [{ groups: ["new"], resyncAfterNanoseconds: 1e9 }] }),
  );
  assert.match(render(dumping), /sync/);
});

test("the sparkline fills the width beside its label", () => {
  for (const width of [40, 80, 120]) {
    const line = render(sampleReport(), { width })
      .split("\n")
      .find((candidate) => candidate.includes("█"));
    assert.equal(line?.length, width);
  }
});

test("a version between two releases is shown with the one that it is modelled as", () => {
  const title = (kernel: string, backend: Report["backend"] = "simulation") =>
    render(
      sampleReport((report) => {
        report.backend = backend;
        report.scenario.kernel = kernel;
        report.kernel.release = "5.4";
      }),
      { width: 120 },
    ).split("\n")[0];
  assert.equal(title("5.4.124"), "ct-reliable 0.1.0: flood on Linux 5.4.124 (as 5.4), simulated, seed 1");
  assert.equal(title("5.4"), "ct-reliable 0.1.0: flood on Linux 5.4, simulated, seed 1");
  assert.equal(title("2.6.31", "live"), "ct-reliable 0.1.0: flood on Linux 5.4, live on this machine");
});

test("a seed stays beside its word", () => {
  const seeded = sampleReport((report) => {
    report.scenario.kernel = "6.18.44-fc-v669";
    report.kernel.release = "6.18.40";
  });
  const [first, second] = render(seeded).split("\n");
  assert.deepEqual([first?.endsWith("simulated,"), second], [true, "seed 1"]);
});

test("a live run names the machine and no seed", () => {
  const text = render(
    sampleReport((report) => {
      report.backend = "live";
      report.seed = null;
    }),
  );
  assert.match(text, /^ct-reliable 0\.1\.0: flood on Linux 2\.6\.31, live on this machine$/m);
});

test("the renderer named text is this one", () => {
  assert.equal(renderers.text.report, renderText);
});

test("a dying list that nobody could watch under load is said to be unknown there, and never to have been empty", () => {
  const report = sampleReport(({ dying, resends }) => {
    Object.assign(dying, { peak: null, peakAtSeconds: null, peakDuringFlood: null, meanDuringFlood: null });
    Object.assign(dying, { afterFlush: 396, emptyAfterFlushSeconds: 3.1, final: 0 });
    Object.assign(resends, { entries: null, total: null });
  });
  const text = unwrapped(render(report));
  assert.match(text, /dying list unknown under load; 396 after the flush, empty in 3\.1 s/);
  assert.doesNotMatch(text, /first attempt|no entry ever waited/);
});
