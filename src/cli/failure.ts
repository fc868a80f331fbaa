/**
 * How a command says on stderr that it failed, and with which exit code: a mistake of the user is one sentence, a bug
 * of ours is one sentence and the command that repeats it. Stack traces only with CT_RELIABLE_DEBUG=1.
 */
import type { LiveImpossibleError } from "../live/host/impossible.js";
import { printable, type UsageError } from "../scenario/errors.js";
import { hasColour } from "./colour.js";
import { EXIT } from "./exit-codes.js";
import type { Io } from "./io.js";

/** One line on stderr with the name of the program in front. */
export function note(io: Io, sentence: string): void {
  io.stderr.write(`ct-reliable: ${onOneLine(sentence)}\n`);
}

/** What a person should hear of before a run, a line each. */
export function noteAll(io: Io, sentences: readonly string[]): void {
  for (const sentence of sentences) note(io, `note: ${sentence}`);
}

/** An error: the same line, its head in red where standard error has colours. */
function complain(io: Io, sentence: string): void {
  if (!hasColour(io.stderr, io.env, true)) note(io, sentence);
  else io.stderr.write(`\u001b[31mct-reliable:\u001b[39m ${onOneLine(sentence)}\n`);
}

/** A file may have any name. */
function onOneLine(sentence: string): string {
  return printable(sentence.replace(/\s+/g, " ").trim());
}

export function reportUsage(io: Io, error: UsageError): number {
  complain(io, error.message);
  return EXIT.usage;
}

/** Of "EACCES: permission denied, open '/x'" the words between, which are for people. */
export function systemReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^[A-Z0-9]+: (.+?),/.exec(message)?.[1] ?? message;
}

/** The machine, and not the user, is what is wrong. */
export function reportImpossible(io: Io, error: LiveImpossibleError): number {
  complain(io, `${error.what} is not possible here: ${error.message}`);
  return EXIT.liveImpossible;
}

/** `reason`: an exception, or what broke in words. */
export function reportBug(io: Io, reason: unknown, command: string): number {
  complain(io, `a bug of ct-reliable: ${reason instanceof Error ? reason.message || reason.name : String(reason)}`);
  note(io, `repeat it with: ${command}`);
  if (io.env.CT_RELIABLE_DEBUG === "1" && reason instanceof Error) io.stderr.write(`${reason.stack}\n`);
  return EXIT.bug;
}
