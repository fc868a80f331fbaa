/**
 * The command line: argv in, exit code out. It lists the commands, hands the call to one of them and turns what is thrown
 * into a sentence. It ends no process (bin/ct-reliable.js does) and loads no simulator until a command asks for one.
 */
import { readFileSync } from "node:fs";
import { LiveImpossibleError } from "../live/impossible.js";
import { ParameterError, UsageError } from "../scenario/errors.js";
import { asksForHelp, type Call, commandWord, parseCommandLine } from "./command-line.js";
import { COMMANDS, loaded } from "./commands.js";
import { type Dependencies, installed } from "./dependencies.js";
import { unknownVariables, withEnvironment } from "./environment.js";
import { note, reportBug, reportImpossible, reportUsage } from "./failure.js";
import type { Io } from "./io.js";
import { shellLine } from "./repeat.js";

/** `argv`: what the user typed after the name of the program. Never rejects. */
export async function main(argv: readonly string[], io: Io, dependencies: Dependencies = installed): Promise<number> {
  try {
    const call = await callOf(argv, io, dependencies);
    if (typeof call === "number") return call;
    const { command, operands } = call;
    for (const sentence of await unknownVariables(io.env)) note(io, `note: ${sentence}`);
    return await command.run(withEnvironment(command.flags, call.given, io.env), io, dependencies, operands);
  } catch (error) {
    if (error instanceof ParameterError) {
      const { flagOf } = await import("./flags.js");
      return reportUsage(io, error.inWordsOf(flagOf).in(flagOf(error.parameter)));
    }
    if (error instanceof LiveImpossibleError) return reportImpossible(io, error);
    return error instanceof UsageError ? reportUsage(io, error) : reportBug(io, error, shellLine(argv));
  }
}

async function callOf(argv: readonly string[], io: Io, dependencies: Dependencies): Promise<Call | number> {
  const entry = COMMANDS.find(({ name }) => name === commandWord(argv));
  return parseCommandLine(argv, {
    heads: COMMANDS,
    command: entry === undefined ? null : await loaded(entry),
    io,
    version: packageVersion(),
    resolve: entry !== undefined && asksForHelp(argv) ? await dependencies.resolve() : null,
  });
}

/** Two folders up from here is the package, from src/cli and from dist/cli alike. */
function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest && "version" in manifest) return String(manifest.version);
  throw new Error("package.json has no version");
}
