/**
 * Values that are one of a few: words, with a suggestion for a typo, and numbers, without one.
 */
import { listed, quoted, UsageError } from "./errors.js";
import { didYouMean } from "./suggest.js";

/** One of several words, with a suggestion for a typo. */
export function choice<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new UsageError(`expected ${listed(words)}, got ${quoted(text)}${didYouMean(text, words)}`);
  };
}

/** One of several numbers. */
export function numberChoice<T extends number>(numbers: readonly T[]): (text: string) => T {
  return (text) => {
    const number = numbers.find((candidate) => String(candidate) === text);
    if (number !== undefined) return number;
    throw new UsageError(`expected ${listed(numbers)}, got ${quoted(text)}`);
  };
}
