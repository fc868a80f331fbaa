/**
 * A log of conntrack events: how it is read, what it is said to lack, and what a run makes of it; logs of the real
 * conntrack, too.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { whyNotLive } from "../../src/live/live.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import type { Replay } from "../../src/scenario/parameters/replay.js";
import { keepLog } from "../../src/workload/replay/kept.js";
import type { ReplayLog } from "../../src/workload/replay/log.js";
import { ReplayParser } from "../../src/workload/replay/parse.js";
import { finished } from "../simulation/scenarios.js";

const KERNEL = "6.18";
const FIXTURE = new URL("fixtures/conntrack-6.18-timestamp-id.log", import.meta.url);

function parsed(text: string): ReplayLog {
  const parser = new ReplayParser("events.log");
  for (const line of text.split("\n")) parser.line(line);
  return parser.end();
}

let kept = 0;
/** As the command line keeps it. */
function replayOf(text: string): Replay {
  const log = parsed(text);
  const sha256 = String(++kept).padStart(64, "0");
  keepLog(sha256, log);
  return { file: "events.log", sha256, ...log.summary() };
}

const udp = (port: number, reply = " [UNREPLIED]"): string =>
  `src=10.0.0.1 dst=10.0.0.2 sport=${port} dport=53${reply} src=10.0.0.2 dst=10.0.0.1 sport=53 dport=${port}`;
const event = (seconds: string, kind: string, rest: string): string => `[${seconds}]\t    [${kind}] ${rest}`;

describe("lines of conntrack -E -o timestamp", () => {
  test("open, update and end entries at their times, from the first one on", () => {
    const log = parsed(
      [
        event("1700000000.999999", "NEW", `udp      17 30 ${udp(1)}`),
        event("1700000001.000001", "UPDATE", `udp      17 30 ${udp(1, "")}`),
        event("1700000003.000000", "DESTROY", `udp      17 ${udp(1, "")}`),
      ].join("\n"),
    );
    assert.deepEqual([log.timeOf(0), log.timeOf(1), log.timeOf(2)], [0, 2_000, 2_000_001_000]);
    assert.deepEqual([log.isOpening(0), log.directionOf(1), log.isEnd(2)], [true, 1, true]);
    const { newEvents, updateEvents, destroyEvents, entriesAtStart, entriesAtEnd } = log.summary();
    assert.deepEqual([newEvents, updateEvents, destroyEvents, entriesAtStart, entriesAtEnd], [1, 1, 1, 0, 0]);
  });

  test("say the same with id, with extended, with carriage returns, and with who asked for the deletion", () => {
    const plain = [
      event("1.000000", "NEW", `udp      17 30 ${udp(1)}`),
      event("2.000000", "DESTROY", `udp      17 ${udp(1)}`),
    ];
    const long = [
      event("1.000000", "NEW", `ipv4     2 udp      17 30 ${udp(1)} id=77\r`),
      event("2.000000", "DESTROY", `ipv4     2 udp      17 ${udp(1)} id=77 [USERSPACE] portid=5 progname=conntrack\r`),
    ];
    assert.deepEqual(parsed(long.join("\n")).summary(), parsed(plain.join("\n")).summary());
  });

  test("with an id tell two lives of one conversation apart that overlap", () => {
    const { madeAgain, entriesAtStart } = parsed(
      [
        event("1.000000", "NEW", `udp 17 30 ${udp(1)} id=1`),
        event("2.000000", "NEW", `udp 17 30 ${udp(1)} id=2`),
        event("3.000000", "DESTROY", `udp 17 ${udp(1)} id=1`),
        event("4.000000", "DESTROY", `udp 17 ${udp(1)} id=2`),
      ].join("\n"),
    ).summary();
    assert.deepEqual([madeAgain, entriesAtStart], [0, 0]);
  });

  test("are told by protocol and family; what is not modelled is left out and counted", () => {
    const ipv6 =
      "src=fe80::1 dst=fe80::2 type=128 code=0 id=9 [UNREPLIED] src=fe80::2 dst=fe80::1 type=129 code=0 id=9";
    const log = parsed(
      [
        event("1.000000", "NEW", `udp 17 30 ${udp(1)}`),
        event("1.000000", "NEW", `icmpv6 58 30 ${ipv6}`),
        event("1.000000", "NEW", "sctp 132 3 COOKIE_WAIT src=1.1.1.1 dst=2.2.2.2 [UNREPLIED] src=2.2.2.2 dst=1.1.1.1"),
      ].join("\n"),
    );
    assert.deepEqual(log.kinds, [
      { protocol: "udp", family: "ipv4", connections: 1 },
      { protocol: "icmp", family: "ipv6", connections: 1 },
    ]);
    assert.equal(log.summary().linesLeftOut, 1);
  });
});

