/**
 * Values that are written as one text where a plain value is not enough: `burst:50`, `500ms/10s`, `udp=30s`, and
 * several keys as in `buffer=8k,reader=1ms,policy=lossy`. The quantities inside are those of units.ts; which parameter
 * is written how, its table says.
 */
import { choice } from "../choice.js";
import { inPlace, quoted, UsageError } from "../errors.js";
import type { Plain, Schema } from "../json-schema.js";
import { formatValue, parseValue } from "../value.js";

/** Parse and format are each other's inverse. */
export interface Codec {
  /** The values by the names of their parameters. Throws UsageError. */
  parse(text: string): object;
  /** Null where there is nothing to write. */
  format(values: object): string | null;
}

/** One value, as files and flags write it. */
export function plain(key: string, described: Schema): Codec {
  return {
    parse: (text) => ({ [key]: parseValue(described, text) }),
    format({ [key]: value }: Record<string, Plain>) {
      // No rate is a rate, max; of the others null is "none".
      const none = value === undefined || (value === null && described.quantity !== "rate");
      return none ? null : formatValue(described, value);
    },
  };
}

/** A switch that sets these values. */
export function sets(values: object): Codec {
  return { parse: () => values, format: () => "" };
}

/** A quantity that is a number inside, in a text of several. Throws UsageError. */
export function numberIn(schema: Schema, text: string): number {
  return parseValue(schema, text) as number;
}

/** `70%`, from 0 to 1 inside; null: it is no percentage. Throws UsageError where nothing or more than all is left. */
export function shareIn(text: string): number | null {
  const percent = /^(\d{1,3}(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent === undefined) return null;
  const share = Number(percent) / 100;
  if (share > 0 && share <= 1) return share;
  throw new UsageError(`expected a share above 0% and up to 100%, got ${quoted(text)}`);
}

export function formatShare(share: number): string {
  return `${Number((share * 100).toPrecision(12))}%`;
}

/** At the separator: what stands before it and after it. Throws UsageError where it does not stand there. */
export function pairIn(text: string, separator: string, example: string): [string, string] {
  const at = text.indexOf(separator);
  if (at < 0) throw new UsageError(`expected ${example}, got ${quoted(text)}`);
  return [text.slice(0, at), text.slice(at + separator.length)];
}

/** Of several keys one that is there or not. */
export function onOrOff(key: string): Codec {
  return {
    parse: (text) => ({ [key]: choice(["on", "off"])(text) === "on" }),
    format: ({ [key]: on }: Record<string, unknown>) => (on === undefined ? null : on ? "on" : "off"),
  };
}

/**
 * Several keys: each at most once, with a suggestion for a typo. They are written again in the order of `items`;
 * `example` is a whole value, for the sentence about one without `=`.
 */
export function keyed(items: Readonly<Record<string, Codec>>, example: string): Codec {
  const keys = Object.keys(items);
  return {
    parse(text) {
      const parsed = new Map<string, object>();
      // A word without `=` belongs to the item before it, as in `reader=1ms,exponential`.
      for (const item of text.split(/,(?=[^,]*=)/)) {
        const at = item.indexOf("=");
        if (at < 0) throw new UsageError(`expected KEY=VALUE such as ${example}, got ${quoted(text)}`);
        const key = choice(keys)(item.slice(0, at));
        if (parsed.has(key)) throw new UsageError(`expected each key once, got ${key} twice in ${quoted(text)}`);
        parsed.set(
          key,
          inPlace(key, () => items[key]!.parse(item.slice(at + 1))),
        );
      }
      // As the table has them: what one key brings, a later one may overrule, wherever it stands.
      return Object.assign({}, ...keys.map((key) => parsed.get(key)));
    },
    format: (values) =>
      Object.entries(items)
        .flatMap(([key, item]) => {
          const text = item.format(values);
          return text === null ? [] : [`${key}=${text}`];
        })
        .join(","),
  };
}
