/**
 * What asks a run to stop while it goes on: Ctrl-C, SIGTERM (as timeout(1) sends it), SIGHUP. The first asks the run to
 * stop, so that its summary can be printed; the second finds the signals as the system had them and ends the process at
 * once, even where the run no longer listens.
 */
import { setImmediate } from "node:timers/promises";
import { EXIT } from "./exit-codes.js";
import { note } from "./failure.js";
import type { Io, Signal, Signals } from "./io.js";

export interface Interrupt {
  requested(): boolean;
  /** The signals are the system's again. */
  release(): void;
}

/** Of each signal, the exit code that a shell would have seen without us: 128 + its number. */
const CODES: Readonly<Record<Signal, number>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.hungUp,
};
const SIGNALS = Object.keys(CODES) as Signal[];

const heard = new WeakMap<Signals, Signal>();

export function listenForInterrupt(signals: Signals, onFirst: () => void): Interrupt {
  let requested = false;
  const off = () => {
    for (const signal of SIGNALS) signals.off(signal, listener);
  };
  const listener = (signal: Signal = "SIGINT") => {
    if (requested) return;
    requested = true;
    heard.set(signals, signal);
    off();
    onFirst();
  };
  for (const signal of SIGNALS) if (!requested) signals.on(signal, listener);
  return { requested: () => requested, release: off };
}

/** The first signal ends the view and says that it was heard, before `onFirst`. */
export function stopOnInterrupt(io: Io, view: { stop(): void } | null, onFirst: () => void = () => {}): Interrupt {
  return listenForInterrupt(io.signals, () => {
    view?.stop();
    note(io, "stopping; Ctrl-C again ends at once");
    onFirst();
  });
}

/** For many runs: the first signal aborts `signal`, too. */
export function abortOnInterrupt(io: Io, view: { stop(): void } | null): Interrupt & { signal: AbortSignal } {
  const stop = new AbortController();
  return { ...stopOnInterrupt(io, view, () => stop.abort()), signal: stop.signal };
}

/** The exit code of a run that one of these signals ended. */
export function interruptedBy(signals: Signals): number {
  return CODES[heard.get(signals) ?? "SIGINT"];
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
