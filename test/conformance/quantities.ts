/**
 * The quantities that a recording and a simulated run both have, under one name each. The simulated ones are taken as
 * the recording program took them: at its sampling times, with its rule for when a run is over. A quantity is a number;
 * times are marked, because their comparison is widened by the sampling period.
 */

import type { Reader } from "../../src/daemon/reader.js";
import { DaemonView } from "../../src/daemon/view.js";
import { NEVER } from "../../src/kernel/clock.js";
import { Flush } from "../../src/kernel/conntrack/flush.js";
import { ACK } from "../../src/kernel/conntrack/trackers/tcp-states.js";
import { KIND_DESTROY } from "../../src/kernel/events/kinds.js";
import { messageBytes } from "../../src/kernel/events/message.js";
import { RECV_ENOBUFS, RECV_MESSAGE } from "../../src/kernel/netlink/socket.js";
import { releaseFor } from "../../src/kernel/release.js";
import type { RecordedListener } from "../../src/live/run/recording.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { Streams } from "../../src/scenario/streams.js";
import { SimulatedKernel } from "../../src/simulation/kernel.js";
import { Run } from "../../src/simulation/loop.js";
import type { Machine } from "../../src/simulation/machine.js";
import type { Sampler } from "../../src/simulation/timeline.js";
import { chooseClientPorts, tuplesDestroyed } from "./client-ports.js";
import { firstPassSeconds, isDistribution, resentSyns } from "./recorded-scenario.js";
import type { Recording } from "./recording.js";
import { resetConnections, resetSome } from "./resets.js";

export type Quantities = Map<string, number>;

/** Names of quantities that are times in seconds. */
export const TIMES = new Set(["drainSeconds"]);

const USUAL_PERIOD_SECONDS = 0.25;
/** With the kernels of distributions it looked more often. */
const DISTRIBUTION_PERIOD_SECONDS = 0.1;
/** How far from the closing of a listener a look may belong to it. */
const SECOND_FLOOD_SECONDS = 0.4;
const CLOSING_SECONDS = 0.05;
/**
 * What a look of the recording program takes of its CPU: its share decides how far a sleeper of the others may be
 * behind. From runs of 6.1.170 with a slow reader, whose worker gives way to the reader sooner or later if it is less,
 * and in none of which it does if it is 10 us more. A cost of that program, not a result.
 */
const LOOK_NANOSECONDS = 190_000;
/**
 * It looked, too, while it waited between flood and flush: otherwise readers of OpenWrt's kernels that had read for a
 * third of a second before would not come before the flush at once, and they do. How often is an estimate.
 */
const SETTLING_LOOKS = 4;
const SETTLING_PERIOD_NANOSECONDS = 100e6;
/**
 * Between the last look of a run that did not drain and the end of its reader, from what readers of 100 us and 1 ms
 * still read after a run of the worker that the series shows; readers of 10 ms say 60.1 to 67.6 ms. The entries were
 * counted then; a reader that sat in recv ended after the next one that returned something, if that was soon, and only
 * then were the drops read.
 */
const LAST_LOOK_TO_STOP_NANOSECONDS = 60.7e6;
const LAST_RECV_NANOSECONDS = 20e6;
const MILLISECOND = 1e6;

/** The interval at which the recording program looked. Its series is thinned, but the last two rows show the period. */
export function samplingPeriodSeconds(recording: Recording): number {
  const rows = recording.series?.rows ?? [];
  const { listenerClosesAfterFlushMilliseconds, secondFloodAfterFlushMilliseconds } = recording.setting;
  // The program looked once more before it closed a listener, and after its second flood.
  const closes = (listenerClosesAfterFlushMilliseconds ?? Number.NEGATIVE_INFINITY) / 1000;
  const floods = (secondFloodAfterFlushMilliseconds ?? Number.NEGATIVE_INFINITY) / 1000;
  let least = isDistribution(recording.build) ? DISTRIBUTION_PERIOD_SECONDS : USUAL_PERIOD_SECONDS;
  for (let i = 2; i < rows.length; i++) {
    const [before, after] = [rows[i - 1]![0]!, rows[i]![0]!];
    if (before <= closes + CLOSING_SECONDS && after >= closes - CLOSING_SECONDS) continue;
    if (before >= floods && before < floods + SECOND_FLOOD_SECONDS) continue;
    const difference = after - before;
    if (difference > 0.002 && difference < least - 0.001) least = difference;
  }
  return least;
}

