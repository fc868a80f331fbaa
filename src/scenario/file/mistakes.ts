/**
 * What is wrong with the shape of a file: ajv says where and of which kind, the sentence is ours, with file:line:column
 * in front.
 */
import { Ajv, type ErrorObject } from "ajv";
import { listed, quoted, UsageError } from "../errors.js";
import { published, type Schema } from "../json-schema.js";
import { didYouMean } from "../suggest.js";
import { expectedOf, expectedRangeOf, parseValue } from "../value.js";
import type { Located } from "./locate.js";
import { type Path, SCENARIO_FILE, schemaAt } from "./shape.js";

/** Beyond this a sentence that lists the known keys is no longer read. */
const MOST_LISTED = 12;

/** Mistakes that are about a list or keys as such, and not about their kind. */
const SPECIFIC = new Set(["additionalProperties", "propertyNames", "required", "uniqueItems", "minItems"]);

/** `written`: the document as plain values. Throws UsageError about the mistake that is deepest in it. */
export function refuseWrongShape(written: unknown, located: Located): void {
  const validate = validator();
  if (validate(written)) return;
  const errors = validate.errors ?? [];
  const depthOf = ({ instancePath }: ErrorObject): number => instancePath.split("/").length;
  const depth = Math.max(...errors.map(depthOf));
  const deepest = errors.filter((error) => depthOf(error) === depth);
  // Of an alternative that no branch fits, the sentence is about the whole, which comes last; but not when what is
  // wrong lies in one of them, which says so.
  const worst = deepest.find(({ keyword }) => SPECIFIC.has(keyword)) ?? deepest.at(-1);
  throw shapeError(worst!, written, located);
}

function shapeError({ instancePath, keyword, params }: ErrorObject, written: unknown, located: Located): UsageError {
  const at: Path = instancePath.split("/").slice(1).map(unescaped);
  const schema = schemaAt(at)!;
  if (keyword === "additionalProperties") {
    const key = String(params.additionalProperty);
    return located.errorAt(located.placeAt([...at, key], "key"), unknownKey(key, located.keyOf(at), schema));
  }
  if (keyword === "propertyNames") {
    const key = String(params.propertyName);
    const sentence = `expected a name of letters, digits, ., - and _, got ${quoted(key)}`;
    return located.errorAt(located.placeAt([...at, key], "key"), sentence);
  }
  if (keyword === "required") {
    return located.error(at, `expected the key ${params.missingProperty}, got none`);
  }
  const value = valueAt(written, at);
  if (keyword === "uniqueItems") return located.error(at, "expected each item once, got one again");
  if (keyword === "minItems") return located.error(at, "expected at least one item, got none");
  // A text with a unit that is none, or a number out of range, has a sentence of its own.
  if (typeof value === "string" && schema.type !== "object" && schema.type !== "array")
    atPlace(located, at, () => parseValue(schema, value));
  const outside = typeof value === "number" && (schema.minimum !== undefined || schema.maximum !== undefined);
  return located.error(
    at,
    `expected ${outside ? expectedRangeOf(schema, value) : expectedOf(schema)}, got ${shown(value)}`,
  );
}

/** A mistake in a value is said where the value stands. */
export function atPlace<T>(located: Located, at: Path, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof UsageError ? located.error(at, error.message) : error;
  }
}

let compiled: ReturnType<Ajv["compile"]> | undefined;

function validator(): ReturnType<Ajv["compile"]> {
  compiled ??= new Ajv({ strictTypes: false }).compile(published(SCENARIO_FILE, "written"));
  return compiled;
}

function valueAt(value: unknown, at: Path): unknown {
  let found = value;
  for (const step of at) found = (found as Record<string | number, unknown> | null | undefined)?.[step];
  return found;
}

function unescaped(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

function unknownKey(key: string, parent: string | undefined, schema: Schema): string {
  const known = Object.keys(schema.properties ?? {}).filter((name) => !name.startsWith("$"));
  const near = didYouMean(key, known) || elsewhere(key);
  const expected = known.length <= MOST_LISTED ? `expected ${listed(known)}` : `expected a key of ${parent}`;
  return `${expected}, got ${quoted(key)}${near}`;
}

/** A key that is right and stands in the wrong place: `title` in `scenario`, `bufferBytes` outside of a listener. */
function elsewhere(key: string): string {
  const place = findKey(SCENARIO_FILE, key, "");
  return place === null ? "" : `, did you mean ${quoted(place)}?`;
}

function findKey(schema: Schema, key: string, prefix: string): string | null {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const place = prefix === "" ? name : `${prefix}.${name}`;
    if (name === key) return place;
    const below = findKey(child, key, place) ?? (child.items ? findKey(child.items, key, `${place}[0]`) : null);
    if (below !== null) return below;
  }
  return null;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value === null) return "nothing";
  if (typeof value === "object") return "keys with values";
  return typeof value === "string" ? quoted(value) : String(value);
}
