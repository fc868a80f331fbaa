/**
 * Reads source files as the compiler does, for the test of the architecture: which modules a file names (imports,
 * re-exports, type-only ones, import() and import types), and where it uses what the model must not use. It knows no
 * folder.
 */
import ts from "typescript";

/** A module that a file names, and the line on which it does. */
export interface Reference {
  specifier: string;
  line: number;
}

/** Something that a file uses, in the words of the source: `Date`, `Math.log`, `10 ** digits`. */
export interface Use {
  what: string;
  line: number;
}

export class Source {
  readonly path: string;
  private readonly file: ts.SourceFile;

  constructor(path: string, text: string) {
    this.path = path;
    this.file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  }

  get references(): Reference[] {
    const found: Reference[] = [];
    this.visit((node) => {
      const specifier = specifierOf(node);
      if (specifier !== null) found.push({ specifier, line: this.lineOf(node) });
    });
    return found;
  }

  /** Modules that are loaded with it: by imports and re-exports that are not of types alone. */
  get loads(): string[] {
    return this.file.statements.flatMap((node) => {
      const isOfTypes = ts.isImportDeclaration(node)
        ? node.importClause?.isTypeOnly === true
        : !ts.isExportDeclaration(node) || node.isTypeOnly;
      const specifier = specifierOf(node);
      return isOfTypes || specifier === null ? [] : [specifier];
    });
  }

  /** Uses of global names as values. A property, a key or a declaration of the same name is none. */
  usesOf(globals: ReadonlySet<string>): Use[] {
    const found: Use[] = [];
    this.visit((node) => {
      if (ts.isIdentifier(node) && globals.has(node.text) && isValue(node)) {
        found.push({ what: node.text, line: this.lineOf(node) });
      }
    });
    return found;
  }

  /** Uses of members of `Math` that are not in the list; `Math` without a member counts as all of them. */
  mathBeyond(allowed: ReadonlySet<string>): Use[] {
    const found: Use[] = [];
    this.visit((node) => {
      if (!ts.isIdentifier(node) || node.text !== "Math" || !isValue(node)) return;
      const { parent } = node;
      const member = ts.isPropertyAccessExpression(parent) && parent.expression === node ? parent.name.text : null;
      if (member === null || !allowed.has(member)) {
        found.push({ what: member === null ? "Math" : `Math.${member}`, line: this.lineOf(node) });
      }
    });
    return found;
  }

  /** Powers whose last bit may differ between engines: all but powers of 2, of bigints, and of two whole literals. */
  get inexactPowers(): Use[] {
    const found: Use[] = [];
    this.visit((node) => {
      if (!ts.isBinaryExpression(node)) return;
      const kind = node.operatorToken.kind;
      if (kind !== ts.SyntaxKind.AsteriskAsteriskToken && kind !== ts.SyntaxKind.AsteriskAsteriskEqualsToken) return;
      const { left, right } = node;
      const exact = ts.isBigIntLiteral(left) || isWhole(left, "2") || (isWhole(left) && isWhole(right));
      if (!exact) found.push({ what: node.getText(this.file), line: this.lineOf(node) });
    });
    return found;
  }

  /** Numbers of the comment lines that are longer than this, in characters; lines of a text in backquotes are none. */
  commentsBeyond(width: number): number[] {
    const texts: ts.Node[] = [];
    this.visit((node) => {
      if (ts.isTemplateLiteralToken(node)) texts.push(node);
    });
    return this.file.text.split("\n").flatMap((line, index) => {
      if ([...line].length <= width || !/^\s*(\/\/|\/\*|\*)/.test(line)) return [];
      const at = this.file.getPositionOfLineAndCharacter(index, line.search(/\S/));
      return texts.some((node) => node.getStart(this.file) < at && at < node.getEnd()) ? [] : [index + 1];
    });
  }

  private lineOf(node: ts.Node): number {
    return this.file.getLineAndCharacterOfPosition(node.getStart(this.file)).line + 1;
  }

  private visit(look: (node: ts.Node) => void): void {
    const walk = (node: ts.Node): void => {
      look(node);
      ts.forEachChild(node, walk);
    };
    walk(this.file);
  }
}

function specifierOf(node: ts.Node): string | null {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return textOf(node.moduleSpecifier);
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? textOf(node.argument.literal) : null;
  if (ts.isExternalModuleReference(node)) return textOf(node.expression);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    // A computed import could be anything.
    return textOf(node.arguments[0]) ?? "(computed)";
  }
  return null;
}

function textOf(node: ts.Node | undefined): string | null {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : null;
}

function isWhole(node: ts.Expression, text?: string): boolean {
  return ts.isNumericLiteral(node) && /^\d+$/.test(node.text) && (text === undefined || node.text === text);
}

function isValue(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isShorthandPropertyAssignment(parent) || ts.isTypeReferenceNode(parent)) return true;
  return !(
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isAccessor(parent) ||
    ts.isEnumMember(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isExportSpecifier(parent)
  );
}
