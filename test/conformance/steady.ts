/**
 * Steady load: flows come for minutes while the gc works, and nothing is flushed. What is compared is what a user would
 * see of it: how large the bursts of DESTROY are, how many there are and when, what the table holds over time, who is
 * refused and why, and how fast undelivered events leave beside the flood. The first pass of the gc is where the
 * recording had it.
 */

import { coarseExpiry } from "../../src/kernel/delayed-work.js";
import { type Costs, type Scenario, SHORTEST_TCP_PACKETS } from "../../src/scenario/scenario.js";
import { Streams } from "../../src/scenario/streams.js";
import { Run } from "../../src/simulation/loop.js";
import type { Machine } from "../../src/simulation/machine.js";
import type { Sampler } from "../../src/simulation/timeline.js";
import { chooseClientPorts, tuplesDestroyed } from "./client-ports.js";
import type { Quantities } from "./quantities.js";
import { CALIBRATION, scenarioOf } from "./recorded-scenario.js";
import type { Recording, SteadyResult } from "./recording.js";

const LOOK_NANOSECONDS = 500e6;
/** So long after the last packet the recording program gives up on a table that is not empty. */
const WATCH_NANOSECONDS = 90e9;
/** A burst: as many entries leave between two looks as came in so many of them. */
const BURST_LOOKS = 3;
/** So many looks say what look-ups alone deliver. */
const DRAIN_LOOKS = 5;

/** One look: seconds since the first packet, and totals. */
interface Look {
  seconds: number;
  count: number;
  left: number;
  destroyReceived: number;
  drops: number;
}

export function isSteady({ tag }: Pick<Recording, "tag">): boolean {
  return tag === "steady";
}

/** The columns of the recorded series. */
function recordedLooks({ series }: Recording): Look[] {
  return series!.rows.map(([seconds, count, , drops, received, destroyReceived]) => ({
    seconds: seconds!,
    count: count!,
    left: received! - count!,
    destroyReceived: destroyReceived!,
    drops: drops!,
  }));
}

export function recordedSteady(recording: Recording): Quantities {
  const result = recording.result as unknown as SteadyResult;
  const quantities: Quantities = new Map([
    ["sent", result.sent],
    ["refusedBySend", result.refusedBySend],
    ["countAtEnd", result.countAtEnd],
    ["tableDrop", result.tableDrop],
    ["tableEarlyDrop", result.tableEarlyDrop],
    ["listener.new", result.received.new],
    ["listener.destroy", result.received.destroy],
    ["listener.uniqueDestroy", result.uniqueDestroy],
    ["listener.enobufs", result.enobufs],
    ["listener.drops", result.drops],
  ]);
  addLooks(quantities, recordedLooks(recording), recording);
  return quantities;
}

/** When entries first left in a burst: between these two looks, in seconds since the first packet. */
function firstBurstSeconds(recording: Recording): readonly [number, number] | null {
  const looks = recordedLooks(recording);
  const perLook = arrivalsPerLook(recording);
  const flood = (recording.result as unknown as SteadyResult).floodSeconds;
  const index = looks.findIndex(({ seconds, count }, at) => {
    if (at < DRAIN_LOOKS) return false;
    // Beside the load look-ups remove nearly as many as come; afterwards only the worker delivers.
    const fall = looks[at - 1]!.count - count;
    if (fall > (seconds > flood + 1 ? perLook / 4 : perLook)) return true;
    // Of connections to ports that come back look-ups remove now many, now none.
    if (recording.setting.mode === "tcp") return false;
    if (recording.setting.reliable === 1) return beginsToDrain(looks, at, perLook);
    const refused = looks[at]!.drops - looks[at - 1]!.drops;
    return refused > 3 * (looks[at - 1]!.drops - looks[at - 2]!.drops) + perLook;
  });
  return index < 0 ? null : [looks[index - 1]!.seconds, looks[index]!.seconds];
}

