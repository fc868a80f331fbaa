/**
 * What a message costs a program: floods of a rising rate, each followed by the time that the program needs to read
 * what it got, and a flush of all their entries at the end, which is as fast as the kernel makes it. It owns the order
 * of these stages and the counting between them; the program is started, watched and ended by readers/program.ts.
 */
import { setImmediate, setTimeout } from "node:timers/promises";
import type { MeasuredCosts, Measurement, MeasurementStage } from "../../report/measurement.js";
import { TOOL_VERSION } from "../../report/version.js";
import type { Scenario, TrafficClass } from "../../scenario/scenario.js";
import { Streams } from "../../scenario/streams.js";
import { classesOf } from "../../scenario/traffic.js";
import { Traffic } from "../../workload/traffic.js";
import { now } from "../host/clock.js";
import { NamespaceKernel } from "../host/namespace-kernel.js";
import type { SystemCalls } from "../host/system-calls.js";
import { Program, type ProgramCommand } from "../readers/program.js";
import { Flood } from "../traffic/flood.js";
import { connectOnce, UdpSender } from "../traffic/udp-sender.js";
import { measureBacklog } from "./backlog.js";
import { asFound, programReportOf } from "./program-report.js";

/** Connections per second; the last as fast as the machine makes them. */
const RATES = [1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, null] as const;
const FLOOD_SECONDS = 0.5;
/** Of the fastest flood, which has no rate. */
const FASTEST_CONNECTIONS = 40_000;
/** Of the table: a full one would refuse what is to be measured. */
const TABLE_SHARE = 0.8;
const LONGEST_DRAIN_SECONDS = 10;
const LOOK_MILLISECONDS = 2;
/** A queue that was seen empty so many times in a row is. */
const LOOKS_EMPTY = 5;
const SLICE_NANOSECONDS = 20e6;

export interface MeasureListener {
  progress(done: number, of: number): void;
  stopRequested(): boolean;
}

export async function measureProgram(
  scenario: Scenario,
  command: ProgramCommand,
  calls: SystemCalls,
  { progress, stopRequested }: MeasureListener,
): Promise<Measurement> {
  const cpus = calls.allowedCpus();
  calls.sharpenTimers();
  calls.pinTo([cpus[0]!]);
  const kernel = new NamespaceKernel(calls, scenario, () => connectOnce(calls));
  calls.pinTo(cpus.length > 1 ? cpus.slice(1) : cpus);
  const program = new Program(scenario.listeners[0]!, command, calls, kernel.truesizeBytes, cpus[0]!);
  calls.pinTo([cpus[0]!]);
  await program.opened();
  const sender = new UdpSender(calls, scenario.udpPortOpen);
  const began = now();
  const stages: MeasurementStage[] = [];
  const [any] = classesOf(scenario);
  const onePacket: TrafficClass = {
    ...any!,
    protocol: "udp",
    arrivals: "constant",
    packets: 1,
    packetGapNanoseconds: 0,
  };
  const streams = new Streams(scenario.seed);
  let created = 0;
  for (const rate of RATES) {
    const connections = rate === null ? FASTEST_CONNECTIONS : rate * FLOOD_SECONDS;
    progress(stages.length, RATES.length + 2);
    if (stopRequested() || created + connections > TABLE_SHARE * scenario.nfConntrackMax) continue;
    const classes = [{ ...onePacket, connections, ratePerSecond: rate }];
    const chance = [streams.of("arrivals")];
    const traffic = new Traffic({ classes, startNanoseconds: 0, firstTuple: created, profile: null, chance }, null);
    const flood = new Flood(traffic, [sender]);
    stages.push(await stageOf(program, "flood", rate, () => floodNow(flood, stopRequested)));
    created += connections;
  }
  if (!stopRequested()) {
    progress(stages.length, RATES.length + 2);
    stages.push(
      await stageOf(program, "flush", null, async () => {
        const entries = kernel.count();
        kernel.flush();
        return entries;
      }),
    );
  }
  progress(RATES.length + 1, RATES.length + 2);
  // Its watch would take a program that is stopped for a slow one.
  const figures = await program.figures();
  kernel.flush();
  await drained(program);
  const capacity = (program.rcvbufBytes ?? 0) / kernel.truesizeBytes;
  const around = { program, kernel, sender, drained: () => drained(program), stopRequested };
  const backlog = await measureBacklog(around, capacity);
  await program.stop();
  sender.close();
  const report = programReportOf(figures, {
    command: command.text,
    secondsAt: (nanoseconds) => (nanoseconds - began) / 1e9,
    truesizeBytes: kernel.truesizeBytes,
    kernel: scenario.kernel,
  });
  return {
    schemaVersion: 1,
    tool: { name: "ct-reliable", version: TOOL_VERSION },
    kernel: { release: scenario.kernel },
    stages,
    program: report,
    backlog,
    costs: costsOf(scenario),
    listener: asFound(scenario, report, backlog).listeners[0]!,
    interrupted: stopRequested(),
  };
}

/** Those that were measured before. */
function costsOf({ costs }: Scenario): MeasuredCosts {
  const { packetNanoseconds, flushEntryNanoseconds, attemptNanoseconds, recvNanoseconds, wakeupNanoseconds } = costs;
  return { packetNanoseconds, flushEntryNanoseconds, attemptNanoseconds, recvNanoseconds, wakeupNanoseconds };
}

/** `act` returns how many connections it opened, or entries it flushed. */
async function stageOf(
  program: Program,
  kind: MeasurementStage["kind"],
  askedPerSecond: number | null,
  act: () => Promise<number>,
): Promise<MeasurementStage> {
  const before = program.totals();
  const began = now();
  const made = await act();
  const acted = now() - began;
  await drained(program);
  const after = program.totals();
  const seconds = (now() - began) / 1e9;
  const difference = (key: "offered" | "read"): number | null =>
    before[key] === null || after[key] === null ? null : after[key] - before[key];
  return {
    kind,
    askedPerSecond,
    achievedPerSecond: (1e9 * made) / acted,
    seconds,
    offered: difference("offered"),
    read: difference("read"),
    lost: after.drops - before.drops,
    cpuShare: (after.cpuNanoseconds - before.cpuNanoseconds) / 1e9 / seconds,
  };
}

async function floodNow(flood: Flood, stopRequested: () => boolean): Promise<number> {
  const began = now();
  let sliceEnd = 0;
  while (flood.due !== Number.POSITIVE_INFINITY && !stopRequested()) {
    const at = now() - began;
    if (at >= sliceEnd) {
      await setImmediate();
      sliceEnd = at + SLICE_NANOSECONDS;
    } else if (flood.due <= at) {
      flood.sendDue(at);
    }
  }
  return flood.created;
}

async function drained(program: Program): Promise<void> {
  const began = now();
  for (let empty = 0; empty < LOOKS_EMPTY && now() - began < LONGEST_DRAIN_SECONDS * 1e9; ) {
    await setTimeout(LOOK_MILLISECONDS);
    empty = program.idle() ? empty + 1 : 0;
  }
}
