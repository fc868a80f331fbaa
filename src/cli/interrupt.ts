/**
 * Ctrl-C while a run goes on. The first asks the run to stop, so that its summary can be printed; the second finds the
 * signal as the system had it and ends the process at once, even where the run no longer listens. It prints nothing.
 */
import { setImmediate } from "node:timers/promises";
import type { Signals } from "./io.js";

export interface Interrupt {
  requested(): boolean;
  /** Ctrl-C is the system's again. */
  release(): void;
}

export function listenForInterrupt(signals: Signals, onFirst: () => void): Interrupt {
  let requested = false;
  const listener = () => {
    requested = true;
    signals.off("SIGINT", listener);
    onFirst();
  };
  signals.on("SIGINT", listener);
  return { requested: () => requested, release: () => void signals.off("SIGINT", listener) };
}

const BREATH_MILLISECONDS = 50;

/**
 * A signal is heard, and a bar redrawn, only when the event loop turns, which a simulation in full flight never does by
 * itself. The function returned gives the loop its turn when one is due; awaiting it is nearly free otherwise.
 */
export function breathing(now: () => number = () => performance.now()): () => Promise<void> | undefined {
  let last = now();
  return () => {
    if (now() - last < BREATH_MILLISECONDS) return undefined;
    return setImmediate().then(() => {
      last = now();
    });
  };
}