describe("a log says what it lacks:", () => {
  const pace = Array.from({ length: 200 }, (_, at) =>
    event(`10.${String(at * 1000).padStart(6, "0")}`, "NEW", `udp 17 30 ${udp(at)}`),
  );

  test("its beginning", () => {
    assert.equal(
      parsed([...pace, event("11.000000", "DESTROY", `udp 17 ${udp(999)}`)].join("\n")).summary().entriesAtStart,
      1,
    );
  });

  test("a time far longer than its pace, and no other", () => {
    assert.equal(parsed(pace.join("\n")).summary().gaps, 0);
    const { gaps, longestGapSeconds } = parsed(
      [...pace, event("99.199000", "NEW", `udp 17 30 ${udp(999)}`)].join("\n"),
    ).summary();
    assert.deepEqual([gaps, longestGapSeconds], [1, 89]);
  });

  test("time that goes back, which is taken for as late as the event before", () => {
    const log = parsed([...pace, event("10.000001", "NEW", `udp 17 30 ${udp(999)}`)].join("\n"));
    assert.equal(log.summary().backwardSteps, 1);
    assert.equal(log.timeOf(200), log.timeOf(199));
  });

  test("events that conntrack itself lost, and a NEW without the DESTROY before it", () => {
    const warning = "WARNING: We have hit ENOBUFS! We are losing events.";
    const advice = "This message means that the current netlink socket buffer size is too small.";
    const { enobufsLines, madeAgain } = parsed(
      [...pace, warning, advice, pace[3]!.replace("10.", "11.")].join("\n"),
    ).summary();
    assert.deepEqual([enobufsLines, madeAgain], [1, 1]);
  });
});

describe("comma-separated values", () => {
  test("are a connection a line, from its beginning or its end, in any order", () => {
    const log = parsed(
      "timestamp,event,protocol,lifetime\n12,DESTROY,tcp,1.5\n10,NEW,udp,1\n11,DESTROY,udp,\n13,NEW,icmp\n",
    );
    const steps = Array.from({ length: log.length }, (_, at) => [log.timeOf(at) / 1e9, log.isEnd(at)]);
    assert.deepEqual(steps, [
      [0, false],
      [0.5, false],
      [1, true],
      [1, true],
      [2, true],
      [3, false],
    ]);
    assert.deepEqual([log.summary().entriesAtStart, log.summary().entriesAtEnd], [1, 1]);
  });
});

describe("a line is refused with its place:", () => {
  const first = event("1.000000", "NEW", `udp 17 30 ${udp(1)}`);
  for (const [what, text, sentence] of [
    [
      "no time",
      `    [NEW] udp 17 30 ${udp(1)}`,
      /^events\.log:1: expected a time at its beginning, .* -o timestamp, got/,
    ],
    [
      "another form",
      `${first}\nhello`,
      /^events\.log:2: expected a line of conntrack -E -o timestamp, such as .* got "hello"$/,
    ],
    ["no tuples", `${first}\n[1.000000]  [NEW] udp 17 30 x`, /^events\.log:2: expected two tuples/],
    ["another event", "1,UPDATE,udp,", /^events\.log:1: expected NEW or DESTROY, got "UPDATE"$/],
    ["a word for a time", "soon,NEW,udp,3", /^events\.log:1: expected a timestamp in seconds, .* got "soon"$/],
    [
      "a negative lifetime",
      "1,NEW,udp,3\n1,NEW,udp,-3",
      /^events\.log:2: expected a lifetime in seconds, or nothing, got "-3"$/,
    ],
    ["a cell too many", "1,NEW,udp,3,4", /^events\.log:1: expected timestamp,event,protocol,lifetime/],
    ["nothing at all", "\n", /^events\.log: expected at least one event/],
    ["a clock that jumped", `${first}\n${event("9000000000.000000", "NEW", `udp 17 30 ${udp(2)}`)}`, /at most 30 days/],
  ] as const) {
    test(what, () => assert.throws(() => parsed(text), { message: sentence }));
  }
});

