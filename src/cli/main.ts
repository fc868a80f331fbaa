/**
 * The command line: argv in, exit code out. It lists the commands, hands the call to one of them and turns what is thrown
 * into a sentence. It ends no process (bin/ct-reliable.js does) and loads no simulator until a command asks for one.
 */
import { readFileSync } from "node:fs";
import { UsageError } from "../scenario/errors.js";
import { parseCommandLine } from "./command-line.js";
import { type Dependencies, installed } from "./dependencies.js";
import { flood, flush } from "./experiment.js";
import { explain } from "./explain.js";
import { reportBug, reportUsage } from "./failure.js";
import type { Io } from "./io.js";
import { shellLine } from "./repeat.js";

const COMMANDS = [flood, flush, explain];

/** `argv`: what the user typed after the name of the program. Never rejects. */
export async function main(argv: readonly string[], io: Io, dependencies: Dependencies = installed): Promise<number> {
  try {
    const resolve = await dependencies.resolve();
    const call = parseCommandLine(argv, COMMANDS, { io, version: packageVersion(), resolve });
    return typeof call === "number" ? call : await call.command.run(call.given, io, dependencies, call.operands);
  } catch (error) {
    return error instanceof UsageError ? reportUsage(io, error) : reportBug(io, error, shellLine(argv));
  }
}

/** Two folders up from here is the package, from src/cli and from dist/cli alike. */
function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest && "version" in manifest) return String(manifest.version);
  throw new Error("package.json has no version");
}
