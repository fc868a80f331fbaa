/**
 * What a command is to the command line: a head for the help of the program, and its flags and its action. A new command is a name here,
 * a head in commands.ts, and a file that exports an action with its loader in actions.ts. It holds no behaviour.
 */
import type { Scenario } from "../scenario/scenario.js";
import type { Dependencies, Resolve } from "./dependencies.js";
import type { Flag, Given } from "./flag.js";
import type { Io } from "./io.js";

export type CommandName = "flood" | "flush" | "run" | "explain" | "parity" | "metrics" | "completion";

/** What the list of commands says of one. */
export interface CommandHead {
  name: CommandName;
  /** One line, for the list of commands. */
  summary: string;
  /** The head of the help: commands to paste, each with what it shows. */
  examples: readonly (readonly [arguments_: string, shows: string])[];
  /** What stands before the flags, for the help; absent: the command takes flags only. */
  operands?: string;
}

export interface CommandAction {
  flags: readonly Flag[];
  /** What runs when no flag is given; the help takes its defaults from it. Null: the flags have none of their own. */
  defaults: ((resolve: Resolve) => Scenario) | null;
  /** Returns the exit code. Throws UsageError. */
  run(given: readonly Given[], io: Io, dependencies: Dependencies, operands: readonly string[]): Promise<number>;
}

export interface CliCommand extends CommandHead, CommandAction {}
