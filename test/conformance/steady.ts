/**
 * Steady load: flows come for minutes while the gc works, and nothing is flushed. What is compared is what a user would
 * see of it: how large the bursts of DESTROY are, how many there are and when, what the table holds over time, who is
 * refused and why, and how fast undelivered events leave beside the flood. The first pass of the gc is where the
 * recording had it.
 */

import type { Scenario } from "../../src/scenario/scenario.js";
import { Streams } from "../../src/scenario/streams.js";
import { Run } from "../../src/simulation/loop.js";
import type { Machine } from "../../src/simulation/machine.js";
import type { Sampler } from "../../src/simulation/timeline.js";
import { chooseClientPorts, tuplesDestroyed } from "./client-ports.js";
import type { Quantities } from "./quantities.js";
import type { Recording, SteadyResult } from "./recording.js";

const LOOK_NANOSECONDS = 500e6;
/** So long after the last packet the recording program gives up on a table that is not empty. */
const WATCH_NANOSECONDS = 90e9;
/** A burst: as many entries leave between two looks as came in so many of them. */
const BURST_LOOKS = 3;

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
    if (at < 2) return false;
    // Beside the load look-ups remove nearly as many as come; afterwards only the worker delivers.
    const fall = looks[at - 1]!.count - count;
    if (fall > (seconds > flood + 1 ? perLook / 4 : perLook)) return true;
    const refused = looks[at]!.drops - looks[at - 1]!.drops;
    return refused > 3 * (looks[at - 1]!.drops - looks[at - 2]!.drops) + perLook;
  });
  return index < 0 ? null : [looks[index - 1]!.seconds, looks[index]!.seconds];
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

export function simulatedSteady(recording: Recording, scenario: Scenario): Quantities {
  const sampler = new SteadySampler(recording);
  const run = new Run(scenario, sampler);
  const { gc, release } = run.kernel;
  chooseClientPorts(run.kernel, scenario);
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
