/** Whole commands against an empty Node program, taken in turn so that both meet the same machine. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const EXECUTABLE = fileURLToPath(new URL("../bin/ct-reliable.js", import.meta.url));

export interface CommandTime {
  /** Milliseconds of the wall clock, best of all. */
  empty: number;
  command: number;
  spread: number;
}

export function timeCommand(argv: readonly string[], repetitions: number): CommandTime {
  const empty: number[] = [];
  const command: number[] = [];
  for (let i = 0; i < repetitions; i++) {
    empty.push(milliseconds(["--eval", ""]));
    command.push(milliseconds([EXECUTABLE, ...argv]));
  }
  for (const times of [empty, command]) times.sort((a, b) => a - b);
  return { empty: empty[0]!, command: command[0]!, spread: command[repetitions >> 1]! / command[0]! - 1 };
}

function milliseconds(argv: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  // 1: the experiment found something to report.
  if (status !== 0 && status !== 1) throw new Error(`expected ${argv.join(" ")} to end well, got ${status}: ${stderr}`);
  return performance.now() - start;
}