/** Rows of the series that are compared: a quarter, half and three quarters of the way. */
function comparedRows(recording: Recording): number[][] {
  const rows = recording.series?.rows ?? [];
  return rows.length < 8 ? [] : [0.25, 0.5, 0.75].map((share) => rows[Math.floor(share * rows.length)]!);
}

function addListener(into: Quantities, prefix: string, listener: RecordedListener): void {
  into.set(`${prefix}.rcvbufBytes`, listener.rcvbufBytes);
  into.set(`${prefix}.new`, listener.received.new);
  into.set(`${prefix}.update`, listener.received.update);
  into.set(`${prefix}.destroy`, listener.received.destroy);
  into.set(`${prefix}.uniqueDestroy`, listener.uniqueDestroy);
  into.set(`${prefix}.duplicateDestroy`, listener.duplicateDestroy);
  into.set(`${prefix}.destroyWithoutNew`, listener.destroyWithoutNew);
  into.set(`${prefix}.destroyWithPortid`, listener.destroyWithPortid);
  into.set(`${prefix}.enobufs`, listener.enobufs);
  into.set(`${prefix}.drops`, listener.drops);
}

/** What the recording says. */
export function recordedQuantities(recording: Recording): Quantities {
  const quantities: Quantities = new Map();
  const { result, capacity } = recording;
  if (capacity !== undefined) {
    for (const [flows, rmem, drops] of capacity.cap_new) {
      quantities.set(`cap_new[${flows}].rmem`, rmem);
      quantities.set(`cap_new[${flows}].drops`, drops);
    }
    quantities.set("cap_new_final.rmem", capacity.cap_new_final.rmem);
    quantities.set("cap_new_final.drops", capacity.cap_new_final.drops);
    quantities.set("drained_new", capacity.drained_new);
    quantities.set("enobufs_new", capacity.enobufs_new);
    capacity.rmem_after_each_recv.forEach((rmem, index) => {
      quantities.set(`rmem_after_each_recv[${index}]`, rmem);
    });
    quantities.set("destroy_rmem", capacity.destroy_rmem);
    quantities.set("destroy_drops", capacity.destroy_drops);
    quantities.set("count_after_flush", capacity.count_after_flush);
    quantities.set("drained_destroy", capacity.drained_destroy);
    quantities.set("enobufs_destroy", capacity.enobufs_destroy);
    quantities.set("rcvbufBytes", recording.rcvbufBytes!);
    addSizes(quantities, recording.messageBytes!);
    return quantities;
  }
  if (result === undefined) return quantities;
  const names = [
    "sent",
    "refusedBySend",
    "countAfterFlush",
    "dropsInFlush",
    "failedDestroyAttempts",
    "destroyAttempts",
    "countAtEnd",
    "tableDrop",
    "tableEarlyDrop",
    "newReceivedBeforeFlush",
  ] as const;
  for (const name of names) if (result[name] >= 0) quantities.set(name, result[name]);
  quantities.set("drained", result.drained ? 1 : 0);
  if (result.drainSeconds !== null && result.drained) quantities.set("drainSeconds", result.drainSeconds);
  addListener(quantities, "listener", result.listener);
  addSizes(quantities, result.listener.messageBytes);
  if (result.secondListener !== undefined) addListener(quantities, "second", result.secondListener);
  comparedRows(recording).forEach((row, index) => {
    quantities.set(`series[${index}].count`, row[1]!);
    quantities.set(`series[${index}].destroyReceived`, row[4]!);
  });
  return quantities;
}

/** NEW and UPDATE have one size. DESTROY has two once timeouts have run out: how many there are of each is compared. */
function addSizes(into: Quantities, sizes: Record<string, number>): void {
  for (const [key, count] of Object.entries(sizes)) {
    const [type, bytes] = key.split("/");
    if (type === "DESTROY") into.set(`DESTROY of ${bytes} bytes`, count);
    else into.set(`bytes of ${type}`, Number(bytes));
  }
}

