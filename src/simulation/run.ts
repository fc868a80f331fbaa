/**
 * One run: virtual time, who acts next, and the phases of the experiment (flood, pause, flush, drain). It owns the order of
 * things and the CPU; what an action does is the kernel's, the reader's or the workload's business.
 *
 * There is no event heap: the next action is the earliest of a handful of due times. At one instant the order is: timers of
 * the kernel (in arming order), its workers (redelivery, gc), the process that floods and flushes, the readers (in the order of the scenario), the closing
 * of a listener, the sample of the timeline. Within one actor it is the order in which it became due.
 *
 * CPU 0 runs timers, workers, flood and flush. With two CPUs the readers have CPU 1 to themselves. With one, they run only when the
 * kernel does not hold the CPU: never between the entries of a flush (unless the release reschedules there), never between the timers of a jiffy, and against the
 * flooding process as scheduler.ts decides.
 */
import { NEVER } from "../daemon/decoders.js";
import { Reader } from "../daemon/reader.js";
import { DaemonView } from "../daemon/view.js";
import type { KernelClock } from "../kernel/clock.js";
import { Flush } from "../kernel/conntrack/flush.js";
import { ACCEPTED, TABLE_FULL, type Verdict } from "../kernel/conntrack/packet.js";
import { ACTIVE, AHEAD, DYING } from "../kernel/conntrack/table.js";
import { ACK } from "../kernel/conntrack/trackers/tcp.js";
import { KIND_DESTROY, KIND_NEW } from "../kernel/events/ecache.js";
import type { TimerRedelivery } from "../kernel/events/redelivery/timer.js";
import { releaseFor } from "../kernel/release.js";
import type { Progress } from "../report/backend.js";
import type { Costs, ListenerScenario, Scenario } from "../scenario/scenario.js";
import { Streams } from "../scenario/streams.js";
import { combinedFinAt, scriptOf } from "../workload/script.js";
import { Workload } from "../workload/workload.js";
import { DyingWatch } from "./dying-watch.js";
import { Invariants } from "./invariants.js";
import { rcvbufOf, SimulatedKernel } from "./kernel.js";
import { ReaderPlacement } from "./reader-placement.js";
import { FairScheduler } from "./scheduler.js";
import { Timeline } from "./timeline.js";

/** Who looks at a run now and then. */
export interface Sampler {
  /** When it wants to look next, in nanoseconds from the first packet. Asked at least when a phase begins and after each look, not before each action. */
  due(run: Run): number;
  sample(run: Run): void;
}

/** The phases of the experiment; a second flood is a part of the drain. */
const FLOOD = 0;
const PAUSE = 1;
const FLUSH = 2;
const DRAIN = 3;
type Phase = typeof FLOOD | typeof PAUSE | typeof FLUSH | typeof DRAIN;
/** The scheduler's numbers of the process that floods and flushes, of the kernel's worker, and of the first reader. */
const SENDER = 0;
const WORKER = 1;
const FIRST_READER = 2;

export class Run {
  readonly scenario: Scenario;
  readonly kernel: SimulatedKernel;
  readonly readers: readonly Reader[];
  readonly invariants = new Invariants();
  readonly timeline: Timeline;
  private readonly sampler: Sampler;
  readonly graceWindowJiffies: number;
  readonly largestTruesize: number;
  /** Highest rmem at which a socket's buffer was shrunk: what was queued then may exceed the new bound. */
  rmemAtShrink = 0;

  private readonly clock: KernelClock;
  private readonly streams: Streams;
  private phase: Phase = FLOOD;
  private workload: Workload;
  private secondFloodAt = NEVER;
  private walk: Flush | null = null;
  private readonly scheduler: FairScheduler | null;
  private readonly costs: Costs;
  /** Every accepted packet is answered with an ICMP error. */
  private readonly portClosed: boolean;
  private readonly combinedFin: number;
  private combinedFinTick = 0;

