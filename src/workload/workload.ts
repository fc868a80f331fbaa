/**
 * Who talks, and when: connections arrive at a rate (constant, Poisson, in bursts, or as fast as the machine makes
 * them), and each sends its script, back to back or with a gap between packets. It owns arrival times and the order of
 * packets; it knows nothing of conntrack. A connection is a number: its tuple.
 *
 * With a gap or a lifetime many connections are under way at once. When after its first a packet comes is the same for
 * all, so the k-th packets of all connections are a queue in order of arrival, and the next packet is the earliest head
 * of these queues: no heap, unless the script is long.
 */
import { NEVER } from "../kernel/clock.js";
import type { Arrivals } from "../scenario/scenario.js";
import type { Stream } from "../scenario/streams.js";
import { DueHeap } from "./due-heap.js";
import type { RateProfile } from "./rate-profile.js";
import type { ScriptStep } from "./script.js";

/** Longer scripts have a heap in the place of a queue for each step. */
const MOST_QUEUES = 16;

export interface WorkloadOptions {
  connections: number;
  /** Null: the next connection starts when the machine is done with the last. */
  ratePerSecond: number | null;
  arrivals: Arrivals;
  burstConnections: number;
  script: readonly ScriptStep[];
  packetGapNanoseconds: number;
  /** In the place of a gap: from the first packet to the last. */
  lifetimeNanoseconds: number | null;
  /** Tuple of the first connection; the others follow, and begin again at `leastTuple` (0) after `tuples` of them. */
  firstTuple: number;
  leastTuple?: number;
  tuples: number | null;
  startNanoseconds: number;
  /** In the place of a rate. */
  profile?: RateProfile | null;
}

export class Workload {
  private readonly options: WorkloadOptions;
  /** For Poisson arrivals. */
  private readonly chance: Pick<Stream, "exponential">;
  private readonly poisson: boolean;
  /** How many connections arrive together. */
  private readonly burstConnections: number;
  /** Doubles from their first value on (kernel/clock.ts). */
  private readonly intervalNanoseconds: number = Number.NaN;
  private readonly startNanoseconds: number = Number.NaN;
  private readonly script: readonly ScriptStep[];
  private readonly steps: number;
  private readonly leastTuple: number;
  /** Without a gap one connection is under way at a time, and its arrival need not be kept. */
  private readonly hasGap: boolean;
  /** By step: how long after the first packet. */
  private readonly offsets: Float64Array;
  /** Arrival times of connections whose scripts are not over: a ring by connection number. */
  private arrivals = new Float64Array(16);
  /** Beside it: 1 for a connection that was refused. */
  private refused = new Uint8Array(16);
  /** In the place of the queues, where there would be too many. */
  private readonly heap: DueHeap | null;
  /** Connections whose arrival time was drawn. */
  private drawn = 0;
  private lastArrival: number;
  private readonly profile: RateProfile | null;
  /** Of the last arrival, in connections of the profile. */
  private position = 0;
  private started = 0;
  /** By step: the next connection that takes it. */
  private readonly nextAtStep: Int32Array;

  /** The next packet: when it is due, of which connection, which step of the script. */
  due = NEVER;
  tuple: number;
  stepIndex = 0;
  over: boolean;

  constructor(options: WorkloadOptions, chance: Pick<Stream, "exponential">) {
    this.options = options;
    this.profile = options.profile ?? null;
    this.poisson = options.arrivals === "poisson";
    this.burstConnections = options.arrivals === "burst" ? options.burstConnections : 1;
    this.chance = chance;
    this.startNanoseconds = options.startNanoseconds;
    this.intervalNanoseconds = options.ratePerSecond === null ? 0 : 1e9 / options.ratePerSecond;
    this.script = options.script;
    this.steps = options.script.length;
    this.leastTuple = options.leastTuple ?? 0;
    this.hasGap = options.packetGapNanoseconds > 0;
    this.offsets = offsetsOf(options);
    this.nextAtStep = new Int32Array(this.hasGap ? this.steps : 0);
    this.lastArrival = options.startNanoseconds;
    this.tuple = this.tupleOf(0);
    this.over = options.connections === 0;
    this.heap = this.hasGap && this.steps > MOST_QUEUES && !this.over ? new DueHeap() : null;
    if (this.heap !== null) {
      this.pushNext(this.heap);
      this.takeTop(this.heap);
    } else if (!this.over) this.due = this.hasGap ? this.arrivalOf(0) : this.drawArrival(0);
  }

  get step(): ScriptStep {
    return this.script[this.stepIndex]!;
  }

  get isOfOnePacket(): boolean {
    return this.steps === 1;
  }

  /** Connections whose first packet is out. */
  get startedConnections(): number {
    return this.started;
  }

  /** Moves on to the next packet. `refused`: the connection could not be made, its other packets are not sent. */
  advance(refused: boolean): void {
    if (this.stepIndex === 0) this.started++;
    if (this.heap !== null) this.advanceHeap(this.heap, refused);
    else if (this.hasGap) this.advanceQueues(refused);
    else if (++this.stepIndex === this.steps || refused) this.nextConnection();
  }

