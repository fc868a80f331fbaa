/**
 * Where something stands in a text of YAML or JSON: from a way of keys to the node, its line and column, and the
 * sentence about it.
 */
import { type Document, isAlias, isCollection, isMap, isScalar, type LineCounter, type Node } from "yaml";
import { UsageError } from "../errors.js";
import type { Path } from "./shape.js";

/** Where in a file something stands; both count from 1. */
export interface Place {
  line: number;
  column: number;
}

export class Located {
  readonly path: string;
  private readonly document: Document.Parsed;
  private readonly lines: LineCounter;

  /** `path`: what sentences call the text. */
  constructor(document: Document.Parsed, path: string, lines: LineCounter) {
    this.document = document;
    this.path = path;
    this.lines = lines;
  }

  error(at: Path, sentence: string, of: "key" | "value" = "value"): UsageError {
    const key = this.keyOf(at);
    return this.errorAt(this.placeAt(at, of), key === undefined ? sentence : `${key}: ${sentence}`);
  }

  errorAt({ line, column }: Place, sentence: string): UsageError {
    return new UsageError(`${this.path}:${line}:${column}: ${sentence}`);
  }

  /** The last key on the way: that of a list, for its items. */
  keyOf(at: Path): string | undefined {
    return at.findLast((step): step is string => typeof step === "string" && !/^\d+$/.test(step));
  }

  placeAt(at: Path, of: "key" | "value"): Place {
    const parent = of === "key" ? this.nodeAt(at.slice(0, -1)) : null;
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === at.at(-1))
      : undefined;
    return this.placeOfNode(pair === undefined ? this.nodeAt(at) : (pair.key as Node));
  }

  /** As it stands in the file: 5.10 is a release, and 5.1 another one. */
  sourceOf(at: Path): string {
    const node = this.nodeAt(at);
    return isScalar(node) ? (node.source ?? String(node.value)) : "";
  }

  /** The keys in the order of the file, which an object does not keep where names are numbers. */
  keysAt(at: Path): string[] {
    const node = this.nodeAt(at);
    return isMap(node) ? node.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : [];
  }

  holds(at: Path): boolean {
    return this.nodeAt(at) !== null;
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
