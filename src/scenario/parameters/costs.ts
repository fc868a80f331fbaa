/**
 * What things cost on the simulated machine, all in nanoseconds of one CPU. `recorded`: the emulator that the
 * recordings were made on (3.6, one CPU): a one-packet UDP connection takes 12.5 µs with its attempt, a flush 5.8 µs an
 * entry with two attempts and 3.3 µs with one, a recv 1.5 µs, an empty bucket in a search 10 ns. `present`: what the
 * calibration of live mode measured on a busy Xeon server of today with Linux 6.18 (rounded from the least of its runs,
 * MODEL.md; its packet includes the system call that sends it). The wake-up of a reader on a CPU of its own was
 * measured on a current machine for both.
 */
import { quantity, shape, type ValueOf } from "../json-schema.js";
import { type Range, SECOND } from "../units.js";
import { type Chosen, flag, type Parameter, parameter, standardOf } from "./parameter.js";

const COST: Range = { min: 0, max: SECOND };

export const MACHINES = ["recorded", "present"] as const;

function cost(standard: number, description: string, flagName?: string, present = standard): Parameter<number> {
  const note = flagName === undefined ? undefined : flag("Machine:", `${flagName} DURATION`);
  const rule = ({ machine }: Chosen): number => (machine === "present" ? present : standard);
  return parameter(quantity("duration", COST, description), rule, note);
}

export const COSTS = shape("what things cost on the simulated machine, in CPU time", {
  /** One packet through conntrack and the stack, without the events that it raises. */
  packetNanoseconds: cost(10_000, "CPU time of one packet, without the events that it raises", "cost-packet", 3_000),
  /**
   * What a connect takes beside its packets where client and server share one CPU: socket() and the search for a port
   * before the SYN, the server's new socket in the last packet of the handshake. By traces of 6.1.170 and 6.12.107 as
   * much as its three packets; on 5.10.262 nothing to speak of.
   */
  connectNanoseconds: cost(
    40_000,
    "CPU time of a connect beside its packets, with --cpus 1 over loopback",
    undefined,
    10_000,
  ),
  /** What a packet that finds no room in the table costs less: it passes no confirm hook, and nobody answers it. */
  refusedSavingNanoseconds: cost(0, "CPU time that a packet which finds the table full does not take"),
  /** One entry of a flush, without the delivery attempts. */
  flushEntryNanoseconds: cost(
    800,
    "CPU time of one entry of a flush, without delivery attempts",
    "cost-flush-entry",
    900,
  ),
  /** One attempt to deliver one event: build the message, offer it to every listener. */
  attemptNanoseconds: cost(2_500, "CPU time of one attempt to deliver one event", "cost-attempt", 500),
  /**
   * What an attempt costs beyond that when it succeeds: the message is queued, the entry freed. 0: not known by itself,
   * and an entry that is redelivered costs what one of a flush does.
   */
  deliveredNanoseconds: cost(0, "CPU time of one attempt that succeeds, beyond that of an attempt"),
  /** A message that lies in a deeper queue than any before needs memory that the kernel has to fetch and clear. */
  freshMessageNanoseconds: cost(0, "CPU time of memory for a message, while the queue is deeper than ever before"),
  /** One recv of the reader, without its service time. */
  recvNanoseconds: cost(1_500, "CPU time of one recv of the reader, without what --reader adds", "cost-recv", 750),
  /** One hash bucket that early_drop looks at, or a dump. */
  bucketNanoseconds: cost(10, "CPU time of one hash bucket of a search by early_drop or of a dump"),
  /** One hash bucket of a pass of the gc worker, which takes a read lock, and may give way, at each. */
  gcBucketNanoseconds: cost(10, "CPU time of one hash bucket that the gc worker walks over"),
  /** One hash bucket that a flush walks over; 0 where the cost of an entry has it in it. */
  flushBucketNanoseconds: cost(0, "CPU time of one hash bucket that a flush walks over"),
  /**
   * Of a dump and of the deletes that follow it, measured with `conntrack` 1.4.7 on Linux 6.18 and 9,960 entries
   * without a listener: -L of none of them, -D of all, what an empty table takes left out. Not measured on the recorded
   * machine.
   */
  dumpEntryNanoseconds: cost(
    1_400,
    "CPU time of one entry of a dump of the table, in kernel and program",
    "cost-dump-entry",
  ),
  deleteNanoseconds: cost(
    5_000,
    "CPU time of one delete by a system call of its own, in kernel and program, without delivery attempts",
    "cost-delete",
  ),
  /** How late a reader that sleeps for its service time wakes at most; how late it is, is chance. */
  overshootNanoseconds: cost(0, "how late a reader that sleeps between messages wakes at most"),
  /** What a run of the redelivery worker takes beside its attempts: the work item is queued and dispatched. */
  dispatchNanoseconds: cost(0, "CPU time of one run of the redelivery worker, without its attempts"),
  /** A change of the running task on one CPU, which the scheduler charges to the task that comes. */
  switchNanoseconds: cost(0, "CPU time of a change of the running task, with --cpus 1"),
  /** A tick, which the scheduler charges to the task that it interrupts. */
  tickNanoseconds: cost(0, "CPU time of a tick, with --cpus 1 from 6.6 on"),
  /** A recv that finds nothing: the way into sleep and, when a message came, out of it. The reader's own time. */
  waitNanoseconds: cost(0, "CPU time of a recv that finds nothing and waits, with --cpus 1"),
  /** The sender's own time for that. 0: the wait has it in it. */
  wakingNanoseconds: cost(0, "CPU time of waking a reader that waits, with --cpus 1"),
  /** From a message in an empty queue to the reader running, when the reader has a CPU of its own. */
  wakeupNanoseconds: cost(
    60_000,
    "from a message in an empty queue to the reader running, with --cpus 2",
    "cost-wakeup",
  ),
});
export interface Costs extends ValueOf<typeof COSTS> {}

/** In the order in which reports have always echoed them. */
export function standardCosts(chosen: Chosen): Costs {
  const { bucketNanoseconds, wakeupNanoseconds, ...others } = standardOf(COSTS, chosen);
  return { ...others, bucketNanoseconds, wakeupNanoseconds };
}