  private readonly limit: number;
  private readonly hasWorkers: boolean;
  /** Until when the CPUs are busy. */
  private cpu0Free = Number.NEGATIVE_INFINITY;
  private cpu1Free = Number.NEGATIVE_INFINITY;
  private senderDue = NEVER;
  private firing = false;
  private softirqNext = NEVER;
  /** The next timers of the jiffy that fires, for which memory was asked, and how many of them are still to come. */
  private readonly ahead = new Int32Array(AHEAD);
  private expectedTimers = 0;
  /** With two CPUs; with one the scheduler decides. */
  private readonly placement: ReaderPlacement | null;
  private workerActs = false;
  private closings: { at: number; reader: Reader }[] = [];
  /** Actions that the present slice of the run may still take. */
  private actionsLeft = 0;
  /** The last jiffy that timers waited for, and when it comes. */
  private nextJiffy = -1;
  private nextJiffyAt = NEVER;
  settled = false;
  over = false;

  /** Figures of the flush and of the dying list, in nanoseconds from the first packet. */
  floodEndedAt = NEVER;
  flushAt = NEVER;
  flushEndedAt = NEVER;
  flushEntries = 0;
  flushAttempts = 0;
  dyingAfterFlush = 0;
  dropsAfterFlush = 0;
  readonly dying = new DyingWatch();
  inSync = true;
  inSyncSince = 0;

  /** `sampler`: looks at the run at times of its own choosing, in the place of the report's timeline. */
  constructor(scenario: Scenario, sampler?: Sampler) {
    this.scenario = scenario;
    this.costs = scenario.costs;
    this.portClosed = scenario.protocol === "udp" && !scenario.udpPortOpen;
    this.timeline = new Timeline();
    this.sampler = sampler ?? this.timeline;
    const release = releaseFor(scenario.kernel);
    if (release === null) throw new Error(`no release for kernel ${scenario.kernel}`);
    this.streams = new Streams(scenario.seed);
    const views = scenario.listeners.map(() => new DaemonView(scenario.tuples !== null));
    this.kernel = new SimulatedKernel(scenario, release, this.streams, views[0]!);
    this.clock = this.kernel.clock;
    this.readers = scenario.listeners.map((listener, index) => {
      const chance = this.streams.of(`reader ${index}`);
      const observer = index === 0 ? this.kernel.ledger : null;
      return new Reader(this.kernel.sockets[index]!, views[index]!, listener, scenario.costs, chance, observer);
    });
    this.placement =
      scenario.cpus === 2
        ? new ReaderPlacement(this.kernel.clock, this.readers, scenario.costs.wakeupNanoseconds)
        : null;
    this.kernel.broadcast.whenReadable = (index) => this.wakeReader(index);
    this.scheduler =
      scenario.cpus === 1
        ? new FairScheduler(FIRST_READER + this.readers.length, this.streams.of("scheduler").uniform)
        : null;
    this.combinedFin = scenario.path === "loopback" ? combinedFinAt(scenario.protocol, scenario.packets) : -1;
    this.workload = this.flood("arrivals", scenario.connections, scenario.ratePerSecond, 0, 0);
    this.senderDue = this.workload.due;
    this.limit = scenario.limitSeconds * 1e9;
    this.hasWorkers = release.redelivery !== "timer" || release.gc !== "none";
    this.graceWindowJiffies = Math.round(scenario.graceMaxSeconds * scenario.hz);
    this.largestTruesize = Math.max(
      this.kernel.ctnetlink.truesizeOf(KIND_NEW),
      this.kernel.ctnetlink.truesizeOf(KIND_DESTROY),
    );
    if (this.workload.over) this.endFlood(0);
  }

  /** Performs up to `actions` actions. False once the run is over. */
  advance(actions: number): boolean {
    this.actionsLeft = actions;
    while (this.actionsLeft > 0 && !this.over) this.act();
    return !this.over;
  }

  /** Ends the accounts: nothing may act afterwards. */
  conclude(): void {
    this.over = true;
    this.dying.observe(this.kernel.clock.now, this.kernel.table.dying);
    this.invariants.conclude(this);
  }

  get seconds(): number {
    return this.kernel.clock.now / 1e9;
  }

  progress(): Progress {
    const { table, sockets } = this.kernel;
    return {
      phase: this.phase === FLUSH ? "flush" : this.phase === DRAIN ? "drain" : "flood",
      seconds: this.seconds,
      created: table.counters.created,
      active: table.active,
      dying: table.dying,
      delivered: sockets[0]!.admitted,
    };
  }

  private act(): void {
    if (this.scheduler === null) this.actOnTwoCpus();
    else this.actOnOneCpu(this.scheduler);
  }

