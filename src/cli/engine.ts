/**
 * The simulator as the command runs it. For a long run it asks the JavaScript engine to compile an event's way, from
 * the packet to the daemon, in few large pieces: V8 inlines 920 bytes of bytecode into a function, and that way has
 * about 4000. For a short run it does not, because the compiler needs longer for them than such a run takes. The flags
 * hold for the whole process, so the library does not set them; docs/PERFORMANCE.md says what they are worth and how a
 * program of one's own gets that.
 */
import { setFlagsFromString } from "node:v8";
import type { Backend } from "../report/backend.js";
import type { Scenario } from "../scenario/scenario.js";
import { simulation } from "../simulation/simulation.js";

/** How much may be inlined into one function, and what is so small that it may be at any rate; 920 and 27 otherwise. */
const FLAGS = "--max-inlined-bytecode-size-cumulative=4000 --max-inlined-bytecode-size-small=60";
/** V8 of Node 20 to 24. A newer one may not know the flags, and would say so on standard error. */
const KNOWN = /^1[123]\./;
/** Of one run or of many in a thread: the compiler, on another CPU, takes as long as it saves some million packets. */
const LONG_RUN_PACKETS = 1_000_000;

export function prepareEngine({ connections, packets }: Pick<Scenario, "connections" | "packets">, runs = 1): void {
  if (connections * packets * runs < LONG_RUN_PACKETS || !KNOWN.test(process.versions.v8)) return;
  setFlagsFromString(FLAGS);
}

export const simulator: Backend = {
  prepare: prepareEngine,
  run(scenario, observer) {
    prepareEngine(scenario);
    return simulation.run(scenario, observer);
  },
};