/**
 * Where a buffer is too small for a burst, a pass leaves a dying list, and from then on the worker delivers at its own
 * pace, at least twice what look-ups did. A look that is mostly over when the pass begins shows little of it.
 */
function beginsToDrain(looks: readonly Look[], at: number, perLook: number): boolean {
  if (at + 1 >= looks.length) return false;
  const delivered = (look: number): number => looks[look]!.destroyReceived - looks[look - 1]!.destroyReceived;
  const before = (looks[at - 1]!.destroyReceived - looks[at - DRAIN_LOOKS]!.destroyReceived) / (DRAIN_LOOKS - 1);
  const least = Math.max(before, 0.45 * perLook);
  const rise = delivered(at) - before;
  return rise > least || (delivered(at + 1) - before > least && rise > least / 5);
}

/** Connections between two looks. */
function arrivalsPerLook({ setting: { flows }, result }: Recording): number {
  return (flows / (result as unknown as SteadyResult).floodSeconds) * (LOOK_NANOSECONDS / 1e9);
}

/** Indices of the looks at whose end a burst began. */
function bursts(looks: readonly Look[], recording: Recording): number[] {
  const perLook = arrivalsPerLook(recording);
  const isBurst = (index: number): boolean =>
    index > 0 && looks[index - 1]!.count - looks[index]!.count > (BURST_LOOKS - 1) * perLook;
  return looks.map((_, index) => index).filter((index) => isBurst(index) && !isBurst(index - 1));
}

function addLooks(into: Quantities, looks: readonly Look[], recording: Recording): void {
  const flood = (recording.result as unknown as SteadyResult).floodSeconds;
  const near = (seconds: number): Look =>
    looks.reduce((best, look) => (Math.abs(look.seconds - seconds) < Math.abs(best.seconds - seconds) ? look : best));
  for (const share of [0.25, 0.5, 0.75, 1]) {
    const look = near(share * flood);
    into.set(`flood[${share}].count`, look.count);
    into.set(`flood[${share}].destroyReceived`, look.destroyReceived);
    into.set(`flood[${share}].drops`, look.drops);
  }
  into.set("mostEntries", Math.max(...looks.map(({ count }) => count)));
  // The last ones, of what is left, are no part of the load.
  into.set("bursts", bursts(looks, recording).filter((index) => looks[index]!.seconds < flood).length);
  const falls = looks.map(({ count }, index) =>
    index === 0 ? 0 : looks[index - 1]!.count - Math.min(count, looks[index + 1]?.count ?? count),
  );
  into.set("largestFall", Math.max(...falls));
}

class SteadySampler implements Sampler {
  readonly lookNanoseconds = 0;
  readonly looks: Look[] = [];
  private empty = 0;
  /** It looks when the recording program did. */
  private readonly times: readonly number[];

  constructor(recording: Recording) {
    this.times = recordedLooks(recording).map(({ seconds }) => Math.round(seconds * 1e9));
  }

  due(): number {
    const { looks, times } = this;
    return times[looks.length] ?? times.at(-1)! + (looks.length + 1 - times.length) * LOOK_NANOSECONDS;
  }

  sample(machine: Machine): void {
    const { table, sockets } = machine.kernel;
    const { received } = machine.readers.list[0]!.view;
    this.looks.push({
      seconds: machine.clock.now / 1e9,
      count: table.count,
      left: received.new - table.count,
      destroyReceived: received.destroy,
      drops: sockets[0]!.drops,
    });
    const sinceFlood = machine.clock.now - machine.figures.floodEndedAt;
    this.empty = sinceFlood > 0 && table.count === 0 ? this.empty + 1 : 0;
    machine.over = this.empty === 4 || sinceFlood >= WATCH_NANOSECONDS;
  }
}

/**
 * The program makes some connections, as fast as it can, and sleeps: whatever keeps it from its CPU makes the flood
 * longer. A SYN that was dropped is sent again a second later, and the program waits for it.
 */
