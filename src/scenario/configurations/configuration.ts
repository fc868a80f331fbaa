/**
 * What a configuration file that real machines have says of a run: settings of the first listener, settings of the
 * kernel, and what its reader has to be told, because the program ignores it or because it does nothing here. A line
 * that the program itself would not understand is a mistake, said with the place where it stands.
 */
import type { Overrides } from "../defaults.js";
import { quoted, UsageError } from "../errors.js";
import type { ListenerScenario } from "../parameters/listener.js";
import { didYouMean } from "../suggest.js";

export interface Configuration {
  listener: Partial<ListenerScenario>;
  /** Of everything but the listener. */
  overrides: Overrides;
  /** Sentences, each with its place. */
  notes: string[];
}

/** A piece of a file and the line where it stands, from 1 on. */
export interface Placed {
  text: string;
  line: number;
}

/** A mistake at a place: `FILE:LINE: expected … got …`. */
export function mistakeAt(
  file: string,
  { line, text }: Placed,
  expected: string,
  known: readonly string[] = [],
): UsageError {
  return new UsageError(`${file}:${line}: expected ${expected}, got ${quoted(text)}${didYouMean(text, known)}`);
}

/** What does nothing to a run, in one sentence; nothing where there is nothing. */
export function withoutEffect(file: string, names: readonly Placed[]): string[] {
  if (names.length === 0) return [];
  const listed = names.map(({ text, line }) => `${text} (line ${line})`).join(", ");
  return [`${file}: without effect on what is delivered: ${listed}`];
}