/** What one simulated run of the recording's scenario says, under the same names. */
export function simulatedQuantities(recording: Recording, scenario: Scenario): Quantities {
  const quantities: Quantities = new Map();
  for (const name of recordedQuantities(recording).keys()) if (name.startsWith("DESTROY of ")) quantities.set(name, 0);
  addSimulatedSizes(quantities, recording, scenario);
  if (recording.capacity !== undefined) addCapacity(quantities, scenario);
  if (recording.result !== undefined) addRun(quantities, recording, scenario);
  return quantities;
}

function bytesOf(scenario: Scenario, type: "new" | "update" | "destroy", timeLeft: boolean): number {
  const { layout } = releaseFor(scenario.kernel)!;
  const { protocol, family } = scenario;
  return messageBytes({ type, protocol, family, protoinfoChanged: true, timeLeft }, layout, scenario.kernelConfig);
}

function addSimulatedSizes(into: Quantities, recording: Recording, scenario: Scenario): void {
  const sizes = recording.messageBytes ?? recording.result!.listener.messageBytes;
  for (const key of Object.keys(sizes)) {
    const type = key.split("/")[0]!;
    if (type !== "DESTROY")
      into.set(`bytes of ${type}`, bytesOf(scenario, type.toLowerCase() as "new" | "update", true));
  }
}

/** What the first listener takes of DESTROY, by size: a timeout is in it while a whole second of it is left. */
function noteDestroySizes(kernel: SimulatedKernel, scenario: Scenario): string[] {
  const sizes: string[] = [];
  const socket = kernel.sockets[0]!;
  const offer = socket.offer.bind(socket);
  socket.offer = (kind, truesizeBytes, entry, message) => {
    const admitted = offer(kind, truesizeBytes, entry, message);
    if (admitted && kind === KIND_DESTROY) {
      const timeLeft = kernel.expiry.left(entry) >= scenario.hz;
      sizes.push(`DESTROY of ${bytesOf(scenario, "destroy", timeLeft)} bytes`);
    }
    return admitted;
  };
  return sizes;
}

/** The program counted what it read: of a queue that is full at the end, not all of it. */
function addDestroySizes(into: Quantities, sizes: readonly string[], read: number): void {
  for (const size of sizes.slice(0, read)) into.set(size, (into.get(size) ?? 0) + 1);
}

/** The capacity experiment: one event at a time into a socket that nobody reads, then a drain, then a flush into it. */
function addCapacity(into: Quantities, scenario: Scenario): void {
  const [listener] = scenario.listeners;
  const small: Scenario = { ...scenario, listeners: [{ ...listener!, smallFrom: "start" }] };
  const kernel = new SimulatedKernel(
    small,
    releaseFor(scenario.kernel)!,
    new Streams(scenario.seed),
    new DaemonView(false),
  );
  const socket = kernel.sockets[0]!;
  for (let flow = 0; flow < scenario.connections; flow++) {
    kernel.packets.packet(flow, 0, ACK);
    kernel.packets.icmpError(flow);
    into.set(`cap_new[${flow + 1}].rmem`, socket.rmem);
    into.set(`cap_new[${flow + 1}].drops`, socket.drops);
  }
  into.set("cap_new_final.rmem", socket.rmem);
  into.set("cap_new_final.drops", socket.drops);
  into.set("rcvbufBytes", socket.rcvbufBytes);
  const drain = (kind: string): void => {
    let drained = 0;
    let enobufs = 0;
    for (;;) {
      const result = socket.recv(false);
      if (result === RECV_ENOBUFS) enobufs++;
      else if (result === RECV_MESSAGE) {
        if (kind === "new") into.set(`rmem_after_each_recv[${drained}]`, socket.rmem);
        drained++;
      } else break;
    }
    into.set(`drained_${kind}`, drained);
    into.set(`enobufs_${kind}`, enobufs);
  };
  drain("new");
  const sizes = noteDestroySizes(kernel, scenario);
  const walk = new Flush(kernel.table, kernel.deletion, kernel.release.flushDirection);
  while (walk.step());
  into.set("destroy_rmem", socket.rmem);
  into.set("count_after_flush", kernel.table.count);
  drain("destroy");
  addDestroySizes(into, sizes, into.get("drained_destroy")!);

  // Retries whose delay ends within the flush make more drops than the flush itself: that takes time, hence a run.
  const paused: Scenario = { ...scenario, listeners: [{ ...listener!, heldAfterFlushNanoseconds: null }] };
  const run = new Run(paused);
  while (run.figures.flushEndedAt === Number.POSITIVE_INFINITY && run.advance(100));
  into.set("destroy_drops", run.figures.dropsAfterFlush);
}

