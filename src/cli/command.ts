/**
 * What a command is to the command line. A new command is a file in commands/ with one of these, and its name in
 * catalogue.ts.
 */
import type { Experiment } from "../scenario/scenario.js";
import type { Dependencies } from "./dependencies.js";
import type { Flag, Given } from "./flag.js";
import type { Io } from "./io.js";

export interface Command {
  name: string;
  /** One line, for the list of commands. */
  summary: string;
  /** The head of the help: commands to paste, each with what it shows. */
  examples: readonly (readonly [words: string, shows: string])[];
  /** What stands before the flags, for the help; absent: the command takes flags only. */
  operands?: string;
  flags: readonly Flag[];
  /** What runs when no flag is given; the help takes its defaults from it. Null: the flags have none of their own. */
  defaults: Experiment | null;
  /** Returns the exit code. Throws UsageError. */
  run(call: Call): Promise<number>;
}

/** A line that names a command, cut into its parts. */
export interface Call {
  /** Of the command line, then of the environment. */
  given: readonly Given[];
  /** Empty where the command takes flags only. */
  operands: readonly string[];
  io: Io;
  dependencies: Dependencies;
  /** All there are. */
  commands: readonly Command[];
}