function beginFlood(recording: Recording, scenario: Scenario, sampler?: Sampler): { run: Run; resent: () => number } {
  const run = new Run({ ...scenario, ratePerSecond: null, arrivals: "constant" }, sampler);
  const { machine, phases } = run;
  const { pauseEveryFlows, pauseMicroseconds } = recording.setting;
  let resent = 0;
  chooseClientPorts(run.kernel, scenario, null, () => resent++);
  const act = phases.act.bind(phases);
  let opened = 0;
  let waited = 0;
  phases.act = (): void => {
    act();
    if (phases.nextPacket !== 0 || opened === phases.opened.first[0]!) return;
    opened = phases.opened.first[0]!;
    let sleeps = (resent - waited) * synWaitNanoseconds(recording);
    if (opened % pauseEveryFlows! === 0) sleeps += pauseMicroseconds! * 1000;
    if (sleeps > 0) phases.due = machine.cpu0.free + sleeps;
    waited = resent;
  };
  return { run, resent: () => resent };
}

/** A timer of a second is late by half of its level's width, on average (delayed-work.ts). */
function synWaitNanoseconds({ hz }: Recording): number {
  const jiffies = Array.from({ length: 8 }, (_, now) => coarseExpiry(now + hz, hz) - now);
  return (jiffies.reduce((sum, wait) => sum + wait, 0) / jiffies.length / hz) * 1e9;
}

/** What a packet takes there: so much that the flood lasts as long as it did, without the waits for a SYN. */
export function steadyCosts(recording: Recording, known: Partial<Costs>): Partial<Costs> {
  const { flows, mode } = recording.setting;
  const { floodSeconds, tableDrop } = recording.result as unknown as SteadyResult;
  const isTcp = mode === "tcp";
  const packets = flows * (isTcp ? SHORTEST_TCP_PACKETS : 1);
  const costs: Partial<Costs> = { ...scenarioOf(recording, CALIBRATION, known).costs };
  for (let round = 0; round < 2; round++) {
    const { run, resent } = beginFlood(recording, scenarioOf(recording, CALIBRATION, costs));
    while (run.figures.floodEndedAt === Number.POSITIVE_INFINITY && run.advance(10_000));
    const moreWaits = isTcp ? (tableDrop - resent()) * synWaitNanoseconds(recording) : 0;
    const error = floodSeconds * 1e9 - run.figures.floodEndedAt - moreWaits;
    costs.packetNanoseconds = Math.max(100, Math.round(costs.packetNanoseconds! + error / packets));
  }
  return costs;
}

export function simulatedSteady(recording: Recording, scenario: Scenario): Quantities {
  const sampler = new SteadySampler(recording);
  const { run } = beginFlood(recording, scenario, sampler);
  const { gc, release } = run.kernel;
  const destroyed = tuplesDestroyed(run.kernel);
  const first = firstBurstSeconds(recording);
  if (gc !== null && first !== null && release.gc.startsWith("pass")) {
    const share = new Streams(scenario.seed).of("first pass").uniform();
    gc.work.due = Math.round((first[0] + share * (first[1] - first[0])) * 1e9);
  }
  while (run.advance(100_000));
  run.conclude();
  const { table, sockets } = run.kernel;
  const { view, socket } = run.readers[0]!;
  const quantities: Quantities = new Map([
    ["sent", scenario.connections - table.counters.drop],
    ["refusedBySend", table.counters.drop],
    ["countAtEnd", table.count],
    ["tableDrop", table.counters.drop],
    ["tableEarlyDrop", table.counters.earlyDrop],
    ["listener.new", view.received.new],
    ["listener.destroy", view.received.destroy],
    ["listener.uniqueDestroy", destroyed.size],
    ["listener.enobufs", socket.enobufs],
    ["listener.drops", sockets[0]!.drops],
  ]);
  addLooks(quantities, sampler.looks, recording);
  return quantities;
}
