/**
 * What a machine's CPUs decide: whose turn it is. One file per discipline: `one.ts`, where everything shares a CPU and
 * the release's scheduler chooses, and `two.ts`, where the readers have a CPU of their own.
 *
 * At one instant the order is: timers of the kernel (in arming order), its workers (redelivery, gc), the process that
 * floods and flushes, the readers (in the order of the scenario). Within one actor it is the order in which it became
 * due.
 */
export interface Cpus {
  /** When the next action is due; NEVER: nothing is left to do. */
  due(): number;
  /** Performs the action that `due` has just found, which said `at`. The clock is there or later. */
  act(at: number): void;
  /** A message came into the empty queue of a reader. */
  wake(reader: number): void;
}
