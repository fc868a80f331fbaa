/** Which gc worker a release has. */
import { Fraction64Gc, Fraction128Gc } from "./fraction.js";
import type { GcOptions, GcWorker } from "./gc-worker.js";
import { Pass120sGc } from "./pass-120s.js";
import { PassHalvingGc, PassMeanGc } from "./pass-mean.js";

/** The worker of a release; null where entries have timers. */
export function gcWorkerOf(options: GcOptions): GcWorker | null {
  switch (options.release.gc) {
    case "none":
      return null;
    case "fraction-64":
      return new Fraction64Gc(options);
    case "fraction-128":
      return new Fraction128Gc(options);
    case "pass-120s":
      return new Pass120sGc(options);
    case "pass-halving":
      return new PassHalvingGc(options);
    case "pass-mean":
      return new PassMeanGc(options);
  }
}