  /**
   * The hot path: one action after the other on CPU 0, until a phase ends or somebody wants to look. Nothing that a reader does
   * moves CPU 0, so the readers catch up when it is about to act.
   */
  private actOnTwoCpus(): void {
    const { phase } = this;
    const lookAt = this.lookAt();
    const end = Math.min(lookAt, this.limit);
    do {
      const timerAt = this.timerAt();
      const workerAt = this.hasWorkers ? this.workerAt() : NEVER;
      const senderAt = Math.max(this.senderDue, this.cpu0Free);
      const at = Math.min(timerAt, workerAt, senderAt);
      if (!this.catchUp(at, end)) return;
      if (at > end) {
        this.lookOrStop(lookAt);
        return;
      }
      this.passTo(at);
      if (timerAt === at) this.fireTimer();
      else if (workerAt === at) this.work();
      else this.send();
      this.endAction();
    } while (this.actionsLeft > 0 && this.phase === phase && !this.over);
  }

  private actOnOneCpu(scheduler: FairScheduler): void {
    const timerAt = this.timerAt();
    let taskAt = Math.max(this.senderDue, this.cpu0Free);
    for (const reader of this.readers) taskAt = Math.min(taskAt, Math.max(reader.due, this.cpu0Free));
    if (this.hasWorkers) taskAt = Math.min(taskAt, this.workerAt());
    const lookAt = this.lookAt();
    const at = Math.min(timerAt, taskAt);
    if (at > Math.min(lookAt, this.limit)) {
      this.lookOrStop(lookAt);
      return;
    }
    this.passTo(at);
    if (timerAt === at) this.fireTimer();
    else this.shareCpu(scheduler, at);
    this.endAction();
  }

  private passTo(at: number): void {
    const { clock } = this;
    if (at > clock.now) clock.now = at;
  }

  /** When a listener closes, or somebody looks at the run. */
  private lookAt(): number {
    const due = this.sampler.due(this);
    return this.closings.length > 0 ? Math.min(this.closings[0]!.at, due) : due;
  }

  private lookOrStop(lookAt: number): void {
    if (lookAt > this.limit) {
      this.clock.now = this.limit;
      this.over = true;
      return;
    }
    this.passTo(lookAt);
    if (this.closings.length > 0 && this.closings[0]!.at === lookAt) this.closings.shift()!.reader.close();
    else this.sample();
    this.endAction();
  }

  /** The readers do what they are due to before CPU 0 acts at `until`, and until `end`. Whether the run may go on then. */
  private catchUp(until: number, end: number): boolean {
    for (;;) {
      const index = this.nextReader();
      const at = Math.max(this.readers[index]!.due, this.cpu1Free);
      if (at >= until || at > end) return true;
      this.passTo(at);
      this.read(index);
      this.actionsLeft--;
      if (this.flushAt !== NEVER) this.watchSync();
      if (this.actionsLeft === 0 || this.over) return false;
    }
  }

  /** Of the readers that share CPU 1 the one that is due first; of two at one instant, the first of the scenario. */
  private nextReader(): number {
    const { readers, cpu1Free } = this;
    let next = 0;
    for (let index = 1; index < readers.length; index++) {
      if (Math.max(readers[index]!.due, cpu1Free) < Math.max(readers[next]!.due, cpu1Free)) next = index;
    }
    return next;
  }

  /** When redelivery or the gc wants to run, whoever has the CPU. */
  private get workDue(): number {
    const { redelivery, gc } = this.kernel;
    return gc === null ? redelivery.due : Math.min(redelivery.due, gc.work.due);
  }

  /**
   * When a kernel worker wants CPU 0: redelivery, or the gc. They share one worker pool, so that a redelivery that is called
   * for during a gc run comes after it.
   */
  private workerAt(): number {
    const { redelivery, gc } = this.kernel;
    if (redelivery.running || gc?.running === true) return this.cpu0Free;
    const due = this.workDue;
    // On its own CPU a flush lets a worker in when its slice is over, or it is.
    if (this.placement !== null && this.phase === FLUSH && due !== NEVER) return this.placement.sliceEnd(due);
    return Math.max(due, this.cpu0Free);
  }

