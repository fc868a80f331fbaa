/**
 * A published schema says the same with its definitions as without.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { schemaText } from "../../scripts/definitions.js";
import { REPORT } from "../../src/report/schema.js";
import { SUITE } from "../../src/report/suite.js";
import { SCENARIO_FILE } from "../../src/scenario/file/shape.js";
import { published } from "../../src/scenario/json-schema.js";
import { COMPARE, SIZE, SWEEP } from "../../src/study/schema.js";

const SCHEMAS = [
  ["a scenario", published(SCENARIO_FILE, "written")],
  ...[REPORT, SUITE, SWEEP, COMPARE, SIZE].map(
    (schema) => [schema.description, published(schema, "canonical")] as const,
  ),
] as const;

for (const [name, schema] of SCHEMAS) {
  test(`with the definitions put back, it is the schema of ${name}`, () => {
    const { definitions = {}, ...top } = JSON.parse(schemaText(schema));
    assert.deepEqual(expanded(top, definitions), JSON.parse(JSON.stringify(schema)));
  });
}

test("what is said twice is a definition of the name of its property, whether it was a definition before or not", () => {
  const long = (text: string) => ({ title: text.repeat(200) });
  const texts = { first: long("a"), second: long("b") };
  const schema = {
    properties: { ...texts, inside: { properties: texts }, again: long("c") },
    definitions: { c: long("c") },
  };
  const { properties, definitions } = JSON.parse(schemaText(schema));
  assert.deepEqual(definitions, { c: long("c"), ...texts });
  const [first, second] = ["first", "second"].map((name) => ({ $ref: `#/definitions/${name}` }));
  assert.deepEqual(properties, {
    first,
    second,
    inside: { properties: { first, second } },
    again: { $ref: "#/definitions/c" },
  });
});

test("two that differ have two names", () => {
  const named = (text: string) => ({ properties: { value: { title: text.repeat(200) } } });
  const { properties, definitions } = JSON.parse(
    schemaText({ properties: { a: named("a"), b: named("b"), c: { properties: { a: named("a"), b: named("b") } } } }),
  );
  assert.deepEqual(expanded(properties.c, definitions), { properties: { a: named("a"), b: named("b") } });
});

/** Each reference replaced by what it refers to. */
function expanded(value: unknown, definitions: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((part) => expanded(part, definitions));
  if (typeof value !== "object" || value === null) return value;
  if ("$ref" in value && typeof value.$ref === "string") {
    const name = value.$ref.replace("#/definitions/", "");
    assert.ok(name in definitions, name);
    return expanded(definitions[name], definitions);
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, expanded(part, definitions)]));
}