describe("a replay", () => {
  const text = readFileSync(FIXTURE, "utf8");
  const count = (log: string, kind: string): number =>
    log.split("\n").filter((line) => line.includes(`[${kind}]`)).length;

  test("of a recorded log raises as many NEW, UPDATE and DESTROY as it has, on every generation of the kernel", () => {
    for (const kernel of ["2.6.31", "4.4", "5.4", KERNEL]) {
      const { kernel: machine, invariants } = finished(
        resolveScenario("flood", { replay: replayOf(text), kernel, listeners: [{ bufferBytes: 4 << 20 }] }),
      );
      const raised = machine.ledger.kinds.map(({ raised }) => raised);
      assert.deepEqual(raised, [count(text, "NEW"), count(text, "UPDATE"), count(text, "DESTROY")], kernel);
      assert.deepEqual(invariants.violated, []);
    }
  });

  test("ends entries when the log says, whatever timeouts they would have", () => {
    const replay = replayOf("0,NEW,udp,500\n0,NEW,tcp,1\n");
    const { timeline } = finished(resolveScenario("flood", { replay, kernel: KERNEL }));
    for (const [at, active] of timeline.rows) {
      if (at! > 0.1 && at! < 0.9) assert.equal(active, 2);
      if (at! > 1.1 && at! < 499) assert.equal(active, 1);
      if (at! > 501) assert.equal(active, 0);
    }
  });

  test("begins with the entries whose NEW it misses, which the reader knows", () => {
    const replay = replayOf("5,DESTROY,udp,\n6,DESTROY,tcp,\n6,NEW,udp,1\n");
    const { kernel, machine } = finished(resolveScenario("flood", { replay, kernel: KERNEL }));
    assert.equal(kernel.table.counters.created, 3);
    const { received, destroyWithoutNew } = machine.readers.list[0]!.view;
    assert.deepEqual([received.new, received.destroy, destroyWithoutNew], [1, 3, 0]);
    assert.ok(kernel.ledger.inSync);
  });

  test("has another answer with another buffer: what a small one refuses, a large one takes", () => {
    const refused = (bufferBytes: number): number => {
      const scenario = resolveScenario("flood", {
        replay: replayOf(text),
        kernel: KERNEL,
        listeners: [{ bufferBytes }],
      });
      return finished(scenario).kernel.sockets[0]!.drops;
    };
    assert.ok(refused(2048) > 0);
    assert.equal(refused(4 << 20), 0);
  });

  test("is echoed as its name, its hash and its counts, which make the same scenario again", () => {
    const scenario = resolveScenario("flood", { replay: replayOf(text) });
    assert.equal(scenario.flush, false);
    assert.equal(resolveScenario("flush", { replay: replayOf(text) }).flush, true);
    assert.deepEqual(resolveScenario("flood", JSON.parse(JSON.stringify(scenario))), scenario);
  });

  test("has no load beside it", () => {
    const replay = replayOf(text);
    for (const others of [{ connections: 7 }, { ratePerSecond: 7 }, { durationSeconds: 7 }, { tuples: 7 }]) {
      assert.throws(() => resolveScenario("flood", { replay, ...others }), /beside replay, whose log says what comes/);
    }
  });

  test("without its log says that it needs it", () => {
    const replay = { ...replayOf(text), sha256: "f".repeat(64) };
    assert.throws(() => finished(resolveScenario("flood", { replay })), /^UsageError: replay: expected the log itself/);
  });
});

describe("the real conntrack, in a network namespace of its own", { skip: await withoutConntrack() }, () => {
  for (const options of ["timestamp", "timestamp,id", "extended,timestamp,id"]) {
    test(`with -o ${options}: the run has its NEW, UPDATE and DESTROY`, { timeout: 60_000 }, () => {
      const text = recorded(options);
      const replay = replayOf(text);
      const count = (kind: string): number => text.split("\n").filter((line) => line.includes(`[${kind}]`)).length;
      assert.ok(count("NEW") >= 50 && count("DESTROY") >= 50, text);
      const { kernel, invariants } = finished(
        resolveScenario("flood", { replay, kernel: KERNEL, listeners: [{ bufferBytes: 4 << 20 }] }),
      );
      assert.deepEqual(
        [replay.newEvents, replay.updateEvents, replay.destroyEvents],
        [count("NEW"), count("UPDATE"), count("DESTROY")],
      );
      const [created, , destroyed] = kernel.ledger.kinds;
      assert.deepEqual([created.raised, destroyed.raised], [count("NEW"), count("DESTROY")]);
      assert.deepEqual(invariants.violated, []);
    });
  }
});

async function withoutConntrack(): Promise<string | false> {
  const { error } = spawnSync("conntrack", ["--version"]);
  if (error !== undefined) return "the program conntrack is not installed";
  return (await whyNotLive()) ?? false;
}

/** What the real conntrack prints of connections in a namespace of its own. */
function recorded(options: string): string {
  const program = fileURLToPath(new URL("record-log.js", import.meta.url));
  const { stdout, stderr, status } = spawnSync(
    "unshare",
    ["--user", "--map-root-user", "--net", process.execPath, program, options],
    {
      encoding: "utf8",
      env: {
        ...process.env,
        NODE_OPTIONS: "",
        CT_RELIABLE_PARENT_NAMESPACE: readlinkSync("/proc/self/ns/net"),
        CT_RELIABLE_PARENT_PROCESS: String(process.pid),
      },
    },
  );
  assert.equal(status, 0, stderr);
  return stdout;
}
