/**
 * The language in which the scenario (schema.ts) and the Report (report/schema.ts) are described: JSON Schema as plain
 * data, with a few notes of our own (how a person writes a value, what its unit is). It owns the constructors and the
 * two forms in which a description is published: `canonical`, numbers only, as the Report echoes it; and `written`,
 * with units and with everything optional, as a scenario file says it. It validates nothing; the notes are left out of
 * what is published.
 */
import { QUANTITIES, type QuantityKind, type Range } from "./units.js";

type JsonType = "object" | "array" | "string" | "integer" | "number" | "boolean" | "null";
export type Plain = string | number | boolean | null;

/** What not every run has. */
export type Need = "flush" | "worker" | "queue" | "dumps";

export interface Schema {
  type: JsonType;
  description: string;
  /** Null is a value, too. */
  nullable?: boolean;
  /** Other types that it may have. */
  alternatives?: readonly JsonType[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  enum?: readonly Plain[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  properties?: Readonly<Record<string, Schema>>;
  /** Properties that need not be there, in the canonical form either. */
  optional?: readonly string[];
  /** Properties without which a scenario file says nothing. */
  needed?: readonly string[];
  /** What every property is that is not listed. Absent: there is no other. */
  others?: Schema;
  /** A pattern that its keys match. */
  keyPattern?: string;
  /** Note: a person may write it with a unit. */
  quantity?: QuantityKind;
  /** Note: why zero, which a person may well try, is refused. */
  zero?: string;
  /** Note: what the text is, as a sentence says it; numbers that look like one are taken as they are written. */
  textual?: string;
  /** Note on a figure: what is counted or measured. */
  unit?: string;
  /** Note on a figure: the metric that is 100 % of it. */
  whole?: string;
  /** Note on a figure: null is a moment that never came. */
  never?: boolean;
  /** Note on a figure: what a run must have so that it has the figure. */
  needs?: Need;
  /** Note on a figure: only a simulation can know it. */
  simulated?: boolean;
}

/**
 * Of an object with exactly these properties; a property that the type has and the description lacks does not compile.
 */
export interface ObjectSchema<T> extends Schema {
  properties: { readonly [K in keyof Required<T>]: Schema };
}

/** A description that knows the type of what it describes; the type exists only for the compiler. */
export interface Described<T> extends Schema {
  readonly describes?: T;
}

export type ValueOf<S> = S extends { readonly describes?: infer T } ? T : never;

/** An object whose type follows from its properties. */
export interface Shape<P extends Readonly<Record<string, Schema>>>
  extends Described<{ [K in keyof P]: ValueOf<P[K]> }> {
  properties: P;
}

export function shape<P extends Readonly<Record<string, Schema>>>(description: string, properties: P): Shape<P> {
  return { type: "object", description, properties };
}

export function object<T>(description: string, properties: ObjectSchema<T>["properties"]): ObjectSchema<T> {
  return { type: "object", description, properties };
}

export function list<T>(items: Described<T>, description: string): Described<readonly T[]> {
  return { type: "array", description, items };
}

export function choiceOf<const T extends string | number>(words: readonly T[], description: string): Described<T> {
  return { type: typeof words[0] === "number" ? "integer" : "string", description, enum: words };
}

export function flag(description: string): Described<boolean> {
  return { type: "boolean", description };
}

export function quantity(kind: QuantityKind, range: Range, description: string): Described<number> {
  const type = kind === "rate" || kind === "seconds" ? "number" : "integer";
  return { type, description, minimum: range.min, maximum: range.max, quantity: kind };
}

export function text(description: string, textual: string, limits: Partial<Schema> = {}): Described<string> {
  return { type: "string", description, textual, ...limits };
}

export function nullable<T>(schema: Described<T>): Described<T | null> {
  return { ...schema, nullable: true };
}

export type Form = "canonical" | "written";

/** The description as JSON Schema of draft 7, which editors and validators alike know. */
export function published(schema: Schema, form: Form): Record<string, unknown> {
  const { description } = schema;
  const alternatives = [
    valueSchema(schema, form),
    ...(form === "written" ? writtenSchemas(schema) : []),
    ...(schema.alternatives ?? []).map((type) => ({ type })),
    ...(schema.nullable === true ? [{ type: "null" }] : []),
  ];
  return alternatives.length === 1 ? { description, ...alternatives[0] } : { description, anyOf: alternatives };
}

function valueSchema(schema: Schema, form: Form): Record<string, unknown> {
  const { type, minimum, maximum, minLength, maxLength, pattern, enum: words } = schema;
  if (words !== undefined) return { type, enum: words };
  const { items, minItems, maxItems, uniqueItems } = schema;
  const bounds = { minimum, maximum, minLength, maxLength, pattern, minItems, maxItems, uniqueItems };
  return {
    type,
    ...Object.fromEntries(Object.entries(bounds).filter(([, bound]) => bound !== undefined)),
    ...(items === undefined ? {} : { items: published(items, form) }),
    ...(type === "object" ? objectSchema(schema, form) : {}),
  };
}

function objectSchema({ properties = {}, optional = [], needed = [], others, keyPattern }: Schema, form: Form): object {
  const names = Object.keys(properties);
  const required = form === "canonical" ? names.filter((name) => !optional.includes(name)) : needed;
  return {
    properties: Object.fromEntries(names.map((name) => [name, published(properties[name]!, form)])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: others === undefined ? false : published(others, form),
    ...(keyPattern === undefined ? {} : { propertyNames: { pattern: keyPattern } }),
  };
}

/** How a person may write what is a number or a text inside. */
function writtenSchemas({ quantity: kind, textual }: Schema): Record<string, unknown>[] {
  if (kind !== undefined) return [{ type: "string", pattern: QUANTITIES[kind].pattern }];
  return textual === undefined ? [] : [{ type: "number" }];
}
