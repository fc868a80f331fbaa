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
 *   pace.ts      what follows each action, and when a run is over
 */
import type { Reader } from "../daemon/reader.js";
import { earlier } from "../kernel/clock.js";
import type { Progress } from "../report/backend.js";
import type { Scenario } from "../scenario/scenario.js";
import type { Cpus } from "./cpu/cpus.js";
import { OneCpu } from "./cpu/one.js";
import { TwoCpus } from "./cpu/two.js";
import type { Figures } from "./figures.js";
import { Invariants } from "./invariants.js";
import type { SimulatedKernel } from "./kernel.js";
import { Machine } from "./machine.js";
import { Pace } from "./pace.js";
import type { Phases } from "./phases.js";
import { phasesOf } from "./phases-with-deletes.js";
import { TimerSoftirq } from "./softirq.js";
import { type Sampler, Timeline } from "./timeline.js";
import { Workers } from "./workers.js";

export class Run {
  readonly machine: Machine;
  readonly kernel: SimulatedKernel;
  readonly figures: Figures;
  readonly timeline = new Timeline();
  readonly invariants = new Invariants();
  readonly phases: Phases;
  private readonly pace: Pace;
  private readonly cpus: Cpus;
  private readonly sampler: Sampler;
  private readonly limit: number;

  /** `sampler`: looks at the run at times of its own choosing, in the place of the report's timeline. */
  constructor(scenario: Scenario, sampler?: Sampler) {
    const machine = new Machine(scenario);
    const phases = phasesOf(machine);
    const pace = new Pace(machine, phases);
    const Discipline = scenario.cpus === 1 ? OneCpu : TwoCpus;
    this.machine = machine;
    this.kernel = machine.kernel;
    this.figures = machine.figures;
    this.phases = phases;
    this.pace = pace;
    this.cpus = new Discipline(machine, new TimerSoftirq(machine), new Workers(machine), phases, pace);
    machine.kernel.broadcast.waker = this.cpus;
    this.sampler = sampler ?? this.timeline;
    this.limit = scenario.limitSeconds * 1e9;
  }

  /** Performs up to `actions` actions. False once the run is over. */
  advance(actions: number): boolean {
    const { cpus, limit, machine, pace } = this;
    pace.actionsLeft = machine.over ? 0 : actions;
    while (pace.actionsLeft > 0) {
      const { lookDue } = this;
      if (!cpus.actUntil(earlier(lookDue, limit))) this.lookOrStop(lookDue);
    }
    return !machine.over;
  }

  /** Ends the accounts: nothing may act afterwards. */
  conclude(): void {
    this.pace.end();
    this.figures.dying.observe(this.kernel.clock.now, this.kernel.table.dying);
    this.invariants.conclude(this.machine);
  }

  /** When a listener closes, or somebody looks at the run. */
  private get lookDue(): number {
    return earlier(this.machine.readers.closingDue, this.sampler.due(this.machine));
  }

  private lookOrStop(lookAt: number): void {
    const { machine, pace } = this;
    const { clock } = machine;
    if (lookAt > this.limit) {
      clock.now = this.limit;
      pace.end();
      return;
    }
    if (lookAt > clock.now) clock.now = lookAt;
    if (machine.readers.closingDue === lookAt) machine.readers.close();
    else this.look();
    pace.acted();
    // Whoever looked may have seen enough.
    if (machine.over) pace.end();
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
    return this.kernel.clock.now / 1e9;
  }

  progress(): Progress {
    const { table, sockets } = this.kernel;
    return {
      phase: this.phases.progress,
      seconds: this.seconds,
      opened: this.phases.opened.first.reduce((sum, opened) => sum + opened, 0),
      active: table.active,
      dying: table.dying,
      delivered: sockets[0]!.admitted,
    };
  }
}
