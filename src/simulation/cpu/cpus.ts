/**
 * What a machine's CPUs decide: whose turn it is. One file per discipline: `one.ts`, where everything shares a CPU and
 * the release's scheduler chooses, and `two.ts`, where the readers have a CPU of their own.
 *
 * At one instant the order is: timers of the kernel (in arming order), its workers (redelivery, gc), the process that
 * floods and flushes, the readers (in the order of the scenario). Within one actor it is the order in which it became
 * due.
 */
export interface Cpus {
  /**
   * Moves the clock to the next action and performs it, and so on until a phase of the experiment ends or no more
   * actions may follow. False: no other is due up to `end`.
   */
  actUntil(end: number): boolean;
  /** A message came into the empty queue of a reader. */
  wake(reader: number): void;
}
