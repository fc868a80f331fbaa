/**
 * One run: virtual time, who is due, who acts, and in which order. There is no event heap: the next action is the
 * earliest of a handful of due times, and whoever looks at the run (the timeline, the checkers) does so after all
 * actions of that instant.
 *
 *   machine.ts   the kernel, the daemons, CPU 0, the figures
 *   softirq.ts   the timers of a jiffy
 *   workers.ts   redelivery and gc
 *   phases.ts    the process: flood, pause, flush, drain
 *   readers.ts   recvs, dumps, closing
 *   cpu/         whose turn it is, on one CPU and on two
 */
import type { Reader } from "../daemon/reader.js";
import { type KernelClock, NEVER } from "../kernel/clock.js";
import type { Progress } from "../report/backend.js";
import type { Scenario } from "../scenario/scenario.js";
import type { Cpus, Pace } from "./cpu/cpus.js";
import { OneCpu } from "./cpu/one.js";
import { TwoCpus } from "./cpu/two.js";
import type { Figures } from "./figures.js";
import { Invariants } from "./invariants.js";
import type { SimulatedKernel } from "./kernel.js";
import { Machine } from "./machine.js";
import { DRAIN, FLUSH, type Phases } from "./phases.js";
import { phasesOf } from "./phases-with-deletes.js";
import { TimerSoftirq } from "./softirq.js";
import { type Sampler, Timeline } from "./timeline.js";
import { Workers } from "./workers.js";

export class Run implements Pace {
  readonly machine: Machine;
  readonly kernel: SimulatedKernel;
  readonly figures: Figures;
  readonly timeline = new Timeline();
  readonly invariants = new Invariants();
  private readonly clock: KernelClock;
  readonly phases: Phases;
  private readonly cpus: Cpus;
  private readonly sampler: Sampler;
  private readonly limit: number;
  /** Actions that the present slice of the run may still take. */
  private actionsLeft = 0;

  /** `sampler`: looks at the run at times of its own choosing, in the place of the report's timeline. */
  constructor(scenario: Scenario, sampler?: Sampler) {
    const machine = new Machine(scenario);
    this.machine = machine;
    this.kernel = machine.kernel;
    this.figures = machine.figures;
    this.clock = machine.clock;
    this.phases = phasesOf(machine);
    const Discipline = scenario.cpus === 1 ? OneCpu : TwoCpus;
    this.cpus = new Discipline(machine, new TimerSoftirq(machine), new Workers(machine), this.phases, this);
    machine.kernel.broadcast.whenReadable = (reader) => this.cpus.wake(reader);
    this.sampler = sampler ?? this.timeline;
    this.limit = scenario.limitSeconds * 1e9;
  }

  /** Performs up to `actions` actions. False once the run is over. */
  advance(actions: number): boolean {
    this.actionsLeft = this.machine.over ? 0 : actions;
    while (this.actionsLeft > 0) this.actUntil(this.lookDue);
    return !this.machine.over;
  }

  /** Ends the accounts: nothing may act afterwards. */
  conclude(): void {
    this.end();
    this.figures.dying.observe(this.clock.now, this.kernel.table.dying);
    this.invariants.conclude(this.machine);
  }

  /** The hot path: one action after the other, until a phase ends or somebody wants to look. */
  private actUntil(lookAt: number): void {
    const { cpus, phases } = this;
    const { phase } = phases;
    const end = Math.min(lookAt, this.limit);
    do {
      if (!cpus.act(end)) {
        this.lookOrStop(lookAt);
        return;
      }
    } while (this.actionsLeft > 0 && phases.phase === phase);
  }

  /** An action is over. Whether another may follow. */
  acted(): boolean {
    this.actionsLeft--;
    const { figures } = this;
    figures.watchDying();
    if (figures.flushAt !== NEVER) this.watchAfterFlush();
    return this.actionsLeft > 0;
  }

  private watchAfterFlush(): void {
    const { figures, kernel, machine, phases } = this;
    figures.watchSync();
    if (!phases.over || kernel.table.count > 0 || !machine.readers.idle) return;
    figures.settled = true;
    this.end();
  }

  private end(): void {
    this.machine.over = true;
    this.actionsLeft = 0;
  }

  /** When a listener closes, or somebody looks at the run. */
  private get lookDue(): number {
    return Math.min(this.machine.readers.closingDue, this.sampler.due(this.machine));
  }

  private lookOrStop(lookAt: number): void {
    const { clock, machine } = this;
    if (lookAt > this.limit) {
      clock.now = this.limit;
      this.end();
      return;
    }
    if (lookAt > clock.now) clock.now = lookAt;
    if (machine.readers.closingDue === lookAt) machine.readers.close();
    else this.look();
    this.acted();
    // Whoever looked may have seen enough.
    if (machine.over) this.end();
  }

  private look(): void {
    this.sampler.sample(this.machine);
    if (this.sampler.lookNanoseconds > 0) this.phases.look(this.sampler.lookNanoseconds);
    this.invariants.watch(this.machine);
  }

  get readers(): readonly Reader[] {
    return this.machine.readers.list;
  }

  get seconds(): number {
    return this.clock.now / 1e9;
  }

  progress(): Progress {
    const { table, sockets } = this.kernel;
    const { phase } = this.phases;
    return {
      phase: phase === FLUSH ? "flush" : phase === DRAIN ? "drain" : "flood",
      seconds: this.seconds,
      opened: this.phases.opened.first.reduce((sum, opened) => sum + opened, 0),
      active: table.active,
      dying: table.dying,
      delivered: sockets[0]!.admitted,
    };
  }
}
