/**
 * A published schema in a form that is short and can still be compared from one version to the next: what it says more
 * than once is a definition, and every property of its top and every definition is a line.
 */

/** As published() in src/scenario/json-schema.ts writes them. */
interface Published {
  $schema?: string;
  title?: string;
  $ref?: string;
  properties?: Record<string, Published>;
  items?: Published;
  additionalProperties?: Published | boolean;
  anyOf?: Published[];
  definitions?: Record<string, Published>;
}

/** A shorter one is as well said again. */
const WORTH_A_NAME = 100;

/** The text of the file. */
export function schemaText(schema: Published): string {
  const { definitions, ...top } = new Shared(schema).written();
  return `${linesOf(Object.entries({ ...top, ...(definitions === undefined ? {} : { definitions }) }), "")}\n`;
}

function linesOf(entries: readonly [string, unknown][], indent: string): string {
  const lines = entries.map(([key, value]) => {
    const long = key === "properties" || key === "definitions";
    const text = long ? linesOf(Object.entries(value as object), `${indent}  `) : JSON.stringify(value);
    return `${indent}  ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${lines.join(",\n")}\n${indent}}`;
}

class Shared {
  private readonly schema: Published;
  /** How often each schema is said, by its text. What is inside of one counts once, since it will be said once. */
  private readonly times = new Map<string, number>();
  private readonly names = new Map<string, string>();
  private readonly definitions: Record<string, Published> = {};

  constructor(schema: Published) {
    this.schema = schema;
    const given = Object.entries(schema.definitions ?? {});
    for (const [name, definition] of given) this.names.set(JSON.stringify(definition), name);
    this.count({ ...schema, definitions: {} });
    for (const [, definition] of given) this.count(definition);
  }

  written(): Published {
    const { definitions = {}, ...top } = this.schema;
    // In their order, before what is found in them.
    for (const name of Object.keys(definitions)) this.definitions[name] = {};
    for (const [name, definition] of Object.entries(definitions))
      this.definitions[name] = this.inside(definition, name);
    const written = this.inside(top, "");
    return Object.keys(this.definitions).length === 0 ? written : { ...written, definitions: this.definitions };
  }

  private count(schema: Published): void {
    const text = JSON.stringify(schema);
    const times = (this.times.get(text) ?? 0) + 1;
    this.times.set(text, times);
    if (times > 1) return;
    mapped(schema, "", (part) => {
      this.count(part);
      return part;
    });
  }

  private inside(schema: Published, name: string): Published {
    return mapped(schema, name, (part, called) => this.shared(part, called));
  }

  private shared(schema: Published, called: string): Published {
    const text = JSON.stringify(schema);
    if (!this.names.has(text)) {
      if (text.length < WORTH_A_NAME || this.times.get(text) === 1) return this.inside(schema, called);
      const name = this.free(called);
      this.names.set(text, name);
      this.definitions[name] = {};
      this.definitions[name] = this.inside(schema, called);
    }
    return { $ref: `#/definitions/${this.names.get(text)}` };
  }

  private free(called: string): string {
    let name = called;
    for (let number = 2; name in this.definitions; number++) name = `${called}${number}`;
    return name;
  }
}

/** The same with other schemas in it, each called by the property that it is of. */
function mapped(schema: Published, name: string, of: (part: Published, called: string) => Published): Published {
  const { properties, items, additionalProperties, anyOf } = schema;
  const others = typeof additionalProperties === "object" ? of(additionalProperties, name) : additionalProperties;
  return {
    ...schema,
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map((part) => of(part, name)) }),
    ...(items === undefined ? {} : { items: of(items, name) }),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([key, part]) => [key, of(part, key)])) }),
    ...(others === undefined ? {} : { additionalProperties: others }),
  };
}
