/**
 * What a message takes a program when nothing else happens: it is stopped, its queue is given some messages, and it
 * goes on; the looks at what is left tell its pace. Neither the traffic nor its sleeps and wake-ups are in that, and
 * messages of a flush, which name the program that asked for it, are told from those of packets: `conntrack -E` needs
 * six times as long for one, since it looks that program up. Every round begins and ends with an empty table and an
 * empty queue, and fills less than the buffer, so that nothing is dropped.
 */
import { setTimeout } from "node:timers/promises";
import type { BacklogPace, Measurement } from "../../report/measurement.js";
import { now } from "../host/clock.js";
import type { NamespaceKernel } from "../host/namespace-kernel.js";
import { busiestThread } from "../readers/process-tree.js";
import type { Program } from "../readers/program.js";
import { quantile } from "../readers/socket-books.js";
import type { UdpSender } from "../traffic/udp-sender.js";

const ROUNDS = 25;
/** No round begins later. */
const LONGEST_NANOSECONDS = 4e9;
const BUFFER_SHARE = 0.8;
const MOST_MESSAGES = 1000;
/** Of fewer messages between two looks a round tells nothing. */
const FEWEST_MESSAGES = 10;
/** A round in which less than this is read is over. */
const LONGEST_ROUND_NANOSECONDS = 1e9;
const STOPPING_MILLISECONDS = 1;

interface Machine {
  program: Program;
  kernel: NamespaceKernel;
  sender: UdpSender;
  /** Until the program has read everything; it may give up. */
  drained(): Promise<void>;
  stopRequested(): boolean;
}

export async function measureBacklog(machine: Machine, capacityMessages: number): Promise<Measurement["backlog"]> {
  const { program, kernel, sender } = machine;
  const messages = Math.min(MOST_MESSAGES, Math.floor(BUFFER_SHARE * capacityMessages));
  const rounds = { new: [] as number[], destroy: [] as number[] };
  if (messages <= FEWEST_MESSAGES) return { new: null, destroy: null };
  const began = now();
  for (let round = 0; round < ROUNDS && now() - began < LONGEST_NANOSECONDS; round++) {
    if (machine.stopRequested() || !program.lives) break;
    rounds.new.push(...(await roundOf(machine, () => sender.sendFirstOf(messages))));
    rounds.destroy.push(...(await roundOf(machine, () => kernel.flush())));
  }
  return { new: paceOf(rounds.new), destroy: paceOf(rounds.destroy) };
}

/** Nanoseconds per message, of one round or of none. */
async function roundOf({ program, drained }: Machine, fill: () => void): Promise<number[]> {
  program.pause();
  await setTimeout(STOPPING_MILLISECONDS);
  fill();
  const full = program.waiting();
  const before = program.threads();
  program.resume();
  const began = now();
  let first: { at: number; waiting: number } | null = null;
  let last: { at: number; waiting: number } | null = null;
  for (let at = began; at - began < LONGEST_ROUND_NANOSECONDS; at = now()) {
    const waiting = program.waiting();
    if (waiting === 0) break;
    if (waiting === full) continue;
    last = { at, waiting };
    first ??= last;
  }
  await drained();
  const read = first === null ? 0 : first.waiting - last!.waiting;
  if (read < FEWEST_MESSAGES) return [];
  const { cpuNanoseconds, cpuWaitNanoseconds } = busiestThread(before, program.threads());
  // It waited for a CPU before its first recv, too.
  const waited = Math.max(0, cpuWaitNanoseconds - (first!.at - began));
  return [Math.max((cpuNanoseconds * read) / full, last!.at - first!.at - waited) / read];
}

const FEWEST_ROUNDS = 5;

function paceOf(rounds: readonly number[]): BacklogPace | null {
  if (rounds.length < FEWEST_ROUNDS) return null;
  const at = (share: number): number => quantile(rounds, share) / 1000;
  return {
    microsecondsPerMessage: at(0.5),
    fastMicroseconds: at(0.05),
    slowMicroseconds: at(0.95),
    rounds: rounds.length,
  };
}
