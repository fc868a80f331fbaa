/**
 * The world as the command line sees it: two streams, the environment, signals. The executable passes the process's
 * own, tests pass captured ones; nothing else in cli/ names `process`. It holds no behaviour.
 */

export type OutputStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** Those that ask a program to end and let it say something first. */
export type Signal = "SIGINT" | "SIGTERM" | "SIGHUP";

export interface Signals {
  on(signal: Signal, listener: (signal: Signal) => void): unknown;
  off(signal: Signal, listener: (signal: Signal) => void): unknown;
  /** A read that may wait for ever, as of a pipe: meanwhile each signal does what it does to any program. */
  whileReading?<T>(read: () => T): T;
}

export interface Io {
  stdout: OutputStream;
  stderr: OutputStream;
  env: Environment;
  signals: Signals;
}

export const DEFAULT_COLUMNS = 80;

/** Whether the locale is one of UTF-8, as the C library chooses it. Where nothing is set it is taken for one. */
export function hasUnicode({ LC_ALL, LC_CTYPE, LANG }: Environment): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG;
  return !locale || /utf-?8/i.test(locale);
}

export function widthOf(stream: OutputStream): number {
  return stream.columns || DEFAULT_COLUMNS;
}
