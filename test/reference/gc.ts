/** The gc workers of 4.9 on, each as a pass over buckets and the rule for the pause after it. */
import type { Entry, ReferenceKernel } from "./kernel.js";
import { Work } from "./timing.js";

export abstract class ReferenceGc {
  readonly work: Work;
  /** The bucket at which the last run ended, where it is not the whole table. */
  last = 0;
  /** early_drop freed nothing since the last run. */
  earlyDrop = false;
  protected scanned = 0;
  protected expired = 0;
  private evictAbove = 0;

  constructor(protected readonly kernel: ReferenceKernel) {
    this.work = new Work(kernel.clock, kernel.release.coarseTimers);
  }

  run(): void {
    this.work.begin();
    const { max } = this.kernel.options;
    this.evictAbove = this.earlyDrop && this.kernel.release.gcEvicts ? Math.floor(max / 100) * 95 : 0;
    this.scanned = 0;
    this.expired = 0;
    this.spent = false;
    const delay = this.pass();
    if (delay > 0) this.earlyDrop = false;
    this.work.schedule(delay);
  }

  /** Looks at buckets, and says after how many jiffies it wants to run again. */
  protected abstract pass(): number;
  /** An entry that is alive, and the jiffies that it has left. */
  protected alive(_left: number): void {}
  protected readonly evictedCounts: boolean = false;

  /** More expired entries than this end a run of the later workers at once, wherever it is. */
  protected readonly mostExpired: number = Number.POSITIVE_INFINITY;

  /** The run met another entry when it had found too many. */
  protected spent = false;

  private get isSpent(): boolean {
    this.spent ||= this.expired > this.mostExpired;
    return this.spent;
  }

  protected bucket(index: number): void {
    this.kernel.walk(
      index,
      (entry) => {
        if (this.isSpent) return null;
        this.scanned++;
        if (this.kernel.isExpired(entry)) {
          this.expired++;
          return this.kernel.reap(entry);
        }
        this.alive(entry.deadline - this.kernel.clock.jiffies);
        if (!this.mayEvict(entry)) return null;
        if (this.evictedCounts) this.expired++;
        return this.kernel.evict(entry);
      },
      this.dead,
    );
  }

  /** The walk has gone astray and meets what is on the dying list. */
  private readonly dead = (entry: Entry): void => {
    if (this.isSpent) return;
    this.scanned++;
    if (entry.deadline - this.kernel.clock.jiffies <= 0) this.expired++;
    else this.alive(entry.deadline - this.kernel.clock.jiffies);
  };

  private mayEvict(entry: Entry): boolean {
    if (this.evictAbove === 0 || this.kernel.count < this.evictAbove) return false;
    if (!entry.assured) return true;
    return ["FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE"].includes(entry.tcp);
  }
}

/** A fraction of the table per run. */
abstract class Fraction extends ReferenceGc {
  /** Jiffies. The machine has been idle so far, so that it is the longest. */
  protected interval: number;

  constructor(
    kernel: ReferenceKernel,
    private readonly fraction: number,
    protected readonly longest: number,
  ) {
    super(kernel);
    this.interval = longest;
  }

  protected hasEnough(): boolean {
    return false;
  }

  protected pass(): number {
    const { buckets } = this.kernel.options;
    let goal = Math.max(1, Math.floor(buckets / this.fraction));
    do {
      this.last = (this.last + 1) % buckets;
      this.bucket(this.last);
    } while (--goal > 0 && !this.hasEnough());
    return this.pause(this.scanned === 0 ? 0 : Math.floor((this.expired * 100) / this.scanned));
  }

  protected abstract pause(expiredPercent: number): number;
}

class Fraction64 extends Fraction {
  constructor(kernel: ReferenceKernel) {
    super(kernel, 64, 2 * kernel.clock.hz);
  }

  protected override hasEnough(): boolean {
    return this.expired >= 256;
  }

  protected pause(expiredPercent: number): number {
    const millisecond = Math.ceil(this.kernel.clock.hz / 1000);
    if (expiredPercent >= 90 || this.expired === 256) {
      this.interval = 0;
      return 0;
    }
    if (this.expired > 0) {
      this.interval = Math.floor(this.interval / 2);
      return millisecond;
    }
    if (this.interval < this.longest) this.interval += millisecond;
    return this.interval;
  }
}

class Fraction128 extends Fraction {
  constructor(kernel: ReferenceKernel) {
    super(kernel, 128, Math.floor((16 * kernel.clock.hz) / 128));
  }

  protected pause(expiredPercent: number): number {
    const { hz } = this.kernel.clock;
    const least = Math.max(1, Math.floor(hz / 128));
    if (expiredPercent > 50) this.interval = least;
    else this.interval = Math.min(this.interval + least, this.longest);
    return this.interval;
  }
}

/** The whole table in a pass, which in a small one lasts no time unless a run ends early. */
abstract class WholeTable extends ReferenceGc {
  private start = 0;

  protected pass(): number {
    const { clock, options } = this.kernel;
    const { hz } = clock;
    if (this.last === 0) {
      this.begin();
      this.start = clock.jiffies;
    }
    for (; this.last < options.buckets; this.last++) {
      this.bucket(this.last);
      if (this.spent) return clock.jiffies - this.start < this.longestSeconds * hz ? 1 : 0;
    }
    this.last = 0;
    const wanted = Math.min(Math.max(this.wanted(), hz), this.longestSeconds * hz);
    return this.countsFromStart ? Math.max(1, wanted - Math.max(clock.jiffies - this.start, 1)) : wanted;
  }

  protected readonly longestSeconds: number = 60;
  /** Whether the next pass comes so long after the start of this one, not after its end. */
  protected readonly countsFromStart: boolean = true;
  protected begin(): void {}
  protected abstract wanted(): number;

  /** What counts of the time that an entry has left. */
  protected clamped(left: number): number {
    const { hz } = this.kernel.clock;
    return Math.min(Math.max(left, hz), 300 * hz);
  }
}

class Pass120s extends WholeTable {
  protected override readonly longestSeconds = 120;
  protected override readonly countsFromStart = false;
  protected wanted(): number {
    return 120 * this.kernel.clock.hz;
  }
}

class PassHalving extends WholeTable {
  protected override readonly evictedCounts = true;
  protected override readonly mostExpired = Math.floor(64_000 / this.kernel.clock.hz);
  private mean = 0;
  protected override begin(): void {
    this.mean = 2 ** 31 - 1;
  }

  protected override alive(left: number): void {
    this.mean = Math.floor((this.mean + this.clamped(left)) / 2);
  }

  protected wanted(): number {
    return this.mean;
  }
}

class PassMean extends WholeTable {
  protected override readonly evictedCounts = true;
  protected override readonly mostExpired = Math.floor(64_000 / this.kernel.clock.hz);
  private mean = 0;
  private count = 0;
  protected override begin(): void {
    this.mean = 60 * this.kernel.clock.hz;
    this.count = 100;
  }

  protected override alive(left: number): void {
    this.mean += Math.trunc((this.clamped(left) - this.mean) / ++this.count);
  }

  protected wanted(): number {
    return this.mean;
  }
}

const ERAS = {
  "fraction-64": Fraction64,
  "fraction-128": Fraction128,
  "pass-120s": Pass120s,
  "pass-halving": PassHalving,
  "pass-mean": PassMean,
} as const;

export function gcOf(kernel: ReferenceKernel): ReferenceGc | null {
  const { gc } = kernel.release;
  return gc === "none" ? null : new ERAS[gc](kernel);
}
