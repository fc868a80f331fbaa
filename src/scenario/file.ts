/**
 * A scenario file: a question with its expected answer, in YAML or JSON. It owns the shape of the file, the merging of
 * a variant over what the file says for all, and the sentences about mistakes, each with file:line:column. It takes the
 * text, not the path of a file on a disk: who reads that is the caller. The shape is the published JSON Schema itself,
 * so that what an editor accepts is what is accepted here; units and texts are read by value.ts, rules between
 * parameters are defaults.ts.
 */
import { Ajv, type ErrorObject } from "ajv";
import {
  type Document,
  type ErrorCode,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
} from "yaml";
import type { Overrides } from "./defaults.js";
import { listed, quoted, UsageError } from "./errors.js";
import { MOST_SEEDS } from "./expectation.js";
import { list, type Plain, published, quantity, type Schema, text } from "./json-schema.js";
import { overruledLoad } from "./load.js";
import { DURATION_SECONDS } from "./parameters/load.js";
import type { Experiment } from "./scenario.js";
import { PRINTABLE, SCENARIO } from "./scenario.js";
import { didYouMean } from "./suggest.js";
import { expectedOf, expectedRangeOf, fitsText, parseValue } from "./value.js";

/** Beyond this a sentence that lists the known keys is no longer read. */
const MOST_LISTED = 12;

/** Where in a file something stands; both count from 1. */
export interface Place {
  line: number;
  column: number;
}

/** One expectation as it was written. */
export interface Stated {
  expression: string;
  place: Place;
}

/** One run of a file: the file itself, or one of its variants. */
export interface Case {
  /** `conntrack-flush`, or `kernel-generations/5.4` of a variant. */
  name: string;
  /** Null where the file has no variants. */
  variant: string | null;
  title: string;
  experiment: Experiment;
  overrides: Overrides;
  expectations: readonly Stated[];
  place: Place;
  /**
   * Where a parameter of it stands, such as `listeners.0.bufferBytes`; where the case does, if the file does not give
   * it.
   */
  placeOf(parameter: string): Place;
}

export interface ScenarioFile {
  /** As it was given on the command line; `-` is standard input. */
  path: string;
  name: string;
  title: string;
  story: string;
  shows: string;
  sources: readonly string[];
  /** With how many seeds each case runs at least. */
  runs: number;
  cases: readonly Case[];
}

/** Mistakes that are about a list or keys as such, and not about their kind. */
const SPECIFIC = new Set(["additionalProperties", "propertyNames", "required", "uniqueItems", "minItems"]);

/** What stands behind `in` of an expectation. */
const VARIANT_NAME = "^[A-Za-z0-9][A-Za-z0-9._-]*$";

const GIVEN_SCENARIO: Schema = {
  ...SCENARIO,
  description: "parameters under the names that a report gives them; what is left out is a default of the experiment",
  properties: { ...SCENARIO.properties, durationSeconds: DURATION_SECONDS },
};

const EXPECTATIONS = list(
  text(
    "an expectation such as destroy.delivered == 100%, or drain <= 20s over 20 seeds",
    "an expectation such as destroy.delivered == 100%",
    { minLength: 1 },
  ),
  "what must hold; `ct-reliable metrics` lists what can be asked",
);

const TITLE = text("one line that says what happens", "a line of 1 to 100 printable characters", {
  maxLength: 100,
  pattern: PRINTABLE,
});

const NAME = text("the name of the scenario; without it that of the file", "a name of printable characters", {
  pattern: PRINTABLE,
});

const VARIANT: Schema = {
  type: "object",
  description: "a variant: what it changes in the scenario, and what must hold beside the expectations of the file",
  properties: { title: TITLE, scenario: GIVEN_SCENARIO, expectations: EXPECTATIONS },
};

