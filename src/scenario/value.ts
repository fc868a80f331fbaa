/**
 * From what a person wrote to one value of a parameter and back, as its description (schema.ts) says it. Flags, the
 * environment and scenario files read their values here, so that `208k` means the same in each. Where the text stood,
 * the caller knows.
 */
import { choice, numberChoice } from "./choice.js";
import { listed, quoted, UsageError } from "./errors.js";
import type { Plain, Schema } from "./json-schema.js";
import { QUANTITIES, type QuantityKind, type Range } from "./units.js";

/** Throws UsageError. */
export function parseValue(schema: Schema, written: string): Plain {
  if (schema.quantity !== undefined) return parseQuantity(schema, schema.quantity, written);
  if (schema.enum !== undefined) return parseChoice(schema.enum, written);
  if (schema.type === "boolean") return choice(["true", "false"])(written) === "true";
  if (fitsText(schema, written)) return written;
  throw new UsageError(`expected ${schema.textual}, got ${quoted(written)}`);
}

export function formatValue(schema: Schema, value: Plain): string {
  if (schema.quantity !== undefined) return QUANTITIES[schema.quantity].format(value as number | null);
  return String(value);
}

/** What a value should be, for "expected …". */
export function expectedOf(schema: Schema): string {
  const { quantity, enum: words, textual, type } = schema;
  const expected =
    quantity !== undefined
      ? QUANTITIES[quantity].expected
      : words !== undefined
        ? listed(words.map(String))
        : (textual ?? NOUNS[type]);
  return schema.nullable === true ? `${expected}, or null` : expected;
}

/** As expectedOf, where a number was given that is too small, too large or no whole one. */
export function expectedRangeOf(schema: Schema, value: number): string {
  if (schema.type === "integer" && value % 1 !== 0) return NOUNS.integer;
  const { min, max } = rangeOf(schema);
  const format = (end: number) => formatValue(schema, end);
  return `a value from ${format(min)} to ${format(max)}`;
}

const NOUNS: Readonly<Record<Schema["type"], string>> = {
  object: "keys with values",
  array: "a list",
  string: "a text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  null: "null",
};

function parseQuantity(schema: Schema, kind: QuantityKind, written: string): number | null {
  const range = rangeOf(schema);
  if (schema.zero === undefined) return QUANTITIES[kind].parse(written, range);
  const value = QUANTITIES[kind].parse(written, { ...range, min: 0 });
  if (value !== 0) return value;
  throw new UsageError(
    `expected at least ${QUANTITIES[kind].format(range.min)} (${schema.zero}), got ${quoted(written)}`,
  );
}

function rangeOf({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Schema): Range {
  return { min: minimum, max: maximum };
}

function parseChoice(words: readonly Plain[], written: string): Plain {
  if (typeof words[0] === "number") return numberChoice(words as readonly number[])(written);
  return choice(words as readonly string[])(written);
}

/** Whether it is a text as the description wants it. */
export function fitsText(
  { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Schema,
  written: string,
): boolean {
  if (written.length < minLength || written.length > maxLength) return false;
  return pattern === undefined || new RegExp(pattern, "u").test(written);
}
