/**
 * Live mode, or what else looks at the running kernel, is not possible on this machine: a sentence that says why and
 * what would change it. It is neither a mistake of the user nor a bug, so that it is neither a UsageError nor an
 * unexpected Error; the command line has an exit code for it.
 */
export class LiveImpossibleError extends Error {
  override readonly name = "LiveImpossibleError";
  /** What is not possible. */
  readonly what: string;

  constructor(message: string, what = "live mode") {
    super(message);
    this.what = what;
  }
}
