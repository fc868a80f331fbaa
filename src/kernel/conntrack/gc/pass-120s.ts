/**
 * The gc worker of 5.14 (4608fdfc07e1, and the stable branches that took it): two minutes after a pass has ended the
 * next one begins, and it evicts whatever has expired meanwhile, however much that is.
 */
import type { GcOptions } from "./gc-worker.js";
import { PassGc } from "./pass.js";

/** GC_SCAN_INTERVAL. */
const INTERVAL_SECONDS = 120;

export class Pass120sGc extends PassGc {
  protected readonly mostExpired = Number.POSITIVE_INFINITY;
  protected readonly countsEvicted = false;
  private readonly intervalJiffies: number;

  constructor(options: GcOptions) {
    const seconds = options.intervalSeconds ?? INTERVAL_SECONDS;
    super(options, seconds);
    this.intervalJiffies = seconds * this.clock.hz;
  }

  protected nextPass(): number {
    return this.intervalJiffies;
  }

  /** Nothing is too many. */
  protected afterTooMany(): number {
    return 0;
  }

  protected weigh(): void {}
}
