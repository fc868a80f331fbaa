/**
 * What a command is to the command line: a name, its help, its flags and an action. A new command is a file that exports
 * one of these and a line in the list of main.ts. It holds no behaviour.
 */
import type { Scenario } from "../scenario/scenario.js";
import type { Dependencies, Resolve } from "./dependencies.js";
import type { Flag, Given } from "./flag.js";
import type { Io } from "./io.js";

export interface CliCommand {
  name: string;
  /** One line, for the list of commands. */
  summary: string;
  /** The head of the help: commands to paste, each with what it shows. */
  examples: readonly (readonly [arguments_: string, shows: string])[];
  flags: readonly Flag[];
  /** What stands before the flags, for the help; absent: the command takes flags only. */
  operands?: string;
  /** What runs when no flag is given; the help takes its defaults from it. Null: the flags have none of their own. */
  defaults: ((resolve: Resolve) => Scenario) | null;
  /** Returns the exit code. Throws UsageError. */
  run(given: readonly Given[], io: Io, dependencies: Dependencies, operands: readonly string[]): Promise<number>;
}
