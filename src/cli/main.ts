/**
 * The command line: argv in, exit code out. Here are the help and the version of the program; a line that names a command is
 * call.ts, which nobody loads who asks for neither. It ends no process (bin/ct-reliable.js does).
 */
import { readFileSync } from "node:fs";
import { UsageError } from "../scenario/errors.js";
import { answer, commandOf } from "./command-line.js";
import type { Dependencies } from "./dependencies.js";
import { reportBug, reportUsage } from "./failure.js";
import type { Io } from "./io.js";
import { shellLine } from "./repeat.js";

/** `argv`: what the user typed after the name of the program; `stubs`: in the place of what is installed. Never rejects. */
export async function main(argv: readonly string[], io: Io, stubs?: Dependencies): Promise<number> {
  try {
    const head = commandOf(argv);
    if (head === null) return answer(argv, io, packageVersion());
    const { call } = await import("./call.js");
    return await call(head, argv, io, stubs);
  } catch (error) {
    return error instanceof UsageError ? reportUsage(io, error) : reportBug(io, error, shellLine(argv));
  }
}

/** Two folders up from here is the package, from src/cli and from dist/command alike. */
function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest && "version" in manifest) return String(manifest.version);
  throw new Error("package.json has no version");
}
