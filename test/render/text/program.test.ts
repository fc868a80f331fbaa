import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { programFacts, programFactsOf } from "../../../src/render/text/program.js";
import type { ProgramReport, ProgramSocket } from "../../../src/report/program.js";
import type { Report } from "../../../src/report/report.js";
import { sampleReport } from "../../report/sample.js";

const SOCKET: ProgramSocket = {
  process: { pid: 41, name: "ulogd" },
  groups: ["new", "destroy"],
  broadcastError: false,
  noEnobufs: false,
  rcvbufBytes: 212_992,
  rcvbufBytesAtEnd: 212_992,
  capacityMessages: 166,
  offered: 1000,
  admitted: 900,
  drops: 100,
  unread: 5,
  peakRmemBytes: 212_480,
  fullSeconds: 0.25,
  openedSeconds: -1,
  closedSeconds: null,
  pace: {
    microsecondsPerMessage: 40,
    clockMicrosecondsPerMessage: 50,
    fastMicroseconds: 30,
    slowMicroseconds: 60,
    messagesPerSecond: 25_000,
    messages: 900,
    kinds: { new: null, update: null, destroy: null },
  },
};
const PROGRAM: ProgramReport = {
  command: "ulogd",
  sockets: [SOCKET],
  processes: 1,
  cpuSeconds: 0.5,
  cpuMicrosecondsPerMessage: 37.5,
  memoryBytes: 4_194_304,
  ended: null,
};

const program = (change: Partial<ProgramReport> = {}) => programFactsOf({ ...PROGRAM, ...change })[0]![1];
const socket = (change: Partial<ProgramSocket> = {}) =>
  programFactsOf({ ...PROGRAM, sockets: [{ ...SOCKET, ...change }] })[1]![1];

describe("a program in the text report", () => {
  test("is what it was started as and what it used", () => {
    assert.equal(program(), "`ulogd`; 1 process; CPU 500 ms, 37.5 µs for a message; memory 4 MiB");
    assert.match(
      program({ cpuMicrosecondsPerMessage: null, processes: 2 }),
      /^`ulogd`; 2 processes; CPU 500 ms; memory/,
    );
  });

  test("that ended by itself has when and how", () => {
    const ended = (exitStatus: number | null, signal: number | null) =>
      program({ ended: { atSeconds: 2, exitStatus, signal } })
        .split("; ")
        .at(-1);
    assert.equal(ended(3, null), "ended by itself 2 s after the first packet with status 3");
    assert.equal(ended(null, 9), "ended by itself 2 s after the first packet by signal 9");
    assert.equal(ended(null, null), "ended by itself 2 s after the first packet");
  });

  test("has its sockets with who holds them, their policy, buffer, books and pace", () => {
    assert.equal(
      socket(),
      "ulogd (41): NEW, DESTROY, lossy; buffer 208 KiB (166 messages); " +
        "1,000 offered, 900 admitted, 100 dropped, 5 unread; most queued 207.5 KiB, full for 250 ms; " +
        "40 µs for a message (30 µs to 60 µs), at most 25,000/s",
    );
  });

  test("the options of a socket make its policy, and where one is not told so is the policy", () => {
    const policy = (broadcastError: boolean | null, noEnobufs: boolean | null) =>
      / DESTROY, ([^;]+);/.exec(socket({ broadcastError, noEnobufs }))![1];
    assert.equal(policy(true, true), "reliable");
    assert.equal(policy(true, false), "broadcast-error");
    assert.equal(policy(false, true), "no-enobufs");
    assert.equal(policy(null, true), "options unknown");
    assert.equal(policy(false, null), "options unknown");
  });

  test("a buffer that grew has both sizes, one that is not known has none", () => {
    assert.match(socket({ rcvbufBytesAtEnd: 425_984 }), /buffer 208 KiB \(166 messages\), 416 KiB at the end;/);
    assert.match(socket({ rcvbufBytes: null }), /buffer unknown;/);
  });

  test("a pace without a spread, and none at all", () => {
    const { pace } = SOCKET;
    assert.match(socket({ pace: { ...pace!, fastMicroseconds: null } }), /; 40 µs for a message, at most 25,000\/s$/);
    assert.match(socket({ pace: null }), /; messages never waited long enough to tell its pace$/);
  });
});

describe("what follows from a program for the next run", () => {
  const report = (change: Partial<Report> = {}, of: Partial<ProgramReport> = {}): Report => ({
    ...sampleReport(),
    program: { ...PROGRAM, ...of },
    ...change,
  });
  const fact = (label: string, of: Report) => programFacts(of).find(([name]) => name === label)?.[1];

  test("without a program there is none", () => {
    assert.deepEqual(programFacts(report({ program: null })), []);
  });

  test("where the flush was refused it is the room that it takes, in the program's own setting", () => {
    const { flush, socket: observed, events } = sampleReport();
    const refused = { ...events, destroy: { ...events.destroy, refused: 7 } };
    const needed = flush!.entries! * observed.truesizeBytes;
    const named = (name: string) =>
      report({ events: refused }, { sockets: [{ ...SOCKET, process: { pid: 1, name } }] });
    assert.match(fact("room", named("ulogd"))!, new RegExp(`buffer_size=${Math.ceil(needed / 2)}, with`));
    assert.match(fact("room", named("conntrackd"))!, new RegExp(`: NetlinkBufferSize ${needed}, with`));
    assert.match(fact("room", named("other"))!, /of buffer, it has 208 KiB$/);
    const kept = { ...events, destroy: { ...events.destroy, refused: 0 } };
    assert.equal(fact("room", report({ events: kept })), undefined);
  });

  test("a reader like it in flags, and how its pace is known", () => {
    const { scenario } = sampleReport();
    const [listener] = scenario.listeners;
    const reader = { ...listener!, serviceNanoseconds: 40_000, bufferBytes: 106_496, policy: "lossy" as const };
    const of = (change: object, sockets = PROGRAM.sockets) =>
      fact("simulate", report({ scenario: { ...scenario, listeners: [{ ...reader, ...change }] } }, { sockets }));
    assert.equal(of({}), "a reader like it is --reader 40us --buffer 104k --policy lossy");
    assert.match(of({ groups: ["new", "destroy"] })!, / --groups new\+destroy$/);
    assert.match(
      of({}, [{ ...SOCKET, pace: null }])!,
      /, by its processor time alone, the least that a message costs$/,
    );
    assert.equal(of({}, []), "nothing was read that a reader's pace could be told from");
  });
});
