/**
 * What things cost on this machine, in the simulator's terms (Costs of scenario.ts): rounds of experiments in a
 * namespace, each round a measurement of its own, so that whoever uses them sees how much this machine varies. A packet
 * is a flood without a listener, an entry of a flush likewise; an attempt is what a listener with a full buffer
 * adds to the flush; a recv is a queue read at once; a wake-up is the way of one event to a reader that sleeps.
 */
import { setTimeout } from "node:timers/promises";
import type { MeasuredCosts } from "../../report/measurement.js";
import { median } from "../../report/median.js";
import type { ListenerScenario, Scenario } from "../../scenario/scenario.js";
import { emptyGlance, glanceAt } from "../../wire/conntrack-event.js";
import { now } from "../host/clock.js";
import { NamespaceKernel } from "../host/namespace-kernel.js";
import { openListener } from "../host/netlink-socket.js";
import { MSG_DONTWAIT, type SystemCalls } from "../host/system-calls.js";
import { Listener } from "../readers/listener.js";
import { connectOnce, UdpSender } from "../traffic/udp-sender.js";

const ROUNDS = 9;
/** Between a flood and its flush, as in the runs: a flush that follows at once finds its entries in the caches. */
const PAUSE_MILLISECONDS = 200;
const ENTRIES = 1000;
/** Of these the median is a round's. */
const WAKEUPS = 7;

/** One per round. `scenario` gives the sysctls and the limits; its connections are not made. */
export async function measureCosts(scenario: Scenario, calls: SystemCalls): Promise<MeasuredCosts[]> {
  const cpus = calls.allowedCpus();
  calls.pinTo([cpus[0]!]);
  const kernel = new NamespaceKernel(calls, { ...scenario, nfConntrackMax: Number.MAX_SAFE_INTEGER }, () =>
    connectOnce(calls),
  );
  const machine = new Machine(kernel, calls);
  const readerCpu = scenario.cpus === 2 ? cpus[1]! : cpus[0]!;
  // What a cold machine does at first says nothing of the runs that follow.
  await machine.measure("roomy");
  const rounds: MeasuredCosts[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await machine.round(scenario, readerCpu));
  machine.close();
  return rounds;
}

/** Nanoseconds per packet, entry and message. */
interface Measurement {
  flood: number;
  flush: number;
  recv: number;
}

/** Buffers of a listener that does not read: none at all, one that is full, one with room for every event. */
const BUFFERS = { none: null, full: 2048, roomy: 2 ** 24 } as const;

class Machine {
  private readonly kernel: NamespaceKernel;
  private readonly calls: SystemCalls;
  private readonly sender: UdpSender;
  private readonly buffer = Buffer.alloc(8192);
  private readonly event = emptyGlance();

  constructor(kernel: NamespaceKernel, calls: SystemCalls) {
    this.kernel = kernel;
    this.calls = calls;
    this.sender = new UdpSender(calls, false);
  }

  async round(scenario: Scenario, readerCpu: number): Promise<MeasuredCosts> {
    const bare = await this.measure("none");
    const refused = await this.measure("full");
    const { recv } = await this.measure("roomy");
    const attempt = Math.max(0, refused.flush - bare.flush);
    const wakeup = await this.wakeupOfReader(scenario, readerCpu);
    return {
      packetNanoseconds: Math.round(bare.flood),
      flushEntryNanoseconds: Math.round(bare.flush),
      attemptNanoseconds: Math.round(attempt),
      recvNanoseconds: Math.round(recv),
      wakeupNanoseconds: Math.round(Math.max(0, wakeup - recv)),
    };
  }

  async measure(listening: keyof typeof BUFFERS): Promise<Measurement> {
    const bufferBytes = BUFFERS[listening];
    const socket = bufferBytes === null ? null : openListener(this.calls, bufferBytes, "lossy", ["destroy"]);
    const flood = timed(() => this.sender.sendFirstOf(ENTRIES));
    await setTimeout(PAUSE_MILLISECONDS);
    const flush = timed(() => this.kernel.flush());
    let read = 0;
    const recv = socket === null ? 0 : timed(() => (read = this.readAll(socket.fd)));
    if (socket !== null) this.calls.close(socket.fd);
    return { flood: flood / ENTRIES, flush: flush / ENTRIES, recv: read === 0 ? 0 : recv / read };
  }

  private readAll(fd: number): number {
    let read = 0;
    while (this.calls.recv(fd, this.buffer, MSG_DONTWAIT) > 0) {
      glanceAt(this.buffer, this.event);
      read++;
    }
    return read;
  }

  /**
   * The median time from a delete that is over to the moment at which a sleeping reader has read its DESTROY. A flush
   * would not do: of one entry it takes as long as the walk over all buckets.
   */
  private async wakeupOfReader(scenario: Scenario, readerCpu: number): Promise<number> {
    const listener: ListenerScenario = {
      ...scenario.listeners[0]!,
      bufferBytes: scenario.rmemMaxBytes,
      serviceNanoseconds: 0,
      stall: null,
      stallOnce: null,
      joins: "start",
      smallFrom: "start",
      groups: ["new", "destroy"],
    };
    const reader = new Listener({ ...scenario, listeners: [listener] }, 0, this.calls, {
      cpu: readerCpu,
      besideFillers: false,
    });
    await reader.opened();
    reader.begin(now());
    const ways: number[] = [];
    for (let index = 0; index < WAKEUPS; index++) {
      this.sender.sendFirstOf(1);
      await setTimeout(3);
      const [entry] = [...this.kernel.dump()].flat();
      if (entry === undefined) continue;
      const began = now();
      this.kernel.delete(entry);
      const done = now();
      await setTimeout(3);
      if (reader.inSyncNanoseconds > began) ways.push(Math.max(0, reader.inSyncNanoseconds - done));
    }
    await reader.stop();
    return ways.length === 0 ? 0 : median(ways);
  }

  close(): void {
    this.sender.close();
  }
}

function timed(action: () => void): number {
  const began = now();
  action();
  return now() - began;
}
