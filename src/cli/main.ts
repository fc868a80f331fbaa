/**
 * The command line: argv in, exit code out. What is asked of the program itself is answered at once; all else is loaded
 * when a line asks for more. It ends no process (bin/ct-reliable.js does).
 */
import type { Dependencies } from "./dependencies.js";
import type { Io } from "./io.js";
import { answerForProgram } from "./program.js";

/** `argv`: what the user typed after the name of the program; `dependencies`: stubs in tests. Never rejects. */
export async function main(argv: readonly string[], io: Io, dependencies?: Dependencies): Promise<number> {
  const answered = answerForProgram(argv, io);
  if (answered !== null) return answered;
  const { runLine } = await import("./command-line.js");
  return runLine(argv, io, dependencies);
}