export const SCENARIO_FILE: Schema = {
  type: "object",
  description: "A scenario of ct-reliable: an experiment, its story and what must hold.",
  needed: ["title", "scenario"],
  properties: {
    $schema: text("the JSON Schema of this file, for editors", "an address"),
    name: NAME,
    title: TITLE,
    story: text("what happens, and to whom", "a text"),
    shows: text("what is to be seen in it", "a text"),
    sources: list(
      text("an address", "an address such as https://…", { pattern: "^https?://" }),
      "where the story is from",
    ),
    runs: quantity("count", { min: 1, max: MOST_SEEDS }, "runs of the scenario with different seeds"),
    scenario: GIVEN_SCENARIO,
    expectations: EXPECTATIONS,
    variants: {
      type: "object",
      description: "runs of the same scenario with some parameters changed, by name",
      others: VARIANT,
      keyPattern: VARIANT_NAME,
    },
  },
};

/** What the file says for all of its variants, and each of them. */
interface Layer {
  title?: string;
  scenario?: Overrides & { experiment?: Experiment };
  expectations?: readonly string[];
}

/** As the file has it, in canonical units. */
interface Given extends Layer {
  name?: string;
  title: string;
  story?: string;
  shows?: string;
  sources?: readonly string[];
  runs?: number;
  variants?: Record<string, Layer>;
}

/**
 * The files that a text holds: one, or several YAML documents. `path` names the text in sentences, `name` is what a
 * file without one is called.
 * @throws UsageError with path:line:column in front
 */
