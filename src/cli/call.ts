/**
 * A line that names a command: the flags and the environment read, the command run, and what is thrown turned into a sentence. It
 * loads no simulator until the command asks for one.
 */
import { LiveImpossibleError } from "../live/host/impossible.js";
import { ParameterError, UsageError } from "../scenario/errors.js";
import { loaded } from "./actions.js";
import type { CommandHead } from "./command.js";
import { asksForHelp, parseCall } from "./command-line.js";
import { type Dependencies, installed } from "./dependencies.js";
import { unknownVariables, withEnvironment } from "./environment.js";
import { note, reportBug, reportImpossible, reportUsage } from "./failure.js";
import type { Io } from "./io.js";
import { shellLine } from "./repeat.js";

/** Never rejects. Bundled, main.ts is a program of its own and knows no class of this one. */
export async function call(
  head: CommandHead,
  argv: readonly string[],
  io: Io,
  dependencies: Dependencies = installed,
): Promise<number> {
  try {
    const resolve = asksForHelp(argv) ? await dependencies.resolve() : null;
    const asked = parseCall(argv, await loaded(head), io, resolve);
    if (typeof asked === "number") return asked;
    const { command, given, operands } = asked;
    for (const sentence of await unknownVariables(io.env)) note(io, `note: ${sentence}`);
    return await command.run(withEnvironment(command.flags, given, io.env), io, dependencies, operands);
  } catch (error) {
    if (error instanceof ParameterError) {
      const { flagOf } = await import("./flags.js");
      return reportUsage(io, error.inWordsOf(flagOf).in(flagOf(error.parameter)));
    }
    if (error instanceof LiveImpossibleError) return reportImpossible(io, error);
    return error instanceof UsageError ? reportUsage(io, error) : reportBug(io, error, shellLine(argv));
  }
}
