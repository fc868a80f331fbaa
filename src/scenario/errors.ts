/**
 * What a person gets to read when a setting is wrong: one sentence that says what was expected and what was given.
 * This file owns the error and the quoting of foreign text in it. It does not know where the setting came from: a flag
 * or a place in a file is put in front by whoever read it there.
 */

/** Thrown for every mistake of the user, never for a bug. The message is one sentence, "expected … got …". */
export class UsageError extends Error {
  override readonly name = "UsageError";

  /** The same sentence behind the place that it is about, such as `--buffer`. */
  in(place: string): UsageError {
    return new UsageError(`${place}: ${this.message}`);
  }
}

/**
 * A parameter whose value does not go together with others. Which flag or line gave it, its thrower does not know: in
 * the sentence `{packets}` stands for a parameter, and whoever knows how the user named it has it said again in those
 * words.
 */
export class ParameterError extends UsageError {
  /** As in the scenario: `packets`, `listeners.0.bufferMaxBytes`. */
  readonly parameter: string;
  private readonly sentence: string;

  constructor(parameter: string, sentence: string) {
    super(worded(`{${parameter}}: ${sentence}`, (name) => name));
    this.parameter = parameter;
    this.sentence = sentence;
  }

  /** The same sentence without its place, with the words that the user has for parameters. */
  inWordsOf(nameOf: (parameter: string) => string): UsageError {
    return new UsageError(worded(this.sentence, nameOf));
  }
}

function worded(sentence: string, nameOf: (parameter: string) => string): string {
  return sentence.replace(/\{([\w.]+)\}/g, (_, parameter: string) => nameOf(parameter));
}

/** What `read` returns; a mistake of the user is said behind the place where it stands. */
export function inPlace<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof UsageError ? error.in(place) : error;
  }
}

const QUOTED_CHARACTERS = 60;
/** What moves a cursor, breaks a line or reverses its direction; JSON leaves most of it as it is. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Foreign text, such as the name of a file, for a terminal or a log: `\u001b` in place of what is no letter. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Foreign text in double quotes, on one line, without control characters, cut when it is long. */
export function quoted(text: string): string {
  const characters = [...text];
  const shown = characters.length > QUOTED_CHARACTERS ? `${characters.slice(0, QUOTED_CHARACTERS).join("")}…` : text;
  return printable(JSON.stringify(shown));
}

/** `a`, `a or b`, `a, b or c`. */
export function listed(words: readonly (string | number)[]): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? String(last) : `${words.slice(0, -1).join(", ")} or ${last}`;
}
