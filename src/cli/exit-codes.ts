/**
 * What the exit code of the process says, promised to scripts and CI. Only bin/ ends the process; everything else
 * returns one of these.
 */
export const EXIT = {
  ok: 0,
  expectationFailed: 1,
  usage: 2,
  /** Live mode is not possible on this machine. */
  liveImpossible: 3,
  /** An invariant of the model broke, or an exception nobody expected: a bug of ours. */
  bug: 4,
  /** As the shell counts it: 128 + SIGINT. */
  interrupted: 130,
} as const;
