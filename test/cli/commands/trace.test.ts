/** `trace` from the command line to what it prints, with the real simulator. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { resolveScenario } from "../../../src/scenario/defaults.js";
import { type Outcome, run } from "../harness.js";

const trace = (argv: string): Promise<Outcome> => run(["trace", ...argv.split(" ")], { resolve: resolveScenario });
const SMALL = "flush --connections 300";

describe("the life of one entry", () => {
  test("the entry that was resent most often, and the command that repeats it", async () => {
    const { code, stdout, stderr } = await trace(`${SMALL} --most-resent`);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(
      stdout,
      /^entry \d+: UDP 127\.0\.0\.1:40000 → 127\.0\.[01]\.\d+:40001, id \d+\nIts DESTROY was delivered /,
    );
    assert.match(stdout, /DESTROY, attempt \d+ delivered/);
    assert.ok(
      stdout.endsWith("\nRepeat it with\nct-reliable trace flush --most-resent --connections 300 --seed 1\n"),
      stdout,
    );
  });

  test("a whole life of a TCP connection, with the reason why it waited, is under forty lines", async () => {
    const { stdout } = await trace("flood --connections 2000 --buffer 2048 --most-resent");
    const lines = stdout.trimEnd().split("\n");
    assert.ok(lines.length < 40, `${lines.length} lines`);
    assert.match(stdout, /SYN → SYN_SENT[\s\S]*read [\d.]+ µs later, and the daemon\s+believes it alive/);
    assert.match(stdout, /attempts\s+were refused, /);
  });

  test("as JSON it has the same steps, and the sentence", async () => {
    const { code, stdout } = await trace(`${SMALL} --entry 7 --format json`);
    const printed = JSON.parse(stdout);
    assert.equal(code, 0);
    assert.deepEqual(
      [printed.schemaVersion, printed.entry, printed.tuple, printed.scenario.connections],
      [1, 7, 6, 300],
    );
    assert.equal(printed.steps[0].what, "packet");
    assert.match(printed.story, /^(Its DESTROY was|No attempt for it)/);
  });

  test("an address is that of the events", async () => {
    const [byAddress, byNumber] = [await trace(`${SMALL} --tuple 127.0.0.9`), await trace(`${SMALL} --tuple 7`)];
    assert.equal(byAddress.stdout.split("\n")[0], byNumber.stdout.split("\n")[0]);
    assert.match(byAddress.stdout, /→ 127\.0\.0\.9:40001/);
  });

  test("a scenario file with one scenario, or one that is chosen", async () => {
    const { code, stdout } = await trace("scenarios/conntrack-flush.yaml --connections 300 --entry 1");
    assert.deepEqual([code, stdout.slice(0, 8)], [0, "entry 1:"]);
    const chosen = await trace(
      "scenarios/kernel-generations.yaml --only kernel-generations/5.4 --connections 300 --entry 1",
    );
    assert.equal(chosen.code, 0, chosen.stderr);
  });
});

describe("every message", () => {
  test("the lines of conntrack -E, with refused attempts where they are asked for", async () => {
    const { code, stdout, stderr } = await trace(`${SMALL} --format events`);
    assert.deepEqual([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    assert.equal(lines.length, 600);
    for (const line of lines) assert.match(line, /^\[\d+\.\d{6}\]\t( {4}\[NEW\]|\[DESTROY\]) udp {6}17 /);
    const all = (await trace(`${SMALL} --format events --attempts`)).stdout.trimEnd().split("\n");
    assert.deepEqual(
      all.filter((line) => !line.includes("[REFUSED]")),
      lines,
    );
    assert.ok(all.length > 700);
  });

  test("those of one entry alone", async () => {
    const { stdout } = await trace(`${SMALL} --format jsonl --tuple 7`);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      events.map(({ event, tuple }) => [event, tuple]),
      [
        ["new", 7],
        ["destroy", 7],
      ],
    );
  });

  test("a capture is written byte for byte", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "ct-reliable-trace-"));
    try {
      const file = path.join(folder, "a.pcap");
      const { code, stdout } = await trace(`${SMALL} --format pcap --output ${file}`);
      const bytes = readFileSync(file);
      assert.deepEqual([code, stdout, bytes.readUInt32LE(0), bytes.readUInt32LE(20)], [0, "", 0xa1b2c3d4, 253]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("what cannot be traced is said in a sentence", () => {
  for (const [argv, sentence] of [
    ["flush", /expected an entry \(.*\), or every message \(--format events, jsonl, pcap or netlink\), got neither/],
    ["flush --entry 1 --first-lost", /expected one entry, got --entry and --first-lost/],
    [
      "flush --connections 300 --first-lost",
      /--first-lost: expected a run that loses an event, got one that lost none/,
    ],
    [
      "flush --connections 300 --policy lossy --most-resent",
      /--most-resent: expected a run that resends a DESTROY, got/,
    ],
    ["flush --connections 300 --entry 301", /--entry: expected an entry that the table made, got 301/],
    [
      "flush --tuple 10.0.0.1",
      /--tuple: expected an address from 127\.0\.0\.2 on, as the events show it, got "10\.0\.0\.1"/,
    ],
    ["flush --entry 1 --attempts", /--attempts: expected --format events or jsonl beside it, got --format text/],
    ["flush flood --entry 1", /expected one run to trace, got "flood" as well/],
    ["flush --only x --entry 1", /--only: expected a scenario file beside it, got flush/],
    ["scenarios/ --entry 1", /expected one scenario \(--only NAME chooses\), got \d+: /],
  ] as const) {
    test(argv, async () => {
      const { code, stdout, stderr } = await trace(argv);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr.replace(/\s+/g, " "), sentence);
    });
  }

  test("bytes for a terminal", async () => {
    const { code, stderr } = await run(["trace", "flush", "--format", "pcap"], {
      resolve: resolveScenario,
      stdoutTty: true,
    });
    assert.equal(code, 2);
    assert.match(stderr, /--format pcap: expected --output FILE or a pipe for what is no text, got a terminal/);
  });
});
