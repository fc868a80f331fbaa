/**
 * What the exit code of the process says, promised to scripts and CI: one table for the code, the help and the manual
 * page. Only bin/ ends the process; everything else returns one of these.
 */

const CODES = {
  ok: { code: 0, meaning: "It ran, and every expectation held." },
  expectationFailed: { code: 1, meaning: "An expectation failed." },
  usage: { code: 2, meaning: "A flag, a variable or a scenario file is wrong; one sentence says how." },
  liveImpossible: { code: 3, meaning: "The running kernel cannot be used here." },
  bug: { code: 4, meaning: "A rule of the model broke: a bug of ct-reliable, with the command that repeats it." },
  missing: { code: 5, meaning: "Runs are missing, because their workers ended twice; the result names them." },
  /** As the shell counts them: 128 + the number of the signal. */
  hungUp: { code: 129, meaning: "SIGHUP ended it; the summary so far was printed." },
  interrupted: { code: 130, meaning: "Ctrl-C ended it; the summary so far was printed." },
  terminated: { code: 143, meaning: "SIGTERM ended it, as timeout(1) sends it; the summary so far was printed." },
} as const;

export const EXIT_CODES: readonly { code: number; meaning: string }[] = Object.values(CODES);

export const EXIT = Object.fromEntries(Object.entries(CODES).map(([name, { code }]) => [name, code])) as {
  readonly [K in keyof typeof CODES]: number;
};