  /** On one CPU, one step of whom the scheduler chooses. */
  private shareCpu(scheduler: FairScheduler, at: number): void {
    // What the task uses of the CPU from here on; it may use none.
    const from = Math.max(this.cpu0Free, at);
    if (this.kernelHoldsCpu) {
      const holder = this.kernel.redelivery.running ? WORKER : SENDER;
      if (holder === WORKER) this.work();
      else this.send();
      scheduler.ran(holder, Math.max(0, this.cpu0Free - from));
      return;
    }
    for (let task = 0; task < FIRST_READER + this.readers.length; task++) {
      // What a task did under a lock, or what was done to a reader, may have put it to sleep meanwhile.
      if (this.dueOf(task) <= at) scheduler.wake(task);
      else scheduler.sleep(task);
    }
    const task = scheduler.pick(this.kernel.clock.jiffies);
    if (task === SENDER) this.sendSystemCall();
    else if (task === WORKER) this.work();
    else this.read(task - FIRST_READER);
    scheduler.ran(task, Math.max(0, this.cpu0Free - from));
    if (this.dueOf(task) > this.cpu0Free) scheduler.sleep(task);
  }

  private dueOf(task: number): number {
    if (task === SENDER) return this.senderDue;
    if (task === WORKER) return this.hasWorkers ? this.workerAt() : NEVER;
    return this.readers[task - FIRST_READER]!.due;
  }

  /** On one CPU: a worker that holds its lock, and the flush of a release that does not reschedule in it. */
  private get kernelHoldsCpu(): boolean {
    const { redelivery, release } = this.kernel;
    return (redelivery.running && !redelivery.mayYield) || (this.phase === FLUSH && !release.flushReschedules);
  }

  /** One step of a kernel worker. It holds CPU 0 for as long as its attempts and its search take. */
  private work(): void {
    const { clock, ctnetlink, redelivery, gc, table } = this.kernel;
    const { costs } = this.scenario;
    this.workerActs = true;
    if (!redelivery.running && gc?.running !== true) this.placement?.cpu0Taken();
    const attempts = ctnetlink.attempts;
    const gone = table.counters.destroyed + table.dying;
    let searched = 0;
    if (gc?.running === true || (!redelivery.running && redelivery.due > clock.now)) {
      gc!.step();
      searched = gc!.bucketsSearched;
    } else {
      redelivery.step();
    }
    // An entry that dies here is unlinked, one that is delivered is freed: what a flush does to an entry, too.
    const entries =
      gc?.running === true ? table.counters.destroyed + table.dying - gone : ctnetlink.attempts - attempts;
    const cost =
      (ctnetlink.attempts - attempts) * costs.attemptNanoseconds +
      entries * costs.flushEntryNanoseconds +
      searched * costs.bucketNanoseconds;
    this.cpu0Free = Math.max(this.cpu0Free, clock.now) + cost;
    this.workerActs = false;
  }

  private timerAt(): number {
    if (this.firing) return this.softirqNext;
    const jiffy = this.kernel.timers.nextJiffy();
    if (jiffy < 0) return NEVER;
    if (jiffy !== this.nextJiffy) {
      this.nextJiffy = jiffy;
      this.nextJiffyAt = this.clock.timeOf(jiffy);
    }
    return Math.max(this.nextJiffyAt, this.clock.now);
  }

  private fireTimer(): void {
    const { clock } = this;
    const { timers, table, redelivery, deletion, ctnetlink } = this.kernel;
    if (!this.firing) {
      timers.fire(timers.nextJiffy());
      this.firing = true;
      this.softirqNext = clock.now;
    }
    if (this.expectedTimers === 0) {
      this.expectedTimers = timers.peek(this.ahead);
      table.expectUnlinks(this.ahead, this.expectedTimers);
    }
    const entry = timers.take();
    if (entry < 0) {
      this.firing = false;
      this.expectedTimers = 0;
      return;
    }
    this.expectedTimers--;
    const attempts = ctnetlink.attempts;
    if (table.placeOf(entry) === DYING) (redelivery as TimerRedelivery).fire(entry);
    else deletion.expire(entry);
    const cost = (ctnetlink.attempts - attempts) * this.costs.attemptNanoseconds;
    this.softirqNext = clock.now + cost;
    this.cpu0Free = Math.max(this.cpu0Free, clock.now) + cost;
  }

  /** On one CPU a reader gets its turn between system calls, not between the packets that one of them sends. */
  private sendSystemCall(): void {
    this.send();
    while (this.phase === FLOOD && this.senderDue <= this.cpu0Free && this.workload.step.sameSystemCall) {
      const { clock } = this.kernel;
      if (this.firing || this.timerAt() <= this.cpu0Free) return;
      clock.now = this.cpu0Free;
      this.send();
    }
  }

