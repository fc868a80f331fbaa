/**
 * The command line: argv in, exit code out. It reads the arguments, gives the help or runs the command, and has the one
 * ladder from what is thrown to a sentence and an exit code. It ends no process (bin/ct-reliable.js does).
 */
import { existsSync, readFileSync } from "node:fs";
import { LiveImpossibleError } from "../live/host/impossible.js";
import { ParameterError, UsageError } from "../scenario/errors.js";
import { type Asked, readArguments } from "./arguments.js";
import { COMMANDS } from "./catalogue.js";
import { inColoursAsked } from "./colour.js";
import { type Dependencies, installed } from "./dependencies.js";
import { unknownVariables, withEnvironment, writtenAs } from "./environment.js";
import { EXIT } from "./exit-codes.js";
import { note, reportBug, reportImpossible, reportUsage } from "./failure.js";
import { commandHelp, programHelp } from "./help.js";
import { type Io, widthOf } from "./io.js";
import { flagOf } from "./parameter-flags.js";
import { shellLine } from "./repeat.js";

/** `argv`: what the user typed after the name of the program; `dependencies`: stubs in tests. Never rejects. */
export async function main(argv: readonly string[], own: Io, dependencies: Dependencies = installed): Promise<number> {
  const io = inColoursAsked(argv, own);
  try {
    const asked = await readArguments(argv, COMMANDS);
    if (asked.kind === "version") return version(io);
    if (asked.kind === "help") return await help(asked, io, dependencies);
    const { command, given, operands } = asked;
    for (const sentence of unknownVariables(COMMANDS, io.env)) note(io, `note: ${sentence}`);
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
  { command, mistake, all }: Extract<Asked, { kind: "help" }>,
  io: Io,
  dependencies: Dependencies,
): Promise<number> {
  const stream = mistake ? io.stderr : io.stdout;
  if (command === null) {
    stream.write(programHelp(COMMANDS, widthOf(stream)));
    return mistake ? EXIT.usage : EXIT.ok;
  }
  const scenario = command.defaults === null ? null : (await dependencies.resolve())(command.defaults, {});
  stream.write(commandHelp(command, scenario, widthOf(stream), all));
  return EXIT.ok;
}

function version(io: Io): number {
  const commit = builtFrom();
  const { version, platform, arch } = process;
  const from = commit === null ? "" : `, commit ${commit}`;
  io.stdout.write(`${packageVersion()} (Node ${version.slice(1)}, ${platform} ${arch}${from})\n`);
  return EXIT.ok;
}

/** The commit of the sources, which a build in a clone leaves beside its files. Null: not known. */
function builtFrom(): string | null {
  const file = new URL("./commit", import.meta.url);
  return existsSync(file) ? readFileSync(file, "utf8").trim() : null;
}

/** Two folders up from here is the package, from src/cli and from dist/command alike. */
function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest && "version" in manifest) return String(manifest.version);
  throw new Error("package.json has no version");
}
