/** Advice on a live run, here on a simulated one that says that it was live, with stubs for the machine. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { adviceTexts } from "../../src/render/text/advice.js";
import type { MeasuredCosts } from "../../src/report/measurement.js";
import type { ProgramReport, ProgramSocket } from "../../src/report/program.js";
import type { Report } from "../../src/report/report.js";
import { resolveScenario } from "../../src/scenario/defaults.js";
import { ParameterError } from "../../src/scenario/errors.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { simulate } from "../../src/simulation/simulation.js";
import { adviceOnLive } from "../../src/study/live-advice.js";

const LOSSY = resolveScenario("flush", {
  connections: 1000,
  kernel: "6.1",
  listeners: [{ policy: "lossy", bufferBytes: 8192, serviceNanoseconds: 20_000 }],
});
const { packetNanoseconds, flushEntryNanoseconds, attemptNanoseconds, recvNanoseconds, wakeupNanoseconds } =
  LOSSY.costs;
const COSTS: MeasuredCosts = {
  packetNanoseconds,
  flushEntryNanoseconds,
  attemptNanoseconds,
  recvNanoseconds,
  wakeupNanoseconds,
};
const live: Report = { ...simulate(LOSSY), backend: "live", advice: null };

function machine(refuse: (scenario: Scenario) => void = () => {}) {
  const asked = { costs: 0 };
  const costs = async () => {
    asked.costs++;
    return COSTS;
  };
  return { asked, costs, refuse };
}

function refusesPolicies(scenario: Scenario): void {
  if (scenario.listeners[0]!.policy !== "lossy")
    throw new ParameterError("listeners.0.policy", "expected lossy, got another");
}

/** As a program that reads for 20 µs, with its sockets as they are. */
function readBy(name: string | null, socket: Partial<ProgramSocket> = {}): Report {
  const pace = {
    microsecondsPerMessage: 20 + recvNanoseconds / 1000,
    clockMicrosecondsPerMessage: 21,
    fastMicroseconds: null,
    slowMicroseconds: null,
    messagesPerSecond: 50_000,
    messages: 1000,
    kinds: { new: null, update: null, destroy: null },
  };
  const process = name === null ? null : { pid: 1, name };
  const sockets = [{ process, pace, rcvbufBytes: 16_384, rcvbufBytesAtEnd: 16_384, ...socket }] as ProgramSocket[];
  return { ...live, program: { command: "x", sockets, ended: null } as unknown as ProgramReport };
}

describe("advice on a live run", () => {
  test("is a simulation of it, and its sentence says so", async () => {
    const advice = (await adviceOnLive(live, machine()))!;
    assert.equal(advice[0]!.flags, "--policy reliable");
    assert.deepEqual(advice[0]!.improves[0], {
      figure: "destroyNotArrived",
      before: live.events.destroy.lost,
      after: 0,
    });
    const [sentence] = adviceTexts({ ...live, advice });
    assert.match(
      sentence!,
      /^In a simulation with the costs of this machine and the reader of this run: Try --policy reliable: every DESTROY arrives/,
    );
  });

  test("names nothing that a live run would refuse", async () => {
    const [advice] = (await adviceOnLive(live, machine(refusesPolicies)))!;
    assert.match(advice!.flags, /^--buffer/);
    const refusesAll = machine(() => {
      throw new ParameterError("x", "expected nothing");
    });
    assert.deepEqual(await adviceOnLive(live, refusesAll), []);
  });

  test("is none, and nothing is measured, where nothing was lost or it was interrupted", async () => {
    const listener = { bufferBytes: 131_071, serviceNanoseconds: 1000 };
    const kept: Report = {
      ...simulate(resolveScenario("flush", { connections: 100, listeners: [listener] })),
      backend: "live",
    };
    assert.equal(kept.events.destroy.lost, 0);
    const { asked, ...stub } = machine();
    assert.equal(await adviceOnLive(kept, stub), null);
    assert.equal(await adviceOnLive({ ...live, interrupted: true }, stub), null);
    assert.equal(asked.costs, 0);
  });

  test("is none where the simulation loses far more or less than the run did", async () => {
    const { socket } = live;
    assert.equal(await adviceOnLive({ ...live, socket: { ...socket, drops: 10 * socket.drops } }, machine()), null);
    const fewer: Report = {
      ...live,
      socket: { ...socket, drops: 10 },
      events: { ...live.events, destroy: { ...live.events.destroy, lost: 10 } },
    };
    assert.equal(await adviceOnLive(fewer, machine()), null);
  });

  test("of a program that is known names the setting that it has, and only what it can be told", async () => {
    for (const [name, word] of [
      ["conntrackd", /^NetlinkBufferSize \d+, NetlinkBufferSizeMaxGrowth \d+$/],
      ["ulogd", /^netlink_socket_buffer_size=\d+, netlink_socket_buffer_maxsize=\d+$/],
      ["conntrack", /^--buffer-size \d+$/],
    ] as const) {
      const report = readBy(name);
      const [advice] = (await adviceOnLive(report, machine(refusesPolicies)))!;
      assert.match(advice!.setting!, word);
      const [sentence] = adviceTexts({ ...report, advice: [advice!] });
      assert.ok(
        sentence!.startsWith(
          `In a simulation with the costs of this machine and the program's pace of this run: Try ${advice!.setting} of the program: `,
        ),
        sentence,
      );
    }
  });

  test("of a program that is not known says what a flag is for it", async () => {
    const report = readBy("collector");
    const advice = (await adviceOnLive(report, machine(refusesPolicies)))!;
    assert.match(
      adviceTexts({ ...report, advice })[0]!,
      /: Try what --buffer \w+( --rmem-max \w+)? sets, by the program's own means: every/,
    );
  });

  test("of a program without a pace, or with a buffer that grew, is none", async () => {
    const stub = machine();
    assert.equal(await adviceOnLive(readBy("conntrackd", { pace: null }), stub), null);
    assert.equal(await adviceOnLive(readBy("conntrackd", { rcvbufBytesAtEnd: 65_536 }), stub), null);
    assert.equal(stub.asked.costs, 0);
  });
});