/** Looks at the run when the recording program did, and ends it when that would have. */
class RecordingSampler implements Sampler {
  lookNanoseconds: number;
  private readonly periodNanoseconds: number;
  private readonly firstNanoseconds: number;
  private readonly endsNanoseconds: number;
  private taken = 0;
  private quiet = 0;
  private ended = false;
  private stopsAt: number | null = null;
  private readonly readsToTheEnd: boolean;
  private awaits = false;
  private settleLooks = 0;
  private readonly secondFloodSeconds: number;
  /**
   * The program on the running kernel took the first look at an empty table as the end, and went on until it had seen
   * two.
   */
  private readonly firstEmptyCounts: boolean;
  readonly rows: { seconds: number; count: number; destroyReceived: number }[] = [];
  newBeforeFlush = 0;
  dropsBeforeFlush = 0;
  dropsInFlush = 0;
  countAfterFlush = 0;
  drainSeconds: number | null = null;
  /** Entries in the table when the reader was to end; null: the run drained. */
  countAtStop: number | null = null;

  constructor(recording: Recording) {
    this.readsToTheEnd = recording.setting.readerNeverReadsAfterFlush === 0;
    this.periodNanoseconds = samplingPeriodSeconds(recording) * 1e9;
    this.lookNanoseconds = recording.cpus === 1 && recording.clock !== "wall" ? LOOK_NANOSECONDS : 0;
    this.firstNanoseconds = recording.result!.flushSeconds * 1e9;
    this.firstEmptyCounts = recording.build === "host";
    this.secondFloodSeconds = (recording.setting.secondFloodAfterFlushMilliseconds ?? 0) / 1000;
    this.endsNanoseconds = (recording.setting.runEndsAfterFlushMilliseconds ?? 60_000) * 1e6;
  }

  due(run: Machine): number {
    if (run.figures.flushEndedAt === Number.POSITIVE_INFINITY) {
      this.newBeforeFlush = run.readers.list[0]!.view.received.new;
      this.dropsBeforeFlush =
        run.figures.flushAt === Number.POSITIVE_INFINITY ? run.kernel.sockets[0]!.drops : this.dropsBeforeFlush;
      return this.settlingLook(run);
    }
    if (this.taken === 0 && run.figures.flushAt === run.figures.flushEndedAt) {
      // Without a flush, this is the end of the pause.
      this.newBeforeFlush = run.readers.list[0]!.view.received.new;
      this.dropsBeforeFlush = run.kernel.sockets[0]!.drops;
    }
    if (this.stopsAt !== null) return this.countAtStop === null ? this.stopsAt : run.kernel.clock.now + MILLISECOND;
    // The program's own wake-up after the flush leaves a waiting reader the time to run first.
    const first = Math.max(run.figures.flushAt + this.firstNanoseconds, run.figures.flushEndedAt);
    return this.taken === 0 ? first : first + this.taken * this.periodNanoseconds;
  }

  private settlingLook({ figures: { floodEndedAt, flushAt } }: Machine): number {
    const waits = floodEndedAt !== Number.POSITIVE_INFINITY && flushAt === Number.POSITIVE_INFINITY;
    if (!waits || this.settleLooks === SETTLING_LOOKS) return Number.POSITIVE_INFINITY;
    return floodEndedAt + (this.settleLooks + 1) * SETTLING_PERIOD_NANOSECONDS;
  }

