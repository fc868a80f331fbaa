/**
 * A line that names a command, or should: argv in, exit code out. It reads the arguments, gives the help of the command
 * or runs it, and has the one ladder from what is thrown to a sentence and an exit code.
 */
import { LiveImpossibleError } from "../live/host/impossible.js";
import { ParameterError, UsageError } from "../scenario/errors.js";
import { type Asked, readArguments } from "./arguments.js";
import { COMMANDS } from "./catalogue.js";
import { inColoursAsked } from "./colour.js";
import { type Dependencies, installed } from "./dependencies.js";
import { unknownVariables, withEnvironment, writtenAs } from "./environment.js";
import { EXIT } from "./exit-codes.js";
import { noteAll, reportBug, reportImpossible, reportUsage } from "./failure.js";
import { commandHelp } from "./help.js";
import { type Io, widthOf } from "./io.js";
import { flagOf } from "./parameter-flags.js";
import { shellLine } from "./repeat.js";

/** Never rejects. */
export async function runLine(
  argv: readonly string[],
  own: Io,
  dependencies: Dependencies = installed,
): Promise<number> {
  const io = inColoursAsked(argv, own);
  try {
    const asked = await readArguments(argv, COMMANDS);
    if (asked.kind === "help") return await help(asked, io, dependencies);
    const { command, given, operands } = asked;
    noteAll(io, unknownVariables(COMMANDS, io.env));
    return await command.run({
      given: withEnvironment(command.flags, given, io.env),
      operands,
      io,
      dependencies,
      commands: COMMANDS,
    });
  } catch (error) {
    if (error instanceof ParameterError) {
      const nameOf = (parameter: string): string => writtenAs(flagOf(parameter), argv, io.env);
      const flag = flagOf(error.parameter);
      const place = flag.startsWith("--") ? nameOf(error.parameter) : `${nameOf("listeners")}: ${flag}`;
      return reportUsage(io, error.inWordsOf(nameOf).in(place));
    }
    if (error instanceof UsageError) return reportUsage(io, error);
    if (error instanceof LiveImpossibleError) return reportImpossible(io, error);
    return reportBug(io, error, shellLine(argv));
  }
}

async function help(
  { command, all }: Extract<Asked, { kind: "help" }>,
  io: Io,
  dependencies: Dependencies,
): Promise<number> {
  const scenario = command.defaults === null ? null : (await dependencies.resolve())(command.defaults, {});
  io.stdout.write(commandHelp(command, scenario, widthOf(io.stdout), all));
  return EXIT.ok;
}
