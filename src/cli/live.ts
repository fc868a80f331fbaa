/**
 * What --live and --daemon ask for: the running kernel behind its loader, or nothing. What they mean is live/.
 */
import { UsageError } from "../scenario/errors.js";
import type { Dependencies, Live } from "./dependencies.js";
import type { Settings } from "./flag.js";

/** Null: the simulated kernel is asked for. Throws UsageError. */
export async function liveOf({ live, conntrackd }: Settings, dependencies: Dependencies): Promise<Live | null> {
  if (live) return dependencies.live();
  if (conntrackd) throw new UsageError("--daemon: expected --live beside it, got it for a simulated kernel");
  return null;
}
