/** The three ways in which Linux tried again to deliver the DESTROY of a dying entry, each as a list and a loop. */
import type { Release } from "../../src/kernel/release.js";
import type { Entry, ReferenceKernel } from "./kernel.js";
import { Work } from "./timing.js";

export interface ReferenceRedelivery {
  readonly work: Work | null;
  failed(entry: Entry): void;
  succeeded(): void;
  /** The timer of a dying entry. */
  fire(entry: Entry): void;
  /** One run of the worker. */
  run(): void;
}

export function redeliveryOf(kernel: ReferenceKernel): ReferenceRedelivery {
  if (kernel.release.redelivery === "timer") return new Timers(kernel);
  return kernel.release.redelivery === "workqueue" ? new Workqueue(kernel) : new EvictList(kernel);
}

class Timers implements ReferenceRedelivery {
  readonly work = null;

  constructor(private readonly kernel: ReferenceKernel) {}

  failed(entry: Entry): void {
    const { kernel } = this;
    kernel.arm(entry, kernel.clock.jiffies + (kernel.options.grace() % kernel.options.graceJiffies));
  }

  succeeded(): void {}

  fire(entry: Entry): void {
    if (this.kernel.attemptDestroy(entry, false)) this.kernel.forget(entry);
    else this.failed(entry);
  }

  run(): void {}
}

class Workqueue implements ReferenceRedelivery {
  readonly work: Work;
  private pending = false;

  constructor(private readonly kernel: ReferenceKernel) {
    this.work = new Work(kernel.clock, kernel.release.coarseTimers);
  }

  failed(): void {
    if (this.work.isPending) return;
    this.work.schedule(this.kernel.clock.hz);
    this.pending = true;
  }

  succeeded(): void {
    if (!this.pending) return;
    this.pending = false;
    this.work.runNow();
  }

  fire(): void {}

  run(): void {
    const { kernel, work } = this;
    work.begin();
    let delay = -1;
    const delivered: Entry[] = [];
    for (const entry of kernel.dying) {
      if (delivered.length > 0) kernel.betweenRetries();
      if (!kernel.attemptDestroy(entry, false)) {
        delay = Math.floor(kernel.clock.hz / 10);
        break;
      }
      delivered.push(entry);
      if (delivered.length === kernel.release.redeliveryBatch) {
        delay = 0;
        break;
      }
    }
    for (const entry of delivered) kernel.forget(entry);
    this.pending = delay > 0;
    if (delay >= 0) work.schedule(delay);
  }
}

class EvictList implements ReferenceRedelivery {
  readonly work: Work;
  private pending = false;
  private readonly tenMilliseconds: number;
  private readonly isLate: (stop: number) => boolean;

  constructor(private readonly kernel: ReferenceKernel) {
    const { clock, release } = kernel;
    this.work = new Work(clock, release.coarseTimers);
    this.tenMilliseconds = Math.ceil((10 * clock.hz) / 1000);
    this.isLate = ranTooLong(release, () => clock.jiffies);
  }

  failed(): void {
    if (this.work.isPending) return;
    this.work.schedule(this.kernel.clock.hz);
    this.pending = true;
  }

  succeeded(): void {
    if (!this.pending) return;
    if (this.kernel.dying.length > 0) this.work.runNow();
    else this.pending = false;
  }

  fire(): void {}

  run(): void {
    const { kernel, work } = this;
    work.begin();
    const stop = kernel.clock.jiffies + this.tenMilliseconds;
    let delay = -1;
    const delivered: Entry[] = [];
    for (const entry of [...kernel.dying]) {
      if (delivered.length > 0) kernel.betweenRetries();
      if (!kernel.attemptDestroy(entry, false)) {
        delay = this.tenMilliseconds;
        break;
      }
      kernel.dying.splice(kernel.dying.indexOf(entry), 1);
      delivered.push(entry);
      if (this.isLate(stop)) {
        delay = 0;
        break;
      }
    }
    for (const entry of delivered) kernel.forget(entry);
    if (delay >= 0) work.schedule(delay);
  }
}

function ranTooLong(release: Release, jiffies: () => number): (stop: number) => boolean {
  return release.invertedDeadline ? (stop) => stop > jiffies() : (stop) => jiffies() > stop;
}
