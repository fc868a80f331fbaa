/**
 * The gc worker of 5.14 on: a pass over the whole table, in runs of 10 ms each. It owns the walk of a pass; when the
 * next one comes, and what ends a run early, is the era's: pass-120s.ts, pass-mean.ts.
 */
import { BUCKETS_PER_STEP, type GcOptions, GcWorker } from "./gc-worker.js";

/** GC_SCAN_MAX_DURATION. */
const MAX_DURATION_MILLISECONDS = 10;

export abstract class PassGc extends GcWorker {
  protected passStart = 0;
  private runEnds = 0;

  constructor(options: GcOptions, idleSeconds: number) {
    super(options);
    this.scheduleFirst(options.phase, idleSeconds * this.clock.hz);
  }

  /** The delay from the end of the pass to the next one. */
  protected abstract nextPass(): number;
  /** The delay of a run that goes on because it met too many expired entries. */
  protected abstract afterTooMany(): number;

  protected begun(): void {
    this.runEnds = this.clock.jiffies + Math.ceil((MAX_DURATION_MILLISECONDS * this.clock.hz) / 1000);
    if (this.bucket === 0) this.passStart = this.clock.jiffies;
  }

  protected scan(): void {
    const { table } = this;
    // The time is looked at after each bucket, and stands still within a step.
    const late = this.clock.jiffies > this.runEnds;
    const end = late ? this.bucket + 1 : Math.min(this.bucket + BUCKETS_PER_STEP, table.buckets);
    while (this.bucket < end) {
      const used = table.firstUsed(this.bucket, end);
      this.bucketsSearched += Math.min(used + 1, end) - this.bucket;
      this.bucket = used;
      if (used === end) break;
      const killed = this.scanBucket();
      if (this.spent) {
        // It goes on in this bucket.
        this.endRun(this.afterTooMany());
        return;
      }
      this.bucket++;
      if (killed) break;
    }
    if (this.bucket >= table.buckets) {
      this.bucket = 0;
      this.endRun(this.nextPass());
    } else if (late) {
      this.endRun(0);
    }
  }
}
