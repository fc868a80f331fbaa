/**
 * What --live and --daemon ask for: the running kernel behind its loader, or nothing. What they mean is live/.
 */
import { choice } from "../scenario/choice.js";
import { UsageError } from "../scenario/errors.js";
import type { Dependencies, Live } from "./dependencies.js";
import { type FlagValues, switched, valued } from "./flag.js";

const RUN = "Run:";

export const LIVE = switched({
  name: "live",
  heading: RUN,
  description: "run it on the running kernel, in a network namespace made for it, in real time",
  repeats: true,
});

const DAEMON = valued({
  name: "daemon",
  value: "NAME",
  heading: RUN,
  description: "with --live: conntrackd, the real one, reads in the place of the first listener",
  choices: ["conntrackd"],
  repeats: true,
  parse: choice(["conntrackd"]),
});

export const LIVE_FLAGS = [LIVE, DAEMON];

/** Whether the real conntrackd reads in the place of the first listener. */
export function wantsConntrackd(flags: FlagValues): boolean {
  return flags.has(DAEMON);
}

/** Null: the simulated kernel is asked for. Throws UsageError. */
export async function liveOf(flags: FlagValues, dependencies: Dependencies): Promise<Live | null> {
  if (flags.has(LIVE)) return dependencies.live();
  if (flags.has(DAEMON)) throw new UsageError("--daemon: expected --live beside it, got it for a simulated kernel");
  return null;
}