export function readScenarioFiles(source: string, path: string, name: string): ScenarioFile[] {
  if (source.includes("\0")) throw new UsageError(`${path}: expected a scenario in YAML or JSON, got a binary file`);
  const lines = new LineCounter();
  const documents = parseAllDocuments(source, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const broken = documents.find(({ errors }) => errors.length > 0);
  if (broken !== undefined) throw syntaxError(broken, path, lines);
  const texts = "empty" in documents ? [] : documents.filter(({ contents }) => !isNothing(contents));
  if (texts.length === 0) {
    throw new UsageError(`${path}: expected a scenario with a title and parameters, got an empty file`);
  }
  return texts.map((document) => new FileReader(document, path, lines).read(name));
}

/** Behind `---` there may be nothing. */
function isNothing(contents: Node | null): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

/** Where the parser's own words would say less. */
const SYNTAX_ERRORS: Readonly<Partial<Record<ErrorCode, string>>> = {
  TAB_AS_INDENT: "expected spaces to indent, got a tab",
  DUPLICATE_KEY: "expected each key once, got one again",
};

function syntaxError({ errors }: Document.Parsed, path: string, lines: LineCounter): UsageError {
  const { code, message, pos } = errors[0]!;
  const { line, col } = lines.linePos(pos[0]);
  const reason = message.replaceAll(/\s+/g, " ");
  const sentence = SYNTAX_ERRORS[code] ?? `expected YAML or JSON, got a syntax error (${reason})`;
  return new UsageError(`${path}:${line}:${col}: ${sentence}`);
}

type Path = readonly (string | number)[];

class FileReader {
  private readonly document: Document.Parsed;
  private readonly path: string;
  private readonly lines: LineCounter;
  /** The document as plain values, as they are written. */
  private readonly written: unknown;

  constructor(document: Document.Parsed, path: string, lines: LineCounter) {
    this.document = document;
    this.path = path;
    this.lines = lines;
    this.written = this.plain();
  }

  read(fallback: string): ScenarioFile {
    this.refuseWrongShape();
    const given = this.canonical([], SCENARIO_FILE, this.written) as Given;
    const { title, story = "", shows = "", sources = [], runs = 1 } = given;
    const name = given.name ?? this.nameOfFile(fallback);
    const variants = this.variants();
    const cases = (variants.length === 0 ? [null] : variants).map((variant) => this.caseOf(given, name, variant));
    return { path: this.path, name, title, story: story.trim(), shows: shows.trim(), sources, runs, cases };
  }

  private nameOfFile(name: string): string {
    if (fitsText(NAME, name)) return name;
    throw new UsageError(`${this.path}: expected the key name, because that of the file is none, got ${quoted(name)}`);
  }

  /** In the order of the file, which an object does not keep where names are numbers. */
  private variants(): string[] {
    const node = this.nodeAt(["variants"]);
    return isMap(node) ? node.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : [];
  }

  private plain(): unknown {
    try {
      return this.document.toJS({ maxAliasCount: 20 });
    } catch (error) {
      throw new UsageError(`${this.path}: expected a scenario, got ${error instanceof Error ? error.message : error}`);
    }
  }

  private refuseWrongShape(): void {
    const validate = validator();
    if (validate(this.written)) return;
    const errors = validate.errors ?? [];
    const depthOf = ({ instancePath }: ErrorObject): number => instancePath.split("/").length;
    const depth = Math.max(...errors.map(depthOf));
    const deepest = errors.filter((error) => depthOf(error) === depth);
    // Of an alternative that no branch fits, the sentence is about the whole, which comes last; but not when what is
    // wrong lies in one of them, which says so.
    const worst = deepest.find(({ keyword }) => SPECIFIC.has(keyword)) ?? deepest.at(-1);
    throw this.shapeError(worst!);
  }

  private shapeError({ instancePath, keyword, params }: ErrorObject): UsageError {
    const at: Path = instancePath.split("/").slice(1).map(unescaped);
    const schema = schemaAt(at)!;
    if (keyword === "additionalProperties") {
      const key = String(params.additionalProperty);
      return this.errorAt(this.placeAt([...at, key], "key"), unknownKey(key, this.keyOf(at), schema));
    }
    if (keyword === "propertyNames") {
      const key = String(params.propertyName);
      const sentence = `expected a name of letters, digits, ., - and _, got ${quoted(key)}`;
      return this.errorAt(this.placeAt([...at, key], "key"), sentence);
    }
    if (keyword === "required") {
      return this.error(at, `expected the key ${params.missingProperty}, got none`);
    }
    const value = valueAt(this.written, at);
    if (keyword === "uniqueItems") return this.error(at, "expected each item once, got one again");
    if (keyword === "minItems") return this.error(at, "expected at least one item, got none");
    // A text with a unit that is none, or a number out of range, has a sentence of its own.
    if (typeof value === "string" && schema.type !== "object" && schema.type !== "array") this.value(at, schema, value);
    const outside = typeof value === "number" && (schema.minimum !== undefined || schema.maximum !== undefined);
    return this.error(
      at,
      `expected ${outside ? expectedRangeOf(schema, value) : expectedOf(schema)}, got ${shown(value)}`,
    );
  }

  private caseOf(given: Given, name: string, variant: string | null): Case {
    const layers: { at: Path; layer: Layer }[] = [{ at: [], layer: given }];
    if (variant !== null) layers.push({ at: ["variants", variant], layer: given.variants![variant]! });
    const { experiment, ...overrides } = layers
      .map(({ layer }): Overrides & { experiment?: Experiment } => layer.scenario ?? {})
      .reduce(mergeParameters);
    const place = this.placeAt(variant === null ? ["scenario"] : ["variants", variant], "key");
    if (experiment === undefined) {
      throw this.error(["scenario"], "expected the key experiment (flood or flush), got none", "key");
    }
    return {
      name: variant === null ? name : `${name}/${variant}`,
      variant,
      title: layers.at(-1)!.layer.title ?? given.title,
      experiment,
      overrides,
      expectations: layers.flatMap(({ at, layer: { expectations = [] } }) =>
        expectations.map((expression, index) => ({
          expression,
          place: this.placeAt([...at, "expectations", index], "value"),
        })),
      ),
      place,
      placeOf: (parameter) => {
        const places = layers.map(({ at }) => [...at, "scenario", ...parameter.split(".")]);
        const found = places.findLast((at) => this.nodeAt(at) !== null);
        return found === undefined ? place : this.placeAt(found, "key");
      },
    };
  }

  /** The value, which stands at the path, with everything in canonical units. */
  private canonical(at: Path, schema: Schema, value: unknown): unknown {
    const child = (step: string | number, member: unknown): unknown =>
      this.canonical([...at, step], childOf(schema, step)!, member);
    if (Array.isArray(value)) return value.map((item, index) => child(index, item));
    if (isRecord(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, child(key, member)]));
    }
    if (schema.textual !== undefined && typeof value === "number") return this.value(at, schema, this.sourceOf(at));
    return typeof value === "string" ? this.value(at, schema, value) : value;
  }

  /** As it stands in the file: 5.10 is a release, and 5.1 another one. */
  private sourceOf(at: Path): string {
    const node = this.nodeAt(at);
    return isScalar(node) ? (node.source ?? String(node.value)) : "";
  }

  private value(at: Path, schema: Schema, written: string): Plain {
    try {
      return parseValue(schema, written);
    } catch (error) {
      throw error instanceof UsageError ? this.error(at, error.message) : error;
    }
  }

  private error(at: Path, sentence: string, of: "key" | "value" = "value"): UsageError {
    const key = this.keyOf(at);
    return this.errorAt(this.placeAt(at, of), key === undefined ? sentence : `${key}: ${sentence}`);
  }

  private errorAt({ line, column }: Place, sentence: string): UsageError {
    return new UsageError(`${this.path}:${line}:${column}: ${sentence}`);
  }

  /** The last key on the way: that of a list, for its items. */
  private keyOf(at: Path): string | undefined {
    return at.findLast((step): step is string => typeof step === "string" && !/^\d+$/.test(step));
  }

  private placeAt(at: Path, of: "key" | "value"): Place {
    const parent = of === "key" ? this.nodeAt(at.slice(0, -1)) : null;
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === at.at(-1))
      : undefined;
    return this.placeOfNode(pair === undefined ? this.nodeAt(at) : (pair.key as Node));
  }

  /** An alias is what it stands for. Null: nothing stands there. */
  private nodeAt(at: Path): Node | null {
    const resolved = (node: unknown): Node | null =>
      (isAlias(node) ? (node.resolve(this.document) ?? null) : (node as Node | undefined)) ?? null;
    let node = resolved(this.document.contents);
    for (const step of at) node = isCollection(node) ? resolved(node.get(step, true)) : null;
    return node;
  }

  private placeOfNode(node: Node | null): Place {
    const { line, col } = this.lines.linePos(node?.range?.[0] ?? 0);
    return { line, column: col };
  }
}