  private nextConnection(): void {
    this.stepIndex = 0;
    this.tuple = this.tupleOf(this.started);
    if (this.started === this.options.connections) this.end();
    else this.due = this.drawArrival(this.started);
  }

  private advanceQueues(refused: boolean): void {
    const connectionDone = this.nextAtStep[this.stepIndex]!;
    if (refused) this.refused[connectionDone & (this.arrivals.length - 1)] = 1;
    this.nextAtStep[this.stepIndex]!++;
    let earliest = NEVER;
    let stepIndex = 0;
    for (let step = this.steps - 1; step >= 0; step--) {
      this.skipRefused(step);
      const connection = this.nextAtStep[step]!;
      const limit = step === 0 ? this.options.connections : this.nextAtStep[step - 1]!;
      if (connection >= limit) continue;
      const due = this.arrivalOf(connection) + this.offsets[step]!;
      if (due < earliest) {
        earliest = due;
        stepIndex = step;
      }
    }
    this.stepIndex = stepIndex;
    this.due = earliest;
    this.tuple = this.tupleOf(this.nextAtStep[stepIndex]!);
    if (earliest === NEVER) this.end();
  }

  private advanceHeap(heap: DueHeap, refused: boolean): void {
    const { offsets, stepIndex, due } = this;
    const connection = heap.topConnection;
    heap.pop();
    if (stepIndex === 0 && this.drawn < this.options.connections) this.pushNext(heap);
    if (!refused && stepIndex + 1 < this.steps) {
      heap.push(due + offsets[stepIndex + 1]! - offsets[stepIndex]!, connection, stepIndex + 1);
    }
    this.takeTop(heap);
  }

  /** The next connection that arrives. */
  private pushNext(heap: DueHeap): void {
    const connection = this.drawn++;
    heap.push(this.drawArrival(connection), connection, 0);
  }

  private takeTop(heap: DueHeap): void {
    if (heap.length === 0) {
      this.end();
      return;
    }
    this.due = heap.topDue;
    this.stepIndex = heap.topStep;
    this.tuple = this.tupleOf(heap.topConnection);
  }

  private tupleOf(connection: number): number {
    const { firstTuple, tuples } = this.options;
    const { leastTuple } = this;
    const tuple = firstTuple + connection;
    return tuples === null ? tuple : leastTuple + ((tuple - leastTuple) % tuples);
  }

  /** A connection whose first packet was refused sends no other. */
  private skipRefused(step: number): void {
    if (step === 0) return;
    const mask = this.arrivals.length - 1;
    while (this.nextAtStep[step]! < this.nextAtStep[step - 1]! && this.refused[this.nextAtStep[step]! & mask] === 1) {
      this.nextAtStep[step]!++;
    }
  }

  private end(): void {
    this.over = true;
    this.due = NEVER;
  }

  private arrivalOf(connection: number): number {
    while (this.drawn <= connection) this.draw();
    return this.arrivals[connection & (this.arrivals.length - 1)]!;
  }

  private draw(): void {
    const connection = this.drawn++;
    const oldest = this.nextAtStep[this.steps - 1]!;
    if (connection - oldest >= this.arrivals.length) this.growRing(oldest, connection);
    this.arrivals[connection & (this.arrivals.length - 1)] = this.drawArrival(connection);
    this.refused[connection & (this.arrivals.length - 1)] = 0;
  }

  private drawArrival(connection: number): number {
    const { burstConnections, profile } = this;
    if (profile !== null) return this.profiledArrival(profile, connection);
    if (this.poisson) {
      if (connection > 0) this.lastArrival += Math.round(this.intervalNanoseconds * this.chance.exponential());
      return this.lastArrival;
    }
    const slot = burstConnections === 1 ? connection : connection - (connection % burstConnections);
    return this.startNanoseconds + Math.round(slot * this.intervalNanoseconds);
  }

  private profiledArrival(profile: RateProfile, connection: number): number {
    if (this.poisson) {
      if (connection > 0) this.position += this.chance.exponential();
    } else {
      this.position = connection - (connection % this.burstConnections);
    }
    return this.options.startNanoseconds + profile.timeOf(this.position);
  }

  private growRing(oldest: number, end: number): void {
    const ring = new Float64Array(this.arrivals.length * 2);
    const refused = new Uint8Array(ring.length);
    for (let connection = oldest; connection < end; connection++) {
      ring[connection & (ring.length - 1)] = this.arrivals[connection & (this.arrivals.length - 1)]!;
      refused[connection & (ring.length - 1)] = this.refused[connection & (this.arrivals.length - 1)]!;
    }
    this.arrivals = ring;
    this.refused = refused;
  }
}

/** A gap is between any two packets; over a lifetime the calls of both ends are spread evenly, whatever each sends. */
function offsetsOf({ script, packetGapNanoseconds, lifetimeNanoseconds }: WorkloadOptions): Float64Array {
  if (lifetimeNanoseconds === null) return Float64Array.from(script, (_, step) => step * packetGapNanoseconds);
  let calls = 0;
  const callOf = script.map(({ sameSystemCall }) => (sameSystemCall ? calls : ++calls) - 1);
  const apart = calls > 1 ? lifetimeNanoseconds / (calls - 1) : 0;
  return Float64Array.from(callOf, (call) => Math.round(call * apart));
}
