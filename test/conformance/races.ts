/**
 * Quantities that the model does not claim, each with the reason. They are listed in every output, never skipped
 * silently.
 */
import type { Recording } from "./recording.js";

/**
 * Quantities that no race touches: what was set, what a message is, what arrived in the end. A second listener has a
 * copy of each attempt that the first one refused and it did not: those are a race as the attempts are.
 */
const ALWAYS = /^(listener|second)\.rcvbufBytes$|^listener\.duplicateDestroy$|^bytes of |^drained$|^countAtEnd$/;

const EMULATED_CPUS =
  "two emulated CPUs took turns on one host thread (file 3.6.0-smp): how long each turn lasted is not recorded";
const TWO_CPUS = "a reader without delay on a second CPU: who is faster, flush or reader, is a race between two CPUs";
const SHARED_CPU =
  "a reader without delay and the flood share one CPU: which of them runs when the small buffer fills is the scheduler's history";
const TCP_THREADS =
  "the recording program accepts and closes in a thread of its own, on another CPU: how far it lags behind connect is a race";
const RESET =
  "some connections of the 5.4 recordings were reset when the server closed late, and stay for CLOSE (10 s) instead of TIME_WAIT (5 s): how many is the scheduler's history";
const CLOSED = "the listener had closed when the recording program looked for what it had lost";
const LOST_SYN = "a SYN was retransmitted after 3 s during this flood: when is not recorded";

/** Why a quantity of a recording is not compared, or null. */
export function raceOf(recording: Recording, quantity: string): string | null {
  if (ALWAYS.test(quantity)) return null;
  const { setting, cpus, clock, result } = recording;
  if (result === undefined || recording.tag === "steady") return null;
  if (cpus === 2 && clock === "wall" && recording.build === "k36smp" && setting.readerNeverReadsAfterFlush === 0) {
    return quantity === "listener.destroy" && setting.reliable === 1 ? null : EMULATED_CPUS;
  }
  if (cpus === 2 && setting.readerDelayMicroseconds === 0 && setting.readerNeverReadsAfterFlush === 0) {
    return quantity === "listener.destroy" ? null : TWO_CPUS;
  }
  if (result.listener.drops < 0 && /^(listener\.drops|destroyAttempts|failedDestroyAttempts)$/.test(quantity)) {
    return CLOSED;
  }
  if (setting.mode === "tcp" && result.floodSeconds > 3) return LOST_SYN;
  const smallWhileFlooding = setting.bigBufferDuringFlood === 0 || setting.secondFloodFlows !== undefined;
  const evicts = setting.nfConntrackMax < setting.flows + (setting.secondFloodFlows ?? 0);
  if (cpus === 1 && setting.readerDelayMicroseconds === 0 && smallWhileFlooding && evicts) return SHARED_CPU;
  if (setting.mode === "tcp" && recording.build === "k54" && /drainSeconds|series/.test(quantity)) return RESET;
  if (setting.mode === "tcp" && cpus !== 1) {
    const ofTheFlood = /update$|\.new$|enobufs$|^newReceivedBeforeFlush$|destroyWithoutNew$/.test(quantity);
    const dropsOfTheFlood = setting.bigBufferDuringFlood === 0 && quantity === "listener.drops";
    if (quantity === "listener.update" || (setting.bigBufferDuringFlood === 0 && ofTheFlood) || dropsOfTheFlood) {
      return TCP_THREADS;
    }
  }
  return null;
}
