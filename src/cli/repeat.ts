/**
 * The command that repeats a run: what the user gave that changes it, in canonical form, and always the seed. It is one
 * line that a POSIX shell reads back as the same words. It runs nothing.
 */
import { printable } from "../scenario/errors.js";

const PROGRAM = "ct-reliable";
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** `words`: the command and its operands; `seed`: null where nothing is drawn from one. */
export function repeatingCommand(
  words: readonly string[],
  canonicalFlags: readonly string[],
  seed: string | null,
): string {
  // A seed that was given may have been `random`: what repeats the run is the seed that it had.
  const at = canonicalFlags.indexOf("--seed");
  const others = at < 0 ? canonicalFlags : canonicalFlags.toSpliced(at, 2);
  return shellLine([...words, ...others, ...(seed === null ? [] : ["--seed", seed])]);
}

/** The program with these arguments, quoted where a shell would see more than one plain word. */
export function shellLine(words: readonly string[]): string {
  return [PROGRAM, ...words].map(shellWord).join(" ");
}

function shellWord(word: string): string {
  if (PLAIN.test(word)) return word;
  if (printable(word) === word) return `'${word.replaceAll("'", "'\\''")}'`;
  // What a terminal would act on is written as the shell reads it.
  return `$'${printable(word.replaceAll(/['\\]/g, "\\$&"))}'`;
}
