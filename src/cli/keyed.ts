/**
 * Values of several keys, `buffer=8k,reader=1ms,policy=lossy`: each key at most once, each with a parser and a formatter of
 * its own, with a suggestion for a typo. It owns the splitting and the order in which the parts are written again.
 */

import { choice } from "../scenario/choice.js";
import { inPlace, quoted, UsageError } from "../scenario/errors.js";

export interface KeyedItem<T> {
  parse(text: string): Partial<T>;
  /** Null where the value does not say. */
  format(value: Partial<T>): string | null;
}

export interface Keyed<T> {
  parse(text: string): Partial<T>;
  format(value: Partial<T>): string;
}

/** `example`: a whole value, for the sentence about one without `=`. */
export function keyed<T>(items: Readonly<Record<string, KeyedItem<T>>>, example: string): Keyed<T> {
  const keys = Object.keys(items);
  return {
    parse(text) {
      const value: Partial<T> = {};
      const seen = new Set<string>();
      // A word without `=` belongs to the item before it, as in `reader=1ms,exponential`.
      for (const item of text.split(/,(?=[^,]*=)/)) {
        const at = item.indexOf("=");
        if (at < 0) throw new UsageError(`expected KEY=VALUE such as ${example}, got ${quoted(text)}`);
        const key = choice(keys)(item.slice(0, at));
        if (seen.has(key)) throw new UsageError(`expected each key once, got ${key} twice in ${quoted(text)}`);
        seen.add(key);
        Object.assign(
          value,
          inPlace(key, () => items[key]!.parse(item.slice(at + 1))),
        );
      }
      return value;
    },
    format: (value) =>
      Object.entries(items)
        .flatMap(([key, item]) => {
          const text = item.format(value);
          return text === null ? [] : [`${key}=${text}`];
        })
        .join(","),
  };
}