/** `over` wins. Keys are merged, and so are listeners in the same place: a variant says what it changes. */
export function mergeParameters(base: Overrides, over: Overrides): Overrides {
  const overruled = overruledLoad(base, over);
  const rest = Object.fromEntries(Object.entries(base).filter(([key]) => !overruled.includes(key)));
  return mergeObjects(rest, { ...over });
}

function mergeObjects(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = mergeValues(key, merged[key], value);
  return merged;
}

function mergeValues(key: string, base: unknown, over: unknown): unknown {
  if (key === "listeners" && Array.isArray(base) && Array.isArray(over)) {
    const length = Math.max(base.length, over.length);
    return Array.from({ length }, (_, index) => mergeObjects(base[index] ?? {}, over[index] ?? {}));
  }
  return isRecord(base) && isRecord(over) ? mergeObjects(base, over) : over;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

let compiled: ReturnType<Ajv["compile"]> | undefined;

function validator(): ReturnType<Ajv["compile"]> {
  compiled ??= new Ajv({ strictTypes: false }).compile(published(SCENARIO_FILE, "written"));
  return compiled;
}

function schemaAt(at: Path): Schema | undefined {
  let schema: Schema | undefined = SCENARIO_FILE;
  for (const step of at) schema = schema && childOf(schema, step);
  return schema;
}

/** Of a key or of an item of a list. A key may be called `constructor`. */
function childOf({ items, properties = {}, others }: Schema, step: string | number): Schema | undefined {
  return items ?? (Object.hasOwn(properties, step) ? properties[step] : others);
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