  /** One step of the process that floods and flushes. */
  private send(): void {
    if (this.phase === FLUSH) this.flushEntry();
    else if (this.phase === PAUSE) this.beginWatch();
    else if (this.workload.over) this.beginSecondFlood();
    else this.sendPacket();
  }

  private sendPacket(): void {
    const { clock, costs, workload, combinedFin } = this;
    const { packets, ctnetlink } = this.kernel;
    const { stepIndex, tuple } = workload;
    if (stepIndex === 0 && workload.startedConnections % AHEAD === 0) this.kernel.table.expect(tuple);
    const { direction, segment } = workload.step;
    const attempts = ctnetlink.attempts;
    let cost = costs.packetNanoseconds;
    if (stepIndex === combinedFin && this.combinedFinTick !== clock.jiffies) {
      // The server's delayed acknowledgement has no time-out to wait for on a fresh socket: the next tick sends it.
      packets.packet(tuple, direction, ACK);
      cost += costs.packetNanoseconds;
    }
    const verdict: Verdict = packets.packet(tuple, direction, segment);
    if (stepIndex === combinedFin - 1) this.combinedFinTick = clock.jiffies;
    if (this.portClosed && verdict === ACCEPTED) packets.icmpError(tuple);
    cost += (ctnetlink.attempts - attempts) * costs.attemptNanoseconds;
    cost += packets.earlyDrop.bucketsSearched * costs.bucketNanoseconds;
    this.cpu0Free = Math.max(this.cpu0Free, clock.now) + cost;
    workload.advance(verdict === TABLE_FULL);
    this.senderDue = workload.due;
    if (workload.over) this.endFlood(this.cpu0Free);
  }

  private endFlood(at: number): void {
    if (this.phase === DRAIN) {
      this.senderDue = NEVER;
      return;
    }
    this.floodEndedAt = at;
    this.phase = PAUSE;
    this.senderDue = at + this.scenario.flushDelayNanoseconds;
  }

  /** The flush begins, or, without one, the time from which a slow reader is slow. */
  private beginWatch(): void {
    const { clock } = this.kernel;
    this.dying.endFlood(clock.now);
    this.flushAt = clock.now;
    this.placement?.cpu0Taken();
    this.placement?.forgetMoves();
    this.inSyncSince = clock.now;
    this.scenario.listeners.forEach((listener, index) => {
      const reader = this.readers[index]!;
      if (listener.joins === "flush") reader.socket.open = true;
      if (listener.smallFrom === "flush") this.shrink(reader, listener);
      reader.flushBegins(clock.now);
      if (listener.closesAfterFlushNanoseconds !== null) {
        this.closings.push({ at: clock.now + listener.closesAfterFlushNanoseconds, reader });
      }
    });
    this.closings.sort((a, b) => a.at - b.at);
    const second = this.scenario.secondFlood;
    if (second !== null) this.secondFloodAt = clock.now + second.afterFlushSeconds * 1e9;
    if (this.scenario.flush) {
      this.walk = new Flush(this.kernel.table, this.kernel.deletion, (entries, count) => this.expect(entries, count));
      this.phase = FLUSH;
      this.senderDue = clock.now;
    } else {
      this.endFlush();
    }
  }

  private shrink(reader: Reader, listener: ListenerScenario): void {
    const { socket } = reader;
    this.rmemAtShrink = Math.max(this.rmemAtShrink, socket.rmem);
    socket.setRcvbuf(rcvbufOf(listener, this.scenario, this.kernel.release));
  }

  /** These entries are about to be deleted, and the daemons to hear of it. */
  private expect(entries: Int32Array, count: number): void {
    const { table } = this.kernel;
    table.expectUnlinks(entries, count);
    for (const { view } of this.readers) for (let i = 0; i < count; i++) view.expect(table.tupleOf(entries[i]!));
  }

  private flushEntry(): void {
    const { clock, ctnetlink } = this.kernel;
    const { costs } = this;
    const attempts = ctnetlink.attempts;
    if (!this.walk!.step()) {
      this.flushEntries = this.walk!.entries;
      this.walk = null;
      this.endFlush();
      return;
    }
    const made = ctnetlink.attempts - attempts;
    this.flushAttempts += made;
    this.cpu0Free = Math.max(this.cpu0Free, clock.now) + costs.flushEntryNanoseconds + made * costs.attemptNanoseconds;
    this.senderDue = this.cpu0Free;
  }