  sample(run: Machine): void {
    const { table, sockets, clock } = run.kernel;
    if (run.figures.flushAt === Number.POSITIVE_INFINITY) {
      this.settleLooks++;
      return;
    }
    const socket = sockets[0]!;
    const seconds = (clock.now - run.figures.flushAt) / 1e9;
    this.rows.push({ seconds, count: table.count, destroyReceived: run.readers.list[0]!.view.received.destroy });
    if (this.taken === 0) {
      this.countAfterFlush = table.count;
      this.dropsInFlush = socket.drops - this.dropsBeforeFlush;
    }
    const quiet = this.taken > 0 && seconds > this.secondFloodSeconds && table.count === 0 && socket.rmem === 0;
    this.quiet = quiet ? this.quiet + 1 : 0;
    this.taken++;
    if (this.firstEmptyCounts && table.count === 0 && this.drainSeconds === null) this.drainSeconds = seconds;
    if (this.quiet === 2) this.drainSeconds ??= seconds;
    // At the end of its time the program asks for the table only.
    const timeIsUp = clock.now - run.figures.flushAt >= this.endsNanoseconds;
    if (timeIsUp && this.taken > 1 && table.count === 0) this.drainSeconds ??= seconds;
    this.ended = this.quiet === 2 || (this.stopsAt !== null && !this.awaitsLastRecv(run));
    run.over = this.ended;
    if (clock.now - run.figures.flushAt >= this.endsNanoseconds)
      this.stopsAt ??= clock.now + LAST_LOOK_TO_STOP_NANOSECONDS;
  }

  /** The reader is to end. Whether it sits in a recv, which it will not leave before there is something. */
  private awaitsLastRecv({ clock, kernel, readers }: Machine): boolean {
    const reader = readers.list[0]!;
    if (this.countAtStop === null) {
      this.countAtStop = kernel.table.count;
      this.lookNanoseconds = 0;
      this.awaits = this.readsToTheEnd && reader.due === NEVER;
      if (this.awaits) this.endAfterRecv(reader);
    }
    if (clock.now > this.stopsAt! + LAST_RECV_NANOSECONDS) return false;
    return this.awaits;
  }

  private endAfterRecv(reader: Reader): void {
    const recv = reader.recv.bind(reader);
    reader.recv = (now): boolean => {
      if (!recv(now)) return false;
      reader.due = NEVER;
      this.awaits = false;
      return true;
    };
  }

  /** A run that settled changes no more, but the program goes on looking until it has seen that twice. */
  watchOn(run: Machine): void {
    while (!this.ended) {
      run.kernel.clock.now = this.due(run);
      this.sample(run);
    }
  }

  rowAt(seconds: number): { count: number; destroyReceived: number } {
    let best = this.rows[0]!;
    for (const row of this.rows) if (Math.abs(row.seconds - seconds) < Math.abs(best.seconds - seconds)) best = row;
    return best;
  }
}

/** TCP_TIMEOUT_INIT. */
const RETRANSMISSION_NANOSECONDS = 1e9;

/** The gc worker goes on from where it was when the recording began; `firstPassSeconds` says how that is known. */
function scheduleFirstPass(kernel: SimulatedKernel, recording: Recording, scenario: Scenario): void {
  const pass = firstPassSeconds(recording);
  if (kernel.gc === null || pass === null || !kernel.release.gc.startsWith("pass")) return;
  const [from, to] = pass;
  const at = from + (to - from) * new Streams(scenario.seed).of("first pass").uniform();
  const began = (recording.result?.floodSeconds ?? 0) * 1e9 + scenario.flushDelayNanoseconds;
  kernel.gc.work.due = Math.round(began + at * 1e9);
}

