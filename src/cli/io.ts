/**
 * The world as the command line sees it: two streams, the environment, signals. The executable passes the process's
 * own, tests pass captured ones; nothing else in cli/ names `process`. It holds no behaviour.
 */

export type OutputStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Signals {
  on(signal: "SIGINT", listener: () => void): unknown;
  off(signal: "SIGINT", listener: () => void): unknown;
}

export interface Io {
  stdout: OutputStream;
  stderr: OutputStream;
  env: Environment;
  signals: Signals;
}

export const DEFAULT_COLUMNS = 80;

export function widthOf(stream: OutputStream): number {
  return stream.columns || DEFAULT_COLUMNS;
}