  private endFlush(): void {
    const { clock, table, sockets } = this.kernel;
    this.flushEndedAt = clock.now;
    this.dyingAfterFlush = table.dying;
    this.dropsAfterFlush = sockets[0]!.drops;
    this.dying.endFlush(clock.now);
    this.phase = DRAIN;
    this.senderDue = this.secondFloodAt;
  }

  private beginSecondFlood(): void {
    const { clock } = this.kernel;
    const second = this.scenario.secondFlood!;
    this.secondFloodAt = NEVER;
    this.workload = this.flood(
      "second arrivals",
      second.connections,
      this.scenario.ratePerSecond,
      clock.now,
      this.scenario.connections,
    );
    this.senderDue = this.workload.due;
  }

  private flood(
    stream: string,
    connections: number,
    ratePerSecond: number | null,
    startNanoseconds: number,
    firstTuple: number,
  ): Workload {
    const { arrivals, burstConnections, protocol, packets, packetGapNanoseconds } = this.scenario;
    return new Workload(
      {
        connections,
        ratePerSecond,
        arrivals,
        burstConnections,
        script: scriptOf(protocol, packets),
        packetGapNanoseconds,
        firstTuple,
        tuples: this.scenario.tuples,
        startNanoseconds,
      },
      this.streams.of(stream),
    );
  }

  private read(index: number): void {
    const { clock } = this;
    const reader = this.readers[index]!;
    if (reader.wantsDump(clock.now)) this.dump(index);
    else if (!reader.recv(clock.now)) return;
    const done = clock.now + this.costs.recvNanoseconds;
    if (this.scheduler === null) this.cpu1Free = done;
    else this.cpu0Free = done;
  }

  /**
   * A daemon makes its view equal to the table of this instant. What is on the dying list is not in a dump. It is busy with a
   * recv for each entry that the dump lists and one for each that it knows then, because conntrackd asks the kernel for every
   * single one before it purges (nl_get_conntrack()). Like a service time, that takes no CPU from others.
   */
  private dump(index: number): void {
    const { clock, ledger, table } = this.kernel;
    const reader = this.readers[index]!;
    const { view } = reader;
    for (let entry = 0; entry < table.capacity; entry++) {
      if (table.placeOf(entry) === ACTIVE) view.list(table.tupleOf(entry), table.idOf(entry));
    }
    const recvs = table.active + view.alive;
    view.purge();
    if (index === 0) ledger.resynced();
    reader.dumped(clock.now, recvs * this.costs.recvNanoseconds);
  }

  private wakeReader(index: number): void {
    const reader = this.readers[index]!;
    if (this.placement === null) reader.wake(this.kernel.clock.now);
    else this.placement.wake(index, this.workerActs);
  }

  private sample(): void {
    this.sampler.sample(this);
    this.invariants.watch(this);
  }

  private endAction(): void {
    this.actionsLeft--;
    if (this.placement !== null && this.placement.waiting > 0) this.releaseReaders(this.placement);
    const { dying } = this.kernel.table;
    if (dying !== this.dying.length) this.dying.observe(this.clock.now, dying);
    if (this.flushAt !== NEVER) this.watchSync();
  }

  /** Readers that wait on CPU 0 run as soon as nobody else there has anything to do. */
  private releaseReaders(placement: ReaderPlacement): void {
    if (Math.min(this.senderDue, this.workerAt()) > this.cpu0Free) placement.release(this.cpu0Free);
  }

  /** From the flush on: since when the daemon knows exactly the active entries, and whether there is nothing left to do. */
  private watchSync(): void {
    const { inSync } = this.kernel.ledger;
    if (inSync !== this.inSync) {
      this.inSync = inSync;
      this.inSyncSince = this.clock.now;
    }
    if (this.phase === DRAIN && this.senderDue === NEVER && this.kernel.table.count === 0) this.settleIfRead();
  }

  private settleIfRead(): void {
    if (this.closings.length > 0) return;
    for (const reader of this.readers) if (!reader.idle) return;
    this.settled = true;
    this.over = true;
  }
}