/** The flood stood still for whole seconds, each until a SYN was sent again; whose is drawn. */
function waitForSyns(run: Run, recording: Recording, { seed, connections }: Scenario): void {
  const { uniform } = new Streams(seed).of("lost SYNs");
  const lost = Array.from({ length: resentSyns(recording) }, () => Math.floor(uniform() * connections));
  if (lost.length === 0) return;
  lost.sort((a, b) => a - b);
  const {
    phases,
    machine: { clock },
  } = run;
  const act = phases.act.bind(phases);
  phases.act = (): void => {
    act();
    if (lost.length === 0 || phases.opened.first[0]! <= lost[0]!) return;
    lost.shift();
    phases.due = clock.now + RETRANSMISSION_NANOSECONDS;
  };
}

function addRun(into: Quantities, recording: Recording, scenario: Scenario): void {
  const sampler = new RecordingSampler(recording);
  const run = new Run(scenario, sampler);
  waitForSyns(run, recording, scenario);
  resetSome(run.kernel, scenario, resetConnections(recording));
  const sizes = noteDestroySizes(run.kernel, scenario);
  scheduleFirstPass(run.kernel, recording, scenario);
  const reuses = portsCameBack(recording);
  if (reuses) chooseClientPorts(run.kernel, scenario, recording.result!.floodSeconds);
  const tuples = reuses ? tuplesDestroyed(run.kernel) : null;
  while (run.advance(100_000));
  if (run.figures.settled) sampler.watchOn(run.machine);
  run.conclude();
  if (run.invariants.violated.length > 0) throw new Error(`${recording.place}: ${run.invariants.violated.join("; ")}`);
  const { table, sockets } = run.kernel;
  const destroyed = run.readers[0]!.view.received.destroy;
  addDestroySizes(into, sizes, destroyed);
  const failed = sockets[0]!.drops - sampler.dropsBeforeFlush;
  const drop = table.counters.drop;
  into.set("sent", scenario.connections + (scenario.secondFlood?.connections ?? 0) - drop);
  into.set("refusedBySend", drop);
  into.set("countAfterFlush", sampler.countAfterFlush);
  into.set("dropsInFlush", scenario.flush ? sampler.dropsInFlush : 0);
  into.set("failedDestroyAttempts", failed);
  into.set("destroyAttempts", failed + destroyed);
  into.set("countAtEnd", sampler.countAtStop ?? table.count);
  into.set("tableDrop", drop);
  into.set("tableEarlyDrop", table.counters.earlyDrop);
  into.set("newReceivedBeforeFlush", sampler.newBeforeFlush);
  into.set("drained", sampler.drainSeconds === null ? 0 : 1);
  if (sampler.drainSeconds !== null) into.set("drainSeconds", sampler.drainSeconds);
  addReader(into, "listener", run.readers[0]!);
  if (tuples !== null) {
    into.set("listener.uniqueDestroy", tuples.size);
    into.set("listener.duplicateDestroy", destroyed - tuples.size);
  }
  if (run.readers[1] !== undefined) addReader(into, "second", run.readers[1]);
  comparedRows(recording).forEach((row, index) => {
    const simulated = sampler.rowAt(row[0]!);
    into.set(`series[${index}].count`, simulated.count);
    into.set(`series[${index}].destroyReceived`, simulated.destroyReceived);
  });
}

/**
 * Whether the client's ports began anew during the flood and some came back, which happens every ten seconds: when, and
 * where they began then, is no part of the setting. The entries that their SYNs removed show it.
 */
function portsCameBack({ setting, result, tag }: Recording): boolean {
  const { countAfterFlush, sent, listener } = result!;
  if (setting.mode !== "tcp" || tag === "two") return false;
  return listener.duplicateDestroy > 0 || (setting.flush === 0 && countAfterFlush < sent);
}

function addReader(into: Quantities, prefix: string, { socket, view }: Reader): void {
  addListener(into, prefix, {
    rcvbufBytes: socket.rcvbufBytes,
    received: view.received,
    uniqueNew: 0,
    uniqueDestroy: view.uniqueDestroy,
    // A duplicate of a NEW is none of DESTROY.
    duplicateDestroy: view.received.destroy - view.uniqueDestroy,
    destroyWithoutNew: view.destroyWithoutNew,
    destroyWithPortid: view.destroyWithPortid,
    enobufs: socket.enobufs,
    drops: socket.drops,
    messageBytes: {},
  });
}
