/**
 * A scenario file: a question with its expected answer, in YAML or JSON. It owns what becomes of the text of one:
 * documents, cases, their parameters in canonical units. It takes the text, not the path of a file on a disk: who reads
 * that is the caller. The shape of the file is file/shape.ts, where things stand in it file/locate.ts, what is wrong
 * with it file/mistakes.ts; units and texts are read by value.ts, rules between parameters are defaults.ts.
 */
import {
  type Alias,
  type Document,
  type ErrorCode,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from "yaml";
import type { Overrides } from "./defaults.js";
import { quoted, UsageError } from "./errors.js";
import { Located, type Place } from "./file/locate.js";
import { atPlace, refuseWrongShape } from "./file/mistakes.js";
import { childOf, type Given, type Layer, NAME, type Path, SCENARIO_FILE } from "./file/shape.js";
import type { Schema } from "./json-schema.js";
import { isRecord, mergeParameters } from "./merge.js";
import type { Experiment } from "./scenario.js";
import { fitsText, parseValue } from "./value.js";

export type { Place } from "./file/locate.js";

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
  if (broken !== undefined) throw syntaxError(broken, source, path, lines);
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
  RESOURCE_EXHAUSTION: "expected a scenario, got keys or lists that are nested far too deep",
};

function syntaxError({ errors }: Document.Parsed, source: string, path: string, lines: LineCounter): UsageError {
  const { code, message, pos } = errors[0]!;
  const { line, col } = lines.linePos(pos[0]);
  const reason = message.replaceAll(/\s+/g, " ");
  const key = /^("[^"\n]*"|'[^'\n]*'|[^\s:,}]*)/.exec(source.slice(pos[0]))?.[0] ?? "";
  const again =
    code === "DUPLICATE_KEY"
      ? `expected each key once, got ${quoted(key.replaceAll(/^["']|["']$/g, ""))} again`
      : undefined;
  const sentence = again ?? SYNTAX_ERRORS[code] ?? `expected YAML or JSON, got a syntax error (${reason})`;
  return new UsageError(`${path}:${line}:${col}: ${sentence}`);
}

class FileReader {
  private readonly located: Located;
  /** The document as plain values, as they are written. */
  private readonly written: unknown;

  constructor(document: Document.Parsed, path: string, lines: LineCounter) {
    this.located = new Located(document, path, lines);
    this.written = plain(document, path, lines);
  }

  read(fallback: string): ScenarioFile {
    const { located, written } = this;
    refuseWrongShape(written, located);
    const given = this.canonical([], SCENARIO_FILE, written) as Given;
    const { title, story = "", shows = "", sources = [], runs = 1 } = given;
    const name = given.name ?? this.nameOfFile(fallback);
    const variants = located.keysAt(["variants"]);
    const cases = (variants.length === 0 ? [null] : variants).map((variant) => this.caseOf(given, name, variant));
    return { path: located.path, name, title, story: story.trim(), shows: shows.trim(), sources, runs, cases };
  }

  private nameOfFile(name: string): string {
    if (fitsText(NAME, name)) return name;
    throw new UsageError(
      `${this.located.path}: expected the key name, because that of the file is none, got ${quoted(name)}`,
    );
  }

  private caseOf(given: Given, name: string, variant: string | null): Case {
    const layers: { at: Path; layer: Layer }[] = [{ at: [], layer: given }];
    if (variant !== null) layers.push({ at: ["variants", variant], layer: given.variants![variant]! });
    const { experiment, ...overrides } = layers
      .map(({ layer }): Overrides & { experiment?: Experiment } => layer.scenario ?? {})
      .reduce(mergeParameters);
    const place = this.located.placeAt(variant === null ? ["scenario"] : ["variants", variant], "key");
    if (experiment === undefined) {
      throw this.located.error(["scenario"], "expected the key experiment (flood or flush), got none", "key");
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
          place: this.located.placeAt([...at, "expectations", index], "value"),
        })),
      ),
      place,
      placeOf: (parameter) => {
        const places = layers.map(({ at }) => [...at, "scenario", ...parameter.split(".")]);
        const found = places.findLast((at) => this.located.holds(at));
        return found === undefined ? place : this.located.placeAt(found, "key");
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
    if (schema.textual !== undefined && typeof value === "number")
      return this.value(at, schema, this.located.sourceOf(at));
    return typeof value === "string" ? this.value(at, schema, value) : value;
  }

  private value(at: Path, schema: Schema, written: string): unknown {
    return atPlace(this.located, at, () => parseValue(schema, written));
  }
}

function plain(document: Document.Parsed, path: string, lines: LineCounter): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    throw aliasError(document, path, lines) ?? error;
  }
}

/** An alias of nothing, or of so much that the file would fill the memory. */
function aliasError(document: Document.Parsed, path: string, lines: LineCounter): UsageError | null {
  const aliases: Alias[] = [];
  visit(document, { Alias: (_, alias) => void aliases.push(alias) });
  const dangling = aliases.find((alias) => alias.resolve(document) === undefined);
  const alias = dangling ?? aliases.at(-1);
  if (alias === undefined) return null;
  const { line, col } = lines.linePos(alias.range?.[0] ?? 0);
  const expected =
    dangling === undefined
      ? "a scenario that stays small when its aliases are written out"
      : "an anchor above its alias";
  return new UsageError(`${path}:${line}:${col}: expected ${expected}, got ${quoted(`*${alias.source}`)}`);
}
