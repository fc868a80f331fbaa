/**
 * The command line: argv in, exit code out. It lists the commands, hands the call to one of them and turns what is thrown
 * into a sentence. It ends no process (bin/ct-reliable.js does) and loads no simulator until a command asks for one.
 */
import { readFileSync } from "node:fs";
import { LiveImpossibleError } from "../live/impossible.js";
import { ParameterError, UsageError } from "../scenario/errors.js";
import { parseCommandLine } from "./command-line.js";
import { COMMANDS } from "./commands.js";
import { type Dependencies, installed } from "./dependencies.js";
import { unknownVariables, withEnvironment } from "./environment.js";
import { note, reportBug, reportImpossible, reportUsage } from "./failure.js";
import { flagOf } from "./flags.js";
import type { Io } from "./io.js";
import { shellLine } from "./repeat.js";

/** `argv`: what the user typed after the name of the program. Never rejects. */
export async function main(argv: readonly string[], io: Io, dependencies: Dependencies = installed): Promise<number> {
  try {
    const resolve = await dependencies.resolve();
    const call = parseCommandLine(argv, COMMANDS, { io, version: packageVersion(), resolve });
    if (typeof call === "number") return call;
    const { command, operands } = call;
    const flags = COMMANDS.flatMap((one) => one.flags);
    for (const sentence of unknownVariables(flags, io.env)) note(io, `note: ${sentence}`);
    return await command.run(withEnvironment(command.flags, call.given, io.env), io, dependencies, operands);
  } catch (error) {
    if (error instanceof ParameterError) return reportUsage(io, error.inWordsOf(flagOf).in(flagOf(error.parameter)));
    if (error instanceof LiveImpossibleError) return reportImpossible(io, error);
    return error instanceof UsageError ? reportUsage(io, error) : reportBug(io, error, shellLine(argv));
  }
}

/** Two folders up from here is the package, from src/cli and from dist/cli alike. */
function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest && "version" in manifest) return String(manifest.version);
  throw new Error("package.json has no version");
}
